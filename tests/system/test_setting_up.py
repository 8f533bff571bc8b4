"""Setting a running edge up from a page: a zone drawn, rehearsed, put in force, seen to fire, and taken back."""

import json
import urllib.error
import urllib.request

import pytest
from films import film
from programs import Program, wait_until

from aimonitor.simulator.esp32cam import Esp32Cam, Setup

PORCH = {"polygon": [[0.3, 0.6], [0.7, 0.6], [0.7, 1.0], [0.3, 1.0]], "restricted": True}
STANDING = [{"label": "person", "score": 0.9, "box": [0.45, 0.3, 0.55, 0.8]}]
CONFIG = """\
# the edge at the yard
[edge]
edge_id = "yard"
hub = "ws://127.0.0.1:{port}"
detector = "scripted:standing.jsonl"

# over the gate
[[edge.camera]]
id = "gate"
source = "moving.avi"
loop = true
"""


class Admin:
    """Somebody at this machine, with the hub's REST interface."""

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, **body):
        """(status, answer)"""
        data = json.dumps(body).encode() if method != "GET" else None
        request = urllib.request.Request(f"{self.url}{path}", data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=70) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def get(self, path):
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer

    def send(self, method, path, **body):
        status, answer = self.ask(method, path, **body)
        assert status == 200, answer
        return answer

    def cameras(self):
        """What the hub knows of the edge's cameras."""
        (edge,) = [edge for edge in self.get("/api/status")["edges"] if edge["edge_id"] == "yard"]
        return [{**camera, "camera_id": camera["source"].partition("/")[2]} for camera in edge["cameras"]]

    def incidents(self, zone):
        events = self.get("/api/history?limit=200&samples=0")["events"]
        return [event for event in events if event.get("zone") == zone and event["phase"] == "opened"]


@pytest.fixture
def yard(tmp_path, running_hub):
    """A hub and an edge with one camera, before which a person stands; (admin, edge, folder)."""
    film(tmp_path / "moving.avi")
    (tmp_path / "standing.jsonl").write_text(json.dumps(STANDING) + "\n", encoding="utf-8")
    (tmp_path / "aimonitor.toml").write_text(CONFIG.format(port=running_hub.port), encoding="utf-8")
    with Program.aimonitor("edge", log=tmp_path / "edge.log", cwd=tmp_path) as edge:
        edge.await_line("connected to the hub", 60)
        yield Admin(running_hub.url), edge, tmp_path


def test_a_zone_is_drawn_rehearsed_put_in_force_and_taken_back(yard):
    admin, _, folder = yard
    gate = "/api/cameras/yard/gate"
    now = admin.get(f"{gate}/policy")
    assert (now["version"], now["own"]) == (0, {"preset": "home"})
    draft = {**now["own"], "zones": {"Porch": PORCH}}

    checked = admin.send("POST", f"{gate}/policy/check", policy=draft)
    assert (checked["problems"], list(checked["policy"]["zones"])) == ([], ["Porch"])
    rehearse = lambda: admin.send("POST", f"{gate}/policy/rehearsal", policy=draft, minutes=10)  # noqa: E731
    wait_until(lambda: rehearse()["then"]["by_zone"].get("Porch"), 30, lambda: json.dumps(rehearse()))
    found = rehearse()
    assert found["now"]["by_zone"] == {}
    assert found["then"]["by_kind"]["intrusion"] == 1

    kept = admin.send("PUT", f"{gate}/policy", policy=draft, base=0, words="nobody stands on the porch")
    assert kept["version"] == 1
    wait_until(lambda: admin.incidents("Porch"), 20, lambda: "an incident on the porch")
    assert "[zones.Porch]" in (folder / "var/edge/policies/gate.toml").read_text(encoding="utf-8")

    status, refused = admin.ask("PUT", f"{gate}/policy", policy=draft, base=0)
    assert (status, refused["version"]) == (409, 1)
    status, refused = admin.ask("PUT", f"{gate}/policy", policy={"weights": {"loitring": 1}}, base=1)
    assert status == 422
    assert [problem["field"] for problem in refused["problems"]] == ["weights.loitring"]

    assert admin.send("POST", f"{gate}/policy/rollback", version=0)["version"] == 2
    after = admin.get(f"{gate}/policy")
    assert (after["own"], [each["words"] for each in after["versions"]]) == (
        {"preset": "home"},
        ["back to version 0", "nobody stands on the porch"],
    )

    (folder / "var/edge/policies/gate.toml").write_text("[zones.Porch\n", encoding="utf-8")
    wait_until(lambda: admin.get(f"{gate}/policy")["trouble"], 10, lambda: "the broken file to be noticed")
    broken = admin.get(f"{gate}/policy")
    assert (broken["version"], broken["own"]) == (2, {"preset": "home"})
    assert admin.send("PUT", f"{gate}/policy", policy=draft, base=2)["version"] == 3
    assert admin.get(f"{gate}/policy")["trouble"] == ""


