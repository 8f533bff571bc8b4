"""A frame's journey as a collector sees it: the edge's stages and the hub's relaying in one trace, told by neither."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from programs import Program, answers, free_port, wait_until

from aimonitor.common.tracing import Journey

STAGES = {"gate", "detector", "tracker", "behavior", "thermal", "fusion", "risk", "events"}


@pytest.fixture
def collector():
    """Takes spans as OpenTelemetry's own collector does; gives them as they come."""
    pytest.importorskip("opentelemetry.proto", reason="needs the extra `traces`")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                [name] = [
                    each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
                ]
                spans.extend((name, span) for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.timeout(120)
def test_edge_and_hub_tell_one_journey(collector, tmp_path):
    address, spans = collector
    clip = tmp_path / "clip.avi"
    make_clip(clip)
    port = free_port()
    hub = {"AIMONITOR_HUB_TRACES": address, "AIMONITOR_HUB_TRACES_SHARE": "1"}
    edge = {"AIMONITOR_EDGE_TRACES": address, "AIMONITOR_EDGE_TRACES_SHARE": "1"}
    arguments = ["--camera", str(clip), "--detector", "motion:", "--edge-id", "yard"]
    with Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path, environ=hub):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30)
        arguments += ["--hub", f"ws://127.0.0.1:{port}"]
        with Program.aimonitor("edge", *arguments, log=tmp_path / "edge.log", cwd=tmp_path, environ=edge) as program:
            program.process.wait(60)
        wait_until(lambda: any(name == "aimonitor-hub" for name, _ in spans), 20)
    roots = [span for _, span in spans if span.name == "frame"]
    assert roots, (tmp_path / "edge.log").read_text()
    told = {span.trace_id for name, span in spans if name == "aimonitor-hub"}
    assert told <= {root.trace_id for root in roots}, "the hub speaks of frames that the edge told of"
    [root] = [root for root in roots if root.trace_id in told][:1]
    within = [span for _, span in spans if span.trace_id == root.trace_id and span is not root]
    assert {span.name for span in within} >= STAGES | {"wait", "publish", "hub figures"}
    assert {span.parent_span_id for span in within} == {root.span_id}
    for name, span in spans:
        if name != "aimonitor-hub" and span.trace_id == root.trace_id:
            assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.end_time_unix_nano <= root.end_time_unix_nano + 1000


def make_clip(path):
    """Two seconds of something that moves."""
    script = (
        "import cv2, numpy as np, sys\n"
        "video = cv2.VideoWriter(sys.argv[1], cv2.VideoWriter_fourcc(*'MJPG'), 10, (320, 240))\n"
        "for n in range(30):\n"
        "    picture = np.full((240, 320, 3), 90, np.uint8)\n"
        "    picture[80:160, n * 8:n * 8 + 40] = 220\n"
        "    video.write(picture)\n"
        "video.release()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


def test_ids_are_the_same_wherever_a_frame_is_heard_of_and_a_share_is_a_share():
    assert Journey.of("yard/gate", 7, 1.7e9 + 0.12345) == Journey.of("yard/gate", 7, 1.7e9 + 0.1234)
    assert Journey.of("yard/gate", 7, 1.7e9) != Journey.of("yard/gate", 8, 1.7e9)
    followed = sum(Journey.of("yard/gate", number, 1.7e9).is_among(0.1) for number in range(5_000))
    assert 400 < followed < 600
    assert not Journey.of("yard/gate", 7, 1.7e9).is_among(0.0)
    assert Journey.of("yard/gate", 7, 1.7e9).is_among(1.0)
