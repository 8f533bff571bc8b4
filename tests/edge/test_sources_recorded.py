"""Files, recorded sessions and what OpenCV opens: pace, loops, and every picture where it belongs."""

import re
import socket
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from cameras import Running, failure, opened, take

from aimonitor.common.clock import SystemClock
from aimonitor.edge.capture import Capture
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import Timeouts
from aimonitor.edge.sources.replay import Recorder
from aimonitor.edge.sources.video import VideoSource
from aimonitor.edge.types import Frame
from aimonitor.simulator.camera import FrameSize, Sensor
from aimonitor.simulator.firmware import Streaming

FPS = 20.0


def level(picture) -> int:
    """Which picture it is: its number is its brightness."""
    return round(float(picture.bgr().mean()) / 10)


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """Twelve pictures at 20 a second, each as bright as ten times its number."""
    path = tmp_path_factory.mktemp("video") / "with blank.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, (64, 48))
    for number in range(1, 13):
        writer.write(np.full((48, 64, 3), number * 10, np.uint8))
    writer.release()
    return path


def test_a_file_gives_every_picture_with_its_time(video):
    arrivals = take(opened(f"file:{video}", paced=False), 100)
    assert [level(arrival.picture) for arrival in arrivals] == list(range(1, 13))
    assert [arrival.media_s for arrival in arrivals] == pytest.approx([n / FPS for n in range(12)])


def test_a_file_may_be_named_in_three_ways(video):
    for address in (str(video), f"file:{video}", f"file://{str(video).replace(' ', '%20')}"):
        assert len(take(opened(address, paced=False), 3)) == 3


def test_a_paced_file_takes_its_own_time(video):
    began_at = time.monotonic()
    assert len(take(opened(str(video)), 100)) == 12
    assert time.monotonic() - began_at >= 11 / FPS


def test_a_loop_goes_on_with_growing_times(video):
    arrivals = take(opened(str(video), paced=False, loop=True), 30)
    assert [level(arrival.picture) for arrival in arrivals] == [1 + n % 12 for n in range(30)]
    assert [arrival.media_s for arrival in arrivals] == pytest.approx([n / FPS for n in range(30)])


def test_in_lockstep_a_slow_consumer_misses_nothing(video):
    capture = Capture("yard", opened(str(video), paced=False), clock=SystemClock(), lockstep=True)
    capture.start()
    seen = []
    while (frame := capture.frames.get(10)) is not None:
        seen.append(level(frame.picture))
        time.sleep(0.005)
    capture.close()
    assert seen == list(range(1, 13))
    assert capture.status().dropped == 0
    assert capture.status().detail == "the recording has ended"


def test_a_paced_file_stops_within_a_second(tmp_path):
    path = tmp_path / "slow.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 0.2, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    with Running(opened(str(path))) as running:
        running.until(lambda: running.capture.status().frames == 1)


@pytest.mark.parametrize("content", [b"", b"not a video at all" * 100])
def test_a_file_that_is_no_video_says_so(tmp_path, content):
    path = tmp_path / "street.mp4"
    path.write_bytes(content)
    error = failure(opened(str(path)))
    assert "street.mp4': expected a video, got" in str(error)
    assert not error.retryable


def test_large_pictures_are_halved(tmp_path):
    path = tmp_path / "large.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, (3840, 2160))
    writer.write(np.zeros((2160, 3840, 3), np.uint8))
    writer.release()
    (arrival,) = take(opened(str(path)), 5)
    assert (arrival.picture.width, arrival.picture.height) == (1920, 1080)


# --- recorded sessions ----------------------------------------------------------------------------------------------


def jpegs(count: int) -> list[bytes]:
    sensor = Sensor(seed=5)
    return [sensor.jpeg(FrameSize(96, 96), float(number)) for number in range(count)]


def test_a_session_is_played_byte_for_byte_at_its_pace(tmp_path):
    class Sent:
        def __init__(self, data):
            self.data = data

        def jpeg(self):
            return self.data

    path, sent, times = tmp_path / "session.mjpeg", jpegs(4), (100.0, 100.25, 101.0, 101.5)
    with Recorder(path) as recorder:
        for number, (data, at) in enumerate(zip(sent, times, strict=True)):
            recorder.write(Frame("yard", number + 1, at, 0.0, Sent(data)))
    arrivals = take(opened(f"replay:{path}", paced=False), 100)
    assert [arrival.picture.jpeg() for arrival in arrivals] == sent
    assert [arrival.media_s for arrival in arrivals] == pytest.approx([0, 0.25, 1.0, 1.5])