def test_a_camera_is_added_changed_and_removed_while_the_edge_runs(yard):
    admin, edge, folder = yard
    listed = admin.get("/api/edges/yard/cameras")
    assert [camera["id"] for camera in listed["cameras"]] == ["gate"]
    assert listed["words"] == "kept in aimonitor.toml"
    put = lambda base, *cameras: admin.ask("PUT", "/api/edges/yard/cameras", cameras=cameras, base=base)  # noqa: E731
    sees = lambda *ids: [one["camera_id"] for one in admin.cameras() if one["state"] == "live"] == list(ids)  # noqa: E731

    with Esp32Cam(Setup(size="QVGA", fps=20.0)) as camera:
        garden = {"id": "garden", "source": f"esp32cam://127.0.0.1:{camera.control_port}", "name": "Garden"}
        tried = admin.send("POST", "/api/edges/yard/cameras/try", source=garden["source"])
        assert (tried["ok"], tried["width"], tried["height"]) == (True, 320, 240)
        status, kept = put(listed["version"], *listed["cameras"], garden)
        assert status == 200, kept
        wait_until(lambda: sees("gate", "garden"), 20, lambda: json.dumps(admin.cameras()))
        wait_until(lambda: "led" in admin.cameras()[1]["controls"], 20, lambda: json.dumps(admin.cameras()))
        assert admin.cameras()[1]["armed"] is True
        text = (folder / "aimonitor.toml").read_text(encoding="utf-8")
        assert "# over the gate" in text
        assert 'name = "Garden"' in text

        wrong = {**garden, "source": "gopher://nowhere"}
        status, refused = put(kept["version"], wrong)
        assert status == 422
        assert refused["problems"][0]["field"].startswith("cameras.garden")
        status, refused = put(listed["version"], garden)
        assert (status, refused["version"]) == (409, kept["version"])
        assert sees("gate", "garden")

        assert put(kept["version"], garden)[0] == 200
        wait_until(lambda: sees("garden"), 20, lambda: json.dumps(admin.cameras()))

        by_hand = (folder / "aimonitor.toml").read_text(encoding="utf-8")
        lane = '\n[[edge.camera]]\nid = "lane"\nsource = "moving.avi"\nloop = true\n'
        (folder / "aimonitor.toml").write_text(by_hand + lane, encoding="utf-8")
        wait_until(lambda: sees("garden", "lane"), 20, lambda: json.dumps(admin.cameras()) + edge.output())


def test_an_edge_that_was_only_let_in_gets_its_first_camera_from_the_page(tmp_path, running_hub):
    settings = (
        f'[edge]\nedge_id = "yard"\nhub = "ws://127.0.0.1:{running_hub.port}"\ndetector = "scripted:standing.jsonl"\n'
    )
    (tmp_path / "aimonitor.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "standing.jsonl").write_text(json.dumps(STANDING) + "\n", encoding="utf-8")
    admin = Admin(running_hub.url)
    with (
        Program.aimonitor("edge", log=tmp_path / "edge.log", cwd=tmp_path) as edge,
        Esp32Cam(Setup(size="QQVGA", fps=20.0)) as camera,
    ):
        edge.await_line("connected to the hub", 60)
        assert "no camera yet" in edge.output()
        listed = admin.get("/api/edges/yard/cameras")
        assert listed["cameras"] == []
        first = {"id": "gate", "source": f"esp32cam://127.0.0.1:{camera.control_port}"}
        admin.send("PUT", "/api/edges/yard/cameras", cameras=[first], base=listed["version"])
        wait_until(lambda: [one["state"] for one in admin.cameras()] == ["live"], 20, lambda: str(admin.cameras()))
        assert 'id = "gate"' in (tmp_path / "aimonitor.toml").read_text(encoding="utf-8")
