"""An edge as a process, asked as Prometheus asks."""

import json
import shutil
import subprocess
import urllib.request

import cv2
import numpy as np
import pytest
from programs import Program, answers, free_port, wait_until
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture
def moving(tmp_path):
    """Ten seconds of a bright square that crosses a dark field."""
    path = tmp_path / "moving.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    for number in range(100):
        picture = np.full((240, 320, 3), 40, np.uint8)
        picture[80:160, 2 * number : 2 * number + 60] = 220
        writer.write(picture)
    writer.release()
    return path


def read(text):
    return {
        (sample.name.removeprefix("aimonitor_edge_"), *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def edge_arguments(moving, port):
    nowhere = f"ws://127.0.0.1:{free_port()}"
    return [
        "edge",
        "--camera",
        str(moving),
        "--loop",
        "--detector",
        "motion:",
        "--hub",
        nowhere,
        "--metrics-port",
        port,
    ]


def test_an_edge_tells_prometheus_what_it_does(tmp_path, moving):
    port = str(free_port())
    url = f"http://127.0.0.1:{port}/metrics"
    camera = ("camera", "default")

    def scrape():
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()

    with Program.aimonitor(*edge_arguments(moving, port), log=tmp_path / "log", cwd=tmp_path) as edge:
        wait_until(lambda: answers(url), 30, edge.output, edge)
        wait_until(lambda: read(scrape())["analyzed_frames_total", camera] >= 5, 30, edge.output, edge)
        text = scrape()
    shown = read(text)
    assert shown["frames_total", camera] >= shown["analyzed_frames_total", camera] >= 5
    assert shown["captured_frames_total", camera] >= shown["frames_total", camera]
    assert shown["inference_seconds_count",] >= 5
    assert shown["camera_state", camera, ("state", "live")] == 1
    assert shown["uplink_connected",] == 0
    assert shown["uplink_reconnects_total",] >= 1
    assert shown["journal_waiting_events",] >= 0
    assert shown["budget_rung", ("rung", "full")] == 1
    assert shown["not_kept_total", ("reason", "disk_refused")] == 0
    if promtool := shutil.which("promtool"):
        result = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize("in_its_place", ["garbage", "folder", "nothing that could be written"])
def test_an_edge_without_a_usable_journal_connects_all_the_same(tmp_path, moving, running_hub, in_its_place):
    journal = tmp_path / "state" / "edge.sqlite3"
    if in_its_place == "garbage":
        journal.parent.mkdir()
        journal.write_bytes(b"garbage" * 1000)
    elif in_its_place == "folder":
        journal.mkdir(parents=True)
    else:
        journal.parent.write_text("a file where a folder should be")
    arguments = ["--camera", str(moving), "--loop", "--detector", "motion:", "--hub", running_hub.url]
    state = {"AIMONITOR_EDGE_JOURNAL": str(journal)}
    with Program.aimonitor("edge", *arguments, log=tmp_path / "log", cwd=tmp_path, environ=state) as edge:
        wait_until(lambda: running_hub.counters.observations_in > 0, 30, edge.output, edge)
        with urllib.request.urlopen(running_hub.url + "/health", timeout=5) as answer:
            health = json.load(answer)
    assert f"journal {journal}: expected a writable SQLite file" in edge.output()
    if in_its_place == "nothing that could be written":
        assert (health["status"], health["detail"]) == ("degraded", "1 edge keeps its events in memory alone")
    else:
        assert health["status"] == "ok"
        assert len(list(journal.parent.glob("edge.sqlite3.unreadable-*"))) == 1


def test_a_port_that_is_taken_is_one_sentence(tmp_path, moving):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with Program.aimonitor(*edge_arguments(moving, port), log=tmp_path / "log", cwd=tmp_path) as edge:
            edge.process.wait(30)
            said = edge.output().strip().splitlines()[-1]
    assert edge.process.returncode == 1
    assert f"metrics_port {port}: expected a free port" in said
