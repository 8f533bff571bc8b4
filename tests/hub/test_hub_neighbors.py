"""Two hubs as one: edges and viewers at different doors, over a bus in memory and over a real Redis."""

import asyncio
import collections
import contextlib
import sys
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest
from hub_peers import GATE, event, founding_text, frame, jpeg, said, thermogram, wait_until

from aimonitor.common.clock import ManualClock
from aimonitor.contract import codec, founding, messages
from aimonitor.contract.overlays import Layout, Thermogram
from aimonitor.hub.buses import redis as redis_bus
from aimonitor.hub.buses.memory import Ether, MemoryBus
from aimonitor.hub.courtesy import Courtesy
from aimonitor.hub.limits import REPLACED
from aimonitor.hub.metrics import Counters
from aimonitor.hub.neighbors import Neighbors, _Outward
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.relay import Relay
from aimonitor.hub.roster import Roster, own_camera
from aimonitor.hub.switchboard import Switchboard

SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("sentinel", "cluster")]


@pytest.fixture(params=["memory", "redis", *SLOW])
def hubs(request, start_hub):
    """Two hubs that know of each other."""
    if request.param != "memory":
        url = request.getfixturevalue(f"{request.param}_url")
        return SimpleNamespace(here=start_hub(redis_url=url), there=start_hub(redis_url=url))
    ether = Ether()
    return SimpleNamespace(
        here=start_hub(bus=MemoryBus(ether), history_path=":memory:"),
        there=start_hub(bus=MemoryBus(ether), history_path=":memory:"),
    )


def speak_until_seen(edge, viewer, kind, within=10.0):
    """Let the edge show frames until the viewer has one."""
    deadline, frame_id = time.monotonic() + within, 0
    while time.monotonic() < deadline:
        frame_id += 1
        edge.say(said(frame_id=frame_id))
        edge.say(frame(frame_id=frame_id))
        with contextlib.suppress(TimeoutError):
            data = viewer.socket.recv(timeout=0.1)
            if isinstance(data, kind):
                return data
    raise AssertionError(f"nothing within {within} s")


def online(hub):
    return hub.app.state.switchboard.roster.online


def test_a_viewer_sees_an_edge_at_the_other_hub(hubs, edge, viewer):
    yard = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    watcher = viewer(hubs.there)
    told = [heard for heard in watcher.skipped if isinstance(heard, messages.Presence)]
    assert [(heard.edge_id, heard.online) for heard in told] == [("yard", True)]
    assert speak_until_seen(yard, watcher, bytes)[-2:] == b"\xff\xd9"


def test_an_edge_is_asked_for_pictures_only_while_somebody_watches_anywhere(hubs, edge, viewer):
    yard = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    watcher = viewer(hubs.there)
    assert yard.hear(messages.Attention).rung == "full"
    watcher.socket.close()
    assert yard.hear(messages.Attention, lambda heard: heard.rung != "full").rung == "metadata"


def test_pictures_do_not_travel_where_nobody_watches(hubs, edge):
    yard = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    for frame_id in range(1, 20):
        yard.say(said(frame_id=frame_id))
        yard.say(frame(frame_id=frame_id))
    wait_until(lambda: hubs.here.counters.frames_in == 19)
    time.sleep(0.3)
    assert hubs.there.counters.frames_in == 0
    assert hubs.there.counters.observations_in <= 1


def test_zones_and_heat_of_an_edge_at_the_other_hub_are_seen(hubs, edge, viewer):
    yard = edge(hubs.here)
    yard.say(Layout("yard/gate", (GATE,)))
    wait_until(lambda: online(hubs.there))
    watcher = viewer(hubs.there, messages.Subscribe(("yard/gate",), layers=("thermal",)))
    assert yard.hear(messages.Attention, lambda heard: heard.layers).layers == ("thermal",)
    frame_id, got = 0, None
    while got is None and frame_id < 100:
        frame_id += 1
        yard.say(thermogram(frame_id))
        with contextlib.suppress(TimeoutError):
            heard = codec.decode(watcher.socket.recv(timeout=0.1))
            got = heard if isinstance(heard, Thermogram) else None
    assert got == thermogram(got.frame_id)
    yard.say(Layout("yard/gate"))
    assert watcher.hear(Layout, lambda heard: not heard.zones) == Layout("yard/gate")
    late = viewer(hubs.there, None)
    wait_until(lambda: late.hear(Layout) == Layout("yard/gate"))


def test_news_reach_viewers_of_both_hubs_once(hubs, edge, viewer):
    yard = edge(hubs.here)
    near, far = viewer(hubs.here), viewer(hubs.there)
    wait_until(lambda: online(hubs.there))
    yard.say(event(1))
    yard.say(event(2))
    for watcher in (near, far):
        heard = [watcher.hear(messages.Event).seq, watcher.hear(messages.Event).seq]
        assert heard == [1, 2]


