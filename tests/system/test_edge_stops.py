"""An edge that is killed, or told to stop, in the middle of an incident: the incident does not go on for ever."""

import json
import urllib.request

import pytest
from films import film
from programs import Program, answers, free_port, wait_until

SETTINGS = """\
[edge]
edge_id = "yard"
hub = "ws://127.0.0.1:{port}"
detector = "scripted:standing.jsonl"

[[edge.camera]]
id = "gate"
source = "{film}"
loop = true
policy = "gate.toml"
"""
POLICY = """\
[zones.Yard]
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
restricted = true
"""
STANDING = [{"label": "person", "score": 0.9, "box": [0.45, 0.3, 0.55, 0.8]}]


@pytest.fixture
def hub(tmp_path):
    port = free_port()
    with Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path) as running:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, running.output, running)
        yield port


def test_what_is_open_is_closed_whether_the_edge_is_killed_or_told_to_stop(tmp_path, hub):
    film(tmp_path / "film.avi")
    (tmp_path / "gate.toml").write_text(POLICY)
    (tmp_path / "standing.jsonl").write_text(json.dumps(STANDING) + "\n")
    (tmp_path / "aimonitor.toml").write_text(SETTINGS.format(port=hub, film=tmp_path / "film.avi"))

    def phases():
        """Of each incident, in the order in which they opened."""
        told = {}
        with urllib.request.urlopen(f"http://127.0.0.1:{hub}/api/history?samples=0", timeout=5) as answer:
            for event in reversed(json.load(answer)["events"]):
                told.setdefault(event["incident_id"], []).append(event["phase"])
        return [tuple(each) for each in told.values()]

    edge = Program.aimonitor("edge", log=tmp_path / "edge.log", cwd=tmp_path)
    with edge:
        wait_until(phases, 30, edge.output, edge)
        edge.kill()
    with edge:
        wait_until(lambda: len(phases()) == 2, 30, edge.output, edge)
        assert phases()[0][-1] == "closed", "the hub hears of it before anything new"
        assert edge.stop() < 5
    assert [(each[0], each[-1]) for each in phases()] == [("opened", "closed")] * 2
