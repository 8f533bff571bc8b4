"""Signing in, users, tokens, pairing and the audit trail, asked over HTTP and WebSocket."""

import logging
import re
import time

import httpx
import pytest
from hub_peers import SAMPLE, said, wait_until
from identity_people import ADDRESS, PASSWORD, make_people, make_token, sign_in, visitor
from websockets.exceptions import InvalidStatus

from aimonitor.contract import messages

CLOSED_WITHIN_S = 5.0


@pytest.fixture
def hub(start_hub):
    """A hub with people."""
    return start_hub()


def elsewhere(**headers):
    return {"additional_headers": {"x-forwarded-for": ADDRESS, **headers}}


def watch(dial, hub, browser):
    """A viewer's socket as the dashboard opens it: with a ticket."""
    ticket = browser.post("/api/ticket").json()["ticket"]
    offered = [messages.SUBPROTOCOL, f"aimonitor.ticket.{ticket}"]
    return dial_with(dial, hub, offered, origin=hub.url)


def dial_with(dial, hub, offered, **options):
    """A socket that offers these subprotocols, from elsewhere."""
    return dial(hub.ws(), subprotocols=offered, **elsewhere(), **options)


@pytest.fixture
def dial(dial):
    """As in the other stories, but the caller may say which subprotocols it offers."""
    import contextlib

    from hub_peers import Peer
    from websockets.sync.client import connect

    with contextlib.ExitStack() as sockets:

        def open_one(url, subprotocols=(messages.SUBPROTOCOL,), **options):
            options = {"ping_interval": None, "close_timeout": 1, "compression": None, **options}
            return Peer(sockets.enter_context(connect(url, subprotocols=subprotocols or None, **options)))

        yield open_one


# --- signing in -----------------------------------------------------------------------------------------------------


def test_a_session_is_in_a_cookie_that_scripts_and_other_sites_do_not_get(hub):
    make_people(hub)
    for scheme, name in (("http", "aimonitor"), ("https", "__Host-aimonitor")):
        headers = {"x-forwarded-proto": scheme, "origin": f"{scheme}://127.0.0.1:{hub.port}"}
        body = {"name": "viewer-person", "password": PASSWORD}
        answer = visitor(hub, headers=headers).post("/api/session", json=body)
        assert answer.json() == {"user": {"name": "viewer-person", "role": "viewer"}}
        assert answer.headers["cache-control"] == "no-store"
        cookie = answer.headers["set-cookie"]
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert cookie.startswith(f"{name}=")
        assert {"httponly", "samesite=strict", "path=/"} <= parts
        assert ("secure" in parts) is (scheme == "https")


def test_signing_out_ends_the_session_and_its_sockets(hub, dial):
    browser = make_people(hub)["viewer"]
    watching = watch(dial, hub, browser)
    stolen = httpx.Cookies(browser.cookies)
    assert browser.delete("/api/session").status_code == 204
    assert browser.get("/api/session").json() == {"access": "login", "user": None}
    assert visitor(hub, cookies=stolen).get("/api/status").status_code == 401
    assert ended_in_time(watching) == 1008
    assert browser.delete("/api/session").status_code == 204


def ended_in_time(peer):
    started = time.monotonic()
    code = peer.hear_end()
    assert time.monotonic() - started < CLOSED_WITHIN_S
    return code


def test_signing_in_again_ends_the_session_before(hub):
    browser = make_people(hub)["viewer"]
    before = httpx.Cookies(browser.cookies)
    assert browser.post("/api/session", json={"name": "viewer-person", "password": PASSWORD}).status_code == 200
    assert visitor(hub, cookies=before).get("/api/status").status_code == 401
    assert browser.get("/api/status").status_code == 200


