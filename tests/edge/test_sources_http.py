"""Motion JPEG cameras: the emulated firmwares, and servers that misbehave in every way that was thought of."""

import base64
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cameras import Running, Says, failure, opened, take

from aimonitor.common.clock import SystemClock
from aimonitor.edge.source import SourceError
from aimonitor.edge.sources import SourceOptions, Timeouts, open_source, scheme_of
from aimonitor.edge.sources.address import check_reachable, parse_http, pinned, without_secrets
from aimonitor.simulator.camera import FrameSize, Sensor
from aimonitor.simulator.esp32cam import Esp32Cam, Setup
from aimonitor.simulator.firmware import PROFILES

JPEG = Sensor().jpeg(FrameSize(96, 96), 0.0)
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
PART = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(JPEG), JPEG)


def emulator(**setup) -> Esp32Cam:
    return Esp32Cam(Setup(**{"size": "QQVGA", "fps": 150.0, "boot_s": 0.2, "sensor_wait_s": 0.2, **setup}))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_firmware_streams_and_closing_frees_the_camera(profile):
    with emulator(profile=profile) as camera:
        source = opened(camera.stream_url)
        for _ in range(3):  # the next connection succeeds only when the last was closed
            arrivals = take(source, 5)
            assert [(arrival.picture.width, arrival.picture.height) for arrival in arrivals] == [(160, 120)] * 5
            assert arrivals[0].picture.bgr().shape == (120, 160, 3)
        told = profile in ("arduino2", "arduino3")
        assert (arrivals[0].device_s is not None) is told


@pytest.mark.parametrize("profile", PROFILES)
def test_every_firmware_gives_single_pictures_about_once_a_second(profile, monkeypatch):
    monkeypatch.setattr("aimonitor.edge.sources.mjpeg.POLL_INTERVAL_S", 0.05)
    with emulator(profile=profile) as camera:
        began_at = time.monotonic()
        arrivals = take(opened(camera.snapshot_url), 4)
        assert len({arrival.picture.jpeg() for arrival in arrivals}) == 4
        assert time.monotonic() - began_at >= 2 * 0.05


def test_the_cameras_bytes_arrive_untouched():
    with Says(STREAM, PART, stay=True) as server:
        (arrival,) = take(opened(server.url), 1)
    assert arrival.picture.jpeg() == JPEG


