"""An ESP32-CAM by its host: recognized, set by names, and still seen when somebody else holds its stream."""

import socket
import threading

import pytest
from cameras import BRIEF, Running, Says, failure, opened, take

from aimonitor.common.clock import SystemClock
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import Timeouts, frame_sizes
from aimonitor.edge.sources.address import parse_http
from aimonitor.edge.sources.esp32_control import Esp32Control
from aimonitor.edge.sources.esp32cam import Adaptation
from aimonitor.edge.sources.firmware import ARDUINO, ARDUINO1, EASYTARGET, ESPHOME, TASMOTA, recognize
from aimonitor.edge.sources.frame_sizes import DRIVERS, SIZES, consistent, number_of, telling_number
from aimonitor.edge.types import Size
from aimonitor.simulator import firmware as emulated
from aimonitor.simulator.esp32cam import Esp32Cam, Setup
from aimonitor.simulator.firmware import PROFILES


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("aimonitor.edge.sources.esp32_control._PAUSE_S", 0.0)


def emulator(**setup) -> Esp32Cam:
    return Esp32Cam(Setup(**{"size": "QQVGA", "fps": 50.0, "boot_s": 0.3, "sensor_wait_s": 0.2, **setup}))


def address_of(camera: Esp32Cam) -> str:
    port = camera.stream_port if camera.setup.profile == "esphome" else camera.control_port
    return f"esp32cam://127.0.0.1:{port}"


def recognized(url: str):
    return recognize(parse_http(url), timeouts=BRIEF, clock=SystemClock(), stop=threading.Event())


def control_of(camera: Esp32Cam) -> Esp32Control:
    address = parse_http(f"http://127.0.0.1:{camera.control_port}/")
    return Esp32Control(address, timeouts=Timeouts(), clock=SystemClock())


@pytest.mark.parametrize("profile", PROFILES)
def test_a_host_is_enough(profile):
    with emulator(profile=profile) as camera:
        arrivals = take(opened(address_of(camera)), 3)
        assert [arrival.picture.width for arrival in arrivals] == [160] * 3


def test_firmwares_are_told_apart():
    told = {"arduino1": ARDUINO1, "arduino2": ARDUINO, "arduino3": ARDUINO, "esphome": ESPHOME, "tasmota": TASMOTA}
    for profile, expected in told.items():
        with emulator(profile=profile) as camera:
            assert recognized(address_of(camera).replace("esp32cam", "http")) == expected
    fork = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"framesize":8,"code_ver":"4.1","pixformat":4}'
    with Says(fork) as server:
        assert recognized(server.url) == EASYTARGET


def test_something_else_is_not_taken_for_a_camera():
    with Says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\na printer") as server:
        error = failure(opened(server.url.replace("http", "esp32cam")))
    assert "expected an ESP32-CAM" in str(error)


def test_the_stock_streams_address_is_taken_for_what_it_is(monkeypatch):
    with emulator() as camera:
        monkeypatch.setattr("aimonitor.edge.sources.esp32cam.STOCK_STREAM_PORT", camera.stream_port)
        source = opened(camera.stream_url)
        assert source.kind == "esp32cam"
        assert len(take(source, 3)) == 3
        assert source.control("quality", "20") == "quality is 20"
        camera.fault = "garbage"
        take(source, 6)
        assert source.damaged > 0


def test_a_stream_at_the_stock_address_without_a_known_firmware_is_simply_streamed(monkeypatch):
    with emulator(profile="tasmota") as camera:
        monkeypatch.setattr("aimonitor.edge.sources.esp32cam.STOCK_STREAM_PORT", camera.stream_port)
        monkeypatch.setattr(camera, "_answer", lambda *_: emulated.NOT_FOUND)
        assert len(take(opened(camera.stream_url), 3)) == 3


# --- frame sizes by name --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", emulated.DRIVERS)
@pytest.mark.parametrize("name", ["QQVGA", "VGA", "HVGA"])
def test_a_size_is_set_by_name_whatever_its_number(driver, name):
    with emulator(profile="arduino1" if driver == "old" else "arduino3", driver=driver, size="CIF") as camera:
        control, stop = control_of(camera), threading.Event()
        if name not in emulated.FRAME_SIZES[driver]:
            with pytest.raises(SourceError, match=f"it cannot make {name}"):
                control.set_frame_size(name, stop)
            expected = "CIF"
        else:
            size = control.set_frame_size(name, stop)
            assert size == Size(*vars_of(emulated.SIZES[name]))
            expected = name
        assert emulated.FRAME_SIZES[driver][camera.device.framesize] == expected
        assert camera.device.boots == 1, "a number that the driver does not have crashes the board"


def vars_of(size) -> tuple[int, int]:
    return size.width, size.height


@pytest.mark.parametrize("driver", emulated.DRIVERS)
@pytest.mark.parametrize("before", ["QVGA", "UXGA"])
def test_from_every_size_the_largest_is_found_and_no_wild_number_is_sent(driver, before):
    with emulator(driver=driver, size=before) as camera:
        assert control_of(camera).set_frame_size("uxga", threading.Event()) == Size(1600, 1200)
        assert camera.device.boots == 1