def test_a_wrong_name_and_a_wrong_password_are_answered_the_same(hub):
    make_people(hub)
    answers = [
        visitor(hub, address).post("/api/session", json={"name": name, "password": "not the password"})
        for address, name in (("203.0.113.1", "viewer-person"), ("203.0.113.2", "nobody"))
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    volatile = {"date"}
    assert {k: v for k, v in answers[0].headers.items() if k not in volatile} == {
        k: v for k, v in answers[1].headers.items() if k not in volatile
    }


def test_guessing_passwords_is_slowed_and_others_are_not(hub):
    make_people(hub)
    guesser = visitor(hub, "203.0.113.66")
    answers = [guesser.post("/api/session", json={"name": "admin-person", "password": f"guess {n}"}) for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61
    assert sign_in(hub, "admin-person").get("/api/users").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 422, "$"),
        (b'{"name": "x"}', 422, "$.password"),
        (b'{"name": "x", "password": 5}', 422, "$.password"),
        (b'{"name": "x", "password": "' + b"y" * 1025 + b'"}', 422, "$.password"),
        (b" " * 5000, 413, "$"),
        (b"\xff", 422, "$"),
    ],
)
def test_a_bad_body_is_refused_without_repeating_secrets(running_hub, body, status, field):
    answer = visitor(running_hub).post("/api/session", content=body, headers={"content-type": "application/json"})
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (status, field)
    if field == "$.password":
        assert error["got"] in ("a value that is not shown", "nothing")
    assert visitor(running_hub).post("/api/session", content=b"{}").status_code == 415


def test_a_password_is_changed_by_who_knows_it(hub):
    browser = make_people(hub)["operator"]
    other = sign_in(hub, "operator-person")
    wrong = browser.post("/api/password", json={"old": "not this one", "new": "battery horse correct"})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (403, "$.old")
    weak = browser.post("/api/password", json={"old": PASSWORD, "new": "short"})
    assert (weak.status_code, weak.json()["error"]["field"]) == (422, "$.password")
    assert browser.post("/api/password", json={"old": PASSWORD, "new": "battery horse correct"}).status_code == 204
    assert browser.get("/api/status").status_code == 200
    assert other.get("/api/status").status_code == 401
    assert sign_in(hub, "operator-person", "battery horse correct")
    assert httpx.post(hub.url + "/api/password", json={"old": "a", "new": "b"}).status_code == 401


def test_set_up_over_http(start_hub, capfd):
    hub = start_hub(host="0.0.0.0")
    link = re.search(r"/#/setup/(\S+)", capfd.readouterr().out)
    browser = visitor(hub)
    assert browser.get("/api/session").json() == {"access": "setup", "user": None}
    body = {"code": link[1], "name": "Dana", "password": PASSWORD}
    assert browser.post("/api/setup", json={**body, "code": "another"}).status_code == 403
    assert browser.post("/api/setup", json=body).json() == {"user": {"name": "Dana", "role": "admin"}}
    assert browser.get("/api/users").json()["users"][0]["name"] == "Dana"
    assert visitor(hub).post("/api/setup", json=body).status_code == 403
    assert visitor(hub).get("/api/session").json() == {"access": "login", "user": None}


def test_a_hub_of_this_machine_prints_its_link_when_a_stranger_comes(running_hub, capfd):
    assert "/#/setup/" not in capfd.readouterr().out
    for _ in range(2):
        assert visitor(running_hub).get("/api/session").json()["access"] == "setup"
    assert capfd.readouterr().out.count("/#/setup/") == 1


# --- sockets --------------------------------------------------------------------------------------------------------


def status_of(dial, *arguments, **options):
    with pytest.raises(InvalidStatus) as refused:
        dial(*arguments, **options)
    return refused.value.response.status_code


def test_a_ticket_opens_one_socket(hub, dial):
    browser = make_people(hub)["viewer"]
    ticket = browser.post("/api/ticket").json()
    assert ticket["expires_s"] == 30
    offered = [messages.SUBPROTOCOL, f"aimonitor.ticket.{ticket['ticket']}"]
    watching = dial_with(dial, hub, offered, origin=hub.url)
    assert watching.socket.subprotocol == messages.SUBPROTOCOL
    watching.hear(messages.Welcome)
    assert status_of(dial, hub.ws(), subprotocols=offered, **elsewhere()) == 401