def test_a_request_is_small_enough_for_an_esp32():
    with Says(STREAM, PART) as server:
        take(opened(server.url), 1)
        (request,) = server.requests
    assert len(request) < 512
    assert request.startswith(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:")


def test_user_and_password_are_sent_and_never_shown(caplog):
    caplog.set_level(logging.DEBUG)
    with Says(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n") as server:
        source = opened(server.url.replace("//", "//admin:s%33cret@") + "?pwd=hidden")
        error = failure(source)
        assert b"Authorization: Basic " + base64.b64encode(b"admin:s3cret") in server.requests[0]
        assert b"GET /stream?pwd=hidden " in server.requests[0]
    shown = f"{error}{vars(source)}{caplog.text}"
    assert "it wants a user and a password" in str(error)
    assert not [secret for secret in ("s3cret", "s%33cret", "hidden") if secret in str(error) + caplog.text]
    assert "YWRtaW4" not in shown


ANSWERS = {
    "it answered 404: nothing is at this path": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "it answered 503: it is busy": b"HTTP/1.1 503 Busy\r\n\r\n",
    "it answered 302: expected 200": b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n",
    "got text/html": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
    "got no content type": b"HTTP/1.1 200 OK\r\n\r\n",
    "expected an HTTP answer, got b'RTSP/1.0": b"RTSP/1.0 200 OK\r\n\r\n",
    "got 20,000 bytes without the end of its headers": b"x" * 20_000,
    "closed without an answer": b"HTTP/1.1 200 OK\r\n",
    "the camera closed the stream": STREAM + PART,
    "expected a chunk's size": STREAM[:-2] + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    "at most 2,097,152 bytes, got more": b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + bytes(2_200_000),
    "expected an HTTP answer, got b'HTTP/1.1 9999": b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n",
    "broke off 904 bytes before its end": b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n"
    + bytes(96),
}


@pytest.mark.parametrize("length", [b"\xb2", b"9" * 5000, b"-1", b"1e3"])
def test_a_length_that_is_none_is_as_if_it_were_not_said(length):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: " + length + b"\r\n\r\n"
    with Says(head + JPEG) as server:
        arrivals = opened(server.url).arrivals(threading.Event())
        assert next(arrivals).picture.jpeg() == JPEG
        arrivals.close()


@pytest.mark.parametrize("words", ANSWERS)
def test_a_wrong_answer_is_one_line_that_says_what_came(words):
    with Says(ANSWERS[words]) as server:
        error = failure(opened(server.url))
    assert words in str(error)
    assert str(error).startswith("http://127.0.0.1:")
    assert "\n" not in str(error)
    assert error.retryable


def test_silence_before_the_answer_and_before_the_first_picture_is_noticed():
    for begin in (b"", STREAM, STREAM + PART[:100]):
        with Says(begin, stay=True) as server:
            assert "does another viewer hold the stream?" in str(failure(opened(server.url)))


def test_silence_between_pictures_is_noticed_and_the_camera_is_given_rest():
    timeouts = Timeouts(connect_s=1, first_byte_s=5, frame_gap_s=0.3, rest_s=6)
    with Says(STREAM, PART, stay=True) as server:
        error = failure(opened(server.url, timeouts=timeouts))
    assert "no whole picture for" in str(error)
    assert error.rest_s == 6


def test_pictures_that_all_come_damaged_are_silence():
    damaged = PART.replace(b"\xff\xd9\r\n", b"\x00\x00\r\n") * 50
    source = opened("http://127.0.0.1:1/")
    with Says(STREAM, damaged, stay=True) as server:
        source = opened(server.url)
        assert "no picture in time" in str(failure(source))
    assert source.damaged == 50


def test_a_connection_that_nobody_takes_is_noticed():
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    others = []
    try:
        for _ in range(4):  # fill the backlog: the kernel lets further connections wait
            other = socket.socket()
            other.setblocking(False)
            other.connect_ex(listener.getsockname())
            others.append(other)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        timeouts = Timeouts(connect_s=0.4, first_byte_s=0.4)
        assert "no connection in time" in str(failure(opened(url, timeouts=timeouts)))
    finally:
        for each in (*others, listener):
            each.close()


def test_a_refused_connection_says_so():
    assert "refused; is the camera on, and the port right?" in str(failure(opened(free_port_url())))


def free_port_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/stream"


@pytest.mark.parametrize("fault", ["stall", "drip", "hang"])
def test_waiting_ends_within_a_second_of_being_told_to(fault):
    with emulator() as camera:
        camera.fault = fault
        source = open_source(camera.stream_url, SourceOptions(), SystemClock())
        stop = threading.Event()
        thread = threading.Thread(target=lambda: list(source.arrivals(stop)))
        thread.start()
        time.sleep(0.2)
        stop.set()
        thread.join(1.0)
        assert not thread.is_alive()


def test_tls_that_is_not_trusted_or_no_tls_at_all_is_said():
    with Says(b"HTTP/1.1 200 OK\r\n\r\n") as server:
        assert "no connection" in str(failure(opened(server.url.replace("http", "https"))))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://", "no host"),
        ("http:///stream", "no host"),
        ("http://cam:99999/", "Port out of range"),
        ("http://cam/a b", "characters"),
        ("http://käse/", "expected http://host"),
        ("http://[::1/", "expected http://host"),
        ("gopher://cam/", "expected a file or one of esp32cam, file, http"),
        ("esp32cam://", "no host"),
        ("file:/no/such/file.mp4", "expected a video file, got none; check the path"),
        ("/no/such/file.mp4", "check the path"),
        ("replay:/no/such.mjpeg", "check the path"),
        ("rtsp:///x", "expected rtsp://host"),
        ("rtsp://169.254.169.254/x", "expected a camera's IP address"),
    ],
)
def test_a_wrong_address_is_refused_at_once(address, words):
    with pytest.raises(SourceError, match=r".") as refused:
        opened(address)
    assert words in str(refused.value)
    assert not refused.value.retryable


