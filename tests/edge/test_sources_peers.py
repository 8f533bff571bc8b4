"""Servers that we did not write: FFmpeg's and Motion's Motion JPEG, GStreamer's RTSP; each test needs one installed."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cameras import Running, take

from aimonitor.common.clock import SystemClock
from aimonitor.edge.capture import Retry
from aimonitor.edge.sources import SourceOptions, open_source
from aimonitor.simulator.esp32cam import Esp32Cam, Setup

pytestmark = pytest.mark.slow

SYSTEM_PYTHON = "/usr/bin/python3"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def process(*command: str, port: int) -> Iterator[subprocess.Popen]:
    """A program that runs while the test does, once it listens on `port`."""
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        give_up_at = time.monotonic() + 20
        while not listens(port):
            assert running.poll() is None, f"{command[0]}: {running.stderr.read().decode()[-500:]}"
            assert time.monotonic() < give_up_at, f"{command[0]} does not listen on {port}"
            time.sleep(0.1)
        yield running
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.wait()
        running.stderr.close()


def listens(port: int) -> bool:
    """True when somebody listens, found without connecting: FFmpeg's server takes one connection in its life."""
    wanted = f"0100007F:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in lines[1:])


def needs(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}, which is not installed")
    return path


def source(address: str):
    return open_source(address, SourceOptions(), SystemClock())


def test_ffmpegs_motion_jpeg_server():
    port = free_port()
    command = [needs("ffmpeg"), "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi"]
    command += ["-i", "testsrc=size=320x240:rate=15", "-c:v", "mjpeg", "-f", "mpjpeg", "-listen", "1"]
    with process(*command, f"http://127.0.0.1:{port}/", port=port):
        opened = source(f"http://127.0.0.1:{port}/")
        arrivals = take(opened, 20)
    assert [arrival.picture.bgr().shape for arrival in arrivals] == [(240, 320, 3)] * 20
    assert len({arrival.picture.jpeg() for arrival in arrivals}) > 10
    assert opened.damaged == 0


def test_motion_reads_our_emulator_and_we_read_motion(tmp_path):
    motion, port = needs("motion"), free_port()
    with Esp32Cam(Setup(fps=15.0)) as camera:
        config = {
            "daemon": "off", "setup_mode": "off", "log_level": 3, "netcam_url": camera.stream_url, "width": 320,
            "height": 240, "framerate": 15, "stream_port": port, "stream_localhost": "on", "stream_maxrate": 15,
            "stream_motion": "off", "webcontrol_port": 0, "picture_output": "off", "movie_output": "off",
            "target_dir": tmp_path,
        }  # fmt: skip
        path = tmp_path / "motion.conf"
        path.write_text("".join(f"{name} {value}\n" for name, value in config.items()))
        opened = source(f"http://127.0.0.1:{port}/")
        with process(motion, "-n", "-c", str(path), port=port), Running(opened) as running:
            running.until(lambda: running.capture.status().frames > 30, 30)
            assert running.capture.frames.get(5).picture.bgr().shape == (240, 320, 3)
            assert running.capture.status().fps > 5
    assert opened.damaged == 0
    assert camera.device.streams >= 1


@contextmanager
def rtsp_server() -> Iterator[tuple[subprocess.Popen, int]]:
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"needs {SYSTEM_PYTHON} with GStreamer's RTSP server")
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0')"
    if subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode:
        pytest.skip("needs gir1.2-gst-rtsp-server-1.0 and python3-gi, which are not installed")
    port = free_port()
    with process(SYSTEM_PYTHON, str(Path(__file__).with_name("rtsp_server.py")), str(port), port=port) as server:
        yield server, port


@pytest.mark.parametrize("path", ["h264", "mjpeg"])
def test_an_rtsp_server_that_freezes_is_noticed_within_ten_seconds_and_found_again(path, measured):
    with rtsp_server() as (server, port), Running(source(f"rtsp://127.0.0.1:{port}/{path}"), Retry()) as running:
        running.until(lambda: running.capture.status().frames > 30, 20)
        assert running.capture.status().state == "live"
        frame = running.capture.frames.get(5)
        assert frame.picture.bgr().shape == (240, 320, 3)
        server.send_signal(signal.SIGSTOP)
        noticed_s = running.until(lambda: running.capture.status().state == "offline", 12)
        server.send_signal(signal.SIGCONT)
        back_s = running.until(lambda: running.capture.status().state == "live", 20)
    measured("F11", f"RTSP server halted ({path}): noticed", "<= 10 s", f"{noticed_s:.1f} s")
    measured("F11", f"RTSP server goes on ({path}): live again", "<= 15 s", f"{back_s:.1f} s")
    assert noticed_s <= 10
    assert back_s <= 15


def test_an_rtsp_server_that_restarts_is_found_again(measured):
    with rtsp_server() as (server, port), Running(source(f"rtsp://127.0.0.1:{port}/h264"), Retry()) as running:
        running.until(lambda: running.capture.status().frames > 30, 20)
        server.kill()
        noticed_s = running.until(lambda: running.capture.status().state == "offline", 12)
        with process(SYSTEM_PYTHON, str(Path(__file__).with_name("rtsp_server.py")), str(port), port=port):
            back_s = running.until(lambda: running.capture.status().state == "live", 20)
    measured("F11", "RTSP server killed: noticed", "<= 10 s", f"{noticed_s:.1f} s")
    measured("F11", "RTSP server started again: live again", "<= 15 s", f"{back_s:.1f} s")
    assert noticed_s <= 10
    assert back_s <= 15
