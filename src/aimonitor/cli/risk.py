"""`aimonitor risk`: why the score was what it was, what it would have been, and whether a policy is right."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from aimonitor.cli.options import Commands

_EPILOG = """\
examples:
  aimonitor risk explain var/scenes/default/20261121T1924.jsonl
  aimonitor risk explain var/scenes/default/20261121T19*.jsonl --policy site.toml --what-if loitering=0.1
  aimonitor risk explain FILE --what-if alert=0.6 --what-if places.Gate=0
  aimonitor risk check site.toml"""


def add_to(commands: Commands) -> None:
    """Add the command and its kinds to the command line."""
    command = commands.add_parser(
        "risk",
        help="explain recorded risk, ask what if, check a policy",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = command.add_subparsers(title="what to do", metavar="WHAT", required=True)

    explain = kinds.add_parser("explain", help="replay recorded minutes through the policy")
    explain.add_argument("files", type=Path, nargs="+", metavar="FILE", help="recorded scenes, JSON lines")
    explain.add_argument("--policy", type=Path, metavar="FILE", help="the site's policy (TOML)")
    explain.add_argument("--preset", default="home", help="preset when the policy names none (default: %(default)s)")
    explain.add_argument("--what-if", action="append", default=[], metavar="NAME=NUMBER", help="may be repeated")
    explain.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds a line (default: %(default)s)")
    explain.set_defaults(run=_explain)

    check = kinds.add_parser("check", help="is this policy right?")
    check.add_argument("policy", type=Path, metavar="FILE")
    check.set_defaults(run=_check)


def _explain(chosen: argparse.Namespace) -> int:
    from aimonitor.edge.explain import explain, table, what_if
    from aimonitor.edge.policy import load_policy
    from aimonitor.edge.recording import read

    policy = load_policy(chosen.policy, preset=chosen.preset).risk()
    instead = what_if(policy, chosen.what_if) if chosen.what_if else None
    for row in table(explain(read(_lines(chosen.files)), policy, instead), every_s=chosen.every):
        print(row)
    return 0


def _lines(files: list[Path]) -> Iterator[bytes]:
    for file in sorted(files):
        with file.open("rb") as lines:
            yield from lines


def _check(chosen: argparse.Namespace) -> int:
    from aimonitor.edge.policy import load_policy

    policy = load_policy(chosen.policy)
    units = "metres" if policy.calibration else "pixels (no [calibration])"
    print(
        f"{chosen.policy}: right. Preset {policy.preset}, {len(policy.zones)} zones, {len(policy.lines)} lines, {units}"
    )
    return 0
