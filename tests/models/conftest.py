"""A file server that can be told to fail in the ways in which servers fail."""

import http.server
import re
import threading
from dataclasses import dataclass, field

import pytest


@dataclass
class FileServer:
    """Serves `content` at any path; the knobs are its faults."""

    content: bytes = b""
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)
    status: int = 200
    asked: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/file.onnx"


@pytest.fixture
def server():
    knobs = FileServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = self.headers.get("Range")
            knobs.asked.append(asked)
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and knobs.ranges else 0
            body = knobs.content[start:]
            self.send_response(206 if start and knobs.status == 200 else knobs.status)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(knobs.content) - 1}/{len(knobs.content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if knobs.cut_after:
                body = body[: knobs.cut_after.pop(0)]
                self.close_connection = True
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            """A client that hangs up early is part of the test."""

    with Server(("127.0.0.1", 0), Handler) as running:
        knobs.port = running.server_address[1]
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield knobs
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of our own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("AIMONITOR_CACHE", str(folder))
    return folder
