"""`aimonitor config`: check the settings, show what is in force and where it comes from."""

import argparse
import os
import sys

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
examples:
  aimonitor config check                           is ./aimonitor.toml right, for every program?
  aimonitor config show hub                        what the hub would use, and where each value comes from

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
    for verb in (check, show):
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

    names = chosen.section or list(sections.SECTIONS)
    unknown = [name for name in names if name not in sections.SECTIONS]
    if unknown:
        raise ValueError(f"there is no section {unknown[0]!r}: expected some of {', '.join(sections.SECTIONS)}")
    sections.check_tables(chosen.config, os.environ)
    for name in names:
        print(f"[{name}]")
        try:
            section = sections.SECTIONS[name]()
        except ImportError as error:
            print(f"# not installed here: {error}\n")
            continue
        settings = sections.read(section, chosen.config, os.environ)
        if settings is None:
            print(f"# off; switched on by {' or '.join(section.wanted_by)}\n")
            continue
        for line in sections.lines(section, settings, chosen.config, os.environ):
            print(f"{line.key:26} {line.value:44} # {line.origin}")
        print()
    return 0
