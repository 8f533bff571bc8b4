"""Ordinary life for two hours, watched: nothing may grow that has no reason to, and no event may be lost.

    make soak                                          two hours, written to docs/ref/soak.md and soak.svg
    python tests/faults/soak.py --minutes 5 --report /tmp

A hub, a fleet of simulated edges behind a network that cuts connections, a second fleet that is killed every few
minutes, a real edge with its detector on real footage (2 pictures a second), a bot at a made-up Telegram, and viewers
that come and go, some of them rudely. Hub, edge and bot are killed once, early. Every 10 s each process is measured;
lives that lasted are judged (soak_gauge.py). Exit code 1 when something grew or an event is missing.
"""

import argparse
import asyncio
import contextlib
import datetime
import os
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("faults", "system", "bot")]

from bad_network import BadNetwork, bad_network
from fake_telegram import TOKEN, FakeTelegram
from history import check_whole, read_history, read_ledger
from programs import ROOT, Program
from rehearsal import HubProcess
from soak_gauge import DESCRIPTOR_DRIFT, DRIFT, RSS_MIB_PER_10_MIN, WARM_UP_S, Log, Verdict, judge, metric, read
from soak_plot import draw
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from aimonitor.contract import codec, frames, messages

SAMPLE_S = 10.0
MORTAL_LIVES_S = 300.0
CHAT = "1001"


