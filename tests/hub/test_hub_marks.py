"""Acknowledge, not a threat, threat: kept, shown in the history, and told to everybody who watches."""

import sqlite3

import httpx
import pytest
from hub_peers import event, wait_until

from aimonitor.contract import messages
from aimonitor.hub.buses.memory import Ether, MemoryBus


def mark(hub, body, incident="yard/gate/i1", **options):
    return httpx.post(f"{hub.url}/api/incidents/{incident}/mark", json=body, **options)


def history(hub):
    return httpx.get(hub.url + "/api/history").json()["events"]


def online(hub):
    return hub.app.state.switchboard.roster.online


def test_a_mark_is_answered_shown_in_the_history_and_told_to_viewers(running_hub, edge, viewer):
    yard, watcher = edge(running_hub), viewer(running_hub)
    yard.say(event(1))
    yard.say(event(2, incident_id="i1", phase="closed"))
    yard.say(event(3))
    yard.hear(messages.Ack, lambda ack: ack.seq == 3)
    answer = mark(running_hub, {"mark": "not_a_threat", "by": "Dana"})
    assert answer.status_code == 200
    told = watcher.hear(messages.Marked)
    assert (told.source, told.incident_id, told.mark, told.by) == ("yard/gate", "i1", "not_a_threat", "Dana")
    assert answer.json() == {
        "type": "marked", "source": "yard/gate", "incident_id": "i1", "mark": "not_a_threat", "at": told.at,
        "by": "Dana",
    }  # fmt: skip
    shown = {
        each["seq"]: (each.get("mark"), each.get("marked_by"), each.get("marked_at")) for each in history(running_hub)
    }
    assert shown == {
        1: ("not_a_threat", "Dana", told.at),
        2: ("not_a_threat", "Dana", told.at),
        3: (None, None, None),
    }


def test_a_later_mark_replaces_the_first_and_survives_a_restart(start_hub, edge):
    hub = start_hub()
    yard = edge(hub)
    yard.say(event(1))
    yard.hear(messages.Ack)
    for each in ("acknowledged", "threat"):
        assert mark(hub, {"mark": each}).status_code == 200
    hub.stop()
    again = start_hub()
    assert [(each["mark"], each["marked_by"]) for each in history(again)] == [("threat", "")]


def test_an_incident_may_be_marked_before_its_edge_has_refilled_the_hub(running_hub, edge):
    assert mark(running_hub, {"mark": "threat"}).status_code == 200
    yard = edge(running_hub)
    yard.say(event(1))
    yard.hear(messages.Ack)
    assert history(running_hub)[0]["mark"] == "threat"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mark": "cute"}, "$.mark"),
        ({"by": "Dana"}, "$.mark"),
        ({"mark": "threat", "by": "x" * 121}, "$.by"),
        (["threat"], "$"),
    ],
)
def test_a_wrong_body_is_named(running_hub, body, field):
    answer = mark(running_hub, body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_what_is_too_large_no_json_of_another_site_or_no_name_is_refused(running_hub):
    good = {"mark": "threat"}
    assert mark(running_hub, {"mark": "threat", "by": "x" * 5000}).status_code == 413
    url = running_hub.url + "/api/incidents/yard/gate/i1/mark"
    assert httpx.post(url, content='{"mark":"threat"}').status_code == 415
    assert httpx.post(url, content='{"mark":"threat"}', headers={"content-type": "text/plain"}).status_code == 415
    assert mark(running_hub, good, headers={"origin": "https://evil.example"}).status_code == 403
    assert mark(running_hub, good, headers={"origin": running_hub.url}).status_code == 200
    assert mark(running_hub, good, incident="yard/gate/a%20b").status_code == 422
    assert mark(running_hub, good, incident="yard/gate/..%2fi1").status_code == 404


def test_a_store_that_cannot_keep_a_mark_says_so(running_hub, edge, viewer, tmp_path):
    watcher = viewer(running_hub)
    with sqlite3.connect(tmp_path / "hub.sqlite3") as db:
        db.execute("DROP TABLE mark")
    db.close()
    answer = mark(running_hub, {"mark": "threat"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (503, "mark")
    watcher.say(messages.Ping(1.0))
    watcher.hear(messages.Pong)
    assert not [heard for heard in watcher.skipped if isinstance(heard, messages.Marked)]


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_a_mark_made_at_any_hub_is_told_once_to_the_viewers_of_both(kind, start_hub, edge, viewer, request):
    ether = Ether()
    options = (
        [{"redis_url": request.getfixturevalue("redis_url")}] * 2
        if kind == "redis"
        else [{"bus": MemoryBus(ether), "history_path": ":memory:"} for _ in range(2)]
    )
    here, there = (start_hub(**each) for each in options)
    yard = edge(here)
    wait_until(lambda: online(there))
    watchers = [viewer(here), viewer(there)]
    assert mark(here, {"mark": "threat", "by": "at its hub"}).status_code == 200
    for watcher in watchers:
        assert watcher.hear(messages.Marked).by == "at its hub"
    assert mark(there, {"mark": "threat", "by": "at the other"}).status_code == 200
    for watcher in watchers:
        assert watcher.hear(messages.Marked).by == "at the other"
    yard.say(event(1))
    for watcher in watchers:  # what was told twice would have come before this
        watcher.hear(messages.Event)
        assert not [heard for heard in watcher.skipped if isinstance(heard, messages.Marked)]
