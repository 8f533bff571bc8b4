"""L9 to L12: viewers that do not read or read slowly, the smallest machine, a thousand edges at rest."""

import asyncio
import contextlib
import json
import os
import resource
import socket
import ssl
import statistics
import time
import urllib.request
from pathlib import Path

import pytest
from programs import answers, wait_until
from rehearsal import JPEG_HEAD, HubProcess, a_fleet, play
from small_machine import small_machine
from test_nginx import Authority, Nginx
from test_slow_faults import _cpu_seconds, _rss_mib
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from aimonitor.contract import codec, delta, frames, messages
from aimonitor.simulator.fleet import Tape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MINUTES = int(os.environ.get("STALLED_MINUTES", "10"))
SMALL = Tape(160, 120, (JPEG_HEAD + bytes(2_800),), ((),))
MEDIUM = Tape(320, 240, (JPEG_HEAD + bytes(12_000),), ((),))
LARGE = Tape(640, 480, (JPEG_HEAD + bytes(50_000),), ((),))
WATCH = codec.encode(messages.Subscribe(everything=True, rung="full", lease_s=300))
ROOM = {"WEBSOCKET_MAX_CONNECTIONS": "4000", "AIMONITOR_HUB_MAX_CONNECTIONS_PER_ADDRESS": "4000"}


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path, **ROOM)
    process.start()
    yield process
    process.program.stop()


def watch(url, **options):
    """A viewer of ours."""
    return connect(
        url, subprotocols=[messages.SUBPROTOCOL], max_size=None, compression=None, ping_interval=None, **options
    )


class Watcher:
    """Notes how old every picture is on arrival, and how many of those that were shown it got."""

    def __init__(self, *, acknowledges=False):
        self._acknowledges = acknowledges
        self._ids = {}
        self.ages = []

    async def run(self, url):
        async with watch(url) as viewer:
            renewed_at = float("-inf")
            async for data in viewer:
                if time.monotonic() - renewed_at > 100:
                    renewed_at = time.monotonic()
                    await viewer.send(WATCH)
                if isinstance(data, bytes):
                    header, _ = frames.decode_header(data)
                    self.ages.append(time.time() - header.captured_at)
                    self._ids.setdefault(header.source, set()).add(header.frame_id)
                    if self._acknowledges:
                        await viewer.send(codec.encode(messages.Seen(header.source, header.frame_id)))

    def take(self):
        """Ages and share of the pictures since the last time."""
        ages, ids = self.ages, self._ids
        self.ages, self._ids = [], {}
        due = sum(max(each) - min(each) + 1 for each in ids.values())
        return ages, sum(map(len, ids.values())), due


def p99_ms(ages):
    return statistics.quantiles(ages, n=100)[-1] * 1e3


def kernel_mib():
    """What the kernel holds for TCP, of every program on the machine."""
    words = Path("/proc/net/sockstat").read_text().split()
    return int(words[words.index("mem") + 1]) * resource.getpagesize() / 2**20


