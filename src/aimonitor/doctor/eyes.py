"""The detector and the cameras, by using them."""

import time
from collections.abc import Iterator

from aimonitor.doctor.finding import Case, Finding, failed, ok, skipped, warning

_WATCHED_S = 6.0
_ENOUGH_PICTURES = 5
_SLOW_MS = 500.0
_ROUNDS = 3
_NO_EDGE = "this installation has no edge (pip install 'aimonitor[edge]' brings it)"
_BAD_SIGHT = {
    "dark": "switch a light on, or take the cap off the lens",
    "covered": "see what is before the lens",
    "blurred": "clean the lens, or turn it until the picture is sharp",
    "frozen": "switch the camera off and on: it repeats one picture",
    "delayed": "move it nearer to the access point, or choose smaller pictures",
}


def model(case: Case) -> Iterator[Finding]:
    """Whether the detector loads and looks at a picture, and how long that takes."""
    try:
        import numpy as np

        from aimonitor.edge.backends import BackendError, open_detector
        from aimonitor.edge.pictures import ArrayPicture
        from aimonitor.models import errors, store
    except ImportError:
        yield skipped(_NO_EDGE)
        return
    absent = [known.name for known, path in store.list_models().items() if path is None]
    if case.detector in absent:
        yield warning(
            f"{case.detector} is not fetched yet",
            f"it is at the first start, or now: aimonitor models pull {case.detector}",
        )
        return
    try:
        detector = open_detector(case.detector)
    except (BackendError, errors.ModelError, errors.FetchError, OSError) as error:
        yield failed(
            f"{case.detector} cannot be used: {error}", "choose one of `aimonitor models list`, or mend the file"
        )
        return
    picture = ArrayPicture(np.full((480, 640, 3), 96, np.uint8))
    times_ms = []
    for _ in range(_ROUNDS):
        started = time.monotonic()
        detector.detect(picture)
        times_ms.append((time.monotonic() - started) * 1000)
    said = f"{case.detector} looks at a picture in {min(times_ms):.0f} ms"
    if min(times_ms) > _SLOW_MS:
        yield warning(said, "a smaller one from `aimonitor models list`, or more --threads")
    else:
        yield ok(said)


def camera(case: Case) -> Iterator[Finding]:
    """Whether every camera gives pictures, and how they look."""
    if not case.cameras:
        yield skipped("no camera is set; name one with --camera, or find some: aimonitor cameras scan")
        return
    try:
        from aimonitor.edge import capture, source, sources  # noqa: F401 - are they there?
    except ImportError:
        yield skipped(_NO_EDGE)
        return
    for address in case.cameras:
        yield _look(address)


def _look(address: str) -> Finding:
    from aimonitor.common.clock import SystemClock
    from aimonitor.edge.capture import Capture
    from aimonitor.edge.source import SourceError
    from aimonitor.edge.sources import SourceOptions, open_source
    from aimonitor.edge.sources.address import without_secrets

    clock = SystemClock()
    name = without_secrets(address)
    try:
        capture = Capture("doctor", open_source(address, SourceOptions(), clock), clock=clock)
    except SourceError as error:
        return failed(f"{name}: {error}", "see `aimonitor edge --help` for the kinds of addresses")
    capture.start()
    try:
        until = clock.monotonic() + _WATCHED_S
        while clock.monotonic() < until and not capture.frames.closed:
            if capture.status().frames >= _ENOUGH_PICTURES:
                break
            time.sleep(0.05)
        status = capture.status()
    finally:
        capture.close()
    if not status.frames:
        return failed(
            f"{name}: {status.detail or 'no picture came'}", "is it on, and not shown elsewhere? aimonitor cameras scan"
        )
    said = f"{name}: {status.width}x{status.height}, {status.fps:.1f} pictures/s"
    if status.state in _BAD_SIGHT:
        return warning(f"{said}, {status.state}", _BAD_SIGHT[status.state])
    if status.damaged:
        return warning(
            f"{said}, {status.damaged} damaged", "check the supply (5 V, 2 A) and the reception of the camera"
        )
    return ok(said)