def test_schemes_are_told_from_paths():
    told = {
        "street.mp4": "file",
        r"C:\videos\street.mp4": "file",
        "file:street.mp4": "file",
        "0": "usb",
        "usb:1": "usb",
        "HTTP://cam/": "http",
        "http+mjpeg://cam/": "http+mjpeg",
        "sim:yard": "sim",
    }
    assert {address: scheme_of(address) for address in told} == told


def test_programs_above_may_add_schemes():
    source = opened("http://127.0.0.1/")
    found = open_source("sim:yard", SourceOptions(), SystemClock(), more={"sim": lambda *_: source})
    assert found is source


def test_addresses_are_shown_without_their_secrets():
    assert without_secrets("rtsp://u:p@cam:554/live?token=1") == "rtsp://cam:554/live"
    assert without_secrets("rtsp://u:p@ss@cam/live") == "rtsp://cam/live"
    assert without_secrets("street.mp4") == "street.mp4"
    address = parse_http("https://u:p%40@[::1]:8443/a?b=c")
    assert (address.host, address.port, address.target, address.tls) == ("::1", 8443, "/a?b=c", True)
    assert str(address) == "https://[::1]:8443/a"
    assert "p@" not in repr(address)


FORBIDDEN = [
    "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe", "::169.254.169.254", "2002:a9fe:a9fe::1", "64:ff9b::169.254.169.254", "fd00:ec2::254",
    "fd00:ec2::254%eth0", "0.0.0.0", "::", "224.0.0.1", "ff02::1",
]  # fmt: skip
SPELLED = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:a9fe:a9fe]"]
"""The same place as C libraries read it (inet_aton)."""


@pytest.mark.parametrize("ip", FORBIDDEN)
def test_places_where_no_camera_lives_are_not_asked(ip):
    with pytest.raises(SourceError):
        check_reachable(ip)


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "192.168.1.9", "10.0.0.1", "169.254.7.7", "fe80::1%eth0"])
def test_places_where_cameras_live_are(ip):
    check_reachable(ip)


@pytest.mark.parametrize("host", SPELLED)
@pytest.mark.parametrize("scheme", ["http", "rtsp", "esp32cam"])
def test_no_spelling_leads_there(scheme, host):
    with pytest.raises(SourceError, match=r"expected a camera's IP address, got 169\.254\.169\.254"):
        raise failure(opened(f"{scheme}://{host}/latest/meta-data"))


def _refusal(address):
    try:
        return str(failure(opened(address)))
    except SourceError as error:
        return str(error)


def test_none_of_the_places_and_spellings_is_reached(measured):
    reached = [
        (scheme, host)
        for scheme in ("http", "rtsp", "esp32cam")
        for host in SPELLED
        if "expected a camera's IP address" not in _refusal(f"{scheme}://{host}/")
    ]
    wanted = (
        f"{len(FORBIDDEN)} addresses, {len(SPELLED)} spellings by 3 schemes, a redirect, a name that moves: reached"
    )
    measured("B11", wanted, "0", str(len(reached)))
    assert reached == []


