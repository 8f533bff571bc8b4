"""`aimonitor cameras`: find cameras, try one, record one."""

import argparse
import time
from pathlib import Path

from aimonitor.cli.options import Commands

_EPILOG = """\
examples:
  aimonitor cameras scan                                  search the local network
  aimonitor cameras scan 192.168.4.0/24
  aimonitor cameras check esp32cam://192.168.1.50         is it there, how large, how fast, how is the picture?
  aimonitor cameras record http://192.168.1.50:81/stream session.mjpeg --seconds 60
  aimonitor edge --camera replay:session.mjpeg            play it again, byte for byte"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "cameras",
        help="find, try and record cameras",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = command.add_subparsers(title="verbs", metavar="VERB", required=True)
    scan = verbs.add_parser("scan", help="search the local network for cameras")
    scan.add_argument("network", nargs="*", help="such as 192.168.1.0/24 (default: the networks of this machine)")
    scan.set_defaults(run=_scan)
    check = verbs.add_parser("check", help="read a camera for some seconds and say how it is")
    check.add_argument("address")
    check.add_argument("--seconds", type=float, default=5.0)
    check.set_defaults(run=_check)
    record = verbs.add_parser("record", help="save a camera's pictures, byte for byte, to play them again")
    record.add_argument("address")
    record.add_argument("file", type=Path)
    record.add_argument("--seconds", type=float, default=60.0)
    record.set_defaults(run=_record)


def _scan(chosen: argparse.Namespace) -> int:
    from aimonitor.common.clock import SystemClock
    from aimonitor.edge.scan import Found, local_networks, parse_network, scan

    def show(found: Found) -> None:
        print(f"{found.host:15}  {found.what}")
        if found.address:
            print(f"{'':15}  --camera {found.address}")
        if found.advice:
            print(f"{'':15}  {found.advice}")

    networks = [parse_network(each) for each in chosen.network] or local_networks()
    if not networks:
        raise RuntimeError("no private network found on this machine; name one: aimonitor cameras scan 192.168.1.0/24")
    print(f"searching {', '.join(map(str, networks))} …")
    results = scan(networks, SystemClock(), found=show)
    if not results:
        print("no camera found; is it on, and in this network? ESP32-CAMs print their address on the serial console")
    return 0 if results else 1


def _check(chosen: argparse.Namespace) -> int:
    from aimonitor.common.clock import SystemClock
    from aimonitor.edge.capture import Capture
    from aimonitor.edge.sources import SourceOptions, open_source

    clock = SystemClock()
    capture = Capture("camera", open_source(chosen.address, SourceOptions(), clock), clock=clock)
    capture.start()
    try:
        until = clock.monotonic() + chosen.seconds
        while clock.monotonic() < until and not capture.frames.closed:
            time.sleep(0.1)
        status = capture.status()
    finally:
        capture.close()
    print(f"{status.state}{': ' + status.detail if status.detail else ''}")
    if status.frames:
        size, rate = f"{status.width}x{status.height}", f"{status.fps:.1f} pictures/s"
        print(f"{size}, {rate}, {status.frames} came whole, {status.damaged} damaged")
    return 0 if status.frames else 1


def _record(chosen: argparse.Namespace) -> int:
    from aimonitor.common.clock import SystemClock
    from aimonitor.edge.capture import Capture
    from aimonitor.edge.sources import SourceOptions, open_source
    from aimonitor.edge.sources.replay import Recorder

    clock = SystemClock()
    capture = Capture("camera", open_source(chosen.address, SourceOptions(), clock), clock=clock)
    count = 0
    with Recorder(chosen.file) as recorder:
        capture.start()
        try:
            until = clock.monotonic() + chosen.seconds
            while clock.monotonic() < until and not capture.frames.closed:
                frame = capture.frames.get(0.2)
                if frame is not None:
                    recorder.write(frame)
                    count += 1
        finally:
            capture.close()
    status = capture.status()
    print(f"{count} pictures in {chosen.file}" if count else f"no picture: {status.detail}")
    return 0 if count else 1
