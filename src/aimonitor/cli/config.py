"""`aimonitor config`: check the settings, show what is in force, where it comes from and what differs."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aimonitor.cli.options import Commands, add_common

if TYPE_CHECKING:
    from aimonitor.common.settings import Settings
    from aimonitor.doctor.sections import Section

_EPILOG = """\
examples:
  aimonitor config check                           is ./aimonitor.toml right, for every program?
  aimonitor config show hub                        what the hub would use, and where each value comes from
  aimonitor config diff                            what differs from the defaults, and from what runs here
  aimonitor config schema > aimonitor.schema.json  for editors: `#:schema aimonitor.schema.json` in the first line

Later wins: defaults, the file, founding variables (PORT ...), AIMONITOR_<SECTION>_<KEY>. Each variable may be given
as <NAME>_FILE, the path of a file that holds its value. Secrets are never shown."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "config",
        help="check the settings; show what is in force and where it comes from",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = command.add_subparsers(title="verbs", metavar="VERB", required=True)
    check = verbs.add_parser("check", help="read all settings and say what is wrong")
    check.set_defaults(run=_check)
    show = verbs.add_parser("show", help="list what is in force")
    show.add_argument("section", nargs="*", help="hub, edge, bot, integrations (default: all)")
    show.set_defaults(run=_show)
    diff = verbs.add_parser("diff", help="list what differs from the defaults, and from what the running programs use")
    diff.add_argument("section", nargs="*", help="hub, edge, bot, integrations (default: all)")
    diff.set_defaults(run=_diff)
    schema = verbs.add_parser("schema", help="print the JSON Schema of the settings file, for editors")
    schema.set_defaults(run=_schema)
    for verb in (check, show, diff, schema):
        add_common(verb)


def _check(chosen: argparse.Namespace) -> int:
    from aimonitor.doctor.finding import Case
    from aimonitor.doctor.settings import settings

    findings = list(settings(Case(os.environ, chosen.config)))
    for finding in findings:
        print(finding.said, file=sys.stderr if finding.state == "failed" else sys.stdout)
    return 1 if any(finding.state == "failed" for finding in findings) else 0


def _show(chosen: argparse.Namespace) -> int:
    from aimonitor.doctor import sections

    for section, settings in _wanted(chosen.section, chosen.config):
        for line in sections.lines(section, settings, chosen.config, os.environ):
            print(f"{line.key:26} {line.value:44} # {line.origin}")
        print()
    return 0


def _diff(chosen: argparse.Namespace) -> int:
    from aimonitor.doctor.differences import differences

    for section, settings in _wanted(chosen.section, chosen.config):
        for each in differences(section, settings, chosen.config, os.environ):
            print(f"{each.key:26} {each.value:44} # {each.origin}; default: {each.default}")
            if each.running is not None:
                how = "takes it over within seconds" if each.live else "needs a restart"
                print(f"{'':26} {each.running:44} # in force where it runs, and {how}")
        print()
    return 0


def _schema(_chosen: argparse.Namespace) -> int:
    from aimonitor.doctor import schema

    print(schema.text(), end="")
    return 0


def _wanted(names: list[str], config: Path | None) -> "Iterator[tuple[Section, Settings]]":
    """The sections of these names with their settings, each announced by its heading; what is off is said."""
    from aimonitor.doctor import sections

    unknown = [name for name in names if name not in sections.SECTIONS]
    if unknown:
        raise ValueError(f"there is no section {unknown[0]!r}: expected some of {', '.join(sections.SECTIONS)}")
    sections.check_tables(config, os.environ)
    for name in names or list(sections.SECTIONS):
        print(f"[{name}]")
        try:
            section = sections.SECTIONS[name]()
        except ImportError as error:
            print(f"# not installed here: {error}\n")
            continue
        settings = sections.read(section, config, os.environ)
        if settings is None:
            print(f"# off; switched on by {' or '.join(section.wanted_by)}\n")
            continue
        yield section, settings