def test_a_cookie_alone_opens_no_socket(hub, dial):
    browser = make_people(hub)["admin"]
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert status_of(dial, hub.ws(), **elsewhere(cookie=cookie), origin=hub.url) == 401
    assert status_of(dial, hub.ws(), **elsewhere(cookie=cookie)) == 403
    assert status_of(dial, hub.ws("/ws/laptop"), **elsewhere(cookie=cookie)) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_elsewhere_opens_no_socket_even_with_a_ticket(hub, dial, origin):
    browser = make_people(hub)["admin"]
    offered = [messages.SUBPROTOCOL, f"aimonitor.ticket.{browser.post('/api/ticket').json()['ticket']}"]
    assert status_of(dial, hub.ws(), subprotocols=offered, **elsewhere(), origin=origin) == 403
    assert dial_with(dial, hub, offered, origin=hub.url)


def test_programs_watch_with_a_token_as_founded_and_as_ours(hub, dial):
    admin = make_people(hub)["admin"]
    token_id, secret = make_token(admin, label="wall", role="viewer")
    ours = dial(hub.ws(), **elsewhere(authorization=f"Bearer {secret}"))
    ours.hear(messages.Welcome)
    founding = dial(hub.ws(), subprotocols=(), **elsewhere(authorization=f"Bearer {secret}"))
    assert founding.socket.subprotocol is None
    assert status_of(dial, hub.ws(), **elsewhere()) == 401
    assert status_of(dial, hub.ws() + f"?token={secret}", **elsewhere()) == 401
    _, edge = make_token(admin, label="yard", edge_id="yard")
    assert status_of(dial, hub.ws(), **elsewhere(authorization=f"Bearer {edge}")) == 403
    assert admin.delete(f"/api/tokens/{token_id}").status_code == 204
    assert (ended_in_time(ours), ended_in_time(founding)) == (1008, 1008)


def test_guessing_at_sockets_is_slowed(hub, dial):
    make_people(hub)
    guesses = [status_of(dial, hub.ws(), **elsewhere(authorization=f"Bearer guess{n}")) for n in range(7)]
    assert guesses == [401] * 5 + [429] * 2


@pytest.mark.parametrize(
    ("role", "name", "words"),
    [
        ("viewer", "snapshot", "only for operator or above; viewer-person is viewer"),
        ("operator", "snapshot", "nowhere is not connected"),
        ("operator", "policy", "only for admin or above; operator-person is operator"),
        ("operator", "setup.cameras.set", "only for admin or above; operator-person is operator"),
        ("admin", "policy", "nowhere is not connected"),
    ],
)
def test_commands_ask_for_a_role_and_name_who_gave_them(hub, dial, role, name, words):
    people = make_people(hub)
    watching = watch(dial, hub, people[role])
    watching.say(messages.Command("1", "nowhere/gate", name))
    result = watching.hear(messages.CommandResult)
    assert (result.ok, result.words) == (False, words)
    entry = people["admin"].get("/api/audit").json()["entries"][0]
    assert (entry["who"], entry["did"], entry["what"], entry["outcome"]) == (
        f"{role}-person", f"command {name}", "nowhere/gate", "failed",
    )  # fmt: skip
    history = people["admin"].get("/api/history").json()["events"]
    assert history[0]["words"].startswith(f"{role}-person asked for {name}: failed")


def test_the_first_person_ends_what_this_machine_had_open(hub, dial):
    watching = dial(hub.ws())
    watching.hear(messages.Welcome)
    make_people(hub)
    assert ended_in_time(watching) == 1008


