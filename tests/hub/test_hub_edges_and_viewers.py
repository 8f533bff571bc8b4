"""Stories of our own edges and viewers, over real sockets."""

import contextlib
import json
import re

import httpx
import pytest
from hub_peers import GATE, event, founding_text, frame, jpeg, said, thermogram, wait_until
from websockets.exceptions import ConnectionClosed

from aimonitor.contract import codec, messages
from aimonitor.contract.overlays import Layout, Thermogram
from aimonitor.hub.stores import Keep
from aimonitor.hub.stores.base import StoreError
from aimonitor.hub.stores.memory import MemoryStore


def test_what_an_edge_sends_reaches_viewers_untouched(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    text = '{ "type":"observation", "source":"yard/gate", "frame_id":1, "captured_at":1.5, "width":160, "height":120,\n'
    text += ' "risk":{"score":0.5,"level":"WATCH"}, "a_field_of_tomorrow": {"x": [1]} }'
    yard.say(text)
    yard.say(frame(frame_id=1))
    assert watching.hear_text("observation") == text
    assert watching.hear(bytes) == frame(frame_id=1)


def test_a_founding_viewer_sees_an_edge_of_ours(running_hub, edge, dial):
    yard, watching = edge(running_hub), dial(running_hub.ws("/ws"), ours=False)
    wait_until(lambda: len(running_hub.app.state.switchboard.relay) == 1)
    yard.say(said(frame_id=3, fps=9.5))
    yard.say(frame(frame_id=3))
    message = json.loads(watching.socket.recv(timeout=10))
    while not message["video_frame"]:
        message = json.loads(watching.socket.recv(timeout=10))
    assert list(message) == ["frame_id", "timestamp", "video_frame", "risk_score", "risk_level", "scene", "fps"]
    assert (message["frame_id"], message["risk_score"], message["fps"]) == (3, 0.5, 9.5)


def test_a_viewer_that_comes_later_is_told_how_everything_is(running_hub, edge, viewer):
    yard = edge(running_hub)
    yard.say(messages.Status("yard/gate", "live", 1.0))
    yard.say(said(frame_id=9))
    yard.say(frame(frame_id=9))
    wait_until(lambda: running_hub.counters.frames_in == 1)
    watching = viewer(running_hub, None)
    assert "snapshot" in watching.welcome.commands
    presence = watching.hear(messages.Presence)
    assert (presence.edge_id, presence.online) == ("yard", True)
    assert [camera.camera_id for camera in presence.cameras] == ["gate"]
    assert watching.hear(messages.Status).state == "live"
    assert watching.hear(messages.Observation).frame_id == 9
    assert watching.hear(bytes) == frame(frame_id=9)


def test_a_viewer_that_wants_nothing_gets_no_pictures(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub, None)
    yard.say(said())
    yard.say(frame())
    yard.say(event(1))
    assert watching.hear(messages.Event).seq == 1
    assert not [each for each in watching.skipped if isinstance(each, bytes | messages.Observation)]


def test_viewers_see_edges_come_and_go(running_hub, edge, viewer):
    watching = viewer(running_hub)
    yard = edge(running_hub)
    assert watching.hear(messages.Presence).online
    yard.socket.close()
    assert not watching.hear(messages.Presence, lambda each: not each.online).online


def test_attention_follows_the_viewers(running_hub, edge, viewer):
    yard = edge(running_hub, cameras=("gate", "door"))
    watching = viewer(running_hub, messages.Subscribe(("yard/gate",), rung="slow"))
    attention = yard.hear(messages.Attention)
    assert (attention.camera_id, attention.rung) == ("gate", "slow")
    watching.say(messages.Subscribe(("yard/door",), rung="full"))
    rungs = {each.camera_id: each.rung for each in (yard.hear(messages.Attention), yard.hear(messages.Attention))}
    assert rungs == {"gate": "metadata", "door": "full"}
    watching.socket.close()
    attention = yard.hear(messages.Attention)
    assert (attention.camera_id, attention.rung) == ("door", "metadata")


def test_a_founding_viewer_counts_as_full_attention_on_everything(running_hub, edge, dial):
    yard = edge(running_hub)
    dial(running_hub.ws("/ws"), ours=False)
    assert yard.hear(messages.Attention).rung == "full"


def test_an_edge_that_arrives_is_told_what_is_watched_already(running_hub, edge, viewer):
    viewer(running_hub)
    assert edge(running_hub).hear(messages.Attention).rung == "full"


# --- layers ---------------------------------------------------------------------------------------------------------


def test_zones_are_told_to_all_at_once_and_to_who_comes_later(running_hub, edge, viewer):
    yard, early = edge(running_hub), viewer(running_hub, None)
    text = codec.encode(Layout("yard/gate", (GATE,))).replace("{", '{ "of_tomorrow":1, ', 1)
    yard.say(text)
    assert early.hear_text("layout") == text
    assert viewer(running_hub, None).hear_text("layout") == text
    with httpx.Client(base_url=running_hub.url) as client:
        (camera,) = client.get("/api/status").json()["edges"][0]["cameras"]
        answer = client.get("/api/layout/yard/gate")
        assert (answer.text, answer.headers["content-type"]) == (text, "application/json")
        yard.say(Layout("yard/gate"))
        assert early.hear(Layout) == Layout("yard/gate")
        (later,) = client.get("/api/status").json()["edges"][0]["cameras"]
        assert len({camera["layout"], later["layout"], ""}) == 3
        for path in ("yard/door", "nobody/gate"):
            assert client.get(f"/api/layout/{path}").status_code == 404
        assert client.get("/api/layout/yard/a%20b").status_code == 422


def test_heat_goes_to_who_asks_for_it_and_is_asked_for_no_longer_than_that(running_hub, edge, viewer):
    yard = edge(running_hub)
    plain = viewer(running_hub, messages.Subscribe(("yard/gate",), rung="metadata"))
    feeling = viewer(running_hub, messages.Subscribe(("yard/gate",), rung="metadata", layers=("thermal", "smell")))
    attention = yard.hear(messages.Attention)
    assert (attention.rung, attention.layers) == ("metadata", ("thermal",))
    yard.say(thermogram(5))
    yard.say(said(frame_id=6))
    assert feeling.hear(Thermogram) == thermogram(5)
    assert plain.hear(messages.Observation).frame_id == 6
    assert not [heard for heard in plain.skipped if isinstance(heard, Thermogram)]
    feeling.say(messages.Subscribe(("yard/gate",), rung="metadata"))
    assert yard.hear(messages.Attention).layers == ()


@pytest.mark.parametrize("said_of", [Layout("other/gate"), thermogram(source="other/gate")])
def test_nobody_draws_over_another_edges_camera(running_hub, edge, said_of):
    yard = edge(running_hub)
    yard.say(said_of)
    assert yard.hear(messages.Refusal).field == "$.source"


# --- events ---------------------------------------------------------------------------------------------------------


def test_events_are_stored_then_acknowledged_then_shown(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    for seq in (1, 2, 3):
        yard.say(event(seq))
    yard.hear(messages.Ack, lambda ack: ack.seq == 3)
    assert [watching.hear(messages.Event).seq for _ in range(3)] == [1, 2, 3]
    stored = httpx.get(running_hub.url + "/api/history").json()["events"]
    assert [(each["id"], each["seq"], each["source"]) for each in stored] == [
        (3, 3, "yard/gate"),
        (2, 2, "yard/gate"),
        (1, 1, "yard/gate"),
    ]


def test_an_event_sent_again_is_acknowledged_again_but_stored_and_shown_once(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    for seq in (1, 1, 1, 2):
        yard.say(event(seq))
    yard.hear(messages.Ack, lambda ack: ack.seq == 2)
    yard.say(event(1))
    assert yard.hear(messages.Ack).seq == 2
    assert [watching.hear(messages.Event).seq for _ in range(2)] == [1, 2]
    assert running_hub.counters.events_stored == 2
    assert running_hub.counters.events_duplicate == 3


def test_an_ack_stops_below_a_gap(running_hub, edge):
    yard = edge(running_hub)
    for seq in (1, 2, 4):
        yard.say(event(seq))
    yard.hear(messages.Ack, lambda ack: ack.seq == 2)
    wait_until(lambda: running_hub.counters.events_stored == 3)
    yard.say(event(3))
    assert yard.hear(messages.Ack, lambda ack: ack.seq > 2).seq == 4


def test_a_restarted_hub_knows_what_it_has(start_hub, edge):
    hub = start_hub()
    yard = edge(hub)
    for seq in (1, 2, 3):
        yard.say(event(seq))
    yard.hear(messages.Ack, lambda ack: ack.seq == 3)
    hub.stop()
    assert yard.hear_end() == 1012
    again = edge(start_hub(), journal_first=1, journal_last=5)
    assert again.welcome.acked_seq == 3


def test_a_hub_without_memory_asks_for_what_it_lacks(start_hub, edge):
    hub = start_hub(history_path=":memory:")
    yard = edge(hub, journal_first=11, journal_last=13)
    assert yard.welcome.acked_seq == 10
    refill = yard.hear(messages.Refill)
    assert (refill.after_seq, refill.until_seq) == (10, 13)
    for seq in (11, 12, 13):
        yard.say(event(seq))
    yard.hear(messages.Ack, lambda ack: ack.seq == 13)


def test_a_store_in_trouble_acknowledges_nothing_and_says_so(start_hub, edge):
    class Full(MemoryStore):
        async def add(self, events):
            raise StoreError("history x: database or disk is full")

    hub = start_hub(store=Full(Keep()))
    yard = edge(hub)
    yard.say(event(1))
    wait_until(lambda: hub.counters.events_refused == 1)
    health = httpx.get(hub.url + "/health").json()
    assert health["status"] == "degraded"
    assert "disk is full" in health["detail"]


# --- who is who -----------------------------------------------------------------------------------------------------


def test_the_edge_is_the_one_that_the_token_names(start_hub, edge):
    hub = start_hub(tokens="yard:one,shop:two")
    yard = edge(hub, edge_id="shop", token="one")
    assert yard.welcome.edge_id == "yard"
    yard.say(said("shop/gate"))
    refusal = yard.hear(messages.Refusal)
    assert (refusal.field, refusal.expected, refusal.got) == ("$.source", "yard/<camera_id>", "'shop/gate'")


@pytest.mark.parametrize("message", [said("shop/gate"), frame("shop/gate"), event(1, "shop/gate")])
def test_an_edge_speaks_only_for_itself(running_hub, edge, message):
    yard = edge(running_hub)
    yard.say(message)
    assert yard.hear(messages.Refusal).field == "$.source"


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_in_hello_closes_with_4001(start_hub, dial, token):
    hub = start_hub(tokens="yard:one")
    yard = dial(hub.ws("/ws/laptop"))
    yard.say(messages.Hello("test", "yard", token=token))
    assert yard.hear_end() == 4001


def test_hello_comes_first(running_hub, dial):
    yard = dial(running_hub.ws("/ws/laptop"))
    yard.say(messages.Status("yard/gate", "live", 1.0))
    assert yard.hear(messages.Refusal).field == "$.type"
    assert yard.hear_end() == 1008


def test_a_newer_connection_of_the_same_edge_replaces_the_older(running_hub, edge, viewer):
    watching = viewer(running_hub)
    old = edge(running_hub)
    new = edge(running_hub)
    assert old.hear_end() == 4000
    new.say(said())
    watching.hear(messages.Observation)
    assert not [each for each in watching.skipped if isinstance(each, messages.Presence) and not each.online]


# --- the connection -------------------------------------------------------------------------------------------------


def test_both_sides_answer_pings(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    yard.say(messages.Ping(12.5))
    assert yard.hear(messages.Pong).sent_at == 12.5
    watching.say(messages.Ping(13.5))
    assert watching.hear(messages.Pong).sent_at == 13.5


def test_the_clock_of_an_edge_is_measured_on_the_heartbeat(start_hub, edge, viewer):
    hub = start_hub(heartbeat_s=1.0)
    watching = viewer(hub)
    yard = edge(hub)
    ping = yard.hear(messages.Ping)
    yard.say(messages.Pong(ping.sent_at, ping.sent_at + 3600, ping.sent_at + 3600))
    presence = watching.hear(messages.Presence, lambda each: each.clock_offset_s is not None)
    assert presence.clock_offset_s == pytest.approx(3600, abs=1)


def test_a_silent_edge_is_offline_after_three_heartbeats(start_hub, edge, viewer):
    hub = start_hub(heartbeat_s=0.1)
    watching = viewer(hub)
    yard = edge(hub)
    watching.hear(messages.Presence, lambda each: not each.online)
    assert yard.hear_end() == 1008
    assert hub.counters.edges_silent == 1


def test_unknown_messages_are_skipped_and_counted(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    yard.say('{"type": "of_tomorrow", "x": 1}')
    watching.say('{"type": "of_tomorrow", "x": 1}')
    wait_until(lambda: running_hub.counters.unknown_messages == 2)
    yard.say(said())
    watching.hear(messages.Observation)


def test_five_errors_in_a_minute_end_a_viewer(running_hub, viewer):
    watching = viewer(running_hub)
    for _ in range(5):
        watching.say(event(1))
        assert watching.hear(messages.Refusal).got == "event"
    assert watching.hear_end() == 1008


def test_too_large_a_text_closes_with_1009(running_hub, edge):
    yard = edge(running_hub)
    yard.say('{"type": "status", "x": "' + "y" * (256 * 1024) + '"}')
    assert yard.hear_end() == 1009


def test_too_many_messages_close_with_1008(start_hub, edge):
    yard = edge(start_hub(edge_messages_per_s=5))
    with contextlib.suppress(ConnectionClosed):  # the hub may close before the last one is said
        for _ in range(30):
            yard.say(messages.Ping(1.0))
    assert yard.hear_end() == 1008


def test_too_many_connections_are_told_to_try_again_later(start_hub, dial):
    hub = start_hub(max_connections=2)
    dial(hub.ws())
    dial(hub.ws("/ws/laptop"))
    third = dial(hub.ws(), ours=False)
    assert third.hear_end() == 1013


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://HOST", True),
        ("https://ok.example", True),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_browsers_of_a_foreign_origin_stay_outside(start_hub, dial, origin, allowed):
    from websockets.exceptions import InvalidStatus

    hub = start_hub(cors_origins="https://ok.example")
    origin = origin and origin.replace("HOST", f"127.0.0.1:{hub.port}")
    if allowed:
        dial(hub.ws(), origin=origin)
        return
    with pytest.raises(InvalidStatus) as refused:
        dial(hub.ws(), origin=origin)
    assert refused.value.response.status_code == 403


def test_a_viewer_that_does_not_read_slows_nobody_and_is_let_go(start_hub, edge, viewer, dial):
    hub = start_hub(stalled_viewer_s=0.5)
    yard, watching = edge(hub), viewer(hub)
    stuck = dial(hub.ws(), max_queue=1)
    stuck.say(messages.Subscribe(everything=True))
    wait_until(lambda: len(hub.app.state.switchboard.relay) == 2)
    picture = jpeg(filling=500_000)
    for frame_id in range(60):
        yard.say(frame(frame_id=frame_id, picture=picture))
        assert watching.hear(bytes)[16] == frame_id
    wait_until(lambda: hub.counters.viewers_stalled == 1)
    assert hub.counters.messages_replaced > 0
    yard.say(frame(frame_id=99))
    assert watching.hear(bytes)[16] == 99


# --- commands -------------------------------------------------------------------------------------------------------


def test_a_command_goes_to_the_edge_and_its_result_back_to_who_asked(running_hub, edge, viewer):
    yard, asking, other = edge(running_hub), viewer(running_hub), viewer(running_hub)
    asking.say(messages.Command("mine", "yard/gate", "led", {"on": "1"}))
    command = yard.hear(messages.Command)
    assert (command.source, command.name, command.arguments) == ("yard/gate", "led", {"on": "1"})
    yard.say(messages.CommandResult(command.command_id, True, "on"))
    assert asking.hear(messages.CommandResult) == messages.CommandResult("mine", True, "on")
    other.say(messages.Ping(5.0))
    other.hear(messages.Pong)
    assert not [each for each in other.skipped if isinstance(each, messages.CommandResult)]


def test_a_command_to_an_absent_edge_is_answered_at_once(running_hub, viewer):
    asking = viewer(running_hub)
    asking.say(messages.Command("1", "nowhere/gate", "led"))
    result = asking.hear(messages.CommandResult)
    assert (result.ok, result.words) == (False, "nowhere is not connected")


def test_a_command_that_is_not_answered_says_so(running_hub, edge, viewer):
    yard, asking = edge(running_hub), viewer(running_hub)
    asking.say(messages.Command("1", "yard/gate", "led", timeout_s=0.1))
    yard.hear(messages.Command)
    assert not asking.hear(messages.CommandResult).ok


def test_a_command_whose_edge_leaves_is_answered(running_hub, edge, viewer):
    yard, asking = edge(running_hub), viewer(running_hub)
    asking.say(messages.Command("1", "yard/gate", "restart", timeout_s=60))
    yard.hear(messages.Command)
    yard.socket.close()
    assert asking.hear(messages.CommandResult).words == "yard went offline before it answered"


def test_the_answer_of_another_edge_does_not_count(running_hub, edge, viewer):
    yard, shop, asking = edge(running_hub), edge(running_hub, "shop"), viewer(running_hub)
    asking.say(messages.Command("1", "yard/gate", "led"))
    command = yard.hear(messages.Command)
    shop.say(messages.CommandResult(command.command_id, True, "a lie"))
    shop.say(messages.Ping(1.0))
    shop.hear(messages.Pong)
    yard.say(messages.CommandResult(command.command_id, True, "done"))
    assert asking.hear(messages.CommandResult).words == "done"


def test_every_command_leaves_a_trace_in_the_history(running_hub, edge, viewer):
    yard, asking = edge(running_hub), viewer(running_hub)
    asking.say(messages.Command("1", "yard/gate", "frame_size", {"size": "VGA"}))
    yard.say(messages.CommandResult(yard.hear(messages.Command).command_id, True, "640x480"))
    asking.hear(messages.CommandResult)
    asking.say(messages.Command("2", "nowhere/gate", "led"))
    asking.hear(messages.CommandResult)
    wait_until(lambda: running_hub.counters.events_stored == 2)
    trail = httpx.get(running_hub.url + "/api/history").json()["events"]
    assert [(each["kind"], each["source"], each["words"]) for each in trail] == [
        ("command", "nowhere/gate", "127.0.0.1 asked for led: failed nowhere is not connected"),
        ("command", "yard/gate", '127.0.0.1 asked for frame_size {"size": "VGA"}: done 640x480'),
    ]


def test_founding_and_own_edges_share_a_hub(running_hub, edge, viewer):
    edge(running_hub)
    httpx.post(running_hub.url + "/api/data", content=founding_text())
    edges = {each["edge_id"]: each for each in httpx.get(running_hub.url + "/api/status").json()["edges"]}
    assert edges["yard"]["protocol"] == "v2"
    assert edges["default"]["protocol"] == "v1"
    assert edges["default"]["online"]
    assert edges["default"]["cameras"][0]["state"] == "live"


def test_an_edge_that_says_every_other_event_does_not_fill_the_hubs_memory(running_hub, edge):
    """Each gap costs memory, and is looked through at each heartbeat."""
    yard = edge(running_hub)
    for seq in range(2, 5000, 2):
        yard.say(event(seq))
    wait_until(lambda: running_hub.counters.events_early > 900)
    assert running_hub.counters.events_stored <= 1600


def test_an_edge_whose_events_are_not_safe_is_told_of_everywhere(running_hub, edge, viewer):
    words = "journal /var/edge.sqlite3: expected a writable SQLite file, got: a folder; events are kept in memory alone"
    yard = edge(running_hub, trouble=words)
    health = httpx.get(running_hub.url + "/health").json()
    assert (health["status"], health["detail"]) == ("degraded", "1 edge keeps its events in memory alone")
    [told] = httpx.get(running_hub.url + "/api/status").json()["edges"]
    assert told["trouble"] == words
    assert viewer(running_hub, None).hear(messages.Presence).trouble == words
    shown = httpx.get(running_hub.url + "/metrics").text
    assert re.findall(r"^aimonitor_hub_edges_unsafe (.*)$", shown, re.MULTILINE) == ["1.0"]
    yard.socket.close()
    edge(running_hub)
    wait_until(lambda: httpx.get(running_hub.url + "/health").json()["status"] == "ok")