@pytest.mark.parametrize("profile", ["esphome", "tasmota"])
def test_what_curl_saved_from_a_camera_is_a_session(tmp_path, profile):
    path, sent, framing = tmp_path / "session.mjpeg", jpegs(3), Streaming(profile)
    body = framing.head().partition(b"\r\n\r\n")[2] + b"".join(framing.frame(data, 1.0) for data in sent)
    path.write_bytes(body[:-200])
    arrivals = take(opened(f"replay:{path}", paced=False, loop=True), 4)
    assert [arrival.picture.jpeg() for arrival in arrivals] == [sent[0], sent[1], sent[0], sent[1]]


def test_a_session_without_a_picture_says_so(tmp_path):
    path = tmp_path / "empty.mjpeg"
    path.write_bytes(b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nhello\r\n" * 3)
    source = opened(f"replay:{path}", paced=False)
    assert "expected a recorded session, got no picture" in str(failure(source))
    assert source.damaged == 3


# --- what OpenCV opens ----------------------------------------------------------------------------------------------


class Driver:
    """A VideoCapture that gives some pictures and then does as it is told."""

    def __init__(self, pictures: int, then) -> None:
        self.left, self.then, self.released = pictures, then, threading.Event()

    def read(self):
        if self.left == 0:
            return self.then()
        self.left -= 1
        return True, np.full((48, 64, 3), 90, np.uint8)

    def release(self):
        self.released.set()


def video_source(open_video) -> VideoSource:
    timeouts = Timeouts(connect_s=0.2, first_byte_s=0.2, frame_gap_s=0.2, rest_s=0.0)
    return VideoSource("usb", "webcam 0", open_video, advice="plug it in", timeouts=timeouts, clock=SystemClock())


def test_a_driver_that_gives_nothing_names_what_to_do():
    driver = Driver(0, lambda: (False, None))
    assert str(failure(video_source(lambda: driver))) == "webcam 0: plug it in"
    assert driver.released.wait(5)


def test_a_driver_that_ends_or_throws_is_closed_and_tried_again(caplog):
    def throw():
        raise cv2.error("device lost")

    for then in (lambda: (False, None), throw):
        driver = Driver(3, then)
        error = failure(video_source(lambda driver=driver: driver))
        assert str(error) == "webcam 0: the stream ended"
        assert error.retryable
        assert driver.released.wait(5)
    assert "device lost" in caplog.text


def test_a_driver_that_hangs_is_left_behind_and_never_more_than_three_times():
    never = threading.Event()
    source = video_source(lambda: Driver(1, lambda: (never.wait(), None)))
    try:
        errors = [str(failure(source)) for _ in range(4)]
    finally:
        never.set()
    assert ["no picture for" in error for error in errors] == [True, True, True, False]
    assert "3 connections still hang in the driver" in errors[3]
    for reader in source._left_behind:
        reader.join(5)
    assert "no picture for" not in str(failure(video_source(lambda: Driver(1, lambda: (False, None)))))


def test_a_hanging_driver_does_not_delay_the_end():
    never = threading.Event()
    with Running(video_source(lambda: Driver(1, lambda: (never.wait(), None)))) as running:
        running.until(lambda: running.capture.status().frames == 1)
    never.set()


def test_opencv_reads_a_device_that_is_a_file(video, monkeypatch):
    monkeypatch.setattr("aimonitor.edge.sources.video._DEVICE", re.compile(".+"))
    arrivals = take(opened(f"usb:{video}"), 1)
    assert arrivals[0].picture.width == 64


def test_a_webcam_that_is_not_there_says_what_to_do():
    error = failure(opened("usb:77"))
    assert "webcam 77: it does not open; is it plugged in" in str(error)
    assert error.retryable


def test_an_rtsp_camera_that_is_not_there_says_what_to_do_without_the_password():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(opened(f"rtsp://admin:s3cret@127.0.0.1:{port}/live"))
    assert str(error).startswith(f"rtsp://127.0.0.1:{port}/live: no stream; is the camera on")
    assert isinstance(error, SourceError)
