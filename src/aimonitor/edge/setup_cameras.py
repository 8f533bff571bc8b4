"""An edge's cameras from afar: which there are, which there shall be, whether one works, which can be found."""

import asyncio
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
from pydantic import ValidationError

from aimonitor.common.clock import Clock
from aimonitor.common.settings import SettingsError
from aimonitor.contract import setup
from aimonitor.edge.camera import WiredCamera
from aimonitor.edge.camera_address import HIDDEN, masked, unmasked
from aimonitor.edge.camera_file import CameraFile
from aimonitor.edge.capture import Capture
from aimonitor.edge.policy_errors import PolicyError, Problem
from aimonitor.edge.policy_store import StaleError
from aimonitor.edge.scan import local_networks, scan
from aimonitor.edge.settings import CameraSettings
from aimonitor.edge.setup import OfEdge
from aimonitor.edge.setup_refusal import SetupError, alone
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import SourceOptions, open_source
from aimonitor.edge.sources.address import check_from_afar, without_secrets
from aimonitor.edge.vitals import CameraStatus

_TRY_S = 8.0
_TRY_PICTURES = 5
_LOOK_EVERY_S = 0.1
_EXCHANGE_S = 40.0


class Cameras(Protocol):
    """The cameras of the running edge; see `lineup`."""

    @property
    def settings(self) -> tuple[CameraSettings, ...]: ...

    @property
    def cameras(self) -> Mapping[str, WiredCamera]: ...

    async def exchange(self, cameras: Sequence[CameraSettings]) -> None: ...


class CamerasDesk:
    """Carries out the `setup.cameras…` commands; blocks. Any thread but the loop's.

    Methods take the body as it came and who asks. They raise SetupError, ContractError, SettingsError, StaleError or
    OSError.
    """

    def __init__(
        self,
        lineup: Callable[[], Cameras],
        loop: Callable[[], asyncio.AbstractEventLoop],
        file: CameraFile | None,
        clock: Clock,
    ) -> None:
        """file: where the cameras come from; None when they were given on the command line or in a variable"""
        self._lineup = lineup
        self._loop = loop
        self._file = file
        self._clock = clock
        self._changing = threading.Lock()
        self._searching = threading.Lock()

    @property
    def commands(self) -> Mapping[str, OfEdge]:
        """What each command is answered by."""
        return {
            "setup.cameras": self.now,
            "setup.cameras.put": self.put,
            "setup.cameras.try": self.attempt,
            "setup.cameras.found": self.found,
        }

    def now(self, _body: str, _by: str) -> setup.CameraList:
        """The cameras, without their secrets."""
        cameras = self._lineup().settings
        words = f"kept in {self._file.path.name}" if self._file else _NOT_KEPT
        return setup.CameraList(_version(cameras), tuple(map(_entry, cameras)), words)

    def put(self, body: str, _by: str) -> setup.Kept:
        """Have exactly these: started and stopped first, then written down."""
        put = setup.read(setup.CamerasPut, body)
        with alone(self._changing, "cameras are being changed just now; try again in some seconds"):
            before = self._lineup().settings
            if put.base != _version(before):
                raise StaleError(_version(before))
            after = _settings(put.cameras, before)
            self._exchange(after)
            try:
                if self._file is not None:
                    self._file.write(after)
            except (OSError, SettingsError):
                self._exchange(before)
                raise
        names = ", ".join(camera.id for camera in after)
        return setup.Kept(_version(after), f"the cameras are {names}{'' if self._file else f', {_NOT_KEPT}'}"[:1000])

    def attempt(self, body: str, _by: str) -> setup.Tried:
        """Open a camera once; one that is running already is not opened twice, but asked how it is."""
        wish = setup.read(setup.TryWish, body)
        known = self._lineup().settings
        address = unmasked(wish.source, [camera.source for camera in known])
        if address is None:
            raise PolicyError("", [Problem("source", _NO_PASSWORD, "password_again")])
        running = [camera.id for camera in known if camera.source == address]
        if running:
            return _tried(self._lineup().cameras[running[0]].capture.status(), f"in use as {running[0]}")
        with alone(self._searching, "another camera is being tried just now"):
            return self._open(address)

    def found(self, _body: str, _by: str) -> setup.Found:
        """Search the networks of this machine."""
        networks = local_networks()
        with alone(self._searching, "a search is under way; try again in some seconds"):
            results = scan(networks, self._clock)
        cameras = tuple(
            setup.FoundCamera(each.host[:120], each.port, each.what[:1000], each.address[:1000], each.advice[:1000])
            for each in results
        )
        return setup.Found(tuple(map(str, networks)), cameras)

    def _exchange(self, cameras: Sequence[CameraSettings]) -> None:
        work = self._lineup().exchange(cameras)
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop()).result(_EXCHANGE_S)
        except TimeoutError:
            raise SetupError("busy", f"the cameras did not change within {_EXCHANGE_S:.0f} s") from None

    def _open(self, address: str) -> setup.Tried:
        try:
            check_from_afar(address)
            source = open_source(address, SourceOptions(), self._clock)
        except SourceError as error:
            return setup.Tried(ok=False, words=str(error)[:1000])
        done = threading.Event()
        capture = Capture("try", source, clock=self._clock, lockstep=False)
        capture.start()
        try:
            until = self._clock.monotonic() + _TRY_S
            while self._clock.monotonic() < until and not capture.frames.closed:
                if capture.status().frames >= _TRY_PICTURES:
                    break
                done.wait(_LOOK_EVERY_S)
            return _tried(capture.status(), without_secrets(address))
        finally:
            capture.close()


