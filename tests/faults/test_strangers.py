"""Nobody uninvited: wrong, old and stolen credentials, guessing, and pages of other sites."""

import itertools
import time
from collections import Counter
from types import SimpleNamespace

import httpx
import pytest
from programs import wait_until
from rehearsal import HubProcess
from rough import close_code, knock
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as dial

from aimonitor.contract import codec, messages

PASSWORD = "correct horse battery"
FOUNDING = b'{"frame_id": 1, "timestamp": 1.0, "risk_score": 0.5, "risk_level": "WATCH"}'
JSON = {"content-type": "application/json"}
CLOSED_WITHIN_S = 5.0
HOME, GUESSER = "198.51.100.7", "203.0.113.66"
VOLATILE = {"date"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A hub with an admin, and a device that is let in as the edge `yard`."""
    hub = HubProcess(tmp_path_factory.mktemp("hub"), AIMONITOR_ADMIN_PASSWORD=PASSWORD)
    hub.start()
    admin = httpx.Client(base_url=hub.url, headers={"origin": hub.url, "x-forwarded-for": HOME})
    assert admin.post("/api/session", json={"name": "admin", "password": PASSWORD}).status_code == 200
    made = admin.post("/api/tokens", json={"edge_id": "yard"}).json()
    yield SimpleNamespace(hub=hub, admin=admin, token=made["secret"], token_id=made["token_id"])
    admin.close()
    hub.program.stop()
    log = hub.program.output()
    assert "Traceback" not in log, log
    for secret in (PASSWORD, made["secret"]):
        assert secret not in log


def post(site, token, address, **more):
    headers = JSON | {"x-forwarded-for": address} | ({"authorization": f"Bearer {token}"} if token else {})
    return httpx.post(f"{site.hub.url}/api/data", content=FOUNDING, headers=headers, **more)


def addresses(network):
    """Addresses that have never been here, so that none of them must wait."""
    return (f"{network}.{number // 250}.{number % 250 + 1}" for number in range(60_000))


def revoked_token(site):
    made = site.admin.post("/api/tokens", json={"edge_id": "old"}).json()
    assert site.admin.delete(f"/api/tokens/{made['token_id']}").status_code == 204
    return made["secret"]


def wrong_secret(site):
    """The id is somebody's, the secret is not."""
    return site.admin.post("/api/tokens", json={"edge_id": "other"}).json()["secret"][:-8] + "AAAAAAAA"


def test_wrong_credentials_are_all_the_same_to_who_gave_them(site, measured):
    elsewhere = addresses("203.0")
    kinds = {
        "none": "",
        "wrong": "guess",
        "unknown": "aim_0123456789ab_" + "x" * 43,
        "wrong secret": wrong_secret(site),
        "revoked": revoked_token(site),
    }
    answers = {kind: post(site, token, next(elsewhere)) for kind, token in kinds.items()}
    in_query = httpx.post(f"{site.hub.url}/api/data?token={site.token}", content=FOUNDING, headers=JSON)
    answers["in the query"] = in_query
    assert {answer.status_code for answer in answers.values()} == {401}
    assert len({answer.content for answer in answers.values()}) == 1
    heads = [frozenset((k, v) for k, v in answer.headers.items() if k not in VOLATILE) for answer in answers.values()]
    assert len(set(heads)) == 1
    known, unknown = f"known {time.time_ns()}", f"unknown {time.time_ns()}"  # whom no other test has guessed at
    made = site.admin.post("/api/users", json={"name": known, "role": "viewer", "password": PASSWORD})
    assert made.status_code == 201, made.text
    names = {
        name: httpx.post(
            f"{site.hub.url}/api/session",
            json={"name": name, "password": "not this one"},
            headers={"x-forwarded-for": next(elsewhere)},
        )
        for name in (known, unknown)
    }
    assert names[known].status_code == 401
    assert names[known].content == names[unknown].content == in_query.content
    measured("B5", f"{len(answers)} kinds of tokens and 2 of names refused: statuses, different bodies", "401; 1",
             "401; 1")  # fmt: skip


@pytest.mark.slow
def test_how_long_a_refusal_takes_tells_nothing(site, measured):
    """Ids and names are slowed as well: each of them is used four times and no more."""
    elsewhere, tries = addresses("100.64"), 3
    tokens = {
        "wrong": itertools.repeat("guess"),
        "wrong secret": iter([wrong_secret(site) for _ in range(30 * tries)] * 4),
        "revoked": iter([revoked_token(site) for _ in range(30 * tries)] * 4),
    }
    people = [f"person-{number}" for number in range(10 * tries)]
    for name in people:
        body = {"name": name, "role": "viewer", "password": PASSWORD}
        assert site.admin.post("/api/users", json=body).status_code == 201
    names = {"nobody": (f"nobody-{number}" for number in itertools.count()), "somebody": iter(people * 4)}
    with httpx.Client(base_url=site.hub.url) as client:

        def refused_in(path, headers=None, **body):
            headers = JSON | {"x-forwarded-for": next(elsewhere)} | (headers or {})
            started = time.perf_counter()
            assert client.post(path, headers=headers, **body).status_code == 401
            return time.perf_counter() - started

        def by_token(kind):
            bearer = {"authorization": f"Bearer {next(tokens[kind])}"}
            return refused_in("/api/data", bearer, content=FOUNDING)

        def by_name(kind):
            return refused_in("/api/session", json={"name": next(names[kind]), "password": "not this one"})

        shares = {"token": apart(by_token, tokens, 120, tries), "name": apart(by_name, names, 40, tries)}
    for kind, share in shares.items():
        measured("B5", f"refusals by {kind}: how far apart their times are", "<= 10 %", f"{share:.1%}")
        assert share <= 0.10


def apart(measure, kinds, rounds, tries):
    """How far the quickest of one kind is from that of another, asked in turns.

    On a busy machine noise sets them apart, and only noise: what really differs does so in each of the tries.
    """
    shares = []
    for _ in range(tries):
        times = {kind: [] for kind in kinds}
        for _ in range(rounds):
            for kind in kinds:
                times[kind].append(measure(kind))
        quickest = [min(each) for each in times.values()]
        shares.append(max(quickest) / min(quickest) - 1)
        if shares[-1] <= 0.10:
            break
    return min(shares)


def end_of(socket):
    """Read on until the hub closes; the code that it gives."""
    try:
        while True:
            socket.recv(timeout=10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


@pytest.mark.parametrize("speaks", ["founding", "ours", "viewer"])
def test_a_revoked_token_ends_its_socket(site, speaks, measured):
    wanted = {"role": "viewer"} if speaks == "viewer" else {"edge_id": f"edge-{speaks}"}
    made = site.admin.post("/api/tokens", json=wanted).json()
    headers = {"x-forwarded-for": HOME}
    if speaks == "viewer":
        headers["authorization"] = f"Bearer {made['secret']}"
    path = "/ws" if speaks == "viewer" else "/ws/laptop"
    ours = [messages.SUBPROTOCOL] if speaks != "founding" else None
    address = f"ws://127.0.0.1:{site.hub.port}{path}"
    with dial(address, subprotocols=ours, additional_headers=headers, ping_interval=None) as socket:
        if speaks == "ours":
            socket.send(codec.encode(messages.Hello("test", "yard", token=made["secret"])))
        if speaks == "founding":
            socket.send(made["secret"])
            socket.send(FOUNDING.decode())
            online = f"{site.hub.url}/api/status"
            wait_until(lambda: f"edge-{speaks}" in site.admin.get(online).text, 10)
        else:
            assert isinstance(codec.decode(socket.recv(timeout=10)), messages.Welcome)
        started = time.monotonic()
        assert site.admin.delete(f"/api/tokens/{made['token_id']}").status_code == 204
        closed = end_of(socket)
        took_s = time.monotonic() - started
    assert closed == 1008
    assert took_s <= CLOSED_WITHIN_S
    measured(
        "B5", f"token revoked under way ({speaks}): socket closed with", "1008 within 5 s", f"1008, {took_s:.1f} s"
    )


def test_another_devices_camera_is_not_for_this_one(site, measured):
    with dial(
        f"ws://127.0.0.1:{site.hub.port}/ws/laptop",
        subprotocols=[messages.SUBPROTOCOL],
        additional_headers={"x-forwarded-for": HOME},
    ) as socket:
        socket.send(codec.encode(messages.Hello("test", "shop", token=site.token)))
        assert codec.decode(socket.recv(timeout=10)).edge_id == "yard"
        socket.send(codec.encode(messages.Status("shop/till", "live", 1.0)))
        while not isinstance(refused := codec.decode(socket.recv(timeout=10)), messages.Refusal):
            pass
    assert (refused.field, refused.expected) == ("$.source", "yard/<camera_id>")
    headers = {"authorization": f"Bearer {site.token}", "x-forwarded-for": HOME}
    theirs = "/api/media/shop/till/i-1/snapshot.jpg"
    put = httpx.put(site.hub.url + theirs, content=b"x", headers=headers | {"content-range": "bytes 0-0/1"})
    asked = [httpx.get(site.hub.url + path, headers=headers) for path in (theirs, "/api/snapshot/shop/till.jpg")]
    assert [each.status_code for each in (put, *asked)] == [403, 403, 403]
    measured("B5", "a device's token with another's camera: message, upload, pictures", "refused, 403", "refused, 403")


@pytest.mark.timeout(180)  # a thousand requests on a busy machine
def test_a_thousand_tokens_are_guessed_in_vain(site, measured):
    statuses, held = Counter(), []
    with dial(
        f"ws://127.0.0.1:{site.hub.port}/ws/laptop", additional_headers={"x-forwarded-for": HOME}, ping_interval=None
    ) as device:
        device.send(site.token)
        with httpx.Client(base_url=site.hub.url) as guesser:
            headers = JSON | {"x-forwarded-for": GUESSER}
            for number in range(1000):
                guess = site.token[:-4] + f"{number:04d}"  # nearly right, for what that is worth
                answer = guesser.post("/api/data", content=FOUNDING, headers=headers | {"x-token": guess})
                statuses[answer.status_code] += 1
                if number % 100 == 99:
                    held.append(post(site, site.token, HOME).status_code)
        device.send(FOUNDING.decode())
        device.ping().wait(10)
    # Were the thousand slower than the waiting times, a few more would be looked at.
    assert statuses[401] in range(5, 16)
    assert statuses[401] + statuses[429] == 1000
    assert post(site, site.token, GUESSER).status_code == 429
    assert set(held) == {200}
    measured("B6", "1,000 guesses at a token's secret from one address: answers", "429 from the 6th",
             f"{statuses[401]} x 401, {statuses[429]} x 429")  # fmt: skip
    measured("B6", "the legitimate device meanwhile, from its own address", "unaffected",
             f"{held.count(200)} of {len(held)} taken")  # fmt: skip


def test_a_password_is_guessed_in_vain(site, measured):
    body = {"name": "admin", "password": "guess"}
    by_one = [
        httpx.post(f"{site.hub.url}/api/session", json=body, headers={"x-forwarded-for": "192.0.2.200"}).status_code
        for _ in range(50)
    ]
    by_many = [
        httpx.post(f"{site.hub.url}/api/session", json=body, headers={"x-forwarded-for": address}).status_code
        for address, _ in zip(addresses("192.168"), range(50), strict=False)
    ]
    assert by_one[0] in (401, 429)  # the name may be waited for already
    assert set(by_one[5:]) == {429}
    assert set(by_many[5:]) == {429}
    body = {"name": "admin", "password": PASSWORD}
    there = httpx.post(f"{site.hub.url}/api/session", json=body, headers={"x-forwarded-for": HOME})
    assert there.status_code == 200
    measured("B6", "50 guesses at a password from one address, 50 from 50 addresses", "429 from the 6th",
             f"{by_one.count(429)} and {by_many.count(429)} x 429; its owner signs in from home")  # fmt: skip


def cookie_of(site):
    return "; ".join(f"{name}={value}" for name, value in site.admin.cookies.items())


def handshake(site, path, *, ticket=False, **headers):
    """The status of a handshake; 101 when the door opens."""
    offered = [messages.SUBPROTOCOL]
    if ticket:
        offered.append(f"aimonitor.ticket.{site.admin.post('/api/ticket').json()['ticket']}")
    address = f"ws://127.0.0.1:{site.hub.port}{path}"
    try:
        with dial(address, subprotocols=offered, additional_headers={"x-forwarded-for": HOME, **headers}):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_pages_of_other_sites_and_browsers_at_the_edges_door(site, measured):
    own, foreign = site.hub.url, "https://evil.example"
    cookie = {"cookie": cookie_of(site)}
    pages = {
        "foreign": handshake(site, "/ws", ticket=True, origin=foreign, **cookie),
        "null": handshake(site, "/ws", ticket=True, origin="null", **cookie),
        "a neighbor's port": handshake(site, "/ws", ticket=True, origin=own[:-1] + "0", **cookie),
        "missing, with a cookie": handshake(site, "/ws", **cookie),
        "edge's door, foreign": handshake(site, "/ws/laptop", origin=foreign),
        "edge's door, with a cookie": handshake(site, "/ws/laptop", **cookie),
        "edge's door, own page with a cookie": handshake(site, "/ws/laptop", origin=own, **cookie),
    }
    assert pages == dict.fromkeys(pages, 403)
    assert handshake(site, "/ws", ticket=True, origin=own, **cookie) == 101
    assert handshake(site, "/ws/laptop") == 101
    wire = knock(site.hub.port, "/ws/laptop")
    wire.sendall(b"\x81\x80\x00\x00\x00\x00")  # an empty first message: a token that is wrong
    assert close_code(wire) == 4001
    measured("B7", f"{len(pages)} handshakes of foreign, null and missing origin, or with a cookie at the edges' door",
             "403 before they are accepted", "403")  # fmt: skip


def test_other_sites_act_for_nobody(site, measured):
    asked = 0
    for origin in ("https://evil.example", "null", None):
        headers = {"cookie": cookie_of(site), "x-forwarded-for": HOME} | ({"origin": origin} if origin else {})
        for method, path, body in (
            ("POST", "/api/tokens", {"edge_id": "eve"}),
            ("POST", "/api/users", {"name": "Eve", "role": "admin", "password": PASSWORD}),
            ("DELETE", f"/api/tokens/{site.token_id}", None),
            ("POST", "/api/ticket", None),
            ("POST", "/api/incidents/yard/gate/i-1/mark", {"mark": "not_a_threat"}),
        ):
            answer = httpx.request(method, site.hub.url + path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["error"]["field"]) == (403, "origin"), (origin, path)
            asked += 1
    assert site.token_id in site.admin.get("/api/tokens").text
    measured("B7", f"{asked} requests with a stolen ride on a session", "403", "403")
