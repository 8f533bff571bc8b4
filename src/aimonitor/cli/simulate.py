"""`aimonitor simulate`: edges that do not exist, with truth, against a real hub."""

import argparse
import asyncio
import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from aimonitor.cli.options import Commands
from aimonitor.cli.signals import stop_at_sigterm

_EPILOG = """\
examples:
  aimonitor simulate                               one edge, one camera, against the hub on this machine
  aimonitor simulate --scene demo                  six staged cameras that show every feature in two minutes
  aimonitor simulate --edges 20 --cameras 4 --rate 200 --seconds 60 --ledger sent.jsonl

The scene `demo` runs a whole edge on drawn pictures: incidents with clips, convoy and crowd, thermal sensors by night
and at a fire, a camera that freezes and one that goes away; zones and distances are set, commands and set-up work.

The ledger has a line for every event that an edge accepted, to be demanded back from /api/history."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "simulate",
        help="play edges and cameras with known truth against a hub",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--hub", default="ws://127.0.0.1:8000/ws/laptop", metavar="URL", help="(default: %(default)s)")
    command.add_argument("--token", default="", help="token of the edges, where the hub wants one")
    command.add_argument("--edges", type=int, default=1, help="how many (default: %(default)s)")
    command.add_argument("--cameras", type=int, default=1, help="cameras of each edge (default: %(default)s)")
    command.add_argument("--fps", type=float, default=5.0, help="frames a second of each camera (default: %(default)s)")
    command.add_argument("--rate", type=float, default=1.0, help="events a second of all edges (default: %(default)s)")
    command.add_argument("--seed", type=int, default=1, help="the same seed plays the same (default: %(default)s)")
    command.add_argument("--scene", default="walk", help="what the cameras see (default: %(default)s)")
    command.add_argument("--seconds", type=float, help="how long (default: until stopped)")
    command.add_argument("--prefix", default="sim", help="edges are PREFIX-001 and so on (default: %(default)s)")
    command.add_argument("--state", type=Path, default=Path("var/simulator"), help="journals (default: %(default)s)")
    command.add_argument("--ledger", type=Path, metavar="FILE", help="write what was accepted, one JSON object a line")
    command.add_argument("--verbose", action="store_true", help="log more, and show tracebacks")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Play, then print what was done as one JSON object."""
    from aimonitor.common import log
    from aimonitor.common.clock import SystemClock
    from aimonitor.simulator import scripts
    from aimonitor.simulator.fleet import Fleet, FleetPlan, record

    log.configure(verbose=chosen.verbose)
    stop_at_sigterm()
    if chosen.edges < 1 or chosen.cameras < 1 or chosen.fps <= 0 or chosen.rate < 0:
        raise ValueError("expected at least one edge and one camera, fps above 0 and a rate of 0 or more")
    if chosen.scene == "demo":
        return _demonstrate(chosen)
    plan = FleetPlan(
        hub=chosen.hub,
        edges=chosen.edges,
        cameras=chosen.cameras,
        fps=chosen.fps,
        rate=chosen.rate,
        seed=chosen.seed,
        token=chosen.token,
        prefix=chosen.prefix,
        state=chosen.state,
    )
    print(f"rendering the scene {chosen.scene!r}", file=sys.stderr)
    tape = record(scripts.build(chosen.scene, seed=chosen.seed), chosen.fps)
    with contextlib.ExitStack() as open_files:
        ledger = open_files.enter_context(chosen.ledger.open("a", encoding="utf-8")) if chosen.ledger else None
        fleet = Fleet(plan, tape, SystemClock(), ledger)
        try:
            asyncio.run(fleet.run(chosen.seconds))
        except KeyboardInterrupt:
            pass
        finally:
            print(json.dumps(asdict(fleet.report())))
            fleet.close()
    return 0


def _demonstrate(chosen: argparse.Namespace) -> int:
    from aimonitor.simulator.staged import Staging, play

    staging = Staging(chosen.hub, chosen.state / "demo", token=chosen.token, seed=chosen.seed, seconds=chosen.seconds)
    report = play(staging, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(asdict(report)))
    return 0
