"""The cameras in the settings file of an edge: written as the people who wrote the file would have."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aimonitor.common.files import write_atomically
from aimonitor.common.settings import SettingsError
from aimonitor.edge.policy_errors import PolicyError
from aimonitor.edge.settings import CameraSettings, EdgeSettings
from aimonitor.edge.toml_text import rewrite


class CameraFile:
    """`[[edge.camera]]` of one file; the file before each change stays beside it as `<name>.before`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, cameras: Sequence[CameraSettings]) -> None:
        """Make the file say these cameras. Raises SettingsError when it is wrong as it is now, or OSError."""
        data = self.path.read_bytes()
        try:
            text = data.decode("utf-8")
            said = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"settings file {self.path}: mend it first: expected TOML, got: {error}") from None
        section = said.get("edge", {})
        if not isinstance(section, dict):
            raise SettingsError(f"settings file {self.path}: expected a table [edge], got {section!r}")
        made = rewrite(text, {**said, "edge": {**section, "camera": [_table(each) for each in cameras]}})
        try:
            EdgeSettings.model_validate(tomllib.loads(made)["edge"])
        except ValidationError as error:
            raise PolicyError.of(error, EdgeSettings, f"settings file {self.path}: mend it first") from None
        write_atomically(self.path.with_name(f"{self.path.name}.before"), data)
        write_atomically(self.path, made.encode("utf-8"))


def _table(camera: CameraSettings) -> dict[str, Any]:
    said = camera.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return {"id": camera.id, **said}
