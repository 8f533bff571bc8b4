"""Web push: sealed for one browser, signed by the hub, told once to whom it concerns, and to nobody who was removed."""

import json
import re
import socket
import time

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hub_peers import wait_until
from identity_people import make_people
from websockets.sync.client import connect

from aimonitor.contract import codec, messages
from aimonitor.hub.push import sealing, vapid
from aimonitor.hub.push.post import check_endpoint, post
from aimonitor.hub.push.records import Keys, Rules
from aimonitor.hub.push.rules import is_quiet, wants
from push_browser import Browser

NOON = 1_750_075_200.0
"""2025-06-16 12:00 UTC."""


# --- the formats ------------------------------------------------------------------------------------------------------


def test_the_example_of_rfc_8291_comes_out_to_the_byte():
    """Appendix A."""
    number = int.from_bytes(sealing.unpack("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    keys = Keys(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    own = ec.derive_private_key(number, ec.SECP256R1())
    body = sealing.seal(
        b"When I grow up, I want to be a watermelon", keys, own, sealing.unpack("DGv6ra1nlYgDCS1FRnbzlw")
    )
    assert sealing.pack(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru"
        "3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize(("p256dh", "auth"), [("A" * 87, "A" * 22), ("!", "A" * 22), ("BA" * 40, "A" * 22)])
def test_keys_that_are_none_are_refused(p256dh, auth):
    with pytest.raises(sealing.KeysError):
        sealing.seal(b"x", Keys(p256dh, auth), ec.generate_private_key(ec.SECP256R1()), bytes(16))


def test_the_statement_for_the_service_is_signed_and_names_it():
    key = vapid.read_key(vapid.new_key())
    header = vapid.authorization("https://push.example.org/send/abc?x=1", key, "mailto:owner@example.org", NOON)
    token, public = header.removeprefix("vapid t=").split(", k=")
    unsigned, _, signature = token.rpartition(".")
    raw = sealing.unpack(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealing.unpack(public))
    point.verify(der, unsigned.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(sealing.unpack(unsigned.split(".")[1]))
    assert claims == {"aud": "https://push.example.org", "exp": int(NOON) + 43_200, "sub": "mailto:owner@example.org"}


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example.org/a", "https://user:pw@push.example.org/a", "file:///etc/passwd", "https:///a", "x"],
)
def test_what_can_be_no_push_service_is_refused(endpoint):
    with pytest.raises(ValueError, match="push service"):
        check_endpoint(endpoint)


def test_a_name_that_leads_into_the_own_network_is_not_connected_to():
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(0.2)
        with pytest.raises(OSError, match="on the internet"):
            post(f"https://127.0.0.1:{inside.getsockname()[1]}/", b"x", {})


# --- who is told ------------------------------------------------------------------------------------------------------


def event(level="ALERT", source="yard/gate", **more):
    more = {"seq": 1, "incident_id": "i-1", "kind": "loitering", "phase": "opened", "at": NOON} | more
    return messages.Event(source=source, opened_at=NOON, level=level, score=0.6, **more)


@pytest.mark.parametrize(
    ("rules", "level", "told"),
    [
        (Rules(), "ALERT", True),
        (Rules(), "WATCH", False),
        (Rules(level="WATCH"), "WATCH", True),
        (Rules(cameras=("yard/door",)), "CRITICAL", False),
        (Rules(cameras=("yard/door", "yard/gate")), "ALERT", True),
        (Rules(quiet="11:00-13:00"), "ALERT", False),
        (Rules(quiet="11:00-13:00"), "CRITICAL", True),
        (Rules(quiet="11:00-13:00", timezone="Asia/Tokyo"), "ALERT", True),
        (Rules(level="CRITICAL"), "a word of next year", False),
    ],
)
def test_rules_decide(rules, level, told):
    assert wants(rules, event(level), NOON) is told


def test_quiet_hours_may_pass_midnight():
    night = Rules(quiet="22:00-07:00")
    hours = [hour for hour in range(24) if is_quiet(night, NOON - 12 * 3600 + hour * 3600)]
    assert hours == [0, 1, 2, 3, 4, 5, 6, 22, 23]


# --- the whole way ----------------------------------------------------------------------------------------------------


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.close()


def tell(hub, *events, edge_id="yard"):
    """An edge that reports events and waits until they are stored."""
    with connect(f"{hub.url.replace('http', 'ws')}/ws/laptop", subprotocols=[messages.SUBPROTOCOL]) as edge:
        hello = messages.Hello("test", edge_id, cameras=(messages.CameraInfo("gate", "Main gate"),))
        edge.send(codec.encode(hello))
        for each in events:
            edge.send(codec.encode(each))
        wanted = max(each.seq for each in events)
        while True:
            said = codec.decode(edge.recv(timeout=10))
            if isinstance(said, messages.Ack) and said.seq >= wanted:
                return


def test_an_incident_is_told_once_and_again_when_it_becomes_worse(start_hub, browser):
    hub = start_hub(push_local=True)
    with httpx.Client(base_url=hub.url) as local:
        key = local.get("/api/push").json()["public_key"]
        assert len(sealing.point(key)) == 65
        made = local.post("/api/push/subscriptions", json=browser.subscription(level="WATCH"))
        assert made.status_code == 201, made.text
        assert "endpoint" not in made.text
        assert "p256dh" not in local.get("/api/push").text
        now = time.time()
        tell(
            hub,
            event("WATCH", seq=1, at=now),
            event("WATCH", seq=2, at=now, phase="updated"),
            event("CRITICAL", seq=3, at=now, phase="updated"),
            event("CRITICAL", seq=4, at=now, phase="closed"),
            event("ALERT", seq=5, at=now - 7200, incident_id="i-0"),
        )
        browser.wait(2)
        made = local.post(f"/api/push/subscriptions/{made.json()['push_id']}/test")
        assert made.status_code == 202
        browser.wait(3)
    assert [each["level"] for each in browser.got] == ["WATCH", "CRITICAL", "NORMAL"]
    assert browser.got[0]["camera"] == "Main gate"
    assert browser.got[0]["incident_id"] == "i-1"
    assert browser.got[2]["kind"] == "test"
    assert browser.headers[0]["Content-Encoding"] == "aes128gcm"
    assert browser.headers[0]["Authorization"].endswith(f"k={key}")


def test_a_browser_that_unsubscribed_is_forgotten(start_hub, browser):
    hub = start_hub(push_local=True)
    browser.answer = 410
    with httpx.Client(base_url=hub.url) as local:
        local.post("/api/push/subscriptions", json=browser.subscription())
        tell(hub, event("ALERT", seq=1, at=time.time()))
        deadline = time.monotonic() + 10
        while local.get("/api/push").json()["subscriptions"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize(("answer", "outcome"), [(201, "sent"), (410, "unsubscribed"), (400, "failed")])
def test_what_became_of_each_notice_is_a_metric(start_hub, browser, answer, outcome):
    hub = start_hub(push_local=True)
    browser.answer = answer

    def notices():
        found = re.findall(r'^aimonitor_hub_push_notices_total{outcome="(\w+)"} (\d+)', metrics().text, re.MULTILINE)
        return {name: int(number) for name, number in found}

    def metrics():
        return httpx.get(hub.url + "/metrics")

    nothing = {"sent": 0, "failed": 0, "dropped": 0, "unsubscribed": 0}
    assert notices() == nothing
    httpx.post(hub.url + "/api/push/subscriptions", json=browser.subscription())
    tell(hub, event("ALERT", seq=1, at=time.time()))
    wait_until(lambda: notices() == nothing | {outcome: 1})
    assert "# HELP aimonitor_hub_push_notices_total Notices for browsers" in metrics().text


def renewed(browser, other):
    """What a browser says whose push service gave it another subscription."""
    return {key: other.subscription()[key] for key in ("endpoint", "keys")} | {
        "replaces": browser.subscription()["endpoint"]
    }


@pytest.fixture
def other():
    browser = Browser()
    yield browser
    browser.close()


def test_an_exchanged_subscription_takes_place_and_rules_of_the_old(start_hub, browser, other):
    hub = start_hub(push_local=True)
    with httpx.Client(base_url=hub.url) as local:
        first = local.post("/api/push/subscriptions", json=browser.subscription(level="WATCH") | {"label": "phone"})
        answer = local.post("/api/push/subscriptions", json=renewed(browser, other))
        assert answer.status_code == 201, answer.text
        [kept] = local.get("/api/push").json()["subscriptions"]
        assert (kept["label"], kept["rules"]["level"], kept["push_id"]) == ("phone", "WATCH", answer.json()["push_id"])
        assert kept["push_id"] != first.json()["push_id"]
        tell(hub, event("WATCH", seq=1, at=time.time()))
        other.wait(1)
        assert browser.got == []


def test_one_that_the_service_gave_up_first_comes_back_with_its_rules(start_hub, browser, other):
    hub = start_hub(push_local=True)
    browser.answer = 410
    with httpx.Client(base_url=hub.url) as local:
        local.post("/api/push/subscriptions", json=browser.subscription(level="WATCH"))
        tell(hub, event("ALERT", seq=1, at=time.time()))
        wait_until(lambda: not local.get("/api/push").json()["subscriptions"])
        assert local.post("/api/push/subscriptions", json=renewed(browser, other)).status_code == 201
        [kept] = local.get("/api/push").json()["subscriptions"]
        assert kept["rules"]["level"] == "WATCH"


def test_one_that_its_owner_stopped_or_that_is_anothers_does_not_come_back(start_hub, browser, other):
    hub = start_hub(push_local=True)
    people = make_people(hub)
    viewer, admin = people["viewer"], people["admin"]
    push_id = viewer.post("/api/push/subscriptions", json=browser.subscription()).json()["push_id"]
    assert admin.post("/api/push/subscriptions", json=renewed(browser, other)).status_code == 404
    assert viewer.delete(f"/api/push/subscriptions/{push_id}").status_code == 204
    answer = viewer.post("/api/push/subscriptions", json=renewed(browser, other))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "missing")
    assert viewer.get("/api/push").json()["subscriptions"] == []


def test_everybody_has_their_own_and_whoever_is_removed_is_told_nothing_more(start_hub, browser):
    hub = start_hub(push_local=True)
    people = make_people(hub)
    viewer, admin = people["viewer"], people["admin"]
    made = viewer.post("/api/push/subscriptions", json=browser.subscription())
    assert made.status_code == 201, made.text
    push_id = made.json()["push_id"]
    assert admin.get("/api/push").json()["subscriptions"] == []
    assert admin.delete(f"/api/push/subscriptions/{push_id}").status_code == 404
    assert viewer.post(f"/api/push/subscriptions/{push_id}/test").status_code == 202
    browser.wait(1)
    assert admin.delete("/api/users/viewer-person").status_code == 204
    token = admin.post("/api/tokens", json={"label": "yard", "edge_id": "yard"}).json()["secret"]
    with connect(f"{hub.url.replace('http', 'ws')}/ws/laptop", subprotocols=[messages.SUBPROTOCOL]) as edge:
        edge.send(codec.encode(messages.Hello("test", "yard", token)))
        edge.send(codec.encode(event("CRITICAL", seq=1, at=time.time())))
        while not isinstance(codec.decode(edge.recv(timeout=10)), messages.Ack):
            pass
    time.sleep(0.3)
    assert len(browser.got) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://push.example.org/" + "a" * 2_000},
        {"endpoint": "http://10.0.0.1/send"},
        {"keys": {"p256dh": "A" * 87, "auth": "A" * 22}},
        {"rules": {"quiet": "25:00-07:00"}},
        {"rules": {"timezone": "Mars/Olympus"}},
        {"rules": {"level": "PANIC"}},
    ],
)
def test_a_wrong_subscription_is_refused_with_its_reason(start_hub, browser, change):
    hub = start_hub(push_local=True)
    with httpx.Client(base_url=hub.url) as local:
        answer = local.post("/api/push/subscriptions", json=browser.subscription() | change)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"]["expected"]
        assert local.get("/api/push").json()["subscriptions"] == []


def test_notices_fit_a_push_message():
    from aimonitor.hub.push.desk import Notice

    longest = Notice("k" * 64, "CRITICAL", "s" * 129, "\u05d0" * 120, "i" * 64, NOON, "\u05d0" * 120)
    assert len(msgspec.json.encode(longest)) < sealing.LIMIT
