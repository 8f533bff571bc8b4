"""What goes wrong at the start is one line that says what to do, and an exit code that is not 0."""

import socket
import subprocess
import sys

import pytest
from programs import Program, answers, free_port, wait_until


def fails(folder, *arguments, environ=None, within=40):
    """Run `aimonitor …` to its end; return its last line on stderr."""
    program = Program.aimonitor(*arguments, log=folder / "out.log", cwd=folder, environ=environ)
    with program:
        try:
            code = program.process.wait(within)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {within} s:\n{program.output()}")
    output = program.output()
    assert code not in (0, None), output
    assert "Traceback" not in output
    last = output.strip().splitlines()[-1]
    assert last.startswith("aimonitor: ")
    return last


@pytest.fixture
def clip(tmp_path):
    """A file that is a video, without fetching any."""
    import cv2
    import numpy as np

    path = tmp_path / "gray.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for value in range(20):
        writer.write(np.full((120, 160, 3), value * 10, np.uint8))
    writer.release()
    return path


@pytest.fixture
def scripted(tmp_path):
    """A detector that needs no weights."""
    path = tmp_path / "script.jsonl"
    path.write_text("")
    return f"scripted:{path}"


def test_no_camera(tmp_path):
    assert "no camera" in fails(tmp_path, "edge")


def test_a_camera_file_that_is_not_there(tmp_path):
    words = fails(tmp_path, "edge", "--camera", "nowhere.mp4", "--detector", "motion:")
    assert "nowhere.mp4" in words


def test_a_name_without_a_camera(tmp_path):
    assert "--name: expected at most one for each --camera, got 2" in fails(
        tmp_path, "edge", "--camera", "usb:0", "--name", "Gate", "--name", "Door"
    )


def test_a_model_file_that_is_none(tmp_path, clip):
    (tmp_path / "bad.onnx").write_bytes(b"this is no model")
    words = fails(tmp_path, "edge", "--camera", str(clip), "--detector", "onnx:bad.onnx")
    assert "bad.onnx" in words


def test_a_model_that_does_not_exist(tmp_path, clip):
    words = fails(tmp_path, "edge", "--camera", str(clip), "--detector", "yolox-nan0")
    assert "yolox-nano" in words


def test_no_network_on_the_first_run(tmp_path):
    """An empty cache, and every client sent to a proxy that is not there."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    environ = {"AIMONITOR_CACHE": str(tmp_path / "cache"), "npm_config_fetch_retries": "0", "PIP_RETRIES": "0"}
    environ |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "npm_config_proxy"), nowhere)
    environ |= {"npm_config_https_proxy": nowhere, "npm_config_cache": str(tmp_path / "npm"), "no_proxy": "127.0.0.1"}
    words = fails(tmp_path, "demo", "--port", str(free_port()), environ=environ)
    assert "connect this machine" in words


def test_a_wrong_token(tmp_path, clip):
    port = free_port()
    environ = {"AIMONITOR_HUB_TOKENS": "yard:right"}
    hub = Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path, environ=environ)
    with hub:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30, hub.output, hub)
        arguments = ("edge", "--camera", str(clip), "--loop", "--detector", "motion:", "--edge-id", "yard")
        words = fails(
            tmp_path, *arguments, "--hub", f"ws://127.0.0.1:{port}", environ={"AIMONITOR_EDGE_TOKEN": "wrong"}
        )
    assert "token" in words
    assert "right" not in hub.output()


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in fails(tmp_path, "hub", "--port", port)
        assert port in fails(tmp_path, "demo", "--port", port)


def test_a_wrong_setting(tmp_path):
    (tmp_path / "aimonitor.toml").write_text("[hub]\nprot = 8000\n")
    assert "did you mean 'port'" in fails(tmp_path, "hub")


def test_a_hub_address_that_is_none(tmp_path, clip):
    words = fails(tmp_path, "edge", "--camera", str(clip), "--hub", "ftp://x", "--detector", "motion:")
    assert "ws://" in words


@pytest.mark.parametrize("command", ["", "hub", "edge", "demo", "simulate", "models", "eval"])
def test_help_teaches(command):
    arguments = [sys.executable, "-m", "aimonitor", *command.split(), "--help"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True)
    assert "aimonitor" in done.stdout
    assert len(done.stdout.splitlines()) > 8