class Line:
    """A viewer by hand, for what a library would soften: nothing is read ahead of who reads."""

    def __init__(self, port, *, tls=None, token="-"):
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)  # the kernel would let it grow
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname="localhost")
        lines = ["GET /ws HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Protocol: {messages.SUBPROTOCOL}", f"Authorization: Bearer {token}",
                 "", ""]  # fmt: skip
        self._socket.sendall("\r\n".join(lines).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._socket.recv(1)
        assert b" 101 " in head
        self.say(WATCH)

    def say(self, text):
        assert len(text) < 126
        self._socket.sendall(bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text.encode())  # a mask of zeros

    def hear(self):
        """The next message, bytes of a picture or None for another one."""
        first, length = self._exactly(2)
        if length >= 126:
            length = int.from_bytes(self._exactly(2 if length == 126 else 8), "big")
        payload = self._exactly(length)
        return payload if first == 0x82 else None

    def _exactly(self, size):
        data = bytearray()
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, "the hub hung up"
            data += more
        return bytes(data)

    def close(self):
        self._socket.close()


class Deaf:
    """Viewers that subscribe and never read; who is let go comes back and does the same."""

    def __init__(self, port, count):
        self._port, self._count = port, count
        self._lines = []

    async def run(self):
        try:
            while True:
                self.close()
                self._lines = [await asyncio.to_thread(Line, self._port) for _ in range(self._count)]
                await asyncio.sleep(15)  # the hub lets go of them after ten
        finally:
            self.close()

    def close(self):
        for line in self._lines:
            line.close()
        self._lines = []


def test_a_tenth_of_the_viewers_does_not_read(hub, tmp_path, measured):
    """L9, in minutes without and with them by turns, because what else the machine does changes the latency."""

    async def story():
        pid, watchers, found = hub.program.process.pid, [Watcher() for _ in range(90)], {False: [], True: []}
        memory, kernel, got, due = [], [], {False: 0, True: 0}, {False: 0, True: 0}

        async def minutes():
            watching = [asyncio.ensure_future(each.run(f"ws://127.0.0.1:{hub.port}/ws")) for each in watchers]
            await asyncio.sleep(5)
            for minute in range(2 * MINUTES):
                with_them = minute % 2 == 1
                deaf = asyncio.ensure_future(Deaf(hub.port, 10).run()) if with_them else None
                for each in watchers:
                    each.take()
                await asyncio.sleep(60 if with_them else 20)
                ages = []
                for each in watchers:
                    its, has, shown = each.take()
                    ages += its
                    got[with_them] += has
                    due[with_them] += shown
                found[with_them].append(p99_ms(ages))
                if deaf is not None:
                    memory.append(_rss_mib(pid))
                    kernel.append(kernel_mib())
                    deaf.cancel()
                    await asyncio.gather(deaf, return_exceptions=True)
            for each in watching:
                each.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

        fleet = a_fleet(tmp_path, hub.port, None, edges=1, cameras=1, rate=0.0, fps=10.0, tape=MEDIUM)
        playing = asyncio.ensure_future(fleet.run(80.0 * MINUTES + 3600))
        try:
            await minutes()
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            fleet.close()
        return found, memory, kernel, {each: got[each] / due[each] for each in got}

    found, memory, kernel, share = asyncio.run(story())
    without, beside = (statistics.median(found[each]) for each in (False, True))
    measured("L9", f"10 of 100 viewers read nothing for {MINUTES} minutes: the others get (without them)",
             ">= 98 %", f"{share[True]:.1%} ({share[False]:.1%})")  # fmt: skip
    measured("L9", "p99 of the others without and with them", "+- 20 %", f"{without:.1f} and {beside:.1f} ms")
    grown = f"{memory[0]:.1f} to {memory[-1]:.1f} MiB, {kernel[0]:.0f} to {kernel[-1]:.0f} MiB"
    measured("L9", "memory of the hub, and of the kernel for TCP, first and last minute", "flat", grown)
    assert share[True] >= min(0.98, share[False] - 0.01)  # a machine with too much to do drops pictures by itself
    assert beside < 2 * without + 20
    assert memory[-1] - memory[0] < 5
    assert kernel[-1] - kernel[0] < 10


# --- a viewer that reads too slowly ---------------------------------------------------------------------------------


def read_slowly(line, seconds, *, acknowledges, every_s=0.25):
    """The ages of pictures as a viewer finds them that takes one every `every_s` from its socket."""
    ages, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        data = line.hear()
        if data is None:
            continue
        header, _ = frames.decode_header(data)
        ages.append(time.time() - header.captured_at)
        if acknowledges:
            line.say(codec.encode(messages.Seen(header.source, header.frame_id)))
        time.sleep(every_s)
    line.close()
    return ages[len(ages) // 2 :]


def slow_ages(tmp_path, hub_port, dial, *, acknowledges, token=""):
    async def story():
        plan = {"edges": 1, "cameras": 1, "rate": 0.0, "fps": 30.0, "token": token}
        fleet = a_fleet(tmp_path, hub_port, None, tape=LARGE, **plan)
        line = await asyncio.to_thread(dial)
        reading = asyncio.ensure_future(asyncio.to_thread(read_slowly, line, 30, acknowledges=acknowledges))
        await play(fleet, 34, lambda: asyncio.sleep(0), settle_s=0.0)
        return await reading

    return asyncio.run(story())


def test_a_viewer_that_reads_too_slowly_sees_no_old_pictures(hub, tmp_path, measured):
    """L10: only the hub's own limits on what is under way keep them young."""
    worst = {}
    for acknowledges in (False, True):
        ages = slow_ages(tmp_path, hub.port, lambda: Line(hub.port), acknowledges=acknowledges)
        worst[acknowledges] = max(ages)
    measured("L10", "a viewer reads 4 of 30 fps: oldest picture, without and with acknowledgements", "<= 2 s",
             f"{worst[False]:.1f} and {worst[True]:.1f} s")  # fmt: skip
    assert worst[False] <= 2
    assert worst[True] <= 2


def test_nor_does_one_behind_nginx(tmp_path, measured):
    """L10 behind the Nginx that we ship: its buffers hide the viewer from the hub, unless it acknowledges."""
    hub = HubProcess(tmp_path, AIMONITOR_TOKENS="of-the-edge,@viewer:of-the-viewer", **ROOM)
    server = Nginx(tmp_path, hub.port)
    authority = server.authority = Authority(tmp_path)
    authority.issue()
    os.chmod(tmp_path, 0o755)
    hub.start()
    try:
        server.start()
        tls = ssl.create_default_context(cafile=str(authority.root))

        def dial():
            return Line(server.port, tls=tls, token="of-the-viewer")

        worst = {
            each: max(slow_ages(tmp_path, hub.port, dial, acknowledges=each, token="of-the-edge"))
            for each in (False, True)
        }
    finally:
        server.stop()
        hub.program.stop()
    measured("L10", "behind Nginx: oldest picture with acknowledgements (without them)", "<= 2 s",
             f"{worst[True]:.1f} s ({worst[False]:.1f} s)")  # fmt: skip
    assert worst[True] <= 2


# --- a small machine, and a thousand edges --------------------------------------------------------------------------


def test_four_edges_and_fifty_viewers_on_the_smallest_machine(tmp_path, measured):
    """L11: 512 MB and a tenth of a core, viewers that acknowledge as dashboards do."""
    with small_machine(512, 0.1) as machine:
        hub = HubProcess(tmp_path, AIMONITOR_HUB_HISTORY_PATH=":memory:", **ROOM)
        hub.program.command = machine.inside(hub.program.command)
        try:
            hub.program.start()
            wait_until(lambda: answers(f"{hub.url}/health"), 120, hub.program.output, hub.program)
            used, share, ages = asyncio.run(_watched_by_fifty(hub, tmp_path))
            peak, killed = machine.peak_mib, machine.killed
        finally:
            hub.program.stop()
    what = "512 MB, a tenth of a core: 4 edges x 5 fps, 50 viewers of all"
    measured("L11", f"{what}: pictures that arrive", ">= 95 %", f"{share:.1%}")
    measured("L11", "their p95; share of a core; memory at most", "<= 1 s; <= 10 %; <= 512 MiB",
             f"{statistics.quantiles(ages, n=20)[-1] * 1e3:.0f} ms; {used:.1%}; {peak:.0f} MiB")  # fmt: skip
    assert killed == 0
    assert share >= 0.95
    assert statistics.quantiles(ages, n=20)[-1] <= 1


async def _watched_by_fifty(hub, folder):
    pid, watchers = hub.program.process.pid, [Watcher(acknowledges=True) for _ in range(50)]
    found = {}

    async def viewers():
        await asyncio.sleep(3)
        watching = []
        for each in watchers:  # a tenth of a core needs its time for fifty handshakes
            watching.append(asyncio.ensure_future(each.run(f"ws://127.0.0.1:{hub.port}/ws")))
            await asyncio.sleep(0.3)
        await asyncio.sleep(5)
        for each in watchers:
            each.take()
        cpu, began = _cpu_seconds(pid), time.monotonic()
        await asyncio.sleep(30)
        found["cpu"] = (_cpu_seconds(pid) - cpu) / (time.monotonic() - began)
        taken = [each.take() for each in watchers]
        found["ages"] = [age for ages, _, _ in taken for age in ages]
        found["share"] = len(found["ages"]) / (30 * 5 * 4 * len(watchers))
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    fleet = a_fleet(folder, hub.port, None, edges=4, cameras=1, rate=0.0, fps=5.0, tape=SMALL)
    await play(fleet, 60, viewers, settle_s=0.0)
    return found["cpu"], found["share"], found["ages"]


async def _rest(number, port):
    """An edge with one camera at rest: figures as what changed twice a second, a heartbeat, an answer to the hub's."""
    source = f"rest-{number:04d}/cam"
    risk = messages.RiskView(0.1, "NORMAL", ())
    said = messages.Observation(source, 1, time.time(), 160, 120, risk)
    hello = messages.Hello("test", source.partition("/")[0], cameras=(messages.CameraInfo("cam"),))
    async with connect(
        f"ws://127.0.0.1:{port}/ws/laptop",
        subprotocols=[messages.SUBPROTOCOL],
        compression=None,
        ping_interval=None,
        open_timeout=60,
    ) as line:
        await line.send(codec.encode(hello))
        await line.send(codec.encode(said))

        async def listen():
            async for data in line:
                match codec.decode(data):
                    case messages.Ping(sent_at=sent_at):
                        now = time.time()
                        await line.send(codec.encode(messages.Pong(sent_at, now, now)))
                    case _:
                        pass

        listening = asyncio.ensure_future(listen())
        try:
            turn = 0
            while True:
                await asyncio.sleep(0.5)
                turn += 1
                new = messages.Observation(source, said.frame_id + 1, time.time(), 160, 120, risk)
                short = delta.difference(said, new)
                said = delta.apply(said, short)
                await line.send(codec.encode(short))
                if turn % 4 == 0:
                    await line.send(codec.encode(messages.Ping(time.time())))
        finally:
            listening.cancel()


def figures_heard(url):
    with urllib.request.urlopen(f"{url}/api/status", timeout=30) as answer:
        return json.load(answer)["counters"]["observations_in"]


def test_a_thousand_edges_at_rest(hub, measured):
    """L12."""

    async def story():
        resting = []
        for number in range(1000):
            resting.append(asyncio.ensure_future(_rest(number, hub.port)))
            await asyncio.sleep(0.01)
        await asyncio.sleep(10)
        pid = hub.program.process.pid
        heard, cpu, began = await asyncio.to_thread(figures_heard, hub.url), _cpu_seconds(pid), time.monotonic()
        await asyncio.sleep(30)
        elapsed_s = time.monotonic() - began
        cpu = (_cpu_seconds(pid) - cpu) / elapsed_s
        heard = (await asyncio.to_thread(figures_heard, hub.url) - heard) / elapsed_s
        here = sum(not each.done() for each in resting)
        for each in resting:
            each.cancel()
        with contextlib.suppress(ConnectionClosed):
            await asyncio.gather(*resting, return_exceptions=True)
        return heard, cpu, here, _rss_mib(pid)

    heard, cpu, here, rss = asyncio.run(story())
    measured("L12", "1,000 edges at rest: still here after 40 s, figures heard", "1,000, 2,000 a second",
             f"{here:,}, {heard:,.0f} a second")  # fmt: skip
    measured("L12", "share of a core, memory", "< 100 %, < 300 MiB", f"{cpu:.0%}, {rss:.0f} MiB")
    assert here == 1000
    assert heard > 1500
    assert cpu < 1
    assert rss < 300
