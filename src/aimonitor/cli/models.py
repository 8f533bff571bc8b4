"""`aimonitor models`: which detectors there are, fetch one, look into one."""

import argparse

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
examples:
  aimonitor models list                            what there is, and what is here already
  aimonitor models pull yolox-tiny                 fetch it, verified, for use offline
  aimonitor models check my-yolov8n.onnx           does it fit, and as what?"""


def add_to(commands: Commands) -> None:
    """Add the command and its kinds to the command line."""
    command = commands.add_parser(
        "models",
        help="list, fetch and check detector weights",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = command.add_subparsers(title="what to do", metavar="WHAT", required=True)
    kinds.add_parser("list", help="every known model and whether it is here").set_defaults(run=_list)
    pull = kinds.add_parser("pull", help="fetch a model by name; run it again to resume")
    pull.add_argument("name")
    add_common(pull)
    pull.set_defaults(run=_pull)
    check = kinds.add_parser("check", help="load a model and say what it is")
    check.add_argument("model", help="a name of `models list`, or the path of an .onnx file")
    add_common(check)
    check.set_defaults(run=_check)


def _list(_chosen: argparse.Namespace) -> int:
    from aimonitor.models import store

    print(f"{'name':<12} {'input':<10} {'classes':>7} {'fetch':>9}  {'licence':<36} here")
    for model, path in store.list_models().items():
        size = f"{model.input_width}x{model.input_height}"
        fetch = f"{model.size / 1e6:.1f} MB"
        print(f"{model.name:<12} {size:<10} {len(model.classes):>7} {fetch:>9}  {model.licence:<36} {path or '-'}")
    return 0


def _pull(chosen: argparse.Namespace) -> int:
    from aimonitor.cli.progress import Bar
    from aimonitor.models import store

    found = store.pull(chosen.name, Bar)
    print(f"{found.name}: {found.path}")
    return 0


def _check(chosen: argparse.Namespace) -> int:
    from aimonitor.cli.progress import Bar
    from aimonitor.edge import backends

    print(backends.describe(chosen.model, Bar))
    return 0
