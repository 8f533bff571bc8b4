"""What does it cost to relay one camera to N viewers? The hub beside its peers, in the same minute on the same machine.

    python benchmarks/fanout.py                         50, 200, 500, 1000, 2000, 5000 viewers at 10 fps
    python benchmarks/fanout.py --viewers 500 --rounds 4 --only limit,hub,naive
    python benchmarks/fanout.py --saturated --viewers 500
    python benchmarks/fanout.py --stalled 0.1 --viewers 200 --bytes 60000 --fps 30

Server on one core, publisher and a neutral C client on another. Printed: CPU microseconds (user + system) of the server
per delivered message, the ratio to a C loop of send() in the same round (median over the rounds), the share of the
messages that arrived, and latency. Needs a C compiler; nginx with nchan and node with `ws` take part where installed
(NODE_PATH says where `ws` is). Absolute figures depend on the machine and its load: read the ratios. `python-loop` is
the least that Python can do: the limit's loop in it, without a server around.

A round counts only if the C loop itself delivered LIMIT_SHARE: where it cannot, the client or the machine is too slow
(5,000 viewers at 10 fps take half of each core), and nothing was learned about the servers. As root the programs run
ahead of everything else on the machine. With --health the requests' own cost is in the hub's microseconds.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aimonitor.contract import codec, frames, messages

HERE = Path(__file__).parent
PEERS = HERE / "fanout_peers"
JPEG = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x78\x00\xa0\x01\x01\x11\x00\xff\xda"
CORES = sorted(os.sched_getaffinity(0))
LIMIT_SHARE = 0.99
TRIES = 4


@dataclass(frozen=True)
class Peer:
    """A server to measure: how to start it and how its sockets are opened."""

    name: str
    command: list[str]
    publish: str = "/pub"
    watch: str = "/ws"
    subprotocol: str = ""
    hello: str = ""


@dataclass(frozen=True)
class Result:
    """One measurement of one server."""

    cpu_us: float
    delivered: float
    rate: float
    p50_ms: float
    p99_ms: float
    kib_per_viewer: float
    base_mib: float
    health_p95_ms: float | None
    growth_mib: float
    kernel_mib: float


def peers(build: Path, port: int) -> Iterator[Peer]:
    """Everything that can run here, the limit first."""
    python, number = sys.executable, str(port)
    yield Peer("limit", [str(build / "fanout_limit"), number])
    subscribe = codec.encode(messages.Subscribe(everything=True, lease_s=300.0))
    yield Peer("hub", [python, str(PEERS / "hub.py"), number], "/ws/laptop", "/ws", messages.SUBPROTOCOL, subscribe)
    yield Peer("python-loop", [python, str(PEERS / "python_loop.py"), number])
    yield Peer("naive", [python, str(PEERS / "naive.py"), number])
    yield Peer("broadcast", [python, str(PEERS / "broadcast.py"), number])
    asked = ["node", "-e", "require('ws')"]
    if shutil.which("node") and subprocess.run(asked, check=False, capture_output=True).returncode == 0:
        yield Peer("node-ws", ["node", str(PEERS / "ws.js"), number])
    else:
        print("node-ws: left out, node or its package `ws` is not installed")
    module = next(Path("/usr/lib/nginx/modules").glob("ngx_nchan_module.so"), None)
    if module and shutil.which("nginx"):
        text = (PEERS / "nchan.conf").read_text()
        text = text.replace("MODULE", str(module)).replace("DIR", str(build)).replace("PORT", number)
        (build / "nchan.conf").write_text(text)
        yield Peer("nchan", ["nginx", "-p", str(build), "-c", str(build / "nchan.conf")])
    else:
        print("nchan: left out, nginx or its nchan module is not installed")


# --- the publisher --------------------------------------------------------------------------------------------------


class Publisher:
    """A WebSocket client that sends one picture again and again, with the time of sending in it."""

    def __init__(self, peer: Peer, port: int, size: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._size = size
        self._number = 0
        lines = [f"GET {peer.publish} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]  # fmt: skip
        lines += [f"Sec-WebSocket-Protocol: {peer.subprotocol}"] if peer.subprotocol else []
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b" 101 " in self._socket.recv(4096)
        if peer.subprotocol:
            hello = codec.encode(messages.Hello("bench", "cam", cameras=(messages.CameraInfo("a"),)))
            self._send(0x81, hello.encode())
        threading.Thread(target=self._swallow, daemon=True).start()

    def _swallow(self) -> None:
        with contextlib.suppress(OSError):
            while self._socket.recv(65536):
                pass

    def _send(self, opcode: int, payload: bytes) -> None:
        head = bytes([opcode, 0x80 | 126]) + struct.pack("!H", len(payload))
        if len(payload) > 65_535:
            head = bytes([opcode, 0x80 | 127]) + struct.pack("!Q", len(payload))
        elif len(payload) < 126:
            head = bytes([opcode, 0x80 | len(payload)])
        self._socket.sendall(head + b"\0\0\0\0" + payload)

    def publish(self) -> None:
        """One picture, now."""
        self._number += 1
        header = frames.FrameHeader("cam/a", self._number, time.time(), 160, 120)
        picture = frames.encode(header, JPEG)
        self._send(0x82, picture + b"\0" * (self._size - len(picture)))

    def publish_for(self, seconds: float, fps: float) -> int:
        """Pictures at `fps` for `seconds`; returns how many were due, also when the server hung up on the publisher."""
        started, sent = time.monotonic(), 0
        while sent < round(seconds * fps):
            with contextlib.suppress(OSError):
                self.publish()
            sent += 1
            time.sleep(max(0.0, started + sent / fps - time.monotonic()))
        return sent

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


# --- measuring ------------------------------------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads, to the nanosecond (the scheduler's own account)."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


@contextmanager
def server(peer: Peer, port: int) -> Iterator[subprocess.Popen]:
    command = ["taskset", "-c", str(CORES[0]), *peer.command]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def viewers(peer: Peer, port: int, build: Path, count: int, stalled: int) -> Iterator[subprocess.Popen]:
    arguments = [str(port), peer.watch, str(count), str(stalled), peer.subprotocol, peer.hello]
    command = ["taskset", "-c", str(CORES[-1]), str(build / "fanout_client"), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n", f"{peer.name}: not all of {count} viewers got in"
        yield process
    finally:
        process.stdin.close()
        process.wait(10)


def kernel_mib() -> float:
    """What the kernel holds for TCP, of every program on the machine."""
    words = Path("/proc/net/sockstat").read_text().split()
    return int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def go_first() -> None:
    """Ahead of everything else on the machine, for only what it leaves would be measured otherwise. Root may."""
    with contextlib.suppress(OSError):
        os.nice(-10)
    with contextlib.suppress(OSError):
        os.setsid()  # niceness counts within a session only, where the kernel groups by it
        Path("/proc/self/autogroup").write_text("-10")


def say(client: subprocess.Popen, command: bytes) -> None:
    client.stdin.write(command)
    client.stdin.flush()


def read_counts(client: subprocess.Popen) -> list[float]:
    say(client, b"s")
    return [float(word) for word in client.stdout.readline().split()]


class HealthProbe(threading.Thread):
    """Asks /health ten times a second, over a new connection each time, and notes how long it took."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._done = threading.Event()
        self.ms: list[float] = []

    def run(self) -> None:
        with contextlib.suppress(OSError):  # only root may: measure the server's delay and not our own
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        question = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: close\r\n\r\n".encode()
        while not self._done.wait(random.uniform(0.05, 0.15)):  # never in step with the pictures
            started = time.monotonic()
            with socket.create_connection(("127.0.0.1", self._port), timeout=10) as line:
                line.sendall(question)
                assert line.recv(4096).startswith(b"HTTP/1.1 200")
            self.ms.append((time.monotonic() - started) * 1e3)

    def p95(self) -> float | None:
        self._done.set()
        self.join()
        return sorted(self.ms)[int(len(self.ms) * 0.95)] if self.ms else None


