"""`aimonitor eval`: measure the parts against ground truth, with the field's own measures."""

import argparse
import json
from pathlib import Path

from aimonitor.cli.options import Commands


def add_to(commands: Commands) -> None:
    """Add the command and its kinds to the command line."""
    command = commands.add_parser("eval", help="measure detector, tracker, behavior, anomaly against ground truth")
    kinds = command.add_subparsers(title="what to measure", metavar="WHAT", required=True)

    track = kinds.add_parser("track", help="MOTA, IDF1, HOTA on MOTChallenge sequences")
    track.add_argument("--mot-root", type=Path, required=True, metavar="DIR", help="folder of sequences with gt/gt.txt")
    track.add_argument("--det", type=Path, required=True, metavar="DIR", help="folder of <sequence>_det*.txt files")
    track.add_argument("--fps", type=float, help="cut the sequences to this rate first")
    track.set_defaults(run=_track)

    detect = kinds.add_parser(
        "detect",
        help="COCO average precision of detectors, by group of classes",
        description="Compare detectors, or sizes of one's input, on pictures with ground truth: average precision, the "
        "score where F1 is best, and CPU time. For instance: --detector yolox-nano 'yolox-nano?size=640x480'",
    )
    detect.add_argument("--coco", type=Path, required=True, metavar="FILE", help="instances_*.json")
    detect.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of its images, or of some")
    detect.add_argument(
        "--detector",
        nargs="+",
        default=["yolox-nano"],
        metavar="ADDRESS",
        help="see `aimonitor models list` (default: yolox-nano)",
    )
    detect.add_argument(
        "--shrink-to", type=_size, metavar="WIDTHxHEIGHT", help="see the pictures as a camera of this size would"
    )
    detect.set_defaults(run=_detect)

    scenes = kinds.add_parser("scenes", help="what the edge understands of scripted scenes with truth")
    scenes.add_argument("names", nargs="*", metavar="SCENE", help="default: all")
    scenes.add_argument(
        "--seeds",
        type=_seeds,
        default=range(5),
        metavar="N|A..B",
        help="variants of each scene: N, or A to B (default: 5)",
    )
    scenes.add_argument("--fps", type=float, default=5.0, help="rate of the camera (default: %(default)s)")
    scenes.set_defaults(run=_scenes)

    anomaly = kinds.add_parser("anomaly", help="score of the streaming detector on the Numenta Anomaly Benchmark")
    anomaly.add_argument("--nab", type=Path, required=True, metavar="DIR", help="folder with data/ and windows")
    anomaly.set_defaults(run=_anomaly)


def _seeds(text: str) -> range:
    """`5` is 0 to 4, `100..107` is 100 to 107."""
    first, dots, last = text.partition("..")
    try:
        seeds = range(int(first), int(last) + 1) if dots else range(int(first))
    except ValueError:
        seeds = range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"expected a count above 0, or first and last as in 100..107; got {text!r}")
    return seeds


def _size(text: str) -> tuple[int, int]:
    width, x, height = text.partition("x")
    if not (x and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT as in 160x120; got {text!r}")
    return int(width), int(height)


def _track(chosen: argparse.Namespace) -> int:
    from aimonitor.evaluation import track

    print(track.evaluate(chosen.mot_root, chosen.det, fps=chosen.fps))
    return 0


def _detect(chosen: argparse.Namespace) -> int:
    from aimonitor.edge.backends import open_detector
    from aimonitor.evaluation import detect

    # precision counts every answer, however weak, and every class of the groups
    reports = []
    for address in chosen.detector:
        detector = open_detector(address, threshold=0.01)
        reports.append((address, detect.evaluate(chosen.coco, chosen.images, detector, chosen.shrink_to)))
    print(detect.table(reports))
    return 0


def _scenes(chosen: argparse.Namespace) -> int:
    from aimonitor.evaluation import scenes

    print(scenes.evaluate(chosen.seeds, fps=chosen.fps, names=chosen.names).report())
    return 0


def _anomaly(chosen: argparse.Namespace) -> int:
    from aimonitor.evaluation import anomaly

    print(json.dumps(anomaly.evaluate(chosen.nab), indent=2, default=str))
    return 0
