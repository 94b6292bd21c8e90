"""What crosses the border of the process, as FastAPI dependencies: the settings and the clock.

`create_app` puts them into `app.state`; a job builds the same services by hand and hands them in.
"""

from typing import Annotated

from fastapi import Depends, Request

from mestore.core.clock import Now
from mestore.core.settings import Settings


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def clock_of(request: Request) -> Now:
    now: Now = request.app.state.now
    return now


CurrentSettings = Annotated[Settings, Depends(settings_of)]
Clock = Annotated[Now, Depends(clock_of)]
