"""A camera on the network that serves MJPEG over HTTP, as the cheap ones do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import coded_scene

FPS = 5


class _Stream(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        frame_id, due = 0, time.monotonic()
        fps, with_clock = self.server.plays  # type: ignore[attr-defined]
        ending: threading.Event = self.server.ending  # type: ignore[attr-defined]
        try:
            while not ending.is_set():
                frame_id += 1
                clock_ms = time.time_ns() // 1_000_000 if with_clock else None
                jpeg = coded_scene.picture(frame_id, clock_ms=clock_ms)
                head = f"--frame\r\ncontent-type: image/jpeg\r\ncontent-length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                due = max(due + 1 / fps, time.monotonic() - 1 / fps)
                time.sleep(max(0.0, due - time.monotonic()))
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def streaming(fps: float = FPS, *, with_clock: bool = False) -> Iterator[str]:
    """The address of the stream, until the end of the block; with_clock: each frame carries its time in its pixels."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stream)
    server.plays = (fps, with_clock)  # type: ignore[attr-defined]
    server.ending = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, name="stream camera")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/stream"
    finally:
        server.ending.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join(10)
