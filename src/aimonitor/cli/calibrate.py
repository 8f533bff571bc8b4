"""`aimonitor calibrate`: four points and a distance become the `[calibration]` of a policy."""

import argparse

from aimonitor.cli.options import Commands

_EPILOG = """\
The points are the corners of a rectangle on the ground, in order around it, in pixels of the picture; the first side
is that from the first to the second. When perspective does not show the second side, measure it as well (--second).

example:
  aimonitor calibrate --size 640x480 --side 6.0 179,390 558,318 390,222 147,247"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "calibrate",
        help="metres instead of pixels, from four points and a distance",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("corners", nargs=4, metavar="X,Y", help="a corner in pixels")
    command.add_argument("--size", required=True, metavar="WxH", help="of the picture, such as 640x480")
    command.add_argument("--side", type=float, required=True, metavar="M", help="length of the first side in metres")
    command.add_argument("--second", type=float, metavar="M", help="length of the second side, where it was measured")
    command.add_argument("--click", type=float, default=2.0, metavar="PX", help="how exact (default: %(default)s px)")
    command.set_defaults(run=_calibrate)


def _calibrate(chosen: argparse.Namespace) -> int:
    from aimonitor.edge.ground import calibrate
    from aimonitor.edge.types import Point, Size

    width, height = _pair(chosen.size, "x", "--size", "640x480")
    pixels = [_pair(corner, ",", "a corner", "120,430") for corner in chosen.corners]
    corners = [Point(x / width, y / height) for x, y in pixels]
    size = Size(int(width), int(height))
    ground = calibrate(corners, chosen.side, size, second_m=chosen.second, click_px=chosen.click)
    print("[calibration]")
    print("corners = [" + ", ".join(f"[{x:.4f}, {y:.4f}]" for x, y in corners) + "]")
    print(f"side_m = {chosen.side}")
    if chosen.second is not None:
        print(f"second_m = {chosen.second}")
    print(f"width = {size.width}\nheight = {size.height}\nclick_px = {chosen.click}\n")
    for name, v in (("near (bottom of the picture)", 0.95), ("middle", 0.6), ("far", 0.4)):
        spot = ground.locate(0.5, v)
        if spot is not None:
            across, along = ground.stretch(0.5, v, 1, 0), ground.stretch(0.5, v, 0, 1)
            print(f"# {name}: lengths are right to {across:.1%} across the view, {along:.1%} along it")
    return 0


def _pair(text: str, between: str, what: str, example: str) -> tuple[float, float]:
    first, _, second = text.partition(between)
    try:
        one, other = float(first), float(second)
    except ValueError:
        raise ValueError(f"{what}: expected two numbers such as {example}, got {text!r}") from None
    if not (0 <= one <= 65_535 and 0 <= other <= 65_535):
        raise ValueError(f"{what}: expected pixels, got {text!r}")
    return one, other
