"""Options that several commands share."""

import argparse
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives its own type no public name
"""What `ArgumentParser.add_subparsers` returns, to which each command adds itself."""


BESIDE_TOKEN = "AIMONITOR_BESIDE_TOKEN"
"""The variable in which `demo` gives the hub the token of the edge beside it; other edges need none for that."""


def add_common(command: argparse.ArgumentParser) -> None:
    """--config and --verbose."""
    command.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: ./aimonitor.toml)")
    command.add_argument("--verbose", action="store_true", help="log more, and show tracebacks")
