"""What an edge does when it is told: a table from the command's name to what carries it out."""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aimonitor.common.settings import SettingsError
from aimonitor.contract import messages, setup
from aimonitor.contract.refusals import Code
from aimonitor.edge.analyzer import Analyzer
from aimonitor.edge.capture import Capture
from aimonitor.edge.media import MediaError, MediaSender
from aimonitor.edge.policy import load_policy
from aimonitor.edge.publisher import RUNGS
from aimonitor.edge.source import CONTROLS, SourceError

log = logging.getLogger(__name__)

_LONGEST_WATCH_MIN = 1440
_NUMBER = re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII)

SetUp = Callable[[messages.Command], messages.CommandResult]


class CommandError(ValueError):
    """A command cannot be carried out; the text and `why` go back to the person who gave it."""

    def __init__(self, words: str, why: Code = "invalid") -> None:
        super().__init__(words)
        self.why = why


@dataclass(frozen=True, slots=True)
class _Camera:
    camera_id: str
    analyzer: Analyzer
    capture: Capture


class CommandDesk:
    """Carries out commands, one thread hop away from the network; every command gets an answer."""

    def __init__(self, media: MediaSender | None = None, set_up: SetUp | None = None) -> None:
        """media: what sends kept pictures and clips, where any are kept; set_up: what answers `setup.` commands"""
        self._set_up = set_up
        self._cameras: dict[str, _Camera] = {}
        self._table: dict[str, Callable[[_Camera, dict[str, str]], str]] = {
            "snapshot": _snapshot,
            "arm": lambda camera, _: _arm(camera, armed=True),
            "disarm": lambda camera, _: _arm(camera, armed=False),
            "fps": _fps,
            "watch": _watch,
            "policy": _policy,
            "restart": _restart,
            "media": partial(_media, media),
            **{name: partial(_control, name) for name in CONTROLS},
        }

    def add(self, camera_id: str, analyzer: Analyzer, capture: Capture) -> None:
        """Make a camera known by its id in this edge."""
        self._cameras[camera_id] = _Camera(camera_id, analyzer, capture)

    def remove(self, camera_id: str) -> None:
        """The camera is no longer there."""
        self._cameras.pop(camera_id, None)

    async def obey(self, command: messages.Command) -> messages.CommandResult:
        """Carry out a command within its time-out; the result says in words what came of it."""
        try:
            return await asyncio.wait_for(asyncio.to_thread(self._do, command), command.timeout_s)
        except CommandError as error:
            return messages.CommandResult(command.command_id, ok=False, words=str(error)[:1000], why=error.why)
        except TimeoutError:
            words = f"{command.name} was not done within {command.timeout_s:g} s"
            return messages.CommandResult(command.command_id, ok=False, words=words, why="camera_silent")
        except Exception as error:  # the top of a task: a command that fails must still be answered
            log.exception("command %s failed", command.name)
            words = f"{command.name} failed: {error}"[:1000]
            return messages.CommandResult(command.command_id, ok=False, words=words, why="edge_failed")

    def _do(self, command: messages.Command) -> messages.CommandResult:
        if self._set_up is not None and setup.is_setup(command):
            return self._set_up(command)
        camera_id = command.source.partition("/")[2]
        camera = self._cameras.get(camera_id)
        if camera is None:
            raise CommandError(f"no camera {camera_id!r} here; there is {', '.join(self._cameras)}", "missing")
        action = self._table.get(command.name)
        if action is None:
            known = ", ".join(self._table)
            words = f"{setup.UNKNOWN_COMMAND} {command.name!r}; this edge knows {known}"
            raise CommandError(words, "edge_outdated")
        return messages.CommandResult(command.command_id, ok=True, words=action(camera, command.arguments))


def _snapshot(camera: _Camera, _arguments: dict[str, str]) -> str:
    """Send a picture now, whatever the rung."""
    latest = camera.analyzer.latest
    if latest is None:
        raise CommandError("there is no picture yet", "no_picture")
    camera.analyzer.snapshot()
    return f"the frame after {latest.frame.frame_id} comes with its picture"


def _arm(camera: _Camera, *, armed: bool) -> str:
    """Whether new incidents are news."""
    camera.analyzer.arm(armed)
    return "armed" if armed else "disarmed: it watches on, but opens no incidents"


def _fps(camera: _Camera, arguments: dict[str, str]) -> str:
    """At most so many pictures a second, however closely it is watched."""
    text = _value(arguments, "a number of pictures a second, 0.1 to 60")
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not 0.1 <= fps <= 60:
        raise CommandError(f"fps: expected 0.1 to 60, got {text!r}")
    camera.analyzer.limit(fps)
    return f"at most {fps:g} pictures a second"


def _watch(camera: _Camera, arguments: dict[str, str]) -> str:
    """Send pictures for so many minutes although nobody watches; 0 ends it. The byte budget still holds."""
    text = _value(arguments, f"minutes, 0 to {_LONGEST_WATCH_MIN}")
    minutes = float(text) if _NUMBER.fullmatch(text) else -1.0
    if not 0 <= minutes <= _LONGEST_WATCH_MIN:
        raise CommandError(f"watch: expected 0 to {_LONGEST_WATCH_MIN} minutes, got {text!r}")
    asked = arguments.get("rung", "slow")
    rung = next((each for each in RUNGS if each == asked), None)
    if rung is None:
        raise CommandError(f"watch: expected a rung of {', '.join(RUNGS)}, got {asked!r}")
    camera.analyzer.hold(rung, minutes * 60)
    return f"watched at {rung} for {minutes:g} minutes" if minutes else "watched only when somebody looks"


def _policy(camera: _Camera, arguments: dict[str, str]) -> str:
    """Follow one of the presets from now on."""
    preset = _value(arguments, "the name of a preset")
    try:
        policy = load_policy(preset=preset)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    camera.analyzer.adopt(policy)
    return f"follows the preset {preset}"


def _restart(camera: _Camera, _arguments: dict[str, str]) -> str:
    """Close the connection to the camera and open it anew."""
    if camera.capture.frames.closed:
        raise CommandError("the recording is over; there is nothing to restart", "recording_over")
    camera.capture.restart()
    return "the connection to the camera is opened anew"


def _media(media: MediaSender | None, camera: _Camera, arguments: dict[str, str]) -> str:
    """Send the hub a picture or the clip of an incident."""
    if media is None:
        raise CommandError("this edge keeps no pictures of incidents", "missing")
    try:
        return media.ask(camera.camera_id, arguments.get("incident", ""), arguments.get("file", ""))
    except MediaError as error:
        raise CommandError(str(error), "missing") from None


def _control(name: str, camera: _Camera, arguments: dict[str, str]) -> str:
    """Tell the camera itself."""
    value = _value(arguments, "what to set it to")
    try:
        return camera.capture.control(name, value)
    except SourceError as error:
        raise CommandError(str(error), "camera_failed") from None


def _value(arguments: dict[str, str], expected: str) -> str:
    value = arguments.get("value", "").strip()
    if not value:
        raise CommandError(f'argument "value": expected {expected}, got nothing')
    return value
