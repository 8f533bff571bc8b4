"""Finding cameras on the network, tried on loopback."""

import ipaddress
import socket
import threading

import pytest
from cameras import Says

from aimonitor.cli import main
from aimonitor.common.clock import SystemClock
from aimonitor.edge import scan as scanning
from aimonitor.edge.scan import Found, discover_onvif, local_networks, parse_network, scan
from aimonitor.edge.source import SourceError
from aimonitor.simulator.esp32cam import Esp32Cam, Setup

HERE = [ipaddress.IPv4Network("127.0.0.1/32")]


@pytest.fixture(autouse=True)
def nobody_is_discovered(monkeypatch):
    monkeypatch.setattr(scanning, "discover_onvif", lambda clock: iter(()))


def found_at(http: int = 0, rtsp: int = 0) -> list[Found]:
    return scan(HERE, SystemClock(), http_ports=[http] if http else [], rtsp_ports=[rtsp] if rtsp else [])


@pytest.mark.parametrize(
    ("profile", "what"),
    [
        ("arduino1", "ESP32-CAM, Arduino CameraWebServer, core 1.0"),
        ("arduino3", "ESP32-CAM, Arduino CameraWebServer"),
        ("tasmota", "ESP32-CAM, Tasmota"),
        ("esphome", "ESP32-CAM, ESPHome"),
    ],
)
def test_an_esp32cam_is_found_with_its_firmware_and_left_free(profile, what):
    with Esp32Cam(Setup(profile=profile, size="QQVGA", fps=50.0)) as camera:
        port = camera.stream_port if profile == "esphome" else camera.control_port
        (found,) = found_at(http=port)
        address = f"http://127.0.0.1:{port}/" if profile == "esphome" else f"esp32cam://127.0.0.1:{port}"
        assert (found.host, found.port, found.what, found.address) == ("127.0.0.1", port, what, address)
        with socket.create_connection(("127.0.0.1", camera.stream_port), timeout=5) as viewer:
            viewer.sendall(b"GET /stream HTTP/1.1\r\n\r\n")
            assert viewer.recv(4) == b"HTTP"


def test_an_rtsp_server_is_found_and_what_it_says_of_itself_is_made_harmless():
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Hipcam\x1b[31m RealServer\r\n\r\n"
    with Says(answer) as server:
        port = int(server.url.split(":")[2].split("/")[0])
        (found,) = found_at(rtsp=port)
    assert found.what == "RTSP server (Hipcam?[31m RealServer)"
    assert found.address == ""
    assert f"rtsp://user:password@127.0.0.1:{port}/PATH" in found.advice


def test_what_is_no_camera_is_not_reported():
    with Says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\nprinter") as server:
        port = int(server.url.split(":")[2].split("/")[0])
        assert found_at(http=port, rtsp=port) == []
    assert found_at(http=port, rtsp=port) == []


def test_a_device_that_never_stops_answering_is_not_listened_to_for_ever():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.settimeout(5)
        enough = threading.Event()

        def flood() -> None:
            _, client = device.recvfrom(65_535)
            number = 0
            while not enough.wait(0.001):
                number += 1
                device.sendto(b"<d:XAddrs>http://127.0.0.1/%d</d:XAddrs>" % number, client)

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            found = list(discover_onvif(SystemClock(), device.getsockname(), seconds=0.5))
        finally:
            enough.set()
            thread.join()
    assert 0 < len(found) <= 256


def test_onvif_devices_answer_a_probe():
    answer = (
        b'<Envelope><Body><d:ProbeMatches xmlns:d="x"><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/name/IPC-7 '
        b"onvif://www.onvif.org/hardware/x</d:Scopes><d:XAddrs>http://127.0.0.1/onvif/device_service</d:XAddrs>"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.settimeout(5)
        asked = []

        def serve() -> None:
            data, client = device.recvfrom(65_535)
            asked.append(data)
            for _ in range(2):
                device.sendto(answer, client)

        thread = threading.Thread(target=serve)
        thread.start()
        (found,) = discover_onvif(SystemClock(), device.getsockname(), seconds=0.5)
        thread.join()
    assert b"NetworkVideoTransmitter" in asked[0]
    assert (found.host, found.what) == ("127.0.0.1", "ONVIF camera IPC-7")
    assert "http://127.0.0.1/onvif/device_service" in found.advice


@pytest.mark.parametrize("text", ["8.8.8.0/24", "10.0.0.0/8", "0.0.0.0/0", "nonsense", "::1/128"])
def test_only_small_private_networks_are_searched(text):
    with pytest.raises(SourceError, match="network: expected"):
        parse_network(text)


def test_networks_of_this_machine_are_private_and_small():
    assert all(network.is_private and network.num_addresses == 256 for network in local_networks())
    assert parse_network("192.168.1.77/24") == ipaddress.IPv4Network("192.168.1.0/24")


def test_the_command_line_finds_checks_and_records(capsys, tmp_path, monkeypatch):
    with Esp32Cam(Setup(size="QQVGA", fps=50.0)) as camera:
        monkeypatch.setattr(scanning.scan, "__kwdefaults__", {
            **scanning.scan.__kwdefaults__, "http_ports": [camera.control_port], "rtsp_ports": [],
        })  # fmt: skip
        assert main(["cameras", "scan", "127.0.0.1/32"]) == 0
        assert f"--camera esp32cam://127.0.0.1:{camera.control_port}" in capsys.readouterr().out
        assert main(["cameras", "check", camera.stream_url, "--seconds", "1"]) == 0
        assert "live\n160x120, " in capsys.readouterr().out
        session = tmp_path / "session.mjpeg"
        assert main(["cameras", "record", camera.stream_url, str(session), "--seconds", "1"]) == 0
    assert main(["cameras", "check", f"replay:{session}", "--seconds", "0.5"]) == 0
    assert "160x120" in capsys.readouterr().out


def test_the_command_line_says_what_is_wrong_in_one_line(capsys):
    assert main(["cameras", "check", "/no/such/file.mp4"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
