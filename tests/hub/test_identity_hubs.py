"""Several hubs over Redis let in the same people and edges, and throw out the same."""

import time

import pytest
from hub_peers import SAMPLE, Peer, wait_until
from identity_people import ADDRESS, make_people, make_token, visitor
from websockets.sync.client import connect

from aimonitor.contract import messages

CLOSED_WITHIN_S = 5.0


@pytest.fixture
def hubs(start_hub, redis_url):
    return start_hub(redis_url=redis_url), start_hub(redis_url=redis_url)


def test_who_signed_in_at_one_hub_is_signed_in_at_the_other(hubs):
    here, there = hubs
    people = make_people(here)
    moved = visitor(there, cookies=people["operator"].cookies)
    wait_until(lambda: moved.get("/api/session").json()["user"] == {"name": "operator-person", "role": "operator"})
    ticket = people["operator"].post("/api/ticket").json()["ticket"]
    offered = [messages.SUBPROTOCOL, f"aimonitor.ticket.{ticket}"]
    headers = {"x-forwarded-for": ADDRESS}
    with connect(there.ws(), subprotocols=offered, additional_headers=headers, close_timeout=1) as socket:
        Peer(socket).hear(messages.Welcome)
        assert people["operator"].delete("/api/session").status_code == 204
        started = time.monotonic()
        assert Peer(socket).hear_end() == 1008
        assert time.monotonic() - started < CLOSED_WITHIN_S
    assert moved.get("/api/status").status_code == 401


def test_a_token_of_one_hub_is_good_at_the_other_at_once_and_revoked_there_within_5_s(hubs):
    here, there = hubs
    admin = make_people(here)["admin"]
    token_id, secret = make_token(admin, edge_id="yard")
    assert visitor(there, token=secret).post("/api/data", content=SAMPLE).status_code == 200
    with connect(there.ws("/ws/laptop"), additional_headers={"x-forwarded-for": ADDRESS}, close_timeout=1) as socket:
        socket.send(secret)
        socket.send(SAMPLE)
        wait_until(lambda: there.counters.founding_in == 2)
        assert admin.delete(f"/api/tokens/{token_id}").status_code == 204
        started = time.monotonic()
        assert Peer(socket).hear_end() == 1008
        assert time.monotonic() - started < CLOSED_WITHIN_S
    assert visitor(there, token=secret).post("/api/data", content=SAMPLE).status_code == 401


def test_a_first_person_at_one_hub_closes_the_other_to_its_own_machine(hubs):
    here, there = hubs
    local = visitor(there)
    del local.headers["x-forwarded-for"]
    assert local.get("/api/session").json()["access"] == "open"
    make_people(here)
    wait_until(lambda: local.get("/api/session").json()["access"] == "login")
    assert local.get("/api/status").status_code == 401


def test_the_set_up_link_of_either_hub_works_and_ends_both(start_hub, redis_url, capfd):
    links = []
    hubs = []
    for _ in range(2):
        hubs.append(start_hub(redis_url=redis_url, host="0.0.0.0"))
        links.append(capfd.readouterr().out.strip().rpartition("/")[2])
    body = {"name": "Dana", "password": "correct horse battery"}
    assert visitor(hubs[1]).post("/api/setup", json={**body, "code": links[0]}).status_code == 200
    assert visitor(hubs[0]).post("/api/setup", json={**body, "code": links[1]}).status_code == 403


def test_a_device_may_ask_at_one_hub_and_be_let_in_at_the_other(hubs):
    here, there = hubs
    admin = make_people(here)["admin"]
    asked = visitor(there).post("/api/pairings", json={"edge_id": "yard"}).json()
    assert admin.post(f"/api/pairings/{asked['code']}", json={"approve": True}).status_code == 204
    claimed = visitor(there).post("/api/pairings/claim", json={"device_secret": asked["device_secret"]})
    assert visitor(here, token=claimed.json()["token"]).post("/api/data", content=SAMPLE).status_code == 200
    assert [each["did"] for each in admin.get("/api/audit").json()["entries"]][:2] == ["answer_pairing", "ask_pairing"]
