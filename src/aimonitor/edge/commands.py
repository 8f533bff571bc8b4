"""What an edge does when it is told: a table from the command's name to what carries it out."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aimonitor.contract import messages
from aimonitor.edge.analyzer import Analyzer
from aimonitor.edge.capture import Capture

log = logging.getLogger(__name__)


class CommandError(ValueError):
    """A command cannot be carried out; the text goes back to the person who gave it."""


@dataclass(frozen=True, slots=True)
class _Camera:
    analyzer: Analyzer
    capture: Capture


class CommandDesk:
    """Carries out commands, one thread hop away from the network; every command gets an answer."""

    def __init__(self) -> None:
        self._cameras: dict[str, _Camera] = {}
        self._table: dict[str, Callable[[_Camera, dict[str, str]], str]] = {
            "snapshot": _snapshot,
        }

    def add(self, camera_id: str, analyzer: Analyzer, capture: Capture) -> None:
        """Make a camera known by its id in this edge."""
        self._cameras[camera_id] = _Camera(analyzer, capture)

    async def obey(self, command: messages.Command) -> messages.CommandResult:
        """Carry out a command within its time-out; the result says in words what came of it."""
        try:
            words = await asyncio.wait_for(asyncio.to_thread(self._do, command), command.timeout_s)
        except CommandError as error:
            return messages.CommandResult(command.command_id, ok=False, words=str(error))
        except TimeoutError:
            words = f"{command.name} was not done within {command.timeout_s:.0f} s"
            return messages.CommandResult(command.command_id, ok=False, words=words)
        except Exception as error:  # the top of a task: a command that fails must still be answered
            log.exception("command %s failed", command.name)
            return messages.CommandResult(command.command_id, ok=False, words=f"{command.name} failed: {error}"[:1000])
        return messages.CommandResult(command.command_id, ok=True, words=words)

    def _do(self, command: messages.Command) -> str:
        camera_id = command.source.partition("/")[2]
        camera = self._cameras.get(camera_id)
        if camera is None:
            raise CommandError(f"no camera {camera_id!r} here; there is {', '.join(self._cameras)}")
        action = self._table.get(command.name)
        if action is None:
            raise CommandError(f"unknown command {command.name!r}; this edge knows {', '.join(self._table)}")
        return action(camera, command.arguments)


def _snapshot(camera: _Camera, _arguments: dict[str, str]) -> str:
    """Send a picture now, whatever the rung."""
    latest = camera.analyzer.latest
    if latest is None:
        raise CommandError("there is no picture yet")
    camera.analyzer.snapshot()
    return f"the frame after {latest.frame.frame_id} comes with its picture"
