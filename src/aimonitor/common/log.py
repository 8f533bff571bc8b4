"""Log lines: one event, one line, no secrets.

`configure` is called once, by a program's main. Everything else uses `logging.getLogger(__name__)`.
"""

import logging
import re
import sys
import time
import traceback

_WORDS = r"(?:access_?)?token|ticket|session|password|passwd|passphrase|pwd|secret|api_?key|set-cookie|cookie"
_SECRETS = (
    (re.compile(r"\d{6,}:[A-Za-z0-9_-]{20,}"), "<telegram-token>"),
    (re.compile(r"\baim_[0-9a-f]{12}_[A-Za-z0-9_-]{20,}"), "<token>"),
    (re.compile(r"\b(aimonitor\.ticket\.)[A-Za-z0-9_-]+"), r"\1<secret>"),
    (re.compile(r"(?i)\b(bearer)\s+\S+"), r"\1 <secret>"),
    (re.compile(r"(?i)\b(authorization[\"']?\s*[=:]\s*[\"']?\w+)\s+[^\s\"']+"), r"\1 <secret>"),
    (
        re.compile(rf"(?i)\b({_WORDS})([\"']?\s*[=:]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'&,}}]+)"),
        r"\1\2<secret>",
    ),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@:]*:[^/\s]*@"), r"\1<credentials>@"),
)
_DIRECTION = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What turns the direction of the text after it: a line could show its parts in another order."""
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *_DIRECTION)}
_LIMIT = 2000
_LOOKED_AT = 10 * _LIMIT


def scrub(text: str) -> str:
    """Return `text` fit for a log: secrets replaced, control characters escaped, at most 2,000 characters."""
    text = text[:_LOOKED_AT]
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    text = text.translate(_CONTROL)
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


class _OneLine(logging.Formatter):
    """`2026-11-21T19:10:53.120Z INFO  aimonitor.hub: text`, always one line; a traceback follows as ` | ` parts."""

    converter = time.gmtime  # type: ignore[assignment]  # typeshed knows only the instance form

    def format(self, record: logging.LogRecord) -> str:
        stamp = self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z"
        text = record.getMessage()
        if record.exc_info:
            what = traceback.format_exception_only(record.exc_info[1])[-1].strip()  # first: what is long is cut
            text += f": {what} | " + self.formatException(record.exc_info).replace("\n", " | ")
        name = record.name.removesuffix(".error")  # uvicorn's name for all that it says
        return f"{stamp} {record.levelname:<7} {name}: {scrub(text)}"


def configure(*, verbose: bool = False) -> None:
    """Send this program's log to stderr, one scrubbed line an event. Call once, from main."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    for chatty in ("websockets", "httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
