"""Every REST path, asked over HTTP."""

import json
import re

import httpx
import pytest
from hub_peers import SAMPLE, event, frame, jpeg, said, wait_until

from aimonitor.contract import codec, messages, schema


def get(hub, path, **options):
    return httpx.get(hub.url + path, **options)


def test_health_is_small_and_says_what_matters(running_hub, edge, viewer):
    edge(running_hub)
    viewer(running_hub)
    health = get(running_hub, "/health").json()
    assert (health["status"], health["edges"], health["viewers"]) == ("ok", 1, 1)
    assert health["uptime_s"] >= 0


def test_status_tells_edges_cameras_viewers_and_counters(running_hub, edge, viewer, dial):
    yard = edge(running_hub, cameras=("gate", "door"))
    viewer(running_hub, messages.Subscribe(("yard/gate",), rung="slow"))
    yard.say(messages.Status("yard/gate", "dark", 1.0, name="The gate"))
    yard.say(said(fps=9.5))
    yard.say(event(1))
    yard.hear(messages.Ack)
    status = get(running_hub, "/api/status").json()
    assert [(each["edge_id"], each["online"], each["protocol"]) for each in status["edges"]] == [("yard", True, "v2")]
    gate, door = status["edges"][0]["cameras"]
    assert (gate["source"], gate["state"], gate["rung"], gate["fps"]) == ("yard/gate", "dark", "slow", 9.5)
    assert (gate["risk_score"], gate["risk_level"]) == (0.5, "WATCH")
    assert (door["source"], door["state"], door["age_s"], door["rung"]) == ("yard/door", "connecting", None, "metadata")
    assert status["viewers"] == {"total": 1, "v1": 0, "v2": 1}
    assert (status["connections"], status["max_connections"], status["events"]) == (2, 100, 1)
    assert status["counters"]["observations_in"] == 1


def test_the_receipt_counts_every_byte_by_camera_kind_and_direction(running_hub, edge, viewer):
    yard, watching = edge(running_hub), viewer(running_hub)
    picture, text = frame(picture=jpeg(filling=1000)), codec.encode(said())
    yard.say(picture)
    yard.say(text)
    watching.hear(messages.Observation)
    traffic = get(running_hub, "/api/status").json()["traffic"]
    lines = {(line["direction"], line["kind"], line["source"]): line for line in traffic["lines"]}
    assert lines["in", "picture", "yard/gate"]["bytes"] == len(picture) + 4 + 4
    assert lines["out", "picture", "yard/gate"]["bytes"] == len(picture) + 4
    assert lines["in", "figures", "yard/gate"]["bytes"] == len(text) + 4 + 4
    assert lines["out", "figures", "yard/gate"]["messages"] == 1
    (uplink,) = traffic["uplinks"]
    assert uplink["edge_id"] == "yard"
    assert uplink["month_bytes"] == pytest.approx(uplink["bytes_per_s"] * 30 * 86_400, rel=0.01)


def test_cameras_of_an_absent_edge_are_offline(running_hub, edge):
    yard = edge(running_hub)
    yard.say(messages.Status("yard/gate", "live", 1.0))
    yard.socket.close()
    wait_until(lambda: not get(running_hub, "/api/status").json()["edges"][0]["online"])
    assert get(running_hub, "/api/status").json()["edges"][0]["cameras"][0]["state"] == "offline"


def test_history_in_pages_and_by_camera(running_hub, edge):
    yard = edge(running_hub, cameras=("gate", "door"))
    for seq in range(1, 8):
        yard.say(event(seq, "yard/door" if seq == 4 else "yard/gate", words=f"number {seq}"))
    yard.hear(messages.Ack, lambda ack: ack.seq == 7)
    first = get(running_hub, "/api/history?limit=5").json()
    second = get(running_hub, f"/api/history?limit=5&before={first['next_before']}").json()
    assert [each["id"] for each in first["events"]] == [7, 6, 5, 4, 3]
    assert [each["id"] for each in second["events"]] == [2, 1]
    assert second["next_before"] is None
    assert first["events"][0]["words"] == "number 7"
    assert first["events"][0]["type"] == "event"
    assert first["events"][0]["received_at"] > 1e9
    for query in ("camera=door", "source=yard/door", "edge=yard&camera=door"):
        assert [each["seq"] for each in get(running_hub, f"/api/history?{query}").json()["events"]] == [4]
    assert get(running_hub, "/api/history?edge=shop").json()["events"] == []