def test_a_redirect_is_not_followed():
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        answered = pool.submit(_redirect, listener)
        error = failure(opened(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        answered.result(10)
    assert "302" in str(error)


def _redirect(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")


def test_ffmpeg_is_given_the_address_that_was_checked(monkeypatch):
    """A name that resolves to another place the next time leads nowhere: it is asked once for each connection."""
    answers = iter(["192.0.2.7", "169.254.169.254"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (next(answers), 0))])
    assert pinned("rtsp://u:p%40@camera.example:8554/live?x=1") == "rtsp://u:p%40@192.0.2.7:8554/live?x=1"
    with pytest.raises(SourceError, match="got 169"):
        pinned("rtsp://camera.example/live")


def test_a_name_that_resolves_to_such_a_place_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 80))])
    error = failure(opened("http://camera.example/"))
    assert "expected a camera's IP address, got 169.254.169.254" in str(error)
    assert not error.retryable


# --- with the capture around it -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "profile", ["arduino3", *(pytest.param(each, marks=pytest.mark.slow) for each in PROFILES if each != "arduino3")]
)
@pytest.mark.parametrize("fault", ["stall", "drip", "cut", "reboot", "nocam", "hang", "off"])
def test_a_fault_is_named_and_the_picture_comes_back(profile, fault):
    with emulator(profile=profile) as camera, Running(opened(camera.stream_url)) as running:
        running.frames_follow()
        camera.fault = fault
        running.until(lambda: "offline" in [state for _, state in running.states])
        camera.fault = "none"
        running.until(lambda: running.capture.status().state == "live")
        running.frames_follow()
        assert running.capture.status().reconnects >= 1
        if fault == "reboot" and profile in ("arduino2", "arduino3"):
            assert running.capture.status().reboots == 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", ["truncate", "garbage", "pad"])
def test_damaged_pictures_are_skipped_and_the_others_are_shown(profile, fault):
    with emulator(profile=profile) as camera:
        camera.fault = fault
        source = opened(camera.stream_url)
        arrivals = take(source, 8)
        assert len(arrivals) == 8
        for arrival in arrivals:
            assert arrival.picture.jpeg().endswith(b"\xff\xd9")
            assert arrival.picture.bgr().shape == (120, 160, 3)
        assert source.damaged == (0 if fault == "pad" else 3)


def counts() -> tuple[int, int]:
    """Threads, and open files where the system tells."""
    files = Path("/proc/self/fd")
    return threading.active_count(), len(list(files.iterdir())) if files.is_dir() else 0


def test_five_cycles_of_faults_leak_no_thread_and_no_socket():
    with emulator(fps=200.0, boot_s=0.05) as camera, Running(opened(camera.stream_url)) as running:
        running.frames_follow()
        before = counts()
        for fault in ("cut", "reboot", "off", "cut", "reboot"):
            offline = running.capture.status().reconnects
            camera.fault = fault
            running.until(lambda offline=offline: running.capture.status().reconnects > offline)
            camera.fault = "none"
            running.frames_follow()
        assert counts()[0] <= before[0]
        assert counts()[1] <= before[1] + 2  # one connection more may be under way on either side


# --- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for localhost and its key, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    path, key = folder / "cert.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", str(path), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return path, key


class SaysSecurely(Says):
    """The same over TLS, at `localhost`."""

    def __init__(self, certificate: tuple[Path, Path], *pieces: bytes) -> None:
        super().__init__(*pieces, stay=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(2.0)
        try:
            secure = self._context.wrap_socket(client, server_side=True)
        except OSError:
            return
        with secure:
            super()._answer(secure)


def test_a_camera_with_a_trusted_certificate_is_read_and_one_without_is_refused(certificate, monkeypatch):
    with SaysSecurely(certificate, STREAM, PART * 3) as server:
        assert "certificate is not trusted" in str(failure(opened(server.url)))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert [arrival.picture.jpeg() for arrival in take(opened(server.url), 3)] == [JPEG] * 3


def test_a_tls_camera_that_says_nothing_is_noticed_and_left_within_a_second_of_being_told_to():
    with Says(stay=True) as server:
        url = server.url.replace("http", "https")
        assert "no TLS connection in time" in str(failure(opened(url, timeouts=Timeouts(connect_s=0.3))))
        with Running(opened(url, timeouts=Timeouts(connect_s=30))) as running:
            running.until(lambda: len(server.requests) > 1)
