"""Stories of the founding clients, told with third-party libraries and real sockets."""

import base64
import json
import time

import httpx
import pytest
import websocket
from hub_peers import SAMPLE, founding_text, jpeg, wait_until

from aimonitor.contract import frames, messages

TOKENS = "yard:yard-secret,shop:shop-secret"


@pytest.fixture
def call():
    sockets = []

    def open_one(url, **options):
        sockets.append(websocket.create_connection(url, timeout=10, **options))
        return sockets[-1]

    yield open_one
    for socket in sockets:
        socket.close(timeout=1)
        socket.shutdown()


def close_code(socket):
    """The code of the close frame that comes next."""
    frame = socket.recv_frame()
    assert frame.opcode == websocket.ABNF.OPCODE_CLOSE, frame
    return int.from_bytes(frame.data[:2], "big")


def test_the_founding_sample_reaches_a_founding_viewer_byte_for_byte(running_hub, call):
    viewer = call(running_hub.ws("/ws"))
    wait_until(lambda: len(running_hub.app.state.switchboard.relay) == 1)
    laptop = call(running_hub.ws("/ws/laptop"))
    laptop.send(SAMPLE)
    assert viewer.recv() == SAMPLE


def test_a_viewer_that_comes_later_gets_the_newest_message_at_once(running_hub, call):
    laptop = call(running_hub.ws("/ws/laptop"))
    laptop.send(founding_text(frame_id=1))
    laptop.send(SAMPLE)
    wait_until(lambda: running_hub.counters.founding_in == 2)
    assert call(running_hub.ws("/ws")).recv() == SAMPLE


def test_a_posted_message_reaches_viewers_too(running_hub, call):
    viewer = call(running_hub.ws("/ws"))
    wait_until(lambda: len(running_hub.app.state.switchboard.relay) == 1)
    answer = httpx.post(running_hub.url + "/api/data", content=SAMPLE, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"accepted": True, "source": "default/default", "frame_id": 1234}
    assert viewer.recv() == SAMPLE


def test_a_founding_picture_reaches_our_own_viewers_as_a_picture(running_hub, call, viewer):
    watching = viewer(running_hub)
    picture = jpeg(320, 240)
    text = founding_text(video_frame=base64.b64encode(picture).decode(), frame_id=7)
    call(running_hub.ws("/ws/laptop")).send(text)
    seen = watching.hear(messages.Observation)
    assert (seen.source, seen.frame_id, seen.width, seen.height) == ("default/default", 7, 320, 240)
    assert (seen.risk.score, seen.risk.level, seen.scene.vehicles) == (0.74, "ALERT", 4)
    header, start = frames.decode_header(data := watching.hear(bytes))
    assert (header.source, header.frame_id, data[start:]) == ("default/default", 7, picture)


def test_the_sample_without_a_real_picture_gives_our_viewers_figures_only(running_hub, call, viewer):
    watching = viewer(running_hub)
    call(running_hub.ws("/ws/laptop")).send(SAMPLE)
    assert watching.hear(messages.Observation).width == 0
    watching.say(messages.Ping(2.0))
    watching.hear(messages.Pong)
    assert not any(isinstance(message, bytes) for message in watching.skipped)


def test_the_token_is_the_first_message(start_hub, call):
    hub = start_hub(tokens=TOKENS)
    laptop = call(hub.ws("/ws/laptop"))
    laptop.send("yard-secret")
    laptop.send(SAMPLE)
    wait_until(lambda: hub.counters.founding_in == 1)
    assert hub.app.state.switchboard.roster.camera("yard/default") is not None


@pytest.mark.parametrize("first", ["wrong", SAMPLE, ""])
def test_a_wrong_token_closes_with_4001(start_hub, call, first):
    hub = start_hub(tokens=TOKENS)
    laptop = call(hub.ws("/ws/laptop"))
    laptop.send(first)
    assert close_code(laptop) == 4001
    assert hub.counters.founding_in == 0


def test_a_client_that_sends_a_token_to_an_open_hub_is_served(running_hub, call):
    laptop = call(running_hub.ws("/ws/laptop"))
    laptop.send("some-token")
    laptop.send(SAMPLE)
    wait_until(lambda: running_hub.counters.founding_in == 1)
    assert running_hub.counters.contract_errors == 0