def test_history_has_a_sample_a_second(running_hub, edge):
    yard = edge(running_hub)
    samples = []

    def sampled():
        yard.say(said(fps=4.0))
        samples[:] = get(running_hub, "/api/history?samples=5").json()["samples"]
        return len(samples) >= 1

    wait_until(sampled)
    assert (samples[0]["source"], samples[0]["score"], samples[0]["level"]) == ("yard/gate", 0.5, "WATCH")
    seconds = [each["at"] for each in samples]
    assert len(set(seconds)) == len(seconds)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("limit=1001", "query.limit"),
        ("limit=x", "query.limit"),
        ("before=0", "query.before"),
        ("before=99999999999999999999", "query.before"),
        ("edge=../etc", "query.edge"),
        ("source=yard", "query.source"),
        ("samples=-1", "query.samples"),
    ],
)
def test_a_wrong_parameter_is_named(running_hub, query, field):
    answer = get(running_hub, f"/api/history?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


def test_a_snapshot_is_the_picture_as_the_camera_sent_it(running_hub, edge):
    yard = edge(running_hub)
    yard.say(frame(picture=jpeg(640, 480, 1000)))
    wait_until(lambda: running_hub.counters.frames_in == 1)
    answer = get(running_hub, "/api/snapshot/yard/gate.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content == jpeg(640, 480, 1000)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-captured-at"] == "1700000000.000"


def test_a_snapshot_that_is_not_there_is_404(running_hub):
    httpx.post(running_hub.url + "/api/data", content=SAMPLE)
    for path in ("nowhere/gate", "default/default"):
        answer = get(running_hub, f"/api/snapshot/{path}.jpg")
        assert answer.status_code == 404
        assert answer.json()["error"]["got"] == path
    assert get(running_hub, "/api/snapshot/a%20b/c.jpg").status_code == 422


def test_the_contract_can_be_read_from_the_hub(running_hub):
    assert get(running_hub, "/api/schema").json() == json.loads(schema.text())


def test_openapi_describes_every_path_with_examples(running_hub):
    document = get(running_hub, "/openapi.json").json()
    assert set(document["paths"]) >= {
        "/", "/health", "/metrics", "/api/status", "/api/history", "/api/data", "/api/schema",
        "/api/snapshot/{edge_id}/{camera_id}.jpg",
        "/api/incidents/{edge_id}/{camera_id}/{incident_id}/mark",
        "/api/media/{edge_id}/{camera_id}/{incident_id}/{file}",
    }  # fmt: skip
    body = document["paths"]["/api/data"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["$ref"] == "#/components/schemas/FoundingMessage"
    assert body["example"]["video_frame"] == "<base64 JPEG>"
    assert "FoundingScene" in document["components"]["schemas"]
    for path in ("/health", "/api/status", "/api/history", "/api/data"):
        for method in document["paths"][path].values():
            model = method["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/")[-1]
            described = document["components"]["schemas"][model]
            examples = [field for field in described["properties"].values() if "examples" in field]
            assert "example" in described or examples, path


def test_every_reference_of_the_document_leads_to_something(running_hub):
    text = get(running_hub, "/openapi.json").text
    referred = set(re.findall(r'"\$ref":\s*"#/components/schemas/([^"]+)"', text))
    assert "Refused" in referred
    assert referred <= json.loads(text)["components"]["schemas"].keys()


def test_the_dashboard_says_how_to_build_it_when_it_is_not_built(running_hub):
    answer = get(running_hub, "/")
    assert answer.status_code == 200
    assert "make web" in answer.text


def test_a_built_dashboard_is_served_and_its_assets_kept_for_ever(start_hub, tmp_path):
    (tmp_path / "web" / "assets").mkdir(parents=True)
    (tmp_path / "web" / "index.html").write_text("<!doctype html><title>built</title>")
    (tmp_path / "web" / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "web" / "icon.svg").write_text("<svg/>")
    hub = start_hub(static=tmp_path / "web")
    page, script, icon = get(hub, "/"), get(hub, "/assets/app-1a2b.js"), get(hub, "/icon.svg")
    assert "built" in page.text
    assert page.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (icon.status_code, get(hub, "/assets/other.js").status_code) == (200, 404)
    assert get(hub, "/../secret").status_code == 404


def test_every_answer_carries_the_security_headers(running_hub):
    for path in ("/", "/health", "/nothing", "/api/history?limit=x"):
        headers = get(running_hub, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert ("cache-control" in headers) >= path.startswith("/api/")
        assert "server" not in headers


def test_only_listed_origins_may_read_from_another_site(start_hub):
    hub = start_hub(cors_origins="https://ok.example")
    for origin, allowed in (("https://ok.example", "https://ok.example"), ("https://evil.example", None)):
        answer = get(hub, "/health", headers={"origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.fixture(params=["built", "not built"])
def hub_with_or_without_pages(request, start_hub, tmp_path):
    if request.param == "built":
        (tmp_path / "web" / "assets").mkdir(parents=True)
        (tmp_path / "web" / "icon.svg").write_text("<svg/>")
    return start_hub(static=tmp_path / "web")


_ANOTHER = ", or another path that /openapi.json lists"


NOWHERE = {
    "/api/nothing": "a path that /openapi.json lists",
    "/api/histroy": "/api/history" + _ANOTHER,
    "/api/history/": "/api/history" + _ANOTHER,
    "/api/cameras/yard/gate/polcy": "/api/cameras/{edge_id}/{camera_id}/policy" + _ANOTHER,
    "/healthz": "/health" + _ANOTHER,
    "/assets/other.js": "a path that /openapi.json lists",
    "/api/" + "x/" * 10_000: "a path that /openapi.json lists",
}


def test_a_path_that_is_not_there_is_told_the_nearest(hub_with_or_without_pages):
    for path, expected in NOWHERE.items():
        for method in ("GET", "PUT") if path.startswith("/api/") else ("GET",):
            answer = httpx.request(method, hub_with_or_without_pages.url + path)
            error = {"code": "missing", "field": "path", "expected": expected, "got": path[:100]}
            assert (answer.status_code, answer.json()) == (404, {"error": error})


def test_a_file_of_the_dashboard_takes_no_post_and_says_so_as_endpoints_do(start_hub, tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "icon.svg").write_text("<svg/>")
    answer = httpx.post(start_hub(static=tmp_path / "web").url + "/icon.svg")
    error = {"code": "wrong_method", "field": "method", "expected": "GET or HEAD", "got": "POST"}
    assert (answer.status_code, answer.headers["allow"], answer.json()) == (405, "GET, HEAD", {"error": error})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/health", "GET"),
        ("GET", "/api/data", "POST"),
        ("PATCH", "/api/media/yard/gate/i1/clip.avi", "GET, HEAD, PUT"),
        ("OPTIONS", "/api/cameras/yard/gate/policy", "GET, PUT"),
        ("DELETE", "/", "GET"),
    ],
)
def test_a_wrong_method_is_told_which_ones_are_right(running_hub, method, path, allowed):
    answer = httpx.request(method, running_hub.url + path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["error"]["got"] == method


def test_a_path_that_is_not_there_is_not_found_by_any_method(running_hub):
    assert {httpx.request(method, running_hub.url + "/nowhere").status_code for method in ("GET", "POST")} <= {404, 405}
