"""Do two hubs over one Redis carry twice what one does? The same cameras and viewers at one hub and at two, in turns.

    python benchmarks/two_hubs.py                              1,000 viewers of 2 cameras, 20 kB pictures at 20 fps
    python benchmarks/two_hubs.py --viewers 200,1000,2000 --rounds 5

With two hubs, each has one of the cameras and half of the viewers at its door, and every viewer watches both cameras:
half of what is shown crosses from hub to hub, as behind a balancer without stickiness. A hub is one process on one
core, so what it can carry is what its core can: the share of it that an idle hub leaves, divided by what a delivered
message costs the busier hub. That is measured below saturation, because the viewers (a C client) and the publishers
need cores as well, and this machine may have two. A round takes about 40 seconds.

capacity   messages a second when the core of the busiest hub is full: two hubs beside one, a core for each
in all     messages a second when two cores are full that all hubs and Redis share, beside one hub on one core
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from aimonitor.contract import codec, frames, messages
from fanout import JPEG, build_tools, cpu_seconds, free_port, read_counts, say

ROOM = {"WEBSOCKET_MAX_CONNECTIONS": "20000", "AIMONITOR_HUB_MAX_CONNECTIONS_PER_ADDRESS": "20000"}
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
WATCH_ALL = codec.encode(messages.Subscribe(everything=True, lease_s=300.0))


@dataclass(frozen=True)
class Turn:
    """One measurement. CPU: of each hub, and of Redis last; idle a second, and for each message that was delivered."""

    idle: tuple[float, ...]
    each_us: tuple[float, ...]
    share: float

    @property
    def capacity(self) -> float:
        """Messages a second until the first hub has no core left."""
        return min((1 - idle) / each_us for idle, each_us in zip(self.idle[:-1], self.each_us[:-1], strict=True)) * 1e6

    def in_all(self, cores: int) -> float:
        """Messages a second until that many cores have nothing left for hubs and Redis."""
        return (cores - sum(self.idle)) / sum(self.each_us) * 1e6


@contextlib.contextmanager
def running(command: list[str], port: int, folder: Path, **environ: str) -> Iterator[subprocess.Popen]:
    """A program that listens on `port`."""
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environ}, **QUIET)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def viewers(build: Path, port: int, count: int) -> Iterator[subprocess.Popen]:
    arguments = [str(port), "/ws", str(count), "0", messages.SUBPROTOCOL, WATCH_ALL]
    client = subprocess.Popen([str(build / "fanout_client"), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert client.stdout.readline() == b"ready\n", f"not all of {count} viewers got in"
        yield client
    finally:
        client.stdin.close()
        client.wait(10)


def edge_link(port: int) -> contextlib.AbstractContextManager[ClientConnection]:
    url, options = f"ws://127.0.0.1:{port}/ws/laptop", {"compression": None, "ping_interval": None, "close_timeout": 1}
    return connect(url, subprotocols=[messages.SUBPROTOCOL], max_size=None, **options)


class Camera:
    """An edge with one camera that sends pictures for as long as it is told."""

    def __init__(self, socket: ClientConnection, name: str, size: int) -> None:
        self._socket = socket
        self._socket.send(codec.encode(messages.Hello("bench", name, cameras=(messages.CameraInfo("a"),))))
        self._source, self._padding, self._number = f"{name}/a", bytes(size - len(JPEG)), 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(Exception):
            for said in self._socket:
                if isinstance(message := codec.decode(said), messages.Ping):
                    self._socket.send(codec.encode(messages.Pong(message.sent_at, time.time(), time.time())))

    def play(self, seconds: float, fps: float) -> int:
        """Send pictures; how many."""
        began, sent = time.monotonic(), 0
        while sent < seconds * fps:
            sent, self._number = sent + 1, self._number + 1
            header = frames.FrameHeader(self._source, self._number, time.time(), 160, 120)
            self._socket.send(frames.encode(header, JPEG + self._padding))
            time.sleep(max(0.0, began + sent / fps - time.monotonic()))
        return sent


def play_all(cameras: list[Camera], seconds: float, fps: float) -> int:
    """All cameras at once; how many pictures they sent together."""
    sent: list[int] = []
    players = [threading.Thread(target=lambda each=each: sent.append(each.play(seconds, fps))) for each in cameras]
    for player in players:
        player.start()
    for player in players:
        player.join()
    return sum(sent)


def measure(
    count: int, hubs: int, build: Path, redis: tuple[subprocess.Popen, int], options: argparse.Namespace
) -> Turn:
    """`count` viewers of two cameras, at one hub or at two."""
    server, redis_port = redis
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        ports, processes = [free_port() for _ in range(hubs)], []
        for port in ports:
            command = [sys.executable, "-m", "aimonitor", "hub", "--port", str(port)]
            environ = {**ROOM, "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0"}
            processes.append(stack.enter_context(running(command, port, Path(folder), **environ)))
        links = [stack.enter_context(edge_link(ports[number % hubs])) for number in range(2)]
        cameras = [Camera(link, f"edge{number}", options.bytes) for number, link in enumerate(links)]
        clients = [stack.enter_context(viewers(build, port, count // hubs)) for port in ports]
        time.sleep(3.0)  # hubs tell each other every two seconds what their viewers want
        play_all(cameras, 1.0, options.fps)
        watched = [*processes, server]
        idle = spent(watched, lambda: time.sleep(options.seconds))
        for client in clients:
            say(client, b"r")
        sent = []
        busy = spent(watched, lambda: sent.append(play_all(cameras, options.seconds, options.fps)))
        time.sleep(0.5)
        got = sum(read_counts(client)[0] for client in clients)
    each_us = [1e6 * (own - rest) / got for own, rest in zip(busy, idle, strict=True)]
    return Turn(tuple(each / options.seconds for each in idle), tuple(each_us), got / (sent[0] * count))


def spent(processes: list[subprocess.Popen], work: Callable[[], object]) -> list[float]:
    """CPU seconds of each process while `work` is done."""
    before = [cpu_seconds(process.pid) for process in processes]
    work()
    return [cpu_seconds(process.pid) - each for process, each in zip(processes, before, strict=True)]


def report(count: int, turns: list[tuple[Turn, Turn]]) -> None:
    print(f"\n{count} viewers of 2 cameras")
    print("           delivered  CPU us a message: busiest hub  all hubs  Redis   idle hub, share of a core")
    for name, own in (("one hub", [one for one, _ in turns]), ("two hubs", [two for _, two in turns])):
        mid = [
            statistics.median(figure(turn) for turn in own)
            for figure in (
                lambda turn: turn.share,
                lambda turn: max(turn.each_us[:-1]),
                lambda turn: sum(turn.each_us[:-1]),
                lambda turn: turn.each_us[-1],
                lambda turn: max(turn.idle[:-1]),
            )
        ]
        print(f"{name:<9} {mid[0]:10.1%} {mid[1]:30.2f} {mid[2]:9.2f} {mid[3]:6.2f} {mid[4]:27.1%}")
    capacity = statistics.median(two.capacity / one.capacity for one, two in turns)
    in_all = statistics.median(two.in_all(2) / one.capacity for one, two in turns)
    print(f"two hubs beside one: capacity x {capacity:.2f}, on two cores in all x {in_all:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", default="1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--fps", type=float, default=20.0)
    parser.add_argument("--bytes", type=int, default=20_000)
    options = parser.parse_args()
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        sys.exit("two_hubs: needs redis-server")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        build_tools(Path(folder))
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""]
        redis = stack.enter_context(running(command, port, Path(folder))), port
        for count in map(int, options.viewers.split(",")):
            pairs = []
            for _ in range(options.rounds):
                one, two = (measure(count, hubs, Path(folder), redis, options) for hubs in (1, 2))
                pairs.append((one, two))
            report(count, pairs)


if __name__ == "__main__":
    main()