def measure(peer: Peer, port: int, build: Path, count: int, options: argparse.Namespace) -> Result:
    with server(peer, port) as process:
        time.sleep(1.0)
        base = resident_kib(process.pid)
        stalled = round(count * options.stalled)
        with viewers(peer, port, build, count, stalled) as client:
            publisher = Publisher(peer, port, options.bytes)
            publisher.publish_for(1.0, options.fps)
            time.sleep(0.5)
            full, kernel = resident_kib(process.pid), kernel_mib()
            probe = HealthProbe(port) if peer.name == "hub" and options.health else None
            if probe:
                probe.start()
            say(client, b"r")
            cpu = cpu_seconds(process.pid)
            if options.saturated:
                sent = publish_saturated(publisher, client, count - stalled, options.seconds)
            else:
                sent = publisher.publish_for(options.seconds, options.fps)
                time.sleep(0.5)
            cpu = cpu_seconds(process.pid) - cpu
            got, seconds, p50_ms, p99_ms, _, _ = read_counts(client)
            p95 = probe.p95() if probe else None
            grown, kernel = resident_kib(process.pid) - full, kernel_mib() - kernel
            publisher.close()
    return Result(
        cpu * 1e6 / max(1, got), got / max(1, sent * (count - stalled)), got / seconds, p50_ms, p99_ms,
        (full - base) / count, base / 1024, p95, grown / 1024, kernel,
    )  # fmt: skip


