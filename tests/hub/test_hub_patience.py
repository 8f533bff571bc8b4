"""How long the hub waits for a head, a body, a reader and the end of a message, told without waiting."""

import asyncio
import functools
import inspect
from itertools import pairwise

import pytest
import uvicorn
from hub_peers import BINARY, CLOSE, CONT, PONG, TEXT, ws_frame
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode, apply_mask

from aimonitor.common.clock import ManualClock
from aimonitor.common.websocket import FRAGMENTS, ServerFraming
from aimonitor.hub.courtesy import ASKED_TURN, STATE, TURN, WAY_S, Courtesy
from aimonitor.hub.http_protocol import BODY_BYTES_PER_S, BODY_S, HEAD_LIMIT, HEAD_S, STALL_S, HttpProtocol
from aimonitor.hub.inlet import Inlet
from aimonitor.hub.limits import Places, Stall, household
from aimonitor.hub.patience import OFTEN_TURNS, SELDOM_TURNS, Patience, Round
from aimonitor.hub.sink_protocol import MESSAGE_S, PING_S, SinkProtocol

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and of it `untaken` bytes waiting."""

    def __init__(self, protocol):
        super().__init__({"peername": ("192.0.2.7", 5), "sockname": ("192.0.2.1", 80)})
        self.protocol, self.written, self.untaken = protocol, b"", 0
        self.closing = self.aborted = False

    def write(self, data):
        self.written += data

    def get_write_buffer_size(self):
        return self.untaken

    def set_write_buffer_limits(self, high=None, low=None):
        pass

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    def abort(self):
        self.closing = self.aborted = True

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass

    def set_protocol(self, protocol):
        self.protocol = protocol


async def answer(scope, receive, send):
    """Reads the whole request, then says yes; takes a WebSocket and keeps it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] == "websocket.receive":
            pass
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"yes"})


def tell(story, places=None, app_state=None, patience=None):
    """Run `story(wire, start)` with an HTTP connection that was made at `start` on the loop's clock."""

    async def play():
        nonlocal patience
        patience = patience or Patience()
        websockets = functools.partial(SinkProtocol, patience=patience)
        config = uvicorn.Config(answer, ws=websockets, ws_ping_interval=None, log_config=None, lifespan="off")
        config.load()
        state = ServerState()
        loop, places_ = asyncio.get_running_loop(), places or Places(8, 8)
        protocol = HttpProtocol(config, state, app_state or {}, loop, places=places_, patience=patience)
        wire = Wire(protocol)
        protocol.connection_made(wire)
        await story(wire, asyncio.get_running_loop().time())
        wire.protocol.connection_lost(None)
        await asyncio.gather(*state.tasks)

    asyncio.run(play())


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


def test_uvicorns_http_protocol_is_still_made_and_called_the_way_ours_needs():
    parameters = list(inspect.signature(HttpToolsProtocol.__init__).parameters)
    assert parameters == ["self", "config", "server_state", "app_state", "_loop"], f"uvicorn {uvicorn.__version__}"
    assert list(inspect.signature(HttpToolsProtocol.send_400_response).parameters) == ["self", "msg"]
    for name in ("on_message_begin", "on_headers_complete", "on_message_complete", "handle_websocket_upgrade"):
        assert list(inspect.signature(getattr(HttpToolsProtocol, name)).parameters) == ["self"]


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\nX: "])
def test_a_head_has_ten_seconds(sent):
    async def story(wire, start):
        wire.protocol.data_received(sent)
        wire.protocol.sweep(start + HEAD_S - 1)
        assert not wire.closing
        wire.protocol.sweep(start + HEAD_S + 1)
        assert wire.written.startswith(b"HTTP/1.1 408 ")
        assert wire.closing

    tell(story)