_NOT_KEPT = "until the edge is started anew, because its cameras were not given in a settings file"
_NO_PASSWORD = "the password is known for another address only: give it again"


def _tried(status: CameraStatus, what: str) -> setup.Tried:
    words = f"{what}: {status.state}" + (f", {status.detail}" if status.detail else "")
    return setup.Tried(status.frames > 0, words[:1000], status.width, status.height, round(status.fps, 1))


def _version(cameras: Sequence[CameraSettings]) -> int:
    """Changes with whatever changes in the list; nobody has to count."""
    return zlib.crc32(msgspec.json.encode([camera.model_dump(mode="json") for camera in cameras]))


def _entry(camera: CameraSettings) -> setup.CameraEntry:
    return setup.CameraEntry(
        id=camera.id,
        source=masked(camera.source)[:1000],
        name=camera.name,
        loop=camera.loop,
        preset=camera.preset,
        policy=None if camera.policy is None else str(camera.policy)[:1000],
        thermal=masked(camera.thermal)[:1000],
        thermal_token=HIDDEN if camera.thermal_token else "",
        frame_size=camera.frame_size,
        quality=camera.quality,
    )


def _settings(entries: Sequence[setup.CameraEntry], before: Sequence[CameraSettings]) -> tuple[CameraSettings, ...]:
    """What the page wants, secrets put back. Raises PolicyError with every problem."""
    problems: list[Problem] = []
    made: list[CameraSettings] = []
    for entry in entries:
        old = next((camera for camera in before if camera.id == entry.id), None)
        if any(camera.id == entry.id for camera in made):
            words = "expected every camera to have its own id"
            problems.append(Problem(f"cameras.{entry.id}.id", words, "taken"))
            continue
        try:
            made.append(_camera(entry, old, before))
        except PolicyError as error:
            problems += [each._replace(path=f"cameras.{entry.id}.{each.path}") for each in error.problems]
    if problems:
        raise PolicyError("cameras", problems)
    return tuple(made)


def _check_new(address: str, known: Sequence[CameraSettings]) -> None:
    """Files of this machine are named by its owner, never from afar. Raises PolicyError."""
    if any(camera.source == address for camera in known):
        return
    try:
        check_from_afar(address)
    except SourceError as error:
        raise PolicyError("", [Problem("source", str(error), "not_from_afar")]) from None


def _camera(
    entry: setup.CameraEntry, old: CameraSettings | None, before: Sequence[CameraSettings]
) -> CameraSettings:  # fmt: skip
    known = [old, *before] if old is not None else list(before)
    said = msgspec.structs.asdict(entry)
    for field in ("source", "thermal"):
        said[field] = unmasked(said[field], [getattr(camera, field) for camera in known])
        if said[field] is None:
            raise PolicyError("", [Problem(field, _NO_PASSWORD, "password_again")])
    _check_new(said["source"], before)
    if entry.thermal_token == HIDDEN:
        said["thermal_token"] = old.thermal_token if old is not None else ""
    kept = None if old is None or old.policy is None else str(old.policy)
    if entry.policy not in (None, "", kept):
        words = "which file it is, only the edge's own settings say"
        raise PolicyError("", [Problem("policy", words, "own_settings")])
    said["policy"] = kept
    try:
        return CameraSettings.model_validate(said)
    except ValidationError as error:
        raise PolicyError.of(error, CameraSettings, "camera") from None