def test_founding_clients_of_this_machine_need_nothing_where_others_reach_the_hub_too(start_hub, dial):
    """As with PORT set, which listens on every address."""
    hub = start_hub(host="0.0.0.0")
    viewer, laptop = dial(hub.ws(), subprotocols=()), dial(hub.ws("/ws/laptop"), subprotocols=())
    laptop.say(SAMPLE)
    assert viewer.socket.recv(timeout=10) == SAMPLE
    paths = ("/", "/health", "/api/status", "/api/history")
    assert [httpx.get(hub.url + path).status_code for path in paths] == [200] * 4
    assert httpx.post(hub.url + "/api/data", content=SAMPLE).status_code == 200
    assert visitor(hub).get("/api/status").status_code == 401


# --- users ----------------------------------------------------------------------------------------------------------


def test_users_are_made_changed_and_removed(hub, dial):
    people = make_people(hub)
    admin = people["admin"]
    users = admin.get("/api/users").json()["users"]
    assert [(user["name"], user["role"]) for user in users] == [
        (f"{role}-person", role) for role in ("admin", "operator", "viewer")
    ]
    assert users[0]["last_seen_at"] >= users[0]["created_at"] > 1e9
    assert not any("argon2" in str(user) for user in users)
    twice = admin.post("/api/users", json={"name": "VIEWER-person", "role": "viewer", "password": PASSWORD})
    assert (twice.status_code, twice.json()["error"]["field"]) == (409, "$.name")
    wrong = admin.post("/api/users", json={"name": "Eve", "role": "king", "password": PASSWORD})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "$.role")
    watching = watch(dial, hub, people["viewer"])
    assert admin.patch("/api/users/viewer-person", json={"password": "battery horse correct"}).status_code == 200
    assert people["viewer"].get("/api/status").status_code == 401
    assert ended_in_time(watching) == 1008
    assert admin.delete("/api/users/operator-person").status_code == 204
    assert people["operator"].get("/api/status").status_code == 401
    assert admin.delete("/api/users/operator-person").status_code == 404


# --- tokens ---------------------------------------------------------------------------------------------------------


def test_a_device_token_speaks_for_its_edge_until_it_is_revoked(hub, dial):
    admin = make_people(hub)["admin"]
    token_id, secret = make_token(admin, label="the yard", edge_id="yard")
    yard = dial(hub.ws("/ws/laptop"), **elsewhere())
    yard.say(messages.Hello("test", "shop", token=secret, cameras=(messages.CameraInfo("gate"),)))
    assert yard.hear(messages.Welcome).edge_id == "yard"
    yard.say(said("shop/gate"))
    assert yard.hear(messages.Refusal).field == "$.source"
    founding = dial(hub.ws("/ws/laptop"), subprotocols=(), **elsewhere())
    founding.say(secret)
    founding.say(SAMPLE)
    wait_until(lambda: hub.counters.founding_in == 1)
    listed = admin.get("/api/tokens").json()["tokens"]
    assert [(each["token_id"], each["label"], each["edge_id"], each["founding"]) for each in listed] == [
        (token_id, "the yard", "yard", False)
    ]
    assert listed[0]["last_used_at"] is not None
    assert secret not in str(listed)
    assert admin.delete(f"/api/tokens/{token_id}").status_code == 204
    assert ended_in_time(founding) == 1008
    assert visitor(hub, token=secret).post("/api/data", content=SAMPLE).status_code == 401


def test_a_rotated_token_is_good_beside_the_new_one_until_that_is_used(hub):
    admin = make_people(hub)["admin"]
    token_id, old = make_token(admin, edge_id="yard")
    new = admin.post(f"/api/tokens/{token_id}/rotate").json()["secret"]
    post = [visitor(hub, token=each).post("/api/data", content=SAMPLE).status_code for each in (old, new, old)]
    assert post == [200, 200, 401]


@pytest.mark.parametrize("body", [{}, {"label": "x"}, {"edge_id": "yard", "role": "viewer"}])
def test_a_token_is_for_an_edge_or_a_role(hub, body):
    answer = make_people(hub)["admin"].post("/api/tokens", json=body)
    assert (answer.status_code, answer.json()["error"]["expected"]) == (422, "one of edge_id and role")


