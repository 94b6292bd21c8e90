"""The catalogue: what the new shop does with what it sells, and that everybody sees it."""

import io
from decimal import Decimal
from typing import Any

from PIL import Image

from mestore.app.demo.story import Story
from mestore.app.demo.web import eventually, expect

_SIZE = (900, 600)
_PICTURE_TYPE = "image/webp"
_RISE = Decimal(1_000)
_COUNTED = 12
_SHEET = f"""sku,name,category,precio_venta,weight_kg,stock
DEMO-MOLINILLO,,,,,{_COUNTED}
DEMO-CAFE-250,Café de la demostración 250 g,cafe-molido,17500,0.25,8
"""


def add_picture(story: Story) -> str:
    file = io.BytesIO()
    Image.new("RGB", _SIZE, "#6f4e37").save(file, "JPEG")
    path, owner = f"/products/{_grinder(story)['id']}", story.new_shop.owner
    added = owner.post(f"{path}/images", 201, files={"file": ("molinillo.jpg", file.getvalue())})
    (shown,) = story.api.get(path)["images"]
    expect((shown["id"], shown["width"], shown["height"]) == (added["id"], *_SIZE), f"the product shows {shown}")
    sizes = {name: _fetched(story, url) for name, url in shown["urls"].items() if name != "preview"}
    return f"POST {path[:9]}/…/images → 201, {shown['color']}; WebP of {', '.join(sizes)} px fetched from /media"


def _fetched(story: Story, url: str) -> int:
    """Bytes."""
    address = url if url.startswith("http") else story.api.base_url.removesuffix("/api/v1") + url
    picture = story.api.ask("GET", address)
    kind = picture.headers["content-type"]
    expect(kind == _PICTURE_TYPE, f"{url} is {kind}, not {_PICTURE_TYPE}")
    return len(picture.content)


def find(story: Story) -> str:
    """Typed as people type: no accents, other endings, only the first letters."""
    grinder = _grinder(story)
    wanted = {"q": "molinillos de la demostracion", "vendor_id": story.new_shop.vendor["id"]}
    found = story.api.get("/products/search", params=wanted)
    expect(grinder["id"] in [each["id"] for each in found["items"]], f"“{wanted['q']}” did not find it")
    letters = grinder["name"][:12].lower()
    suggested = story.api.get("/products/suggest", params={"q": letters})["items"]
    expect(grinder["name"] in [each["text"] for each in suggested], f"“{letters}” suggests {suggested}")
    return f"“{wanted['q']}” finds it ({found['mode']}); “{letters}” suggests “{grinder['name']}”"


def change_price(story: Story) -> str:
    grinder = _grinder(story)
    path = f"/products/{grinder['id']}"
    before = Decimal(story.api.get(path)["precio_venta"])
    story.new_shop.owner.ask("PATCH", path, json={"precio_venta": f"{before + _RISE:.2f}"})
    shown = story.api.get(path)
    listed = story.api.get("/products", params={"vendor_id": story.new_shop.vendor["id"], "sort": "-price"})
    prices = {Decimal(each["precio_venta"]) for each in (shown, listed["items"][0])}
    expect(prices == {before + _RISE}, f"the public page and the list show {prices}")
    return f"PATCH {path[:9]}/… → 200; the page and the list show {before} → {before + _RISE} with the next request"


def import_sheet(story: Story) -> str:
    owner = story.new_shop.owner
    sent = owner.post("/products/import", 202, files={"file": ("productos.csv", _SHEET.encode())})
    path = f"/products/imports/{sent['id']}"

    def ended() -> Any:
        seen = owner.get(path)
        return seen if seen["ended_at"] else None

    done = eventually(ended, "the import did not end (does the worker run?)")
    came = {name: number for name, number in done["outcomes"].items() if number}
    expect((done["status"], came) == ("DONE", {"created": 1, "updated": 1}), f"it is {done['status']}, {came}")
    expect(_grinder(story)["stock"] == _COUNTED, "its stock is not what the file says")
    (new,) = story.api.get("/products", params={"vendor_id": story.new_shop.vendor["id"], "q": "250"})["items"]
    return f"POST /products/import → 202; DONE: one row updated, one created, and {new['sku']} is for sale"


def _grinder(story: Story) -> dict[str, Any]:
    """As its vendor sees it now."""
    sku = story.lines[1].product["sku"]
    (product,) = story.new_shop.owner.get("/products/my-products", params={"q": sku})["items"]
    return dict(product)
