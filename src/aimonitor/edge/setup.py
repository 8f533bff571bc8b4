"""Setting up from afar: a table from the name of a `setup.` command to what answers it.

Only the hub gives these commands, and only for an admin (`hub/setup.py`). An edge whose owner wants none of it says so
with `remote_setup = "none"`, or `"policy"` to keep its cameras its own business.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from aimonitor.common.settings import SettingsError
from aimonitor.contract import setup
from aimonitor.contract.errors import ContractError
from aimonitor.contract.messages import Command, CommandResult
from aimonitor.edge.policy_store import StaleError
from aimonitor.edge.setup_policy import PolicyDesk, SetupCamera
from aimonitor.edge.setup_refusal import SetupError, problems_of

log = logging.getLogger(__name__)

Remote = Literal["all", "policy", "none"]
OfCamera = Callable[[SetupCamera, str, str], msgspec.Struct]
"""Takes the camera, the body as it came, and who asks."""
OfEdge = Callable[[str, str], msgspec.Struct]
"""Takes the body as it came, and who asks."""


class SetupDesk:
    """Answers every `setup.` command; blocks. Any thread."""

    def __init__(self, policy: PolicyDesk, cameras: Mapping[str, OfEdge], allowed: Remote = "all") -> None:
        """cameras: what answers the commands that are about no single camera"""
        self._allowed = allowed
        self._cameras: dict[str, SetupCamera] = {}
        self._of_edge = dict(cameras)
        self._of_camera: dict[str, OfCamera] = {
            "setup.policy": policy.now,
            "setup.policy.check": policy.check,
            "setup.policy.rehearse": policy.rehearse,
            "setup.policy.put": policy.put,
            "setup.policy.rollback": policy.rollback,
            "setup.calibration": policy.calibrate,
            "setup.what_if": policy.what_if,
        }

    def add(self, camera_id: str, camera: SetupCamera) -> None:
        """A camera can be set up from now on."""
        self._cameras[camera_id] = camera

    def remove(self, camera_id: str) -> None:
        """The camera is no longer there."""
        self._cameras.pop(camera_id, None)

    def answer(self, command: Command) -> CommandResult:
        """Carry out a command; whatever is wrong with it is in the result."""
        by = command.arguments.get("by", "")[:120]
        try:
            said = self._do(command, by)
            return CommandResult(command.command_id, ok=True, words=_words(said), body=setup.write(said))
        except StaleError as error:
            return _refuse(command, str(error), setup.Refused("stale", version=error.version))
        except SettingsError as error:
            return _refuse(command, str(error), setup.Refused("invalid", problems_of(error)))
        except ContractError as error:
            problem = setup.Problem(error.field[:1000], f"expected {error.expected}, got {error.got}"[:1000])
            return _refuse(command, str(error), setup.Refused("invalid", (problem,)))
        except SetupError as error:
            return _refuse(command, str(error), setup.Refused(error.why))
        except OSError as error:
            log.warning("%s: %s", command.name, error)
            return _refuse(command, f"it cannot be kept on the edge's disk: {error.strerror}", setup.Refused("disk"))

    def _do(self, command: Command, by: str) -> msgspec.Struct:
        name = command.name
        if name not in self._of_camera and name not in self._of_edge:
            known = ", ".join([*self._of_camera, *self._of_edge])
            raise SetupError("unknown", f"{setup.UNKNOWN_COMMAND} {name!r}; this edge knows {known}")
        if self._allowed == "none" or (self._allowed == "policy" and name in self._of_edge):
            raise SetupError("off", f"the owner of this edge has switched this off (remote_setup = {self._allowed!r})")
        if name in self._of_edge:
            return self._of_edge[name](command.body, by)
        camera_id = command.source.partition("/")[2]
        camera = self._cameras.get(camera_id)
        if camera is None:
            raise SetupError("missing", f"no camera {camera_id!r} here; there is {', '.join(self._cameras)}")
        return self._of_camera[name](camera, command.body, by)


def _words(said: msgspec.Struct) -> str:
    return said.words if isinstance(said, setup.Kept) else ""


def _refuse(command: Command, words: str, refused: setup.Refused) -> CommandResult:
    return CommandResult(command.command_id, ok=False, words=words[:1000], body=setup.write(refused))
