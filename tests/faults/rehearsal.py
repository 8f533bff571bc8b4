"""A hub as a process, a fleet against it, and what must be true afterwards."""

import asyncio
from pathlib import Path

from bad_network import bad_network
from history import check_whole, read_history, read_ledger
from programs import Program, answers, free_port, wait_until

from aimonitor.common.clock import SystemClock
from aimonitor.simulator.fleet import Fleet, FleetPlan, Tape

JPEG_HEAD = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x78\x00\xa0\x01\x01\x11\x00\xff\xda"
TAPE = Tape(160, 120, (JPEG_HEAD + bytes(2500), JPEG_HEAD + bytes(2400)), ((), ()))
"""Pictures are beside the point here; they only say their size."""


class HubProcess:
    """A hub with a history on disk, that can be killed and started again on the same port."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environ = {"WEBSOCKET_MAX_CONNECTIONS": "1000", "AIMONITOR_HUB_MAX_CONNECTIONS_PER_ADDRESS": "1000", **environ}
        self.program = Program.aimonitor(
            "hub", "--port", str(self.port), log=folder / "hub.log", cwd=folder, environ=environ
        )
        self.history = folder / "var" / "hub.sqlite3"

    def start(self) -> None:
        self.program.start()
        wait_until(lambda: answers(f"{self.url}/health"), 30, self.program.output, self.program)

    def forget(self) -> None:
        """Lose the disk as well."""
        for file in self.history.parent.glob("hub.sqlite3*"):
            file.unlink()


def a_fleet(folder: Path, port: int, ledger, *, tape: Tape = TAPE, **plan) -> Fleet:
    hub = f"ws://127.0.0.1:{port}/ws/laptop"
    plan = {"hub": hub, "edges": 3, "cameras": 2, "rate": 60.0, "fps": 2.0, **plan}
    return Fleet(FleetPlan(state=folder / "fleet", **plan), tape, SystemClock(), ledger)


async def play(fleet: Fleet, seconds: float, mischief, settle_s: float = 30.0) -> None:
    """Let the fleet play while `mischief()` does its worst, then give it time to bring in what is left."""
    worst = asyncio.ensure_future(mischief())
    try:
        await fleet.run(seconds, settle_s)
    finally:
        worst.cancel()
        await asyncio.gather(worst, return_exceptions=True)
        fleet.close()


def rehearse(hub, folder, seconds, mischief_of, **plan):
    """Play through a bad network; then everything must be there."""

    async def story():
        async with bad_network(hub.port) as network:
            with (folder / "ledger.jsonl").open("a") as ledger:
                await play(a_fleet(folder, network.port, ledger, **plan), seconds, lambda: mischief_of(network))
            return network

    network = asyncio.run(story())
    ledger = read_ledger(folder / "ledger.jsonl")
    assert len(ledger) > seconds * 10
    check_whole(read_history(hub.url), ledger)
    return network