def test_one_bare_token_is_the_founding_way(start_hub):
    hub = start_hub(tokens="only-one")
    for header in ({"authorization": "Bearer only-one"}, {"x-token": "only-one"}):
        assert httpx.post(hub.url + "/api/data", json=json.loads(SAMPLE), headers=header).status_code == 200
    answer = httpx.post(hub.url + "/api/data?token=only-one", json=json.loads(SAMPLE))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_guessing_tokens_is_slowed_down(start_hub):
    hub = start_hub(tokens=TOKENS)
    codes = [httpx.post(hub.url + "/api/data", headers={"x-token": f"guess{n}"}).status_code for n in range(7)]
    assert codes == [401] * 5 + [429] * 2


@pytest.mark.parametrize(
    ("body", "kind", "status", "field"),
    [
        (b"{", "application/json", 422, "$"),
        (b'{"frame_id": 1}', "application/json", 422, "$.timestamp"),
        (founding_text(risk_score=2).encode(), "application/json", 422, "$.risk_score"),
        (SAMPLE.replace("0.74", "NaN").encode(), "application/json", 422, "$.risk_score"),
        (b"\xff\xfe", "application/json", 422, "$"),
        (b"[" * 100_000, "application/json", 422, "$"),
        (b" " * (2 * 1024 * 1024 + 1), "application/json", 413, "$"),
        (SAMPLE.encode(), "text/html", 415, "content-type"),
    ],
)
def test_a_bad_post_is_refused_with_field_expected_and_got(running_hub, body, kind, status, field):
    answer = httpx.post(running_hub.url + "/api/data", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["expected"]
    assert error["got"]


def test_a_bad_message_is_answered_and_five_in_a_minute_end_the_connection(running_hub, call):
    laptop = call(running_hub.ws("/ws/laptop"))
    for _ in range(5):
        laptop.send('{"frame_id": "x"}')
        assert json.loads(laptop.recv())["error"]["field"] == "$.frame_id"
    assert close_code(laptop) == 1008


def test_a_message_over_two_mebibytes_closes_with_1009(running_hub, call):
    laptop = call(running_hub.ws("/ws/laptop"))
    laptop.send("x" * (2 * 1024 * 1024 + 1))
    assert close_code(laptop) == 1009


def test_changes_of_the_risk_level_become_events(running_hub, call):
    laptop = call(running_hub.ws("/ws/laptop"))
    for frame_id, level in enumerate(("NORMAL", "ALERT", "ALERT", "CRITICAL", "NORMAL")):
        laptop.send(founding_text(frame_id=frame_id, risk_level=level))
    wait_until(lambda: running_hub.counters.events_stored == 3)
    page = httpx.get(running_hub.url + "/api/history").json()
    assert [event["id"] for event in page["events"]] == [3, 2, 1]
    assert [event["phase"] for event in page["events"]] == ["closed", "updated", "opened"]
    assert {event["kind"] for event in page["events"]} == {"risk_level"}
    assert len({event["incident_id"] for event in page["events"]}) == 1


def test_numbers_of_founding_events_go_on_after_a_restart(start_hub):
    for level in ("ALERT", "WATCH"):
        hub = start_hub()
        httpx.post(hub.url + "/api/data", content=founding_text(risk_level=level))
        wait_until(lambda hub=hub: hub.counters.events_stored == 1)
        hub.stop()
    hub = start_hub()
    events = httpx.get(hub.url + "/api/history").json()["events"]
    assert [(event["id"], event["seq"], event["level"]) for event in events] == [(2, 2, "WATCH"), (1, 1, "ALERT")]


def test_a_founding_client_gets_commands_as_json(running_hub, call, viewer):
    laptop = call(running_hub.ws("/ws/laptop"))
    laptop.send(SAMPLE)
    asking = viewer(running_hub)
    asking.say(messages.Command("1", "default/default", "led", {"on": "1"}))
    assert json.loads(laptop.recv())["command"] == "led"
    assert asking.hear(messages.CommandResult).ok


def test_a_viewer_that_talks_is_only_counted(running_hub, call):
    viewer = call(running_hub.ws("/ws"))
    viewer.send("hello?")
    wait_until(lambda: running_hub.counters.unknown_messages == 1)


def test_a_hub_that_stops_says_1012(start_hub, call):
    hub = start_hub()
    laptop = call(hub.ws("/ws/laptop"))
    laptop.send(SAMPLE)
    wait_until(lambda: hub.counters.founding_in == 1)
    started = time.monotonic()
    hub.stop()
    assert close_code(laptop) == 1012
    assert time.monotonic() - started < 5


def test_one_founding_client_has_eight_connections(running_hub, call):
    for _ in range(8):
        call(running_hub.ws("/ws/laptop")).send(SAMPLE)
    wait_until(lambda: len(running_hub.app.state.switchboard.roster.get("default").links) == 8)
    assert close_code(call(running_hub.ws("/ws/laptop"))) == 1013
