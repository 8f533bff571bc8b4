"""The emulated ESP32-CAM, seen by clients that are not ours: plain sockets, urllib and OpenCV."""

import contextlib
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from aimonitor.contract.jpeg import read_size
from aimonitor.simulator import firmware
from aimonitor.simulator.camera import FrameSize, Sensor
from aimonitor.simulator.esp32cam import Esp32Cam, Setup

TIMEOUT_S = 10.0


def emulator(**setup) -> Esp32Cam:
    return Esp32Cam(Setup(**{"size": "QQVGA", "fps": 50.0, "boot_s": 0.3, "sensor_wait_s": 0.2, **setup}))


def get(camera: Esp32Cam, target: str) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{camera.control_port}{target}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def size_of(jpeg: bytes) -> tuple[int, int]:
    size = read_size(jpeg)
    return size.width, size.height


class Viewer:
    """A client that asks for the stream and reads what comes."""

    def __init__(self, camera: Esp32Cam, target: str = "/stream") -> None:
        self.socket = socket.create_connection(("127.0.0.1", camera.stream_port), timeout=TIMEOUT_S)
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def read(self, count: int, timeout: float = TIMEOUT_S) -> bytes:
        """Up to `count` bytes; less when the connection ends, TimeoutError when it is silent."""
        self.socket.settimeout(timeout)
        data = b""
        while len(data) < count and (more := self.socket.recv(count - len(data))):
            data += more
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


HEADS = {
    "arduino1": b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: multipart/x-mixed-replace;boundary=123456789000000000000987654321\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n",
    "arduino3": b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: multipart/x-mixed-replace;boundary=123456789000000000000987654321\r\n"
    b"Transfer-Encoding: chunked\r\nAccess-Control-Allow-Origin: *\r\nX-Framerate: 60\r\n\r\n"
    b"24\r\n\r\n--123456789000000000000987654321\r\n\r\n",
    "esphome": b"HTTP/1.0 200 OK\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n"
    b"Content-Type: multipart/x-mixed-replace;boundary=123456789000000000000987654321\r\n\r\n"
    b"--123456789000000000000987654321\r\nContent-Type: image/jpeg\r\nContent-Length: ",
    "tasmota": b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: multipart/x-mixed-replace;boundary=e8b8c539-047d-4777-a985-fbba6edff11e\r\n\r\n"
    b"--e8b8c539-047d-4777-a985-fbba6edff11e\r\nContent-Type: image/jpeg\r\nContent-Length: ",
}


@pytest.mark.parametrize("profile", HEADS)
def test_a_stream_begins_with_the_bytes_of_its_firmware(profile):
    with emulator(profile=profile) as camera, Viewer(camera, "/" if profile == "esphome" else "/stream") as viewer:
        assert viewer.read(len(HEADS[profile])) == HEADS[profile]


@pytest.mark.parametrize("profile", ["arduino2", "arduino3", "esphome", "tasmota"])
def test_opencv_reads_the_stream(profile):
    with emulator(profile=profile) as camera:
        video = cv2.VideoCapture(camera.stream_url, cv2.CAP_FFMPEG, (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000))
        try:
            pictures = [video.read() for _ in range(5)]
        finally:
            video.release()
    assert [(done, image.shape) for done, image in pictures] == [(True, (120, 160, 3))] * 5


def test_a_second_viewer_connects_and_gets_not_one_byte_until_the_first_leaves():
    with emulator() as camera, Viewer(camera) as first:
        assert first.read(5000)
        with Viewer(camera) as second:
            with pytest.raises(TimeoutError):
                second.read(1, timeout=0.3)
            status, jpeg = get(camera, "/capture")
            assert (status, size_of(jpeg)) == (200, (160, 120))
            first.socket.close()
            assert second.read(100)
        assert camera.device.streams == 2


def booted(camera):
    """A viewer as soon as the board listens again."""
    until = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return Viewer(camera)
        except ConnectionRefusedError:
            assert time.monotonic() < until, f"the board was not back within {TIMEOUT_S:.0f} s"
            time.sleep(0.05)


def test_the_clock_of_the_board_tells_of_a_reboot():
    def timestamp(data: bytes) -> float:
        return float(data.split(b"X-Timestamp: ")[1].split(b"\r\n")[0])

    with emulator() as camera:
        with Viewer(camera) as viewer:
            before = timestamp(viewer.read(2000))
            camera.fault = "reboot"
            with pytest.raises(ConnectionResetError):
                viewer.read(100_000_000)
        with booted(camera) as viewer:
            assert timestamp(viewer.read(2000)) < before


