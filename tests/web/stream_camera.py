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
        frame_id = 0
        ending: threading.Event = self.server.ending  # type: ignore[attr-defined]
        try:
            while not ending.is_set():
                frame_id += 1
                jpeg = coded_scene.picture(frame_id)
                head = f"--frame\r\ncontent-type: image/jpeg\r\ncontent-length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(1 / FPS)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def streaming() -> Iterator[str]:
    """The address of the stream, until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stream)
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