def test_our_tables_are_those_of_the_emulator():
    for driver, ours in (("new", "2024-11 and later"), ("mid", "2020-03 to 2024-10"), ("old", "before 2019-12")):
        assert DRIVERS[ours] == emulated.FRAME_SIZES[driver]
    assert {name: Size(*vars_of(size)) for name, size in emulated.SIZES.items()} == dict(SIZES)


def test_a_number_that_tells_drivers_apart_is_one_that_all_have():
    drivers = list(DRIVERS.values())
    while (number := telling_number(drivers)) is not None:
        assert all(number < len(driver) for driver in drivers)
        groups = {SIZES[driver[number]] for driver in drivers}
        assert len(groups) > 1
        drivers = consistent(drivers, number, groups.pop())
    assert number_of(drivers, "VGA") is not None
    assert frame_sizes.number_of(DRIVERS.values(), "UXGA") is None


def test_an_unknown_size_is_refused_with_those_that_are_known():
    with emulator() as camera, pytest.raises(SourceError, match="expected one of 96X96, QQVGA"):
        control_of(camera).set_frame_size("4K", threading.Event())


def test_what_was_asked_for_is_set_again_after_a_reboot():
    with emulator(driver="new") as camera:
        source = opened(address_of(camera), frame_size="QVGA", quality=20)
        with Running(source) as running:
            running.until(lambda: running.capture.status().width == 320)
            assert camera.device.settings["quality"] == 20
            camera.fault = "reboot"
            assert camera.device.framesize == 1
            running.until(lambda: running.capture.status().reboots == 1)
            running.until(lambda: running.capture.status().width == 320)
            assert camera.device.settings["quality"] == 20


# --- commands -------------------------------------------------------------------------------------------------------


def test_commands_work_while_the_stream_runs():
    with emulator(driver="new") as camera:
        source = opened(address_of(camera))
        with Running(source) as running:
            running.frames_follow()
            assert source.control("frame_size", "CIF") == "pictures are 400x296"
            running.until(lambda: running.capture.status().width == 400)
            assert source.control("quality", "30") == "quality is 30"
            assert source.control("led", "128") == "led is 128"
            assert camera.device.settings["led_intensity"] == 128
            assert camera.device.streams == 1
        assert camera.device.settings["led_intensity"] == 0, "the light is put out at the end"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("quality", "3", "expected quality of 4 to 63, got quality=3"),
        ("quality", "good", "expected a whole number, got 'good'"),
        ("quality", "--5", "expected a whole number, got '--5'"),
        ("quality", "\u00b2", "expected a whole number"),
        ("reboot", "1", "expected one of quality"),
        ("frame_size", "99", "expected one of 96X96"),
    ],
)
def test_a_wrong_command_is_refused_before_it_reaches_the_camera(name, value, words):
    with emulator() as camera:
        source = opened(address_of(camera))
        with pytest.raises(SourceError) as refused:
            source.control(name, value)
    assert words in str(refused.value)


# --- when things go wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["arduino1", "arduino3", "tasmota"])
def test_while_another_viewer_holds_the_stream_single_pictures_are_taken(profile, monkeypatch):
    monkeypatch.setattr("aimonitor.edge.sources.mjpeg.POLL_INTERVAL_S", 0.05)
    monkeypatch.setattr("aimonitor.edge.sources.esp32cam.STREAM_RETRY_S", 0.3)
    with emulator(profile=profile) as camera:
        viewer = socket.create_connection(("127.0.0.1", camera.stream_port), timeout=5)
        viewer.sendall(b"GET /stream HTTP/1.1\r\n\r\n")
        assert viewer.recv(10)
        with Running(opened(address_of(camera))) as running:
            running.frames_follow(3)
            assert camera.device.streams == 1
            viewer.close()
            running.until(lambda: camera.device.streams > 1)
            running.until(lambda: running.capture.status().fps > 25)


def test_too_many_damaged_pictures_lower_the_quality():
    with emulator(fps=100.0) as camera:
        camera.fault = "garbage"
        with Running(opened(address_of(camera))) as running:
            running.until(lambda: camera.device.settings["quality"] > 12)
            running.frames_follow()


def test_less_is_asked_for_step_by_step_and_never_more_than_there_is():
    adaptation = Adaptation(quality=None, frame_size=None)
    assert [adaptation.lower(quality, Size(640, 480)) for quality in (12, 20, 35)] == [
        "quality 20", "quality 28", "quality 40",
    ]  # fmt: skip
    asked = [adaptation.lower(40, SIZES[name]) for name in ("UXGA", "HD", "VGA", "HQVGA", "QQVGA", "96X96")]
    assert asked == ["frame size SXGA", "frame size XGA", "frame size CIF", "frame size QQVGA", "", ""]
    assert adaptation.lower(63, Size(160, 120)) == ""


def test_a_fifth_damaged_within_half_a_minute_is_too_many():
    adaptation = Adaptation(quality=None, frame_size=None)
    verdicts = [adaptation.is_due(damaged=number // 5, at=number * 0.1) for number in range(200)]
    assert not any(verdicts), "17 % damaged is borne"
    verdicts = [adaptation.is_due(damaged=40 + number // 2, at=100 + number * 0.1) for number in range(30)]
    assert any(verdicts)