def test_control_sets_what_the_driver_knows():
    with emulator(profile="arduino3", driver="new", size="QVGA") as camera:
        status = json.loads(get(camera, "/status")[1])
        assert (status["framesize"], status["quality"], status["pixformat"]) == (6, 12, 4)
        assert "vflip" not in status
        assert get(camera, "/control?var=framesize&val=10") == (200, b"")
        assert size_of(get(camera, "/capture")[1]) == (640, 480)
        assert get(camera, "/control?var=quality&val=abc") == (200, b"")
        assert json.loads(get(camera, "/status")[1])["quality"] == 0
        assert get(camera, "/control?var=nonsense&val=1")[0] == 500
        assert get(camera, "/control?var=framesize")[0] == 404


def test_core_1_has_other_variables_and_other_numbers():
    with emulator(profile="arduino1", driver="old", size="QVGA") as camera:
        status = json.loads(get(camera, "/status")[1])
        assert list(status)[:2] == ["framesize", "quality"]
        assert status["framesize"] == 4
        assert "pixformat" not in status
        assert get(camera, "/control?var=led_intensity&val=9")[0] == 500


def test_a_frame_size_that_is_none_crashes_the_board():
    with emulator() as camera:
        with contextlib.suppress(OSError):
            get(camera, "/control?var=framesize&val=99")
        assert camera.device.boots == 2


def test_a_request_that_is_too_long_is_refused():
    with emulator() as camera:
        request = urllib.request.Request(
            f"http://127.0.0.1:{camera.control_port}/status", headers={"Cookie": "x" * 2000}
        )
        with pytest.raises(urllib.error.HTTPError, match="431"):
            urllib.request.urlopen(request, timeout=TIMEOUT_S)


def test_without_power_nobody_listens_and_afterwards_it_is_as_before():
    with emulator() as camera:
        camera.fault = "off"
        assert eventually(lambda: not answers(camera))
        camera.fault = "none"
        assert eventually(lambda: answers(camera))


def answers(camera: Esp32Cam) -> bool:
    try:
        with Viewer(camera) as viewer:
            return viewer.read(10, timeout=0.5) == b"HTTP/1.1 2"
    except OSError:
        return False


def eventually(happened: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + TIMEOUT_S
    while not happened():
        if time.monotonic() > give_up_at:
            return False
    return True


def test_a_hanging_board_accepts_and_says_nothing():
    with emulator() as camera:
        camera.fault = "hang"
        with Viewer(camera) as viewer, pytest.raises(TimeoutError):
            viewer.read(1, timeout=0.3)


def test_without_a_sensor_esphome_sends_text_and_the_others_close():
    with emulator(profile="esphome") as camera:
        camera.fault = "nocam"
        with Viewer(camera, "/") as viewer:
            assert b"Content-Type: text/plain\r\n\r\nNo frames send.\r\n" in viewer.read(300)
    with emulator(profile="arduino3") as camera:
        camera.fault = "nocam"
        with Viewer(camera) as viewer:
            assert viewer.read(1000).endswith(b"X-Framerate: 60\r\n\r\n")
        assert get(camera, "/capture")[0] == 500


def test_padded_pictures_keep_their_end_and_cut_ones_lose_it():
    for fault, whole in (("pad", True), ("truncate", False)):
        camera = emulator(profile="esphome")
        camera.fault = fault
        frame = camera._frame(camera.device.jpeg(), spoiled=True)
        camera.close()
        jpeg = frame.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        assert (b"\xff\xd9" in jpeg) is whole
        assert not jpeg.endswith(b"\xff\xd9")


def test_the_tables_of_the_drivers_are_those_of_its_history():
    def number(driver: str, name: str) -> int:
        return firmware.FRAME_SIZES[driver].index(name)

    assert [number(driver, "QQVGA") for driver in ("old", "mid", "new")] == [0, 1, 1]
    assert [number(driver, "QVGA") for driver in ("old", "mid", "new")] == [4, 5, 6]
    assert [number(driver, "VGA") for driver in ("old", "mid", "new")] == [6, 8, 10]
    assert [number(driver, "UXGA") for driver in ("old", "mid", "new")] == [10, 13, 15]


def test_the_sensor_has_noise_and_can_be_repeated():
    size = FrameSize(160, 120)
    one, other = Sensor(seed=3), Sensor(seed=3)
    assert one.jpeg(size, 1.0) == other.jpeg(size, 1.0)
    assert one.jpeg(size, 1.0) != one.jpeg(size, 1.0)
    assert one.jpeg(size, 1.0, look="frozen") == one.jpeg(size, 2.0, look="frozen")
    assert one.picture(size, 1.0, "dark").mean() < 20
    assert np.ptp(one.picture(size, 1.0, "covered").mean(axis=2)) < 12
    assert len(one.jpeg(size, 1.0, quality=4)) > len(one.jpeg(size, 1.0, quality=40))


def test_closing_leaves_no_thread_and_no_port():
    camera = emulator()
    camera.start()
    with Viewer(camera) as viewer:
        viewer.read(100)
        camera.close()
    again = emulator(port=min(camera.control_port, camera.stream_port))
    again.close()