def test_the_tokens_of_the_environment_are_shown_and_stay(start_hub):
    hub = start_hub(tokens="yard:secret,@viewer:wall")
    admin = make_people(hub)["admin"]
    listed = admin.get("/api/tokens").json()["tokens"]
    assert [(each["edge_id"], each["role"], each["founding"]) for each in listed] == [
        ("yard", None, True),
        (None, "viewer", True),
    ]
    assert admin.delete(f"/api/tokens/{listed[0]['token_id']}").status_code == 409
    assert admin.post(f"/api/tokens/{listed[0]['token_id']}/rotate").status_code == 409


def test_an_edge_without_a_token_is_told_how_to_get_one(hub, dial):
    yard = dial(hub.ws("/ws/laptop"), **elsewhere())
    yard.say(messages.Hello("test", "yard"))
    assert yard.hear_end() == 4001
    assert "aimonitor pair" in yard.socket.close_reason


# --- pairing --------------------------------------------------------------------------------------------------------


def test_a_device_pairs_over_http(hub):
    admin = make_people(hub)["admin"]
    device = visitor(hub, "198.51.100.9", headers={"origin": ""})
    del device.headers["origin"]
    asked = device.post("/api/pairings", json={"edge_id": "yard", "name": "laptop"}).json()
    assert asked["approve_path"] == f"/#/setup/pair/{asked['code']}"
    claim = {"device_secret": asked["device_secret"]}
    early = device.post("/api/pairings/claim", json=claim)
    assert (early.status_code, early.json()) == (202, {"state": "waiting"})
    (waiting,) = admin.get("/api/pairings").json()["pairings"]
    assert (waiting["code"], waiting["edge_id"], waiting["address"]) == (asked["code"], "yard", "198.51.100.9")
    assert "device_secret" not in waiting
    typed = asked["code"].lower().replace("-", "")
    assert admin.post(f"/api/pairings/{typed}", json={"approve": True}).status_code == 204
    given = device.post("/api/pairings/claim", json=claim).json()
    assert given["edge_id"] == "yard"
    assert visitor(hub, token=given["token"]).post("/api/data", content=SAMPLE).json()["source"] == "yard/default"
    again = device.post("/api/pairings/claim", json=claim)
    assert (again.status_code, again.json()) == (410, {"state": "expired"})
    assert admin.get("/api/pairings").json()["pairings"] == []


# --- the audit trail ------------------------------------------------------------------------------------------------


def test_the_audit_trail_says_who_did_what_and_what_came_of_it(hub, caplog):
    caplog.set_level(logging.DEBUG)
    people = make_people(hub)
    admin = people["admin"]
    token_id, secret = make_token(admin, label="the yard", edge_id="yard")
    admin.post(f"/api/tokens/{token_id}/rotate")
    people["viewer"].post("/api/tokens", json={"edge_id": "yard"})
    people["operator"].post("/api/incidents/yard/gate/i-1/mark", json={"mark": "threat"})
    visitor(hub).post("/api/session", json={"name": "admin-person", "password": "a wrong password"})
    entries = admin.get("/api/audit?limit=50").json()["entries"]
    lines = [(each["who"], each["did"], each["what"], each["outcome"]) for each in entries]
    assert lines[:5] == [
        ("admin-person", "sign_in", "", "refused 401"),
        ("operator-person", "mark", "yard, gate, i-1", "done"),
        ("viewer-person", "make_token", "", "refused 403"),
        ("admin-person", "rotate_token", f"{token_id}, the yard, yard", "done"),
        ("admin-person", "make_token", f"{token_id}, the yard, yard", "done"),
    ]
    assert ("this machine", "add_user", "admin-person, admin", "done") in lines
    assert entries[0]["address"] == ADDRESS
    assert len(admin.get("/api/audit?limit=2").json()["entries"]) == 2
    for shown in (str(entries), caplog.text):
        assert secret not in shown
        assert PASSWORD not in shown
        assert "a wrong password" not in shown