def test_a_command_goes_to_the_other_hubs_edge_and_its_result_comes_back(hubs, edge, viewer):
    yard = edge(hubs.here)
    watcher = viewer(hubs.there)
    wait_until(lambda: online(hubs.there))
    watcher.say(messages.Command("c1", "yard/gate", "snapshot"))
    command = yard.hear(messages.Command)
    assert command.name == "snapshot"
    yard.say(messages.CommandResult(command.command_id, ok=True, words="done"))
    result = watcher.hear(messages.CommandResult)
    assert (result.command_id, result.ok, result.words) == ("c1", True, "done")


def test_a_still_of_an_edge_at_the_other_hub_comes_to_who_asked_for_it(hubs, edge, viewer):
    """The bot and the page without pictures ask for one, and take it from the hub that they asked."""
    yard = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    asking = viewer(hubs.there, messages.Subscribe(everything=True, rung="metadata"))
    for frame_id in (7, 8):  # the second within the time in which a thumbnail would not be due
        asking.say(messages.Command(f"c{frame_id}", "yard/gate", "snapshot"))
        command = yard.hear(messages.Command)
        yard.say(messages.CommandResult(command.command_id, ok=True))
        yard.say(said(frame_id=frame_id))
        yard.say(frame(frame_id=frame_id, picture=jpeg(filling=frame_id)))
        assert asking.hear(messages.CommandResult).ok
        wait_until(lambda: newest_of_gate(hubs.there) == jpeg(filling=frame_id))  # noqa: B023 - called at once
    assert hubs.there.counters.frames_in == 2, "and no other picture travels"


def test_whoever_asks_a_hub_for_pictures_by_http_gets_those_of_the_others_edges_too(hubs, edge):
    yard = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    assert newest_of_gate(hubs.there) == b""
    deadline, frame_id = time.monotonic() + 10, 0
    while not newest_of_gate(hubs.there) and time.monotonic() < deadline:
        frame_id += 1
        yard.say(said(frame_id=frame_id))
        yard.say(frame(frame_id=frame_id))
        time.sleep(0.1)
    assert newest_of_gate(hubs.there) == jpeg()


def newest_of_gate(hub):
    """The picture that the hub has; empty for none."""
    try:
        with urllib.request.urlopen(f"{hub.url}/api/snapshot/yard/gate.jpg", timeout=5) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return b""


def test_an_edge_that_moves_to_the_other_hub_is_let_go_by_the_first(hubs, edge, viewer):
    first = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    second = edge(hubs.there)
    first.hear_end()
    wait_until(lambda: online(hubs.here) and hubs.here.app.state.switchboard.roster.get("yard").hub)
    watcher = viewer(hubs.here)
    assert speak_until_seen(second, watcher, bytes)


def test_a_message_is_said_once_for_all_hubs_and_then_let_go():
    said = []
    outward = _Outward(SimpleNamespace(pass_on=lambda slot, payload: said.append((slot, payload))))
    first, second = Parcel("1"), Parcel("2")
    for parcel in (first, first, second, second):
        outward.put("figures yard/gate", parcel)
    outward.say(first)
    outward.say(first)
    assert said == [("figures yard/gate", "1"), ("figures yard/gate", "2"), ("news", "1")]
    held = sys.getrefcount(second)
    outward.forget()
    assert sys.getrefcount(second) == held - 1


class Wire:
    """A bus that says nothing and hears what a test says; `back` is what it calls when it carries again."""

    def __init__(self):
        self.connected, self.back = True, None

    def say(self, channel, data):
        pass

    def listen_to(self, channels):
        pass

    async def run(self, hear, returned):
        self.back = returned


def test_the_others_are_not_taken_for_gone_after_the_bus_was_away():
    clock, wire, roster = ManualClock(), Wire(), Roster(9)
    relay = SimpleNamespace(join=lambda *_, **__: None, founding_viewers=0)
    board = SimpleNamespace(relay=relay, roster=roster, show_presence=lambda _: None)
    board.edge_left = lambda edge, _: setattr(edge, "online", False)
    neighbors = Neighbors(board, wire, clock)
    asyncio.run(neighbors.run())
    there = messages.Presence("yard", online=True, since=1.0)
    neighbors.hear("all", b'{"hub":"there","wants":{},"edges":["yard"],"presence":%s}' % codec.encode(there).encode())
    wire.connected = False
    clock.advance(30.0)
    neighbors.tick(clock.monotonic())
    wire.connected = True
    wire.back()
    neighbors.tick(clock.monotonic())
    assert roster.online == 1
    clock.advance(8.0)
    neighbors.tick(clock.monotonic())
    assert roster.online == 0, "now it could be heard, and said nothing"