def publish_saturated(publisher: Publisher, client: subprocess.Popen, count: int, seconds: float) -> int:
    """The next picture as soon as every viewer has the one before."""
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        publisher.publish()
        sent += 1
        patience = time.monotonic() + 1.0
        while read_counts(client)[0] < sent * count and time.monotonic() < patience:
            pass
    return sent


# --- the report -----------------------------------------------------------------------------------------------------


def build_tools(into: Path) -> None:
    for name in ("fanout_client", "fanout_limit"):
        subprocess.run(["cc", "-O2", "-Wall", "-o", str(into / name), str(HERE / f"{name}.c")], check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def report(count: int, results: dict[str, list[Result]]) -> None:
    limit = [each.cpu_us for each in results["limit"]] if "limit" in results else []
    print(f"\nN={count}")
    print(
        "server        CPU us   x limit  delivered    msg/s    p50 ms   p99 ms  KiB/viewer  base MiB  grown MiB  kernel"
    )
    for name, rounds in results.items():
        cpu = statistics.median(each.cpu_us for each in rounds)
        ratio = statistics.median(each.cpu_us / of for each, of in zip(rounds, limit, strict=True)) if limit else 0.0
        mid = {
            field: statistics.median(getattr(each, field) for each in rounds)
            for field in (
                "delivered",
                "rate",
                "p50_ms",
                "p99_ms",
                "kib_per_viewer",
                "base_mib",
                "growth_mib",
                "kernel_mib",
            )
        }
        print(
            f"{name:<12} {cpu:7.1f} {ratio:9.2f} {mid['delivered']:10.1%} {mid['rate']:9.0f} {mid['p50_ms']:9.1f} "
            f"{mid['p99_ms']:8.1f} {mid['kib_per_viewer']:11.1f} {mid['base_mib']:9.1f} {mid['growth_mib']:10.1f} "
            f"{mid['kernel_mib']:7.1f}"
        )
        probes = [each.health_p95_ms for each in rounds if each.health_p95_ms is not None]
        if probes:
            print(f"{'':<12} /health p95 {statistics.median(probes):.1f} ms meanwhile")


def measure_round(build: Path, count: int, options: argparse.Namespace) -> dict[str, Result]:
    """Every server once, after a limit that shows that the machine can carry so much now."""
    only, results, port = set(options.only.split(",")) - {""}, {}, free_port()
    for peer in peers(build, port):
        if only and peer.name not in only:
            continue
        results[peer.name] = measure(peer, port, build, count, options)
        if peer.name != "limit":
            continue
        for _ in range(TRIES - 1):
            if results["limit"].delivered >= LIMIT_SHARE:
                break
            time.sleep(3)
            results["limit"] = measure(peer, port, build, count, options)
        else:
            if results["limit"].delivered < LIMIT_SHARE:
                sys.exit(f"N={count}: the C loop itself delivers {results['limit'].delivered:.0%}: no measurement")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", default="50,200,500,1000,2000,5000")
    parser.add_argument("--only", default="", help="names of servers, comma-separated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--bytes", type=int, default=6000)
    parser.add_argument("--stalled", type=float, default=0.0, help="share of the viewers that never read")
    parser.add_argument("--saturated", action="store_true", help="one message in flight instead of --fps")
    parser.add_argument("--health", action="store_true", help="ask /health meanwhile")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    options = parser.parse_args()
    everything: dict[str, dict[str, list[dict[str, float | None]]]] = {}
    go_first()
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        build_tools(build)
        for count in map(int, options.viewers.split(",")):
            results: dict[str, list[Result]] = {}
            for _ in range(options.rounds):
                for name, result in measure_round(build, count, options).items():
                    results.setdefault(name, []).append(result)
            report(count, results)
            everything[str(count)] = {name: [vars(each) for each in rounds] for name, rounds in results.items()}
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
