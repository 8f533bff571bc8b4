"""The quick way out: what it relies on in uvicorn, and that it never lies, doubles or blocks."""

import asyncio
import contextlib
import inspect
import os
import select
import socket
import struct
import subprocess
import sys
from array import array
from types import SimpleNamespace

import pytest
import uvicorn
from hub_peers import BINARY, CONT, PING, TEXT, frame, jpeg, said, wait_until, ws_frame
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

from aimonitor.common.clock import ManualClock
from aimonitor.contract import codec, frames, messages
from aimonitor.hub import serve, writing
from aimonitor.hub.connection import Connection
from aimonitor.hub.courtesy import ASKED_TURN, BRISK_TURN, BRISK_TURNS, CHUNK, TURN, WAY_S, Courtesy
from aimonitor.hub.fan_out import FanOut, Row
from aimonitor.hub.inlet import Inlet
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import LINES
from aimonitor.hub.parcel import Parcel, encode_frame
from aimonitor.hub.relay import Relay
from aimonitor.hub.sink import Sink
from aimonitor.hub.sink_outlet import SinkOutlet
from aimonitor.hub.sink_protocol import INLET, STATE
from aimonitor.hub.window import FIRST, LATE_S, LEAST, MOST, PROBE_S, Window

# --- what is relied on ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="sockets have numbers that may be written to on POSIX systems")
@pytest.mark.parametrize("end", ["close", "abort", "reset", "abort while it is full", "reset while it is full"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_loop_says_that_a_connection_is_lost_before_it_closes_the_socket(loop, end):
    """Its number may be another socket's afterwards, and pictures would go there."""
    lost = asyncio.Event()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport, self.raw = transport, transport.get_extra_info("socket")
            if "full" in end:
                transport.set_write_buffer_limits(high=0)
                transport.write(bytes(10_000_000))
            if "reset" not in end:
                asyncio.get_running_loop().call_later(0.05, transport.close if end == "close" else transport.abort)

        def connection_lost(self, _):
            os.fstat(self.raw.fileno())
            lost.set()

    async def story():
        server = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as client:
            await asyncio.sleep(0.1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        async with asyncio.timeout(10):
            await lost.wait()
        server.close()

    with asyncio.Runner(loop_factory=pytest.importorskip(loop).new_event_loop) as runner:
        runner.run(story())


def test_uvicorns_protocol_is_still_made_the_way_the_mixin_makes_it():
    parameters = list(inspect.signature(WebSocketsSansIOProtocol.__init__).parameters)
    assert parameters == ["self", "config", "server_state", "app_state", "_loop"], f"uvicorn {uvicorn.__version__}"
    for callback in (
        "connection_made",
        "connection_lost",
        "pause_writing",
        "resume_writing",
        "data_received",
        "shutdown",
        "send_receive_event_to_app",
        "handle_ping",
    ):
        assert callable(getattr(WebSocketsSansIOProtocol, callback))


@pytest.mark.parametrize("handle", ["handle_text", "handle_bytes", "handle_cont"])
def test_uvicorn_still_hands_over_messages_where_the_short_way_in_begins(handle):
    assert "self.send_receive_event_to_app()" in inspect.getsource(getattr(WebSocketsSansIOProtocol, handle))


def test_uvicorns_server_still_runs_by_what_ours_replaces():
    """Were `main_loop` another one, ours would not be called: nothing breaks, but a hub at rest would not sleep."""
    expected = {"main_loop": ["self"], "on_tick": ["self", "counter"], "handle_exit": ["self", "sig", "frame"]}
    for name, parameters in expected.items():
        assert list(inspect.signature(getattr(uvicorn.Server, name)).parameters) == parameters
    assert "self.main_loop()" in inspect.getsource(uvicorn.Server._serve)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_frame_is_the_one_that_websockets_makes(length):
    for payload, opcode in ((b"x" * length, Opcode.BINARY), ("x" * length, Opcode.TEXT)):
        data = payload if isinstance(payload, bytes) else payload.encode()
        assert encode_frame(payload) == Frame(opcode, data).serialize(mask=False)


def test_text_is_counted_in_bytes():
    assert encode_frame("é" * 63)[1:2] == struct.pack("!B", 126)


# --- one socket -----------------------------------------------------------------------------------------------------


class Transport:
    """A kernel that takes `room` bytes until it is told to take more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sink = Sink()
        self.sink.bind(self)
        self.wire: list[bytes] = []

    def write(self, data: bytes) -> None:
        assert self.room > 0, "written to although the sink was told to pause"
        self.wire.append(data)
        self.room -= len(data)
        if self.room <= 0:
            self.sink.pause()

    def take_more(self, room: int) -> None:
        self.room = room
        self.sink.resume()

    def set_write_buffer_limits(self, high: int) -> None:
        assert high == 0

    def get_extra_info(self, name: str) -> None:
        return None


def outlet(room: int) -> tuple[Transport, SinkOutlet, Counters, ManualClock]:
    transport, counters, clock = Transport(room), Counters(), ManualClock()
    return transport, SinkOutlet(transport.sink, clock, counters), counters, clock


def test_a_socket_that_takes_nothing_is_kept_one_picture_the_newest():
    transport, out, counters, clock = outlet(room=1)
    assert [out.put("picture a", Parcel(b"%d" % number)) for number in range(5)] == [True] + [False] * 4
    out.put("picture b", Parcel(b"b"))
    clock.advance(3.0)
    assert clock.monotonic() - out.stalled_since == 3.0
    transport.take_more(1000)
    assert transport.wire == [encode_frame(payload) for payload in (b"0", b"4", b"b")]
    assert (counters.messages_replaced, counters.messages_out) == (3, 2)
    assert out.stalled_since is None


def test_lines_keep_their_order_and_go_before_pictures():
    transport, out, counters, _ = outlet(room=1)
    out.say(Parcel("0"))
    out.put("picture", Parcel(b"p"))
    for number in range(1, LINES + 3):
        out.say(Parcel(str(number)))
    transport.take_more(10**6)
    lines = [str(number) for number in (0, *range(3, LINES + 3))]
    assert transport.wire == [encode_frame(line) for line in lines] + [encode_frame(b"p")]
    assert counters.messages_dropped == 2


def test_a_socket_that_fills_up_again_while_it_is_emptied_loses_nothing():
    transport, out, _, clock = outlet(room=1)
    out.put("a", Parcel(b"0"))
    for slot in "abc":
        out.put(slot, Parcel(slot.encode()))
    transport.take_more(1)
    clock.advance(1.0)
    assert clock.monotonic() - out.stalled_since == 1.0
    transport.take_more(1000)
    assert transport.wire == [encode_frame(payload) for payload in (b"0", b"a", b"b", b"c")]


def test_a_frame_that_a_real_socket_takes_in_part_arrives_whole_and_in_order():
    """Over a real transport and a kernel buffer that is soon full, written by the fan-out's own loop."""

    async def tell():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        theirs.setblocking(False)
        sink, counters = Sink(), Counters()

        class Bare(asyncio.Protocol):
            pause_writing, resume_writing = sink.pause, sink.resume

        transport, _ = await loop.create_connection(Bare, sock=ours)
        sink.bind(transport)
        fan_out = FanOut(counters, loop.call_soon, Courtesy(ManualClock(), lambda: True))
        sink.on_change = fan_out.note_change
        row = Row([SinkOutlet(sink, ManualClock(), counters)])
        sink._fd = sink.ready_fd = ours.fileno()
        frames_out = [encode_frame(bytes([number]) * 50_000) for number in range(40)]
        for data in frames_out:
            fan_out.send("picture", row, Parcel(data[4:]))
        assert counters.messages_replaced > 10
        got = b""
        while not got.endswith(frames_out[-1]):
            got += await loop.sock_recv(theirs, 1 << 20)
        transport.abort()
        theirs.close()
        await asyncio.sleep(0)
        return got, frames_out, counters.messages_out

    got, frames_out, counted = asyncio.run(tell())
    whole = [got[start : start + len(frames_out[0])] for start in range(0, len(got), len(frames_out[0]))]
    assert whole[-1] == frames_out[-1]
    numbers = [frames_out.index(data) for data in whole]
    assert numbers == sorted(set(numbers))
    assert counted == len(whole)


def test_a_socket_that_is_gone_keeps_no_frame_from_the_next_one():
    """Its number may belong to a stranger by now: nothing may be written to it any more."""

    async def tell():
        loop, counters = asyncio.get_running_loop(), Counters()
        fan_out = FanOut(counters, loop.call_soon, Courtesy(ManualClock(), lambda: True))
        pairs = [socket.socketpair(socket.AF_UNIX) for _ in range(2)]
        outlets, transports = [], []
        for ours, theirs in pairs:
            theirs.setblocking(False)
            sink = Sink()
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
            sink.bind(transport)
            sink.on_change = fan_out.note_change
            outlets.append(SinkOutlet(sink, ManualClock(), counters))
            transports.append(transport)
            sink._fd = sink.ready_fd = ours.fileno()
        row = Row(outlets)
        fan_out.send("picture", row, Parcel(b"1"))
        outlets[0].sink.unbind()
        fan_out.send("picture", row, Parcel(b"2"))
        got = [await loop.sock_recv(theirs, 100) for _, theirs in pairs]
        for transport, (_, theirs) in zip(transports, pairs, strict=True):
            transport.abort()
            theirs.close()
        await asyncio.sleep(0)
        return got

    first, second = encode_frame(b"1"), encode_frame(b"2")
    assert asyncio.run(tell()) == [first, first + second]


def test_nothing_is_written_after_the_end():
    transport, out, _, _ = outlet(room=1000)
    transport.sink.unbind()
    out.put("a", Parcel(b"late"))
    out.say(Parcel("late"))
    transport.sink.resume()
    assert transport.wire == []


@given(st.lists(st.tuples(st.sampled_from(["put a", "put b", "say", "take"]), st.integers(1, 12))))
def test_whatever_happens_lines_stay_in_order_and_pictures_never_go_back(steps):
    transport, out, counters, _ = outlet(room=4)
    said_lines: list[bytes] = []
    for number, (step, size) in enumerate(steps):
        payload = b"%06d" % number
        if step == "take":
            transport.take_more(size)
        elif step == "say":
            out.say(Parcel(payload.decode()))
            said_lines.append(payload)
        else:
            out.put(step, Parcel(step[-1].encode() + payload))
    for _ in range(len(steps) + 1):
        transport.take_more(1)
    payloads = [data[2:] for data in transport.wire]
    assert [payload for payload in payloads if payload[:1].isdigit()] == said_lines
    for slot in (b"a", b"b"):
        pictures = [payload for payload in payloads if payload[:1] == slot]
        assert pictures == sorted(set(pictures))
        last = [number for number, (step, _) in enumerate(steps) if step == f"put {slot.decode()}"]
        assert pictures[-1:] == [slot + b"%06d" % number for number in last[-1:]]
    assert counters.messages_dropped == 0


def test_only_who_has_begun_to_stall_is_looked_at():
    relay = Relay(Counters(), lambda work: work(), Courtesy(ManualClock(), lambda: False))
    (_, quick, _, _), (transport, slow, _, clock) = outlet(room=99), outlet(room=1)
    _, late = [relay.join("?", out, lambda code, reason: None, founding=False) for out in (quick, slow)]
    for number in range(2):
        quick.put("a", Parcel(b"%d" % number))
        slow.put("a", Parcel(b"%d" % number))
    assert relay._stalling == {late}
    assert relay.stalled(clock.monotonic(), 5.0) == []
    clock.advance(5.1)
    assert relay.stalled(clock.monotonic(), 5.0) == [late]
    transport.take_more(1000)
    assert relay.stalled(clock.monotonic() + 99.0, 5.0) == []
    assert not relay._stalling


def test_who_has_left_is_not_late_whatever_still_waits_for_it():
    relay = Relay(Counters(), lambda work: work(), Courtesy(ManualClock(), lambda: False))
    transport, slow, _, clock = outlet(room=1)
    viewer = relay.join("?", slow, lambda code, reason: None, founding=False)
    for slot in "ab":
        slow.put(slot, Parcel(b"0"))
    relay.leave(viewer)
    transport.take_more(1)
    slow.put("c", Parcel(b"0"))
    assert slow.stalled_since is not None
    assert relay.stalled(clock.monotonic() + 99.0, 5.0) == []


# --- many sockets ---------------------------------------------------------------------------------------------------


class Listed:
    """An outlet that takes everything."""

    def __init__(self) -> None:
        self.got: list[object] = []
        self.sink = Sink()

    def put(self, slot: str, parcel: Parcel) -> bool:
        self.got.append(parcel.payload)
        return True


WRITERS = [pytest.param(writing.in_python, id="in Python"), pytest.param(writing.write_to_each, id="as it runs here")]


@pytest.mark.parametrize("write_to_each", WRITERS)
def test_what_was_written_is_known_although_a_socket_in_between_takes_nothing(write_to_each):
    """`list.extend` keeps what came before an exception: the innermost loop rests on it."""
    pairs = [socket.socketpair(socket.AF_UNIX) for _ in range(5)]
    full = pairs[3][0]
    full.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            full.send(bytes(4096))
    gone = pairs[1][0].detach()
    os.close(gone)
    fds = array("i", [pairs[0][0].fileno(), gone, pairs[2][0].fileno(), -1, full.fileno(), pairs[4][0].fileno()])
    assert write_to_each(fds, b"frame", 2, lambda: False) == [5, 0, 5, 0, 0, 5]
    assert [theirs.recv(99) for _, theirs in (pairs[0], pairs[2], pairs[4])] == [b"frame"] * 3
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


@pytest.mark.parametrize("write_to_each", WRITERS)
def test_writing_ends_where_somebody_waits_but_never_before_the_first_chunk_is_out(write_to_each):
    asked = []

    def waits():
        asked.append(None)
        return len(asked) == 2

    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        fds = array("i", [-1, ours.fileno(), -1, ours.fileno(), ours.fileno(), ours.fileno(), ours.fileno()])
        assert write_to_each(fds, b"x", 2, waits) == [0, 1, 0, 1]
        assert write_to_each(fds[:1], b"x", 2, waits) == [0]
        assert write_to_each(fds[:0], b"x", 2, waits) == []
        assert len(asked) == 2
        assert theirs.recv(99) == b"xx"


@pytest.mark.parametrize("write_to_each", WRITERS)
@given(st.data(), st.integers(1, 9), st.integers(0, 9))
def test_the_loop_in_c_does_what_the_loop_in_python_does(write_to_each, data, chunk, patience):
    """Some sockets are none (-1), some take only a part, and after `patience` looks somebody waits."""
    kinds = data.draw(st.lists(st.sampled_from(["takes", "none", "part"]), max_size=12))
    frame, looks = bytes(100_000), []

    def waits():
        looks.append(None)
        return len(looks) > patience

    with contextlib.ExitStack() as stack:
        pairs = [tuple(map(stack.enter_context, socket.socketpair(socket.AF_UNIX))) for _ in kinds]
        for (ours, _), kind in zip(pairs, kinds, strict=True):
            ours.setblocking(False)
            if kind == "part":
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        numbers = [-1 if kind == "none" else ours.fileno() for (ours, _), kind in zip(pairs, kinds, strict=True)]
        taken = write_to_each(array("i", numbers), frame, chunk, waits)
    told = {
        "takes": lambda size: size == len(frame),
        "none": lambda size: size == 0,
        "part": lambda size: size < len(frame),
    }
    assert all(told[kind](size) for kind, size in zip(kinds, taken, strict=False))
    assert len(taken) == min(len(pairs), chunk * (patience + 1))
    assert len(looks) == min(len(pairs) // chunk, patience + 1)


@pytest.mark.skipif(writing.write_to_each is writing.in_python, reason="not compiled here: python native/build.py")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((array("h", [1]), b"", 1, bool), "an array of 'i'"),
        (([1], b"", 1, bool), "bytes-like"),
        ((array("i", [1]), "text", 1, bool), "bytes-like"),
        ((array("i", [1]), b"", 0, bool), "chunk of at least 1"),
        ((array("i", [1]), b""), "got 2 arguments"),
    ],
)
def test_the_loop_in_c_says_what_it_was_given_wrong(wrong, words):
    with pytest.raises((TypeError, ValueError), match=words):
        writing.write_to_each(*wrong)


def test_what_the_look_raises_comes_out_of_the_loop():
    def waits():
        raise RuntimeError("no selector")

    for write_to_each in (writing.in_python, writing.write_to_each):
        with pytest.raises(RuntimeError, match="no selector"):
            write_to_each(array("i", [-1, -1]), b"x", 1, waits)


def test_many_are_served_in_chunks_and_the_newest_waits_for_the_pass_to_end():
    later, counters = [], Counters()
    fan_out = FanOut(counters, later.append, Courtesy(ManualClock(), lambda: True))
    outlets = [Listed() for _ in range(3 * CHUNK)]
    for number in range(4):
        fan_out.send("picture", Row(outlets), Parcel(b"%d" % number))
    fan_out.send("other", Row(outlets[:2]), Parcel(b"other"))
    assert [len(each.got) for each in outlets[::CHUNK]] == [2, 0, 0]
    turns = 0
    while later:
        later.pop(0)()
        turns += 1
    assert all([payload for payload in each.got if payload != b"other"] == [b"0", b"3"] for each in outlets)
    assert turns == 4
    assert counters.messages_replaced == 2 * len(outlets)


def test_while_nobody_waits_there_is_a_turn_only_now_and_then():
    later, counters = [], Counters()
    fan_out = FanOut(counters, later.append, Courtesy(ManualClock(), lambda: False))
    outlets = [Listed() for _ in range(2 * TURN + 1)]
    fan_out.send("picture", Row(outlets), Parcel(b"1"))
    steps = [sum(bool(each.got) for each in outlets)]
    while later:
        later.pop(0)()
        steps.append(sum(bool(each.got) for each in outlets))
    assert steps == [TURN, 2 * TURN, 2 * TURN + 1]
    assert counters.messages_out == len(outlets)


def test_after_somebody_was_found_to_wait_some_turns_are_short():
    later, looks = [], []

    def waits():
        looks.append(None)
        return len(looks) == 3

    fan_out = FanOut(Counters(), later.append, Courtesy(ManualClock(), waits))
    outlets = [Listed() for _ in range(2 * TURN)]
    fan_out.send("picture", Row(outlets), Parcel(b"1"))
    steps = [sum(bool(each.got) for each in outlets)]
    while later:
        later.pop(0)()
        steps.append(sum(bool(each.got) for each in outlets))
    brisk = [3 * CHUNK + turn * BRISK_TURN for turn in range(BRISK_TURNS + 1)]
    assert steps == [*brisk, brisk[-1] + TURN, 2 * TURN]


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs the epoll of Linux")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_the_loop_is_asked_by_its_epoll_whether_somebody_waits_or_else_somebody_always_does(loop):
    """In a process of its own: here are other loops, of the hubs of other tests."""
    story = f"""
import {loop} as chosen
import asyncio, select, socket
from aimonitor.common.clock import ManualClock
from aimonitor.hub.courtesy import Courtesy

async def story():
    courtesy, loop = Courtesy(ManualClock()), asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    heard = asyncio.Event()
    with ours, theirs:
        loop.add_reader(ours, lambda: (ours.recv(9), heard.set()))
        await asyncio.sleep(0.01)
        waits = [bool(courtesy.pace().waits())]
        theirs.send(b"?")
        waits.append(bool(courtesy.pace().waits()))
        await heard.wait()
        waits.append(bool(courtesy.pace().waits()))
        loop.remove_reader(ours)
    with select.epoll():
        return [*waits, bool(Courtesy(ManualClock()).pace().waits())]

with asyncio.Runner(loop_factory=chosen.new_event_loop) as runner:
    print(runner.run(story()))
"""
    done = subprocess.run([sys.executable, "-c", story], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[False, True, False, True]"


def test_who_asks_something_is_let_through_by_smaller_steps_for_a_moment():
    later, clock = [], ManualClock()
    courtesy = Courtesy(clock, lambda: True)
    fan_out = FanOut(Counters(), later.append, courtesy)
    outlets = [Listed() for _ in range(3 * CHUNK)]
    fan_out.send("picture", Row(outlets), Parcel(b"1"))
    steps = [sum(bool(each.got) for each in outlets)]
    courtesy.asked()
    for _ in range(2):
        later.pop(0)()
        steps.append(sum(bool(each.got) for each in outlets))
    clock.advance(WAY_S)
    while later:
        later.pop(0)()
        steps.append(sum(bool(each.got) for each in outlets))
    assert steps == [CHUNK, CHUNK + ASKED_TURN, CHUNK + 2 * ASKED_TURN, 2 * CHUNK + 2 * ASKED_TURN, 3 * CHUNK]
    assert all(len(each.got) == 1 for each in outlets)


# --- viewers that acknowledge ---------------------------------------------------------------------------------------

GATE = "yard/gate"


def test_only_two_pictures_are_under_way_and_the_newest_waits():
    window = Window()
    sent = [window.offer(GATE, number, Parcel(b"%d" % number), at=0.0) for number in range(5)]
    assert sent == [True, True, False, False, False]
    assert window.seen(GATE, 99, 0.1) == []
    assert [parcel.payload for _, parcel in window.seen(GATE, 0, 0.6)] == [b"4"]
    assert window.seen(GATE, 1, 0.7) == []
    assert window.offer(GATE, 5, Parcel(b"5"), 0.8)
    assert not window.offer(GATE, 6, Parcel(b"6"), 0.9)


def play_window(fps, acknowledged_after_s, seconds=20.0):
    """How many pictures a second go out, and how long the last ones were under way; drawn one after the other."""
    window, sent, at, free_at = Window(), [], 0.0, 0.0
    coming: list[tuple[float, int, float]] = []
    for number in range(int(seconds * fps)):
        at = number / fps
        while coming and coming[0][0] <= at:
            seen_at, frame_id, sent_at = coming.pop(0)
            sent.append(seen_at - sent_at)
            for _, parcel in window.seen(GATE, frame_id, seen_at):
                free_at = acknowledged_after_s(seen_at, free_at)
                coming.append((free_at, int(parcel.payload), seen_at))
        if window.offer(GATE, number, Parcel(b"%d" % number), at):
            free_at = acknowledged_after_s(at, free_at)
            coming.append((free_at, number, at))
    return len(sent) / seconds, max(sent[len(sent) // 2 :])


def test_a_viewer_far_away_gets_every_picture():
    rate, _ = play_window(10, lambda sent_at, _: sent_at + 0.4)
    assert rate > 9


def test_a_viewer_that_cannot_keep_up_is_not_sent_ahead():
    rate, oldest_s = play_window(15, lambda sent_at, free_at: max(sent_at, free_at) + 0.5)
    assert rate > 1.8
    assert oldest_s <= LATE_S + 0.1


def test_a_line_that_becomes_slow_is_sent_as_little_as_a_slow_one():
    window, number = Window(), 0
    for _ in range(50):
        for _ in range(MOST + 1):
            number += 1
            window.offer(GATE, number, Parcel(b""), number / 100)
        for each in range(number - MOST, number + 1):
            window.seen(GATE, each, number / 100 + 0.05)
    at = number / 100 + 1.0
    sent = [each for each in range(1000, 1000 + 2 * MOST) if window.offer(GATE, each, Parcel(b"%d" % each), at)]
    assert len(sent) == MOST
    waited = [window.seen(GATE, each, at + LATE_S + 0.1) for each in sent]
    went = sum(window.offer(GATE, each, Parcel(b""), at + LATE_S + 0.2) for each in range(2000, 2010))
    assert went + sum(map(len, waited)) == LEAST


def test_a_window_that_held_nothing_back_has_not_grown():
    """What it would let go at once, a line that becomes slow would have to carry before anything young."""
    window = Window()
    for number in range(50):
        assert window.offer(GATE, number, Parcel(b""), number / 5)
        window.seen(GATE, number, number / 5 + 0.1)
    assert sum(window.offer(GATE, number, Parcel(b""), 10.0) for number in range(100, 100 + 2 * MOST)) == FIRST


def test_where_nothing_comes_through_ever_less_is_sent():
    window = Window()
    sent = [number for number in range(800) if window.offer(GATE, number, Parcel(b""), number / 4)]
    assert [number / 4 for number in sent] == [0, 0.25, 2.25, 6.25, 14.25, 30.25, 62.25, 94.25, 126.25, 158.25, 190.25]
    assert len(window.seen(GATE, sent[-1], 200.0)) == 1
    again = [number / 4 for number in range(800, 900) if window.offer(GATE, number, Parcel(b""), number / 4)]
    assert again[:2] == [202.0, 206.0]


def test_seeing_a_later_picture_counts_for_the_earlier_ones():
    window = Window()
    for number in range(FIRST):
        window.offer(GATE, number, Parcel(b""), 0.0)
    window.seen(GATE, FIRST - 1, 0.1)
    assert not window.full


def test_a_lost_acknowledgement_does_not_freeze_the_picture():
    window = Window()
    for number in range(FIRST):
        window.offer(GATE, number, Parcel(b""), 0.0)
    assert not window.offer(GATE, 7, Parcel(b""), PROBE_S - 0.1)
    assert window.offer(GATE, 8, Parcel(b""), PROBE_S)
    assert window.seen(GATE, 8, PROBE_S) == []


def play_slow_line(cameras, bytes_per_s, picture_bytes, acknowledge_s=0.25, seconds=120):
    """How old pictures and figures are when they have come, once it has settled: one line, told of now and then."""
    window, now = Window(), 0.0
    line: list[tuple[float, str, str, int, float]] = []  # when it has come, what, of which camera, number, made at
    free_at, ages, drawn = 0.0, {"picture": [], "figures": []}, {}

    def carry(what, source, number, size):
        nonlocal free_at
        free_at = max(free_at, now) + size / bytes_per_s
        line.append((free_at, what, source, number, number / 20))

    def let_go(source, number):
        figures = window.figures(source)
        if figures is not None:
            carry("figures", source, int(figures.payload), 400)
        carry("picture", source, number, picture_bytes)

    for step in range(seconds * 20):
        now = step / 20
        while line and line[0][0] <= now:
            came_at, what, source, number, made_at = line.pop(0)
            if now > seconds / 2:
                ages[what].append(came_at - made_at)
            if what == "picture":
                drawn[source] = number
        if step % round(acknowledge_s * 20) == 0:
            for source, number in drawn.items():
                for due, parcel in window.seen(source, number, now):
                    let_go(due, int(parcel.payload))
            drawn.clear()
        if step % 4 == 0:
            for camera in range(cameras):
                source, parcel = f"yard/{camera}", Parcel(b"%d" % step)
                if window.lets_by(source, parcel):
                    carry("figures", source, step, 400)
                if window.offer(source, step, parcel, now):
                    let_go(source, step)
    return ages


@pytest.mark.parametrize("cameras", [1, 4, 9])
def test_however_many_cameras_share_a_slow_line_what_comes_is_young(cameras):
    """100 kbit/s and pictures of 9 KB: 0.72 s for each, however many wait for their turn."""
    ages = play_slow_line(cameras, 12_500, 9_000)
    assert len(ages["picture"]) > 50
    assert max(ages["picture"]) < 1.5
    assert max(ages["figures"]) < 1.5


def test_figures_that_waited_are_forgotten_when_newer_ones_went_ahead():
    window = Window()
    for number in range(FIRST):
        window.offer(GATE, number, Parcel(b""), 0.0)
    assert not window.lets_by(GATE, Parcel("old"))
    window.seen(GATE, FIRST - 1, 0.1)
    assert window.lets_by(GATE, Parcel("new"))
    assert window.figures(GATE) is None


def test_cameras_that_share_a_line_take_turns_and_one_word_counts_for_all_that_came_before():
    window = Window()
    sources = ["a", "b", "c"]
    assert [window.offer(source, 1, Parcel(b""), 0.0) for source in sources] == [True, True, False]
    assert not any(window.offer(source, 2, Parcel(b""), 0.1) for source in sources)
    assert [source for source, _ in window.seen("b", 1, 2.0)] == ["c"]
    assert [source for source, _ in window.seen("c", 2, 4.0)] == ["a"]
    assert [source for source, _ in window.seen("a", 2, 6.0)] == ["b"]


def see_the_first(yard, watching, *then):
    """A picture comes and is acknowledged; the hub has heard that, and what was said `then`."""
    yard.say(frame(frame_id=1))
    watching.hear(bytes)
    for each in (messages.Seen("yard/gate", 1), *then, messages.Ping(2.0)):
        watching.say(each)
    watching.hear(messages.Pong)


def test_a_viewer_that_acknowledges_gets_pictures_as_it_draws_them(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    see_the_first(yard, watching)
    for frame_id in range(2, 9):
        yard.say(frame(frame_id=frame_id))
    wait_until(lambda: running_hub.counters.messages_held == 5)
    drawn = []
    for _ in range(3):
        drawn.append(frames.decode_header(watching.hear(bytes))[0].frame_id)
        watching.say(messages.Seen("yard/gate", drawn[-1]))
    assert drawn == [2, 3, 8]


# --- both ways out --------------------------------------------------------------------------------------------------


def uvicorns_own(*given, patience, **named):
    """Its protocol, which knows no patience of ours."""
    return WebSocketsSansIOProtocol(*given, **named)


@pytest.fixture(params=["sink", "mailbox"])
def hub(request, start_hub, monkeypatch):
    """The same stories with our protocol class and with uvicorn's own."""
    if request.param == "mailbox":
        monkeypatch.setattr(serve, "SinkProtocol", uvicorns_own)
    return start_hub()


def test_pictures_figures_and_lines_arrive_whole(hub, edge, viewer):
    yard, watching = edge(hub), viewer(hub)
    for length in (0, 100, 200, 70_000, 1_000_000):
        picture = frame(picture=jpeg(filling=length))
        yard.say(picture)
        yard.say(said(frame_id=length))
        heard = {type(each): each for each in (watching.hear(bytes | messages.Observation) for _ in range(2))}
        assert heard[bytes] == picture
        assert heard[messages.Observation].frame_id == length
    watching.say(messages.Command("1", "nowhere/x", "led"))
    assert not watching.hear(messages.CommandResult).ok


def test_a_large_picture_that_is_sent_for_an_acknowledgement_is_no_unread_pong(hub, edge, viewer):
    yard, watching = edge(hub), viewer(hub)
    see_the_first(yard, watching)
    for frame_id in range(2, 6):
        yard.say(frame(frame_id=frame_id, picture=jpeg(filling=1_800_000)))
    wait_until(lambda: hub.counters.messages_held == 2)
    for frame_id in (2, 3, 5):
        assert frames.decode_header(watching.hear(bytes))[0].frame_id == frame_id
        watching.say(messages.Seen("yard/gate", frame_id))


def test_messages_that_come_at_once_are_heard_in_their_order(hub, dial, viewer):
    """Whole, in pieces, with a ping between, and the first of them before anybody listens."""
    watching, yard = viewer(hub), dial(hub.ws("/ws/laptop"))
    texts = [codec.encode(said(frame_id=number)).encode() for number in range(4)]
    hello = codec.encode(messages.Hello("test", "yard", cameras=(messages.CameraInfo("gate"),)))
    yard.socket.socket.sendall(
        b"".join(
            [
                *(ws_frame(TEXT, text) for text in (hello.encode(), texts[0], texts[1])),
                ws_frame(TEXT, texts[2][:20], fin=False),
                ws_frame(PING, b"?"),
                ws_frame(CONT, texts[2][20:]),
                ws_frame(BINARY, frame(frame_id=1)),
            ]
        )
    )
    assert watching.hear(bytes) == frame(frame_id=1)
    yard.hear(messages.Welcome)
    yard.socket.socket.sendall(ws_frame(TEXT, texts[3][:20], fin=False))
    yard.socket.socket.sendall(ws_frame(CONT, texts[3][20:]) + ws_frame(BINARY, frame(frame_id=2)))
    assert watching.hear(bytes) == frame(frame_id=2)
    numbers = [each.frame_id for each in watching.skipped if isinstance(each, messages.Observation)]
    assert numbers == [0, 1, 2, 3][-len(numbers) :]  # a mailbox keeps the newest of those that come at once
    assert (hub.counters.observations_in, hub.counters.frames_in, hub.counters.contract_errors) == (4, 2, 0)


def test_nothing_follows_a_close_frame(hub, edge, viewer):
    yard, watching = edge(hub), viewer(hub)
    for number in range(40):
        yard.say(frame(frame_id=number))
        if number < 5:
            watching.say(codec.encode(messages.Ack(1)))
    assert watching.hear_end() == 1008


def test_what_comes_after_the_goodbye_is_left_to_the_server():
    """It is in the state to close then, which the short way in does not look at."""

    async def say_goodbye(_code, _reason):
        assert not inlet.hear(ws_frame(BINARY, b"too late"))

    async def story():
        state = SimpleNamespace(**{STATE: Sink(), INLET: inlet})
        websocket = SimpleNamespace(state=state, client=None, close=say_goodbye)
        connection = Connection(websocket, ManualClock(), Counters(), rate=10.0)
        inlet.take = heard.append
        assert inlet.hear(ws_frame(BINARY, b"in time"))
        connection.close(1000, "over")
        await connection.run(asyncio.sleep(0))

    inlet, heard = Inlet(1000), []
    asyncio.run(story())
    assert heard == [b"in time"]
    assert not inlet.hear(ws_frame(BINARY, b"later still"))


def test_figures_wait_with_the_picture_of_a_viewer_that_cannot_keep_up(running_hub, edge, viewer):
    """Behind a proxy they would queue in its buffers as pictures do, and age everything that comes after them."""
    yard, watching = edge(running_hub), viewer(running_hub)
    see_the_first(yard, watching)
    for frame_id in range(2, 9):
        yard.say(said(frame_id=frame_id))
        yard.say(frame(frame_id=frame_id))
    wait_until(lambda: running_hub.counters.messages_held == 5)
    heard = [watching.hear(messages.Observation).frame_id for _ in range(2)]
    watching.say(messages.Seen("yard/gate", 2))
    assert [*heard, watching.hear(messages.Observation).frame_id] == [2, 3, 8]
    assert frames.decode_header(watching.hear(bytes))[0].frame_id == 8


def test_a_viewer_that_acknowledges_and_wants_no_pictures_has_its_figures_twice_a_second(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    see_the_first(yard, watching, messages.Subscribe(("yard/gate",), rung="metadata"))
    for frame_id in range(2, 30):
        yard.say(said(frame_id=frame_id))
    wait_until(lambda: running_hub.counters.observations_in == 28)
    watching.say(messages.Ping(3.0))
    watching.hear(messages.Pong)
    seen = [each for each in watching.skipped if isinstance(each, messages.Observation)]
    assert 1 <= len(seen) <= 3
