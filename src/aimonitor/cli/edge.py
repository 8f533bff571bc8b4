"""`aimonitor edge`: look at cameras, tell the hub."""

import argparse
import os

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
addresses of cameras:
  http://192.168.1.50:81/stream        ESP32-CAM or any MJPEG camera
  rtsp://192.168.1.51/stream1          IP camera
  usb:0                                webcam
  video.mp4                            a file, paced as it was recorded (--loop repeats it)

examples:
  aimonitor edge --camera http://192.168.1.50:81/stream --name Gate --hub ws://myhub:8000
  AIMONITOR_EDGE_TOKEN=secret aimonitor edge --camera usb:0 --hub wss://hub.example.org
  aimonitor edge --camera walk.mp4 --detector onnx:my-yolov8n.onnx

several cameras, zones and rules: [[edge.camera]] tables in aimonitor.toml"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "edge",
        help="run the edge: detector, tracker, behavior, risk, events; sends to the hub",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--camera", action="append", metavar="ADDRESS", help="a camera; may be given several times")
    command.add_argument("--name", action="append", help="what people call the camera; may be given several times")
    command.add_argument("--loop", action="store_true", help="repeat files for ever")
    command.add_argument("--hub", metavar="URL", help="address of the hub (default: ws://127.0.0.1:8000/ws/laptop)")
    command.add_argument("--detector", help="see `aimonitor models list`, or onnx:PATH (default: yolox-nano)")
    command.add_argument("--threads", type=int, help="threads for inference (default: 1)")
    command.add_argument("--edge-id", help="name of this edge at the hub (default: this machine's name)")
    command.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="answer Prometheus there, on this machine only"
    )
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run until stopped."""
    from aimonitor.common import log, reload, settings
    from aimonitor.edge import node
    from aimonitor.edge.camera_file import CameraFile
    from aimonitor.edge.settings import FOUNDING_VARIABLES, LIVE_KEYS, EdgeSettings, given

    log.configure(verbose=chosen.verbose)
    overrides = {name: getattr(chosen, name) for name in ("hub", "detector", "threads", "edge_id", "metrics_port")}
    addresses, names = chosen.camera or [], chosen.name or []
    if len(names) > len(addresses):
        raise settings.SettingsError(f"--name: expected at most one for each --camera, got {len(names)}")
    overrides["camera"] = given(addresses, names) or None

    def read() -> EdgeSettings:
        found = settings.load(
            EdgeSettings, "edge", path=chosen.config, founding=FOUNDING_VARIABLES, overrides=overrides
        )
        if not chosen.loop:
            return found
        looped = tuple(camera.model_copy(update={"loop": True}) for camera in found.camera)
        return found.model_copy(update={"camera": looped})

    first, file = read(), settings.find_file(chosen.config, os.environ)
    kept = reload.copy_of("edge", first.journal)
    elsewhere = chosen.camera or settings.read_variable("AIMONITOR_EDGE_CAMERA", os.environ)
    cameras = CameraFile(file) if file and not elsewhere else None
    node.run(first, reload.SettingsFile(first, file, read, LIVE_KEYS, kept) if file else None, cameras)
    return 0
