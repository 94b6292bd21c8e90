"""`/docs`: Swagger UI, from files that an installed package brings, so that it works without internet.

The page has no script of its own inline, so that its Content-Security-Policy can forbid all that is not from here.
"""

from importlib import resources
from typing import Final

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

_ASSETS: Final = "/docs/assets"
_START: Final = "/docs/start.js"
# Swagger UI styles its elements one by one, hence 'unsafe-inline'.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MeStore API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_ASSETS}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{_ASSETS}/swagger-ui-bundle.js"></script>
<script src="{_START}"></script>
</body>
</html>
"""
_SCRIPT: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


def install(app: FastAPI) -> None:
    app.add_api_route("/docs", _page, include_in_schema=False)
    app.add_api_route(_START, _script, include_in_schema=False)
    app.mount(_ASSETS, StaticFiles(directory=str(resources.files("fastapi_offline").joinpath("static"))))


async def _page() -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


async def _script() -> Response:
    return Response(_SCRIPT, media_type="text/javascript")
