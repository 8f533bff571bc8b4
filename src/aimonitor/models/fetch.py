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

TIMEOUT_S = 5.0
ATTEMPTS = 3
_CHUNK = 1 << 16


def no_progress(done: int, total: int) -> None:
    """For whoever does not care."""


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
        if is_intact(target, origin.sha256):
            return target
        part = target.with_name(target.name + ".part")
        trouble: Exception | None = None
        for _ in range(ATTEMPTS):
            before = part.stat().st_size if part.exists() else 0
            try:
                _receive(origin, part, progress)
                break
            except (OSError, http.client.HTTPException) as error:
                trouble = error
                if (part.stat().st_size if part.exists() else 0) <= before:
                    break  # not one byte more: this place cannot be reached now
        if not part.exists() or part.stat().st_size < origin.size:
            raise FetchError(f"{origin.url}: {_reason(trouble)}") from trouble
        _put_in_place(part, target, origin)
    return target


def _receive(origin: Download, part: Path, progress: Progress) -> None:
    """Append what is missing to `part`; never more than one byte beyond the size that we expect."""
    have = part.stat().st_size if part.exists() else 0
    if have >= origin.size:
        return
    request = urllib.request.Request(origin.url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {have}-")
        done = have if resumed else 0
        with part.open("ab" if resumed else "wb") as file:
            progress(done, origin.size)
            while done <= origin.size and (chunk := response.read(min(_CHUNK, origin.size + 1 - done))):
                file.write(chunk)
                done += len(chunk)
                progress(done, origin.size)
    if done < origin.size:
        raise ConnectionError(f"the connection ended after {done:,} of {origin.size:,} bytes")


def _put_in_place(part: Path, target: Path, origin: Download) -> None:
    size, digest = part.stat().st_size, sha256_of(part)
    if size != origin.size or digest != origin.sha256:
        part.unlink()
        raise FetchError(
            f"{origin.url} holds another file than expected: expected {origin.size:,} bytes with sha256 "
            f"{origin.sha256[:12]}…, got {size:,} bytes with {digest[:12]}…; nothing of it was kept"
        )
    part.replace(target)


def _reason(error: Exception | None) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"{error.reason}"
    return f"{error}" if error else "nothing came"
