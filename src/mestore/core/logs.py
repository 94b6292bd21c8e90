"""Structured logs: a JSON object a line (readable text on a terminal) with the request or job id, never a secret."""

import logging
import re
import sys
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET_KEY = re.compile(
    r"password|secret|token|authorization|cookie|otp|code$|cvc|card|private_key|signature|checksum|document_number",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+"  # a signed token
    r"|(?:tok|prv)_(?:test|prod)_\w+|(?:test|prod)_(?:integrity|events)_\w+"  # Wompi's
    r"|\b\d{13,19}\b"  # a card's number
    r"|\$argon2\w*\$[\w$=,+/]+"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # what signs in to a database
)
_HIDDEN = "[hidden]"


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Whatever is named or looks like a secret is hidden, at any depth, before a line is written."""
    return {key: _HIDDEN if _SECRET_KEY.search(key) else _hidden(value) for key, value in event.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_HIDDEN, value)
    if isinstance(value, dict):
        return {key: _HIDDEN if _SECRET_KEY.search(str(key)) else _hidden(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(member) for member in value]
    return value


def configure(level: str, *, readable: bool | None = None) -> None:
    """Send structlog's and the standard library's logs to standard output, through the same processors.

    Warnings and the exception that ends the process go the same way.
    """
    readable = sys.stdout.isatty() if readable is None else readable
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_end
    for chatty in ("httpx", "httpcore", "pgqueuer", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, Exception):
        logging.getLogger(__name__).critical("process_ends", exc_info=(kind, error, trace))
    else:
        sys.__excepthook__(kind, error, trace)
