"""The cameras of a running edge: wired, started and watched together, and exchanged one by one while it runs.

What is new is put together before anything is stopped, so that a wrong setting leaves every camera as it was.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

from aimonitor.common.settings import SettingsError
from aimonitor.contract import messages
from aimonitor.contract.overlays import Layout
from aimonitor.edge.camera import Surroundings, WiredCamera, wire
from aimonitor.edge.policy_errors import PolicyError, Problem
from aimonitor.edge.sensors.ways import SensorAddressError
from aimonitor.edge.settings import CameraSettings
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import scheme_of
from aimonitor.edge.vitals import CameraStatus

log = logging.getLogger(__name__)

_STATUS_EVERY_S = 10.0
_JOIN_S = 2.0

Arrived = Callable[[str, WiredCamera], None]
Left = Callable[[str], None]


class CameraRefusedError(PolicyError):
    """One of the cameras was told something wrong."""

    def __init__(self, camera_id: str, words: str) -> None:
        super().__init__(f"camera {camera_id}", [Problem("", words)])
        self.problems = (Problem(f"cameras.{camera_id}", words, "camera_refused"),)


class Lineup:
    """All cameras by id. Built in one thread; from `start` on everything but `cameras` belongs to the event loop.

    cameras: those that there are now; never changed in place, so that any thread may read it
    settings: what they were made of
    """

    def __init__(self, cameras: Sequence[CameraSettings], around: Surroundings, arrived: Arrived, left: Left) -> None:
        """arrived, left: told of each camera that there is from now on, or no longer. Raises as `wire` does."""
        self._around = around
        self._arrived, self._left = arrived, left
        self._sensing: dict[str, asyncio.Future[None]] = {}
        self._changing = asyncio.Lock()
        self._said: dict[str, messages.Status] = {}
        self._laid_out: dict[str, Layout] = {}
        self._said_at = float("-inf")
        self.settings = tuple(cameras)
        self.cameras: Mapping[str, WiredCamera] = _wire_all(cameras, around)
        for camera_id, camera in self.cameras.items():
            arrived(camera_id, camera)

    def start(self) -> None:
        """Start the threads of all, and listen to their thermal sensors."""
        for camera_id, camera in self.cameras.items():
            self._start(camera_id, camera)

    async def exchange(self, cameras: Sequence[CameraSettings]) -> None:
        """Have exactly these from now on; those whose settings stay the same go on undisturbed.

        Raises SettingsError, which names the camera; then nothing has changed.
        """
        async with self._changing:
            before = {each.id: each for each in self.settings}
            after = {each.id: each for each in cameras}
            fresh = await asyncio.to_thread(
                _wire_all, [each for each in cameras if before.get(each.id) != each], self._around
            )
            gone = [camera_id for camera_id in before if camera_id not in after or camera_id in fresh]
            kept = {camera_id: camera for camera_id, camera in self.cameras.items() if camera_id not in gone}
            stopped = {camera_id: self.cameras[camera_id] for camera_id in gone}
            known = {**kept, **fresh}
            self.cameras, self.settings = {camera_id: known[camera_id] for camera_id in after}, tuple(cameras)
            for camera_id in gone:
                self._left(camera_id)
            await self._stop(stopped)
            if not (fresh or gone):
                return
            self._around.uplink.declare(introduce(cameras))
            for camera_id, camera in fresh.items():
                self._arrived(camera_id, camera)
                self._start(camera_id, camera)
            log.info("the cameras are now %s", ", ".join(after))

    def check(self, at: float) -> list[CameraStatus]:
        """The watchdog's round; says how cameras are when that is due or what can be done with them changed.

        Their zones and lines are said when they are others than before.
        """
        due = at - self._said_at >= _STATUS_EVERY_S
        self._said_at = at if due else self._said_at
        statuses = []
        for camera_id, camera in self.cameras.items():
            status = camera.check()
            statuses.append(status)
            report = camera.report(status)
            if due or _manner(self._said.get(camera_id)) != _manner(report):
                self._said[camera_id] = report
                self._around.uplink.say(report)
            layout = camera.layout()
            if self._laid_out.get(camera_id) != layout:
                self._laid_out[camera_id] = layout
                self._around.uplink.say(layout)
        return statuses

    async def close(self) -> None:
        """Stop all, once an exchange that is under way is through."""
        async with self._changing:
            await self._stop(self.cameras)

    def _start(self, camera_id: str, camera: WiredCamera) -> None:
        camera.start()
        if camera.sensing is not None:
            self._sensing[camera_id] = asyncio.ensure_future(camera.sensing)

    async def _stop(self, cameras: Mapping[str, WiredCamera]) -> None:
        for camera_id in cameras:
            self._said.pop(camera_id, None)
            self._laid_out.pop(camera_id, None)
            sensing = self._sensing.pop(camera_id, None)
            if sensing is not None:
                sensing.cancel()
                await asyncio.gather(sensing, return_exceptions=True)
        await asyncio.to_thread(_stop_threads, cameras.values())


def introduce(cameras: Iterable[CameraSettings]) -> tuple[messages.CameraInfo, ...]:
    """The cameras as the hub is told of them."""
    return tuple(messages.CameraInfo(each.id, each.name, scheme_of(each.source)) for each in cameras)


def _wire_all(cameras: Iterable[CameraSettings], around: Surroundings) -> dict[str, WiredCamera]:
    wired: dict[str, WiredCamera] = {}
    for camera in cameras:
        try:
            wired[camera.id] = wire(camera, around)
        except (SourceError, SensorAddressError, SettingsError) as error:
            for each in wired.values():
                _let_go(each)
            raise CameraRefusedError(camera.id, str(error)) from None
    return wired


def _let_go(camera: WiredCamera) -> None:
    """Forget a camera that was never started."""
    if isinstance(camera.sensing, Coroutine):
        camera.sensing.close()


def _stop_threads(cameras: Iterable[WiredCamera]) -> None:
    cameras = list(cameras)
    for camera in cameras:
        camera.capture.close()
    for camera in cameras:
        camera.analyzer.join(_JOIN_S)


def _manner(status: messages.Status | None) -> tuple[object, ...]:
    """What of a status changes only when somebody changes it."""
    return () if status is None else (status.armed, status.controls, status.rung)
