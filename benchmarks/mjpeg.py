"""What it costs to take a picture out of a Motion JPEG stream, undecoded: CPU microseconds a frame, beside others.

    python benchmarks/mjpeg.py [--rounds 5]

One thread serves 57 kB frames over loopback as core 3 of the ESP32 does (chunked), the measured thread reads them.
Goal: at most 50 us a frame for the parser. The socket's share depends on the kernel and is shown beside it.
"""

import argparse
import http.client
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator

import cv2

from aimonitor.common.clock import SystemClock
from aimonitor.edge.multipart import Dechunker, MultipartReader
from aimonitor.edge.sources import SourceOptions, open_source
from aimonitor.simulator.firmware import ARDUINO_BOUNDARY, Streaming

FRAMES = 1500
SLICE = 64 * 1024


def jpeg_like() -> bytes:
    """57 kB that decode: a picture whose comment is long enough to weigh that much."""
    import numpy as np

    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 1.2)
    data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, 70))[1].tobytes()
    filler = max(0, min(60_000, 57_000 - len(data)))
    return data[:2] + b"\xff\xfe" + (filler + 2).to_bytes(2) + os.urandom(filler).replace(b"\xff", b"\x00") + data[2:]


class Server:
    """Serves FRAMES frames to each connection, as fast as they are read."""

    def __init__(self, jpeg: bytes) -> None:
        framing = Streaming("arduino3")
        self._head, self._frame = framing.head(), framing.frame(jpeg, 1.0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with client:
                client.recv(4096)
                try:
                    client.sendall(self._head)
                    for _ in range(FRAMES + 10):
                        client.sendall(self._frame)
                except OSError:
                    continue


def parser_alone(jpeg: bytes) -> Callable[[], int]:
    stream = Streaming("arduino3").frame(jpeg, 1.0) * 200
    feeds = [stream[offset : offset + SLICE] for offset in range(0, len(stream), SLICE)]

    def run() -> int:
        dechunker, reader, count = Dechunker(), MultipartReader(ARDUINO_BOUNDARY), 0
        for feed in feeds:
            count += len(reader.feed(dechunker.feed(feed)))
        return count

    return run


def our_source(url: str) -> int:
    return exhaust(open_source(url, SourceOptions(), SystemClock()).arrivals(threading.Event()))


def exhaust(arrivals: Iterator[object]) -> int:
    count = 0
    for _ in arrivals:
        count += 1
        if count == FRAMES:
            break
    return count


def standard_library(url: str) -> int:
    """http.client, reading by Content-Length: the least that one could write."""
    connection = http.client.HTTPConnection("127.0.0.1", int(url.split(":")[2].split("/", maxsplit=1)[0]))
    connection.request("GET", "/stream")
    answer, count = connection.getresponse(), 0
    while count < FRAMES:
        length = 0
        while line := answer.readline().strip() or not length:
            if isinstance(line, bytes) and line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        count += len(answer.read(length)) == length
    connection.close()
    return count


def opencv(url: str) -> int:
    video, count = cv2.VideoCapture(url, cv2.CAP_FFMPEG), 0
    while count < 200 and video.read()[0]:
        count += 1
    video.release()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    jpeg = jpeg_like()
    url = f"http://127.0.0.1:{Server(jpeg).port}/stream"
    runs = {
        "parser alone (de-chunk + multipart)": parser_alone(jpeg),
        "our source (socket + parser + size check)": lambda: our_source(url),
        "http.client, by Content-Length": lambda: standard_library(url),
        "cv2.VideoCapture.read (decodes)": lambda: opencv(url),
    }
    costs: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            before = time.thread_time() if "cv2" not in name else time.process_time()
            count = run()
            after = time.thread_time() if "cv2" not in name else time.process_time()
            costs[name].append((after - before) / count * 1e6)
    print(f"{len(jpeg):,} bytes a frame; CPU us a frame, median (least) of {rounds} interleaved rounds")
    for name, each in costs.items():
        print(f"{name:45} {statistics.median(each):8.1f} ({min(each):.1f})")


if __name__ == "__main__":
    main()
