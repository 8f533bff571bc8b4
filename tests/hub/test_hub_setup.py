"""Setting edges up through the hub: the question goes to the edge, the answer comes back, and every no says why."""

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import pytest
from hub_peers import SAMPLE, wait_until

from aimonitor.contract import messages, setup
from aimonitor.hub import setup as door
from aimonitor.hub.buses.memory import Ether, MemoryBus

GATE = "/api/cameras/yard/gate"
KEPT = setup.write(setup.Kept(7, "version 7 of the policy is followed"))


@pytest.fixture
def asked(running_hub, edge):
    """Ask the hub in another thread, be the edge in this one: `asked(method, path, answer, **body)`."""
    with httpx.Client(base_url=running_hub.url, timeout=20) as client, ThreadPoolExecutor(1) as pool:
        yard = edge(running_hub)

        def ask(method, path, answer, **body):
            waiting = pool.submit(client.request, method, path, **({"json": body} if body else {}))
            command = yard.hear(messages.Command)
            yard.say(answer(command))
            return SimpleNamespace(command=command, response=waiting.result(20))

        yield ask


@pytest.fixture
def client(running_hub):
    with httpx.Client(base_url=running_hub.url, timeout=20) as client:
        yield client


def done(body, words=""):
    return lambda command: messages.CommandResult(command.command_id, ok=True, words=words, body=body)


def refused(words, why=None, **fields):
    body = setup.write(setup.Refused(why, **fields)) if why else ""
    return lambda command: messages.CommandResult(command.command_id, ok=False, words=words, body=body)


def test_a_policy_is_put_and_the_edge_learns_by_whom(asked):
    policy = {"preset": "home", "zones": {"Gate": {"polygon": [[0, 0], [1, 0], [1, 1]]}}}
    told = asked("PUT", f"{GATE}/policy", done(KEPT), policy=policy, base=6, words="the gate", of_tomorrow=1)
    assert (told.command.name, told.command.source) == ("setup.policy.put", "yard/gate")
    assert told.command.arguments == {"by": "this machine"}
    assert json.loads(told.command.body) == {"policy": policy, "base": 6, "words": "the gate"}
    assert (told.response.status_code, told.response.json()["version"]) == (200, 7)


def test_a_question_about_a_whole_edge_goes_to_one_of_its_cameras(asked):
    found = setup.write(setup.Found(("192.168.1.0/24",), ()))
    told = asked("GET", "/api/edges/yard/cameras/found", done(found))
    assert (told.command.name, told.command.source, told.command.body) == ("setup.cameras.found", "yard/gate", "")
    assert told.response.json() == {"networks": ["192.168.1.0/24"], "cameras": []}


REFUSALS = {
    "a policy that is wrong": (
        refused("weights.person: too much", "invalid", problems=(setup.Problem("weights.person", "too much"),)),
        422,
        "weights.person",
    ),
    "somebody was faster": (refused("somebody was faster", "stale", version=9), 409, "stale"),
    "nothing there": (refused("no camera 'gate' here", "missing"), 404, "missing"),
    "another one runs": (refused("another one runs", "busy"), 429, "busy"),
    "switched off": (refused("switched off", "off"), 403, "off"),
    "a full disk": (refused("no space left", "disk"), 507, "disk"),
    "a failure": (refused("it broke"), 502, "failed"),
    "a reason of tomorrow": (refused("for reasons of tomorrow", "moonlight"), 502, "moonlight"),
    "an edge of yesterday": (refused("unknown command 'setup.policy.put'; this edge knows arm"), 501, "unknown"),
    "an answer that is none": (done('{"version":"seven"}'), 502, "$.version"),
    "no JSON": (done("<html>"), 502, "$"),
}


def test_what_the_edge_refuses_is_passed_on(asked):
    for name, (answer, status, field) in REFUSALS.items():
        response = asked("PUT", f"{GATE}/policy", answer, policy={}, base=0).response
        assert (response.status_code, response.json()["error"]["field"]) == (status, field), name
        if status == 409:
            assert response.json()["version"] == 9
        if status == 422:
            nameless = {"code": None, "limit": None}  # an edge of yesterday says no code
            assert response.json()["problems"] == [{"field": "weights.person", "words": "too much", **nameless}]


