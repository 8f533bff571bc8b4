"""A wheel with what is compiled, for this machine's kind alone, where NATIVE=yes; else one for all, interpreted."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeHook(BuildHookInterface[Any]):
    """Hatch's hook for wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile into a folder and add it to the wheel; fails where that fails, since it was asked for."""
        if version == "editable" or os.environ.get("NATIVE") != "yes":
            return
        self._made = tempfile.TemporaryDirectory()
        into = Path(self._made.name)
        command = [sys.executable, str(Path(self.root) / "native" / "build.py"), "--required", "--into", str(into)]
        subprocess.run(command, check=True)
        files = [path for path in into.rglob("*") if path.is_file()]
        build_data["force_include"] |= {str(path): path.relative_to(into).as_posix() for path in files}
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder."""
        if version != "editable" and os.environ.get("NATIVE") == "yes":
            self._made.cleanup()