def board_of(clock):
    counters = Counters()
    return Switchboard(
        roster=Roster(2_000),
        relay=Relay(counters, lambda work: work(), Courtesy(clock)),
        history=None,
        clock=clock,
        counters=counters,
        heartbeat_s=2.0,
        stalled_viewer_s=10.0,
    )


class Narrow(Wire):
    """A bus that takes as many lines at once as Redis' does, and carries them when it is asked to."""

    def __init__(self):
        super().__init__()
        self.lines = collections.deque(maxlen=redis_bus._LINES)

    def say(self, channel, data):
        if channel == "all":
            self.lines.append(data)

    def carry(self, other):
        while self.lines:
            other.hear("all", self.lines.popleft())


def test_hubs_with_very_many_edges_come_to_know_all_of_each_other():
    clock, roads = ManualClock(), (Narrow(), Narrow())
    boards = board_of(clock), board_of(clock)
    here, there = (Neighbors(board, road, clock) for board, road in zip(boards, roads, strict=True))
    for number in range(1_500):
        edge = boards[0].roster.edge(f"e{number}", 1.0)
        edge.online = True
        for name in ("gate", "door"):
            own_camera(edge, f"e{number}/{name}").status = messages.Status(f"e{number}/{name}", "live", 1.0)
    here.introduce()
    for _ in range(20):
        roads[0].carry(there)
        roads[1].carry(here)
    assert boards[1].roster.online == 1_500
    states = [camera.status.state for camera in boards[1].roster.cameras() if camera.status]
    assert states == ["live"] * 3_000
    before = len(roads[0].lines)
    clock.advance(2.0)
    here.tick(clock.monotonic())
    roads[0].carry(there)
    assert (before, len(roads[1].lines)) == (0, 0), "nothing is left to ask"


@pytest.mark.parametrize("utc", [2_000.0, 10.0], ids=["by clocks that agree", "by a clock that lags"])
def test_a_late_word_of_the_hub_that_an_edge_has_left_does_not_end_its_new_connection(utc):
    """Each of two hubs that meet says who is at its door, while an edge goes from one to the other."""
    clock = ManualClock(utc=utc)
    board = board_of(clock)
    neighbors = Neighbors(board, Wire(), clock)

    def hear(since):
        presence = codec.encode(messages.Presence("yard", online=True, since=since)).encode()
        neighbors.hear("all", b'{"hub":"here","wants":{},"edges":["yard"],"presence":%s}' % presence)

    hear(1_990.0)
    yard, closed = board.roster.get("yard"), []
    assert yard.hub == "here"
    link = SimpleNamespace(send=lambda _: None, close=lambda code, _: closed.append(code))
    board.edge_arrived(yard, link)
    hear(1_990.0)
    assert (yard.hub, yard.links, closed) == ("", [link], [])
    hear(yard.since + 1.0)
    assert (yard.hub, closed) == ("here", [REPLACED])


def test_a_founding_viewer_sees_an_edge_at_the_other_hub(hubs, edge, dial):
    yard = edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    watcher = dial(hubs.there.ws("/ws"), ours=False)
    for _ in range(50):
        if founding.picture(founding.parse(speak_until_seen(yard, watcher, str))):
            return
    raise AssertionError("no founding message with a picture")


def test_a_founding_client_is_seen_at_the_other_hub(hubs, dial, viewer):
    client = dial(hubs.here.ws("/ws/laptop"), ours=False)
    client.say(founding_text(frame_id=1))
    wait_until(lambda: online(hubs.there))
    watcher = viewer(hubs.there)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        client.say(founding_text(frame_id=2))
        with contextlib.suppress(TimeoutError):
            if '"observation"' in str(watcher.socket.recv(timeout=0.1)):
                return
    raise AssertionError("the founding client was not seen")


def test_edges_of_a_hub_that_ends_are_offline_at_the_other(hubs, edge):
    edge(hubs.here)
    wait_until(lambda: online(hubs.there))
    hubs.here.stop()
    wait_until(lambda: not online(hubs.there))


def test_the_history_is_one_over_redis(start_hub, redis_url, edge):
    here, there = start_hub(redis_url=redis_url), start_hub(redis_url=redis_url)
    yard = edge(here, journal_first=1, journal_last=3)
    for seq in (1, 2, 3):
        yard.say(event(seq))
    yard.hear(messages.Ack, lambda heard: heard.seq == 3)
    yard.socket.close()
    moved = edge(there, journal_first=1, journal_last=5)
    assert moved.welcome.acked_seq == 3
    for seq in (3, 4, 5):
        moved.say(event(seq))
    moved.hear(messages.Ack, lambda heard: heard.seq == 5)
    import httpx

    for hub in (here, there):
        events = httpx.get(f"{hub.url}/api/history").json()["events"]
        assert [each["seq"] for each in events] == [5, 4, 3, 2, 1]
