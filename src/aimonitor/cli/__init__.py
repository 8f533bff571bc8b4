"""The command `aimonitor`: one door to every program, each imported only when it is asked for.

Exit codes: 0 done, 1 failed with a sentence on stderr, 2 wrong usage, 130 interrupted.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

import aimonitor
from aimonitor.cli import (
    backup,
    bot,
    calibrate,
    cameras,
    config,
    demo,
    doctor,
    edge,
    evaluate,
    hub,
    integrations,
    models,
    pair,
    risk,
    simulate,
)
from aimonitor.cli.signals import stop_at_sigterm

Run = Callable[[argparse.Namespace], int]

_DESCRIPTION = """\
AI Monitor: live annotated video with an explained risk score, from cheap cameras, to anywhere.

The edge runs where the cameras are and looks at their pictures; the hub runs where everybody can reach it
and shows them. To see both at once on sample footage: aimonitor demo"""

_EPILOG = """\
first steps:
  aimonitor demo                                   hub + edge on sample footage, http://127.0.0.1:8000
  aimonitor hub --host 0.0.0.0                     a hub for the local network
  aimonitor edge --camera http://192.168.1.50:81/stream --hub ws://myhub:8000/ws/laptop

settings come from ./aimonitor.toml (or --config FILE), then AIMONITOR_* variables, then the command line"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="aimonitor", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"aimonitor {aimonitor.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (
        demo, hub, edge, pair, bot, integrations, cameras, simulate, models, evaluate, risk, calibrate, doctor, config,
        backup,
    ):  # fmt: skip
        module.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a failure that a person can mend is one line on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a sign that a console or a file cannot take must not end a program
        sys.stdout.reconfigure(errors="backslashreplace")
    if os.getpid() == 1:  # of a container: without a handler, SIGTERM would be ignored until the program has its own
        stop_at_sigterm()
    chosen = parser().parse_args(arguments)
    run: Run = chosen.run
    try:
        return run(chosen)
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError, RuntimeError) as error:
        if getattr(chosen, "verbose", False):
            raise
        print(f"aimonitor: {_sentence(error)}", file=sys.stderr)
        return 1


def _sentence(error: BaseException) -> str:
    return str(error).strip().replace("\n", " ") or type(error).__name__
