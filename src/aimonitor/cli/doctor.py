"""`aimonitor doctor`: try every part for real, and say what to do about what fails."""

import argparse
import os

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
examples:
  aimonitor doctor                                 everything that is set
  aimonitor doctor --hub wss://hub.example.org --camera http://192.168.1.50:81/stream
  aimonitor doctor hub tls websocket               only these

checks: settings cpu disk model camera hub token tls websocket clock redis telegram
exit code: 0 when nothing failed (warnings are allowed), else 1"""

_MARKS = {"ok": "ok", "warning": "warning", "failed": "FAILED", "skipped": "-"}


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "doctor",
        help="try camera, model, hub, TLS, WebSocket, Redis, Telegram ..., and say what to do",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("check", nargs="*", help="which checks (default: all)")
    command.add_argument("--hub", metavar="URL", help="address of the hub (default: the one in the settings)")
    command.add_argument("--camera", action="append", default=[], metavar="ADDRESS", help="may be given several times")
    command.add_argument("--detector", help="see `aimonitor models list` (default: the one in the settings)")
    command.add_argument("--quiet", action="store_true", help="print failures only")
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print findings as they are made."""
    from aimonitor.doctor.case import read_case
    from aimonitor.doctor.rounds import examine

    case = read_case(
        os.environ, config=chosen.config, hub=chosen.hub, cameras=chosen.camera, detector=chosen.detector
    )  # fmt: skip
    counts = dict.fromkeys(_MARKS, 0)
    for reported in examine(case, chosen.check):
        finding = reported.finding
        counts[finding.state] += 1
        if chosen.quiet and finding.state != "failed":
            continue
        print(f"{_MARKS[finding.state]:8} {reported.check:10} {finding.said}", flush=True)
        if finding.next_step:
            print(f"{'':19} -> {finding.next_step}", flush=True)
    if not chosen.quiet:
        good, doubtful = f"{counts['ok']} ok", f"{counts['warning']} warnings"
        print(f"\n{good}, {doubtful}, {counts['failed']} failed, {counts['skipped']} not tried")
    return 1 if counts["failed"] else 0