@dataclass
class Cast:
    """Everybody who plays."""

    folder: Path
    hub: HubProcess
    telegram: FakeTelegram
    network: BadNetwork
    programs: dict[str, Program] = field(default_factory=dict)
    kills: list[tuple[float, str]] = field(default_factory=list)
    visits: int = 0
    pictures: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def now_s(self) -> float:
        return time.monotonic() - self.began

    def fleet(self, prefix: str, *more: str) -> Program:
        """Edges of one process, whose ledger says what they accepted."""
        command = ["simulate", "--prefix", prefix, "--hub", f"ws://127.0.0.1:{self.network.port}/ws/laptop"]
        command += ["--cameras", "2", "--fps", "2", "--state", prefix, "--ledger", f"{prefix}.jsonl", *more]
        return Program.aimonitor(*command, log=self.folder / f"{prefix}.log", cwd=self.folder)

    def enter(self, clip: Path, detector: str) -> None:
        """Start all but the hub, which is there already."""
        edge = ["edge", "--camera", str(clip), "--loop", "--detector", detector, "--edge-id", "real", "--hub"]
        environ = {"TELEGRAM_TOKEN": TOKEN, "CHAT_ID": CHAT, "AIMONITOR_BOT_API_BASE": self.telegram.url}
        self.programs = {
            "hub": self.hub.program,
            "fleet": self.fleet("fleet", "--edges", "4", "--rate", "1"),
            "mortal fleet": self.fleet("mortal", "--edges", "2", "--rate", "0.5"),
            "edge": Program.aimonitor(*edge, self.hub.url, log=self.folder / "edge.log", cwd=self.folder),
            "bot": Program.aimonitor(
                "bot", "--hub", self.hub.url, log=self.folder / "bot.log", cwd=self.folder, environ=environ
            ),
        }
        for name in ("fleet", "mortal fleet", "edge", "bot"):
            self.programs[name].start()

    async def kill(self, name: str) -> None:
        """Pull the plug of a program and start it again."""
        self.kills.append((self.now_s, name))
        await asyncio.to_thread(self.programs[name].kill)
        await asyncio.to_thread(self.hub.start if name == "hub" else self.programs[name].start)

    def events(self, name: str) -> int:
        """How many events a program has had to do with, as far as can be seen from outside."""
        match name:
            case "hub":
                return metric(self.hub.url, 'aimonitor_hub_events_total{outcome="stored"}')
            case "edge":
                return len(self.journaled())
            case "bot":
                return len(self.telegram.messages)
        ledger = self.folder / f"{name.partition(' ')[0]}.jsonl"
        return ledger.read_bytes().count(b"\n") if ledger.exists() else 0

    def journaled(self) -> list[tuple[str, int]]:
        """What the real edge has accepted: (source, seq)."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/var/edge.sqlite3?mode=ro", uri=True)) as journal:
            rows = journal.execute("SELECT body FROM event ORDER BY seq").fetchall()
        return [(event.source, event.seq) for event in (codec.decode(body) for (body,) in rows)]


async def sample(cast: Cast, log: Log) -> None:
    """Measure everybody every 10 s."""
    while True:
        await asyncio.sleep(SAMPLE_S - cast.now_s % SAMPLE_S)
        for name, program in cast.programs.items():
            tasks = await asyncio.to_thread(metric, cast.hub.url, "aimonitor_hub_tasks") if name == "hub" else 0
            with contextlib.suppress(OSError, sqlite3.Error):  # it is just being killed, or has not begun
                events = await asyncio.to_thread(cast.events, name)
                log.note(read(name, program.process.pid, cast.now_s, tasks=tasks, events=events))


async def visit(cast: Cast, draw_lots: random.Random) -> None:
    """Come, watch for a while, leave: politely, rudely or without having read anything."""
    ours = draw_lots.random() < 0.8
    protocols = [messages.SUBPROTOCOL] if ours else None
    with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
        async with connect(f"ws://127.0.0.1:{cast.hub.port}/ws", subprotocols=protocols, max_size=None) as viewer:
            cast.visits += 1
            if ours:
                rung = draw_lots.choice(("thumbnail", "slow", "full"))
                await viewer.send(codec.encode(messages.Subscribe(everything=True, rung=rung, lease_s=120)))
            if draw_lots.random() < 0.1:
                viewer.transport.pause_reading()
                await asyncio.sleep(20)
                viewer.transport.resume_reading()
            until = cast.now_s + draw_lots.uniform(2, 90)
            while cast.now_s < until:
                data = await asyncio.wait_for(viewer.recv(), 15)
                if isinstance(data, bytes):
                    cast.pictures += 1
                    header, _ = frames.decode_header(data)
                    await viewer.send(codec.encode(messages.Seen(header.source, header.frame_id)))
            if draw_lots.random() < 0.3:
                viewer.transport.abort()
    await asyncio.sleep(draw_lots.uniform(0, 15))


async def again(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await work()


async def mischief(cast: Cast, seconds: float) -> None:
    """Cuts and kills from the beginning to the end; what is judged is killed once, early."""
    draw_lots = random.Random(4)
    due = [(seconds * 0.1 + 20 * number, name) for number, name in enumerate(("hub", "edge", "bot"))]
    next_mortal_s = MORTAL_LIVES_S
    while True:
        await asyncio.sleep(draw_lots.uniform(20, 60))
        cast.network.cut()
        if cast.now_s >= next_mortal_s:
            next_mortal_s += MORTAL_LIVES_S
            await cast.kill("mortal fleet")
        if due and cast.now_s >= due[0][0]:
            await cast.kill(due.pop(0)[1])


async def play(cast: Cast, log: Log, seconds: float) -> None:
    """Let everybody live for so long. A program that ends by itself ends the soak."""
    lots = [random.Random(number) for number in range(3)]
    work = [sample(cast, log), mischief(cast, seconds)]
    work += [again(lambda draw_lots=draw_lots: visit(cast, draw_lots)) for draw_lots in lots]
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        for name, program in cast.programs.items():
            assert program.process.poll() is None, f"{name} ended by itself:\n{program.output()[-2000:]}"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def bring_in(cast: Cast) -> list[tuple[str, int]]:
    """Stop the edges, let them bring in what is left, and return what was accepted."""
    accepted = await asyncio.to_thread(cast.journaled)
    await asyncio.sleep(15)
    for name in ("edge", "fleet", "mortal fleet"):
        await asyncio.to_thread(cast.programs[name].stop)
    last = [
        cast.fleet(prefix, "--edges", edges, "--rate", "0", "--seconds", "15")
        for prefix, edges in (("fleet", "4"), ("mortal", "2"))
    ]
    for program in last:
        program.start()
    for program in last:
        await asyncio.to_thread(program.process.wait, 90)
    return accepted + [each for name in ("fleet", "mortal") for each in read_ledger(cast.folder / f"{name}.jsonl")]


async def soak(folder: Path, seconds: float, clip: Path, detector: str) -> tuple[Cast, Log, int]:
    """The whole story; returns who played, what was measured and how many events were accepted and found."""
    hub = HubProcess(folder)
    telegram = await FakeTelegram().start()
    log = Log(folder / "soak.csv")
    async with bad_network(hub.port) as network:
        cast = Cast(folder, hub, telegram, network)
        try:
            await asyncio.to_thread(hub.start)
            cast.enter(clip, detector)
            await play(cast, log, seconds)
            accepted = await bring_in(cast)
            check_whole(await asyncio.to_thread(read_history, hub.url), accepted)
        finally:
            for program in reversed(cast.programs.values()):
                await asyncio.to_thread(program.stop)
            hub.program.stop()
            await telegram.stop()
            log.close()
    return cast, log, len(accepted)


def slow_clip(footage: Path, target: Path, fps: float = 2.0) -> Path:
    """The footage at a pace that leaves the machine to others."""
    import cv2

    video = cv2.VideoCapture(str(footage))
    step = max(1, round(video.get(cv2.CAP_PROP_FPS) / fps))
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    number = 0
    while (taken := video.read())[0]:
        if number % step == 0:
            writer.write(taken[1])
        number += 1
    writer.release()
    video.release()
    return target


def report(cast: Cast, log: Log, accepted: int, verdicts: list[Verdict], minutes: float) -> str:
    """The note beside the picture."""
    day = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[2]:.0f}"
    lines = [
        "# Soak, as last run",
        "",
        f"Generated by `make soak`; do not edit. {minutes:.0f} minutes on {day}, {machine}: "
        f"{accepted:,} events accepted, none lost, none doubled, in order; {len(cast.kills)} programs killed, "
        f"{cast.network.cuts:,} connections cut, {cast.visits:,} viewers came and saw {cast.pictures:,} pictures.",
        "",
        f"After {WARM_UP_S / 60:.0f} minutes of warm-up memory must grow by less than {RSS_MIB_PER_10_MIN:g} MiB in",
        f"10 minutes, threads and tasks by no more than {DRIFT:g}, and descriptors, pooled connections among them, by",
        f"no more than {DESCRIPTOR_DRIFT:g} (medians of the last and the first quarter).",
        "",
        "| program | judged, min | memory at last, MiB | growth, MiB/10 min | descriptors | threads | tasks | flat |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {each.name} | {each.minutes:.0f} | {each.rss_mib:.0f} | {each.rss_slope:+.2f} | {each.descriptors:+g} "
            f"| {each.threads:+g} | {each.tasks:+g} | {'yes' if each.flat else '**no**'} |"
            for each in verdicts
        ),
        "",
        "![memory, descriptors, threads, tasks and events of every process](soak.svg)",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Soak, write the report, say how it went."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--report", type=Path, default=ROOT / "docs" / "ref", help="where soak.md and soak.svg go")
    options.add_argument("--folder", type=Path, help="where programs live (default: a new one)")
    options.add_argument("--detector", help="(default: the one that `make run` uses)")
    chosen = options.parse_args()
    from aimonitor.models import footage, store

    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="aimonitor-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"soaking for {chosen.minutes:g} minutes in {folder}", flush=True)
    clip = slow_clip(footage.resolve(), folder / "clip.avi")
    detector = chosen.detector or store.resolve("yolox-nano").name
    cast, log, accepted = asyncio.run(soak(folder, chosen.minutes * 60, clip, detector))
    verdicts = judge(log.samples)
    text = report(cast, log, accepted, verdicts, chosen.minutes)
    (chosen.report / "soak.md").write_text(text)
    (chosen.report / "soak.svg").write_text(draw(log.samples, cast.kills))
    print(text)
    judged = {each.name for each in verdicts}
    unjudged = {"hub", "fleet", "edge", "bot"} - judged
    if unjudged:
        print(f"too short to judge: {', '.join(sorted(unjudged))}")
    return 0 if all(each.flat for each in verdicts) and (not unjudged or chosen.minutes < 60) else 1


if __name__ == "__main__":
    sys.exit(main())
