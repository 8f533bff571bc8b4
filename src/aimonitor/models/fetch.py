"""A file from an address: resumed where it stopped, verified, and in place only when whole.

Resuming is HTTP Range (RFC 9110, section 14): what arrived stays in `NAME.part` for the next attempt or the next run.
"""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from aimonitor.models.cache import sole_writer
from aimonitor.models.errors import FetchError
from aimonitor.models.registry import Download

Progress = Callable[[int, int], None]
"""Called with (bytes so far, bytes in all)."""
Watch = Callable[[str], Progress]
"""Told in words what is fetched now; returns what is to be told how far it is."""

TIMEOUT_S = 5.0
ATTEMPTS = 3
_CHUNK = 1 << 16


def no_progress(done: int, total: int) -> None:
    """For whoever does not care."""


def unwatched(what: str) -> Progress:
    """The same for a `Watch`."""
    return no_progress


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path, sha256: str) -> bool:
    """True when the file is there and is the one that we know."""
    return path.is_file() and sha256_of(path) == sha256


def download(origin: Download, target: Path, progress: Progress = no_progress) -> Path:
    """Bring `origin` to `target`, or raise FetchError. A lost connection is resumed, up to three attempts in all."""
    with sole_writer(target):
        if not is_intact(target, origin.sha256):
            part = target.with_name(target.name + ".part")
            _receive_with_patience(origin, part, progress)
            _put_in_place(part, target, origin)
    return target


def _receive_with_patience(origin: Download, part: Path, progress: Progress) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        before = _size(part)
        try:
            _receive(origin, part, progress)
        except FetchError:
            raise
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS or _size(part) <= before:  # not a byte more: it cannot be reached now
                raise FetchError(f"{origin.url}: {_reason(error)}") from error
        else:
            return


def _receive(origin: Download, part: Path, progress: Progress) -> None:
    """Append what is missing to `part`. Raises FetchError, before a byte is kept, when another size is announced."""
    have = _size(part)
    if have >= origin.size:
        return
    request = urllib.request.Request(origin.url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        done = have if resumed else 0
        announced = done + int(response.headers.get("Content-Length") or 0)
        if announced != origin.size:
            raise FetchError(_another(origin, f"{announced:,} bytes"))
        with part.open("ab" if resumed else "wb") as file:
            progress(done, origin.size)
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(done, origin.size)
    if done < origin.size:
        raise ConnectionError(f"the connection ended after {done:,} of {origin.size:,} bytes")


def _put_in_place(part: Path, target: Path, origin: Download) -> None:
    digest = sha256_of(part)
    if digest != origin.sha256:
        part.unlink()
        raise FetchError(_another(origin, f"one with {digest[:12]}…"))
    part.replace(target)


def _another(origin: Download, got: str) -> str:
    wanted = f"{origin.size:,} bytes with sha256 {origin.sha256[:12]}…"
    return f"{origin.url} holds another file than expected: expected {wanted}, got {got}; nothing of it was kept"


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