def test_what_is_no_question_does_not_reach_the_edge(asked, client):
    for content, kind, status in (
        (b'{"policy": {}, "base": "one"}', "application/json", 422),
        (b'{"policy": {', "application/json", 422),
        (b"x" * (setup.BODY_LIMIT + 1), "application/json", 413),
        (b"policy=1", "application/x-www-form-urlencoded", 422),
    ):
        response = client.put(f"{GATE}/policy", content=content, headers={"content-type": kind})
        assert response.status_code == status, response.text
    assert client.get("/api/cameras/yard/.../policy").status_code in (404, 422)


def test_an_edge_that_nobody_knows_and_one_that_is_away(running_hub, edge, client):
    assert client.get("/api/cameras/attic/gate/policy").status_code == 404
    yard = edge(running_hub)
    yard.socket.close()
    wait_until(lambda: not running_hub.app.state.switchboard.roster.get("yard").links)
    response = client.get(f"{GATE}/policy")
    assert response.status_code == 503
    assert response.json()["error"]["got"] == "yard is not connected"


def test_an_edge_at_another_hub_is_set_up_through_the_bus(start_hub, edge):
    ether = Ether()
    here, there = (start_hub(bus=MemoryBus(ether), history_path=":memory:") for _ in range(2))
    yard = edge(here)
    wait_until(lambda: there.app.state.switchboard.roster.online)
    words = "w" * 50_000
    with ThreadPoolExecutor(1) as pool:
        body = {"policy": {"zones": {"Gate": {"polygon": [[0, 0], [1, 0], [1, 1]], "labels": [words]}}}}
        waiting = pool.submit(httpx.post, f"{there.url}{GATE}/policy/check", json=body, timeout=20)
        command = yard.hear(messages.Command)
        assert words in command.body
        problem = setup.Problem("zones.Gate.labels.0", words[:1000])
        yard.say(done(setup.write(setup.Problems((problem,) * 40)))(command))
        response = waiting.result(20)
    assert (response.status_code, len(response.json()["problems"])) == (200, 40)


def test_a_founding_client_cannot_be_set_up(client):
    client.post("/api/data", content=SAMPLE, headers={"content-type": "application/json"})
    response = client.get("/api/cameras/default/default/policy")
    assert response.status_code == 409
    assert "founding client" in response.json()["error"]["got"]


def test_an_edge_that_does_not_answer(running_hub, edge, client, monkeypatch):
    edge(running_hub)
    quick = door.Errand("GET", "policy", "setup.policy", "", setup.PolicyNow, within_s=0.2)
    monkeypatch.setattr(door, "ERRANDS", (quick,))
    setup_door = door.SetupDoor(running_hub.app.state.switchboard)
    running_hub.app.router.routes[:0] = setup_door.router().routes
    response = client.get(f"{GATE}/policy")
    assert response.status_code == 504
    assert "did not answer within 0.2 s" in response.json()["error"]["got"]


def test_an_edge_that_leaves_before_it_answers(running_hub, edge, client):
    yard = edge(running_hub)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, f"{GATE}/policy")
        yard.hear(messages.Command)
        yard.socket.close()
        response = waiting.result(10)  # and not the 15 s that the edge would have had
    assert response.status_code == 504
    assert response.json()["error"]["got"] == "yard went offline before it answered"


def test_a_viewer_hears_of_cameras_that_come_and_go(running_hub, edge, viewer):
    yard, watcher = edge(running_hub), viewer(running_hub)
    yard.say(messages.Cameras((messages.CameraInfo("gate"), messages.CameraInfo("lane", "Lane", "rtsp"))))
    presence = watcher.hear(messages.Presence, lambda said: len(said.cameras) == 2)
    assert (presence.cameras[1].name, presence.protocol) == ("Lane", "v2")
    yard.say(messages.Cameras((messages.CameraInfo("lane", "Lane", "rtsp"),)))
    assert [each.camera_id for each in watcher.hear(messages.Presence).cameras] == ["lane"]


def test_the_document_names_every_question_and_answer(client):
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    put = document["paths"]["/api/cameras/{edge_id}/{camera_id}/policy"]["put"]
    name = put["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert schemas[name]["required"] == ["policy", "base"]
    assert "problems" in schemas["setup.Problems"]["properties"]