def test_a_body_has_ten_seconds_and_as_many_more_as_it_brings():
    async def story(wire, start):
        wire.protocol.data_received(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
        wire.protocol.data_received(bytes(5 * BODY_BYTES_PER_S))
        wire.protocol.sweep(start + BODY_S + 4)
        assert not wire.closing
        wire.protocol.sweep(start + BODY_S + 6)
        assert wire.written.startswith(b"HTTP/1.1 408 ")

    tell(story)


def test_an_answer_may_take_its_time_and_the_next_request_begins_anew():
    async def story(wire, start):
        wire.protocol.data_received(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        wire.protocol.sweep(start + 1000)
        assert not wire.closing
        await settle()
        assert wire.written.startswith(b"HTTP/1.1 200 ")
        wire.protocol.data_received(b"\r\n")
        wire.protocol.sweep(start + HEAD_S + 1)
        assert wire.closing

    tell(story)


@pytest.mark.parametrize("head", [b"X: " + b"a" * HEAD_LIMIT, b"X: a\r\n" * (HEAD_LIMIT // 2) + b"\r\n"])
def test_a_head_has_64_kib(head):
    async def story(wire, _start):
        for begin in range(0, len(head), 10_000):
            if not wire.closing:
                wire.protocol.data_received((b"" if begin else b"GET / HTTP/1.1\r\n") + head[begin : begin + 10_000])
        assert wire.written.startswith(b"HTTP/1.1 431 ")

    tell(story)


def test_who_reads_nothing_is_cut_off_and_who_reads_slowly_is_not():
    async def story(wire, start):
        wire.protocol.data_received(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await settle()
        wire.closing = True  # even when the connection is about to end
        for second in range(100):
            wire.untaken = 1000 - second // 25
            wire.protocol.sweep(start + second)
        assert not wire.aborted
        for second in range(int(STALL_S) + 2):
            wire.protocol.sweep(start + 100 + second)
        assert wire.aborted

    tell(story)


def test_who_connects_or_asks_is_let_through_by_the_fan_out():
    clock = ManualClock()
    courtesy = Courtesy(clock, lambda: False)

    async def story(wire, _start):
        assert courtesy.pace().turn == ASKED_TURN
        clock.advance(WAY_S)
        assert courtesy.pace().turn == TURN
        wire.protocol.data_received(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert courtesy.pace().turn == ASKED_TURN
        await settle()

    tell(story, app_state={STATE: courtesy})


def test_a_websocket_is_counted_at_its_door_and_no_longer_here():
    places = Places(1, 1)

    async def story(wire, _start):
        assert places.used == 1
        wire.protocol.data_received(HANDSHAKE)
        assert isinstance(wire.protocol, SinkProtocol)
        assert places.used == 0
        await settle()

    tell(story, places)
    assert places.used == 0


@pytest.mark.parametrize(
    ("sent", "more"),
    [(ws_frame(TEXT, b"a", fin=False), ws_frame(CONT, b"b", fin=False)), (ws_frame(BINARY, bytes(500))[:100], b"\0")],
    ids=["fragments", "a frame"],
)
def test_a_message_has_a_minute_to_end(sent, more):
    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.protocol.data_received(ws_frame(TEXT, b"whole") + sent)
        wire.protocol.sweep(start + 100)
        assert not wire.closing
        wire.protocol.data_received(more)
        wire.protocol.sweep(start + 100 + MESSAGE_S - 1)
        assert not wire.closing
        wire.protocol.sweep(start + 100 + MESSAGE_S + 1)
        assert b"\x03\xf0expected the end" in wire.written
        assert wire.closing

    tell(story)


def test_a_quiet_websocket_may_stay():
    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.protocol.data_received(ws_frame(TEXT, b"a", fin=False) + ws_frame(CONT, b"b"))
        wire.written = b""
        for minute in range(1, 100):
            wire.protocol.sweep(start + 60 * minute)
            wire.protocol.data_received(ws_frame(PONG))
        assert wire.written == b"\x89\x00" * 99
        assert not wire.closing

    tell(story)


def test_who_does_not_answer_a_ping_is_gone():
    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.protocol.sweep(start + PING_S + 1)
        wire.protocol.sweep(start + 2 * PING_S)
        assert not wire.closing
        wire.protocol.sweep(start + 2 * PING_S + 2)
        assert b"\x03\xf3keepalive ping timeout" in wire.written
        assert wire.closing

    tell(story)


def test_who_has_yet_to_take_what_was_written_is_not_pinged():
    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.written, wire.untaken = b"", 7
        for times in range(1, 4):
            wire.protocol.sweep(start + times * PING_S)
            wire.untaken += 1
        assert wire.written == b""
        assert not wire.closing

    tell(story)


def seconds_until_closing(wire, patience, start):
    """How many turns of a second each it takes, at most 100, although every ping is answered."""
    for second in range(1, 100):
        patience.sweep(start + second)
        if wire.closing:
            return second
        wire.protocol.data_received(ws_frame(PONG))
    return 100


def test_while_it_owes_nothing_a_websocket_is_looked_at_only_for_its_ping():
    patience = Patience()

    async def story(wire, start):
        assert wire.protocol in patience.often
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        assert wire.protocol not in patience.often
        wire.written = b""
        for second in range(1, 6 * SELDOM_TURNS):
            patience.sweep(start + second)
            wire.protocol.data_received(ws_frame(PONG))
        assert wire.written == b"\x89\x00" * 5
        assert wire.protocol not in patience.often

    tell(story, patience=patience)
    assert not any(patience.often.next() or patience.seldom.next() for _ in range(SELDOM_TURNS))


def test_a_message_that_does_not_end_is_met_in_time():
    patience = Patience()

    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.protocol.data_received(ws_frame(TEXT, b"a", fin=False))
        assert wire.protocol in patience.often
        assert MESSAGE_S < seconds_until_closing(wire, patience, start) <= MESSAGE_S + OFTEN_TURNS + 1

    tell(story, patience=patience)


@pytest.mark.parametrize("is_told", [True, False], ids=["paused", "below the high-water mark"])
def test_who_reads_nothing_is_met_in_time(is_told):
    patience = Patience()

    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.untaken = 7
        if is_told:
            wire.protocol.pause_writing()
        late_s = OFTEN_TURNS if is_told else SELDOM_TURNS
        assert STALL_S < seconds_until_closing(wire, patience, start) <= STALL_S + 1 + late_s + OFTEN_TURNS
        assert wire.aborted

    tell(story, patience=patience)


def test_what_has_ended_well_is_left_alone_again():
    patience = Patience()

    async def story(wire, start):
        wire.protocol.data_received(HANDSHAKE)
        await settle()
        wire.protocol.pause_writing()
        wire.protocol.data_received(ws_frame(TEXT, b"a", fin=False))
        wire.protocol.data_received(ws_frame(CONT, b"b"))
        wire.protocol.resume_writing()
        assert wire.protocol in patience.often
        for second in range(OFTEN_TURNS):
            patience.sweep(start + second)
        assert wire.protocol not in patience.often

    tell(story, patience=patience)


# --- pure parts -----------------------------------------------------------------------------------------------------


def framing():
    protocol = ServerFraming(10_000)
    protocol.receive_data(HANDSHAKE)
    protocol.send_response(protocol.accept(protocol.events_received()[0]))
    protocol.data_to_send()
    return protocol


def heard(*segments, unfinished=False):
    """The messages that an inlet takes, and for each segment that it leaves to the framing None."""
    told = []
    inlet = Inlet(10_000)
    inlet.take, inlet.unfinished = told.append, unfinished
    for segment in segments:
        told.extend([] if inlet.hear(segment) else [None])
    return told


@given(st.binary(max_size=300) | st.text(max_size=100), st.binary(min_size=4, max_size=4))
def test_a_whole_message_is_read_as_the_framing_would(payload, mask):
    """The short way and the long one give the same."""
    opcode, data = (TEXT, payload.encode()) if isinstance(payload, str) else (BINARY, payload)
    came = bytearray(Frame(Opcode(opcode), data).serialize(mask=True))
    head = len(came) - len(data)
    came[head - 4 : head] = mask
    came[head:] = apply_mask(data, mask)
    long = framing()
    long.receive_data(bytes(came))
    assert heard(bytes(came)) == [payload]
    assert bytes(long.events_received()[0].data) == data


@pytest.mark.parametrize(
    "came",
    [
        b"",
        ws_frame(BINARY, b"cut")[:-1],
        ws_frame(BINARY, b"two") + ws_frame(BINARY, b"frames"),
        ws_frame(TEXT, b"a", fin=False),
        ws_frame(CONT, b"a"),
        ws_frame(PONG, b"said"),
        ws_frame(CLOSE, b"\x03\xe8"),
        ws_frame(TEXT, b"\xff"),
        ws_frame(BINARY, bytes(10_001)),
        b"\xc2" + ws_frame(BINARY, b"reserved")[1:],
        b"\x82\x04" + b"bare",
        b"\x82\x04" + b"bare" + bytes(128),
    ],
    ids=[
        "nothing",
        "cut",
        "two",
        "begun",
        "rest",
        "pong",
        "close",
        "no UTF-8",
        "large",
        "compressed",
        "bare",
        "longer",
    ],
)
def test_everything_else_is_left_to_the_framing(came):
    assert heard(came) == [None]


def test_nothing_is_whole_in_the_middle_of_something():
    assert heard(ws_frame(BINARY, b"whole"), ws_frame(PONG), unfinished=True) == [None, None]


def test_a_pong_asks_for_nothing():
    assert heard(ws_frame(PONG)) == []


def test_as_long_as_nobody_takes_messages_they_are_left_to_the_framing():
    assert not Inlet(10_000).hear(ws_frame(BINARY, b"whole"))


def test_a_close_between_fragments_is_answered():
    protocol = framing()
    protocol.receive_data(ws_frame(TEXT, b"begun", fin=False) + ws_frame(CLOSE, b"\x03\xe8bye"))
    assert protocol.parser_exc is None
    assert protocol.data_to_send()[0] == b"\x88\x05\x03\xe8bye"


@given(st.integers(1, FRAGMENTS))
def test_as_many_fragments_as_are_taken_are_taken(count):
    protocol = framing()
    protocol.receive_data(ws_frame(TEXT, fin=False) + ws_frame(CONT, fin=False) * (count - 1) + ws_frame(CONT))
    assert protocol.parser_exc is None
    assert protocol.messages == 1
    assert not protocol.unfinished


def test_one_fragment_more_is_not():
    protocol = framing()
    protocol.receive_data(ws_frame(TEXT, fin=False) + ws_frame(CONT, fin=False) * (FRAGMENTS + 10))
    assert protocol.data_to_send()[0][2:4] == (1009).to_bytes(2)


@given(st.binary(max_size=12), st.integers(0, 12))
def test_text_is_utf8_wherever_it_is_cut(data, cut):
    protocol = framing()
    protocol.receive_data(ws_frame(TEXT, data[:cut], fin=False) + ws_frame(CONT, data[cut:]))
    try:
        data.decode()
    except UnicodeDecodeError:
        assert protocol.data_to_send()[0][2:4] == (1007).to_bytes(2)
    else:
        assert protocol.parser_exc is None


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("?", "?"),
        ("a:b", "a:b"),
    ],
)
def test_an_ipv6_subscriber_is_one_however_many_addresses_there_are(address, who):
    assert household(address) == who


def test_a_subscriber_of_ipv6_has_no_more_places_than_others():
    places = Places(100, 3)
    assert [places.take(f"2001:db8::{number}") is None for number in range(4)] == [True, True, True, False]
    places.give_back("2001:db8::77")
    assert places.take("2001:db8::8") is None


def test_for_a_proxy_only_the_total_counts():
    places = Places(5, 2, shared=lambda address: address == "127.0.0.1")
    assert [places.take("127.0.0.1") is None for _ in range(6)] == [True] * 5 + [False]
    assert places.refused == 1


def turn_of(round_, crowd):
    """One turn, at which these are there."""
    for one in range(21):
        (round_.join if one in crowd else round_.leave)(one)
    return round_.next()


@pytest.mark.parametrize(("crowd", "sizes"), [(50, [50] + [0] * 19), (100, [64, 36] + [0] * 18), (2000, [100] * 20)])
def test_few_are_met_together_and_a_crowd_is_spread_evenly_over_a_round(crowd, sizes):
    round_ = Round(20)
    for number in range(crowd):
        round_.join(number)
    assert [len(round_.next()) for _ in range(20)] == sizes
    for number in range(0, crowd, 2):
        round_.leave(number)
    for number in range(0, crowd, 2):
        round_.join(-number - 1)
    assert sorted(len(round_.next()) for _ in range(20)) == sorted(sizes)


@given(st.integers(1, 7), st.lists(st.sets(st.integers(0, 20)), min_size=1, max_size=40))
def test_who_stays_is_met_once_in_every_round_and_who_left_never(turns, crowds):
    """crowds: who is there in each turn"""
    round_ = Round(turns)
    met = [turn_of(round_, crowd) for crowd in crowds]
    assert all(crowd.issuperset(some) for some, crowd in zip(met, crowds, strict=True))
    for start in range(len(crowds) - turns + 1):
        here = crowds[start : start + turns]
        all_met = [one for some in met[start : start + turns] for one in some]
        assert all(all_met.count(one) == 1 for one in here[0].intersection(*here))


@given(st.integers(1, 7), st.lists(st.sets(st.integers(0, 20)), min_size=1, max_size=40))
def test_however_others_come_and_go_who_stays_is_met_at_the_same_distance(turns, others):
    """Were it later, a head that never ends would have longer than its ten seconds."""
    round_ = Round(turns)
    met_at = [turn for turn, some in enumerate(others) if 10 in turn_of(round_, {10, *some})]
    assert all(after - before == turns for before, after in pairwise(met_at))
    assert len(met_at) >= len(others) // turns


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_a_stall_is_the_same_number_of_bytes_for_too_long(waiting):
    stall = Stall(10.0)
    for second, size in enumerate(waiting):
        tail = waiting[max(0, second - 11) : second + 1]
        expected = len(tail) == 12 and size > 0 and len(set(tail)) == 1
        assert stall.too_long(size, float(second)) == expected
