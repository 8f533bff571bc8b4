"""A loaded network, what its file says and what the person asked, made into a detector."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aimonitor.edge import pipeline
from aimonitor.edge.backends.network import PictureNetwork, Runtime
from aimonitor.edge.backends.request import BackendError, Request
from aimonitor.edge.detector import LEAST, Calibration, Detector
from aimonitor.edge.heads import Head, HeadError, recognize
from aimonitor.edge.inference import Turns
from aimonitor.edge.types import Size
from aimonitor.models import ModelFile
from aimonitor.models.coco import COCO80

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "onnx": ("head", "names", "size"),
    "openvino": ("head", "names", "size", "precision"),
}

_CALIBRATIONS: Mapping[str, Calibration] = {
    "yolox": Calibration(small=0.30, large=0.40),
    "nanodet": Calibration(small=0.40, large=0.45),
}
"""Between the best F1 on COCO and on a campus camera, at full size and at 160x120 (docs/guide/models.md)."""

_USUAL = Calibration(small=0.25, large=0.35)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A detector, the size of its input and the name of its head."""

    detector: pipeline.Detector
    size: Size
    head: str


def assemble(runtime: Runtime, file: ModelFile, request: Request, turns: Turns) -> Loaded:
    """Return the detector. Raises BackendError when head or names do not fit what the network gives."""
    head = head_of(runtime, file, request)
    names = class_names(runtime, file, request, head)
    least = LEAST if request.threshold is None else request.threshold
    network = PictureNetwork(runtime, head.preparation, turns)
    detector = Detector(network, head, names, _CALIBRATIONS.get(head.name, _USUAL), least=least)
    return Loaded(detector, runtime.size, head.name)


def head_of(runtime: Runtime, file: ModelFile, request: Request) -> Head:
    """The head that was named, or that fits. Raises BackendError."""
    named = request.only(*OPTIONS[request.scheme]).get("head")
    try:
        return recognize(runtime.size, runtime.shapes, named or file.architecture)
    except HeadError as error:
        raise BackendError(f"{file.path}: {error}") from None


def class_names(runtime: Runtime, file: ModelFile, request: Request, head: Head) -> tuple[str, ...]:
    """The names that were given, or that the registry or the file knows, or COCO's. Raises BackendError."""
    given = request.options.get("names")
    names = _lines(Path(given).expanduser()) if given else file.classes or _noted(runtime.notes) or COCO80
    if head.classes and head.classes != len(names):
        raise BackendError(
            f"{file.path} tells {head.classes} classes apart, and {len(names)} names are known: give them, one a "
            f"line, with names=FILE"
        )
    return names


def asked_size(request: Request) -> Size | None:
    """The option size=WIDTHxHEIGHT. Raises BackendError."""
    text = request.options.get("size")
    if text is None:
        return None
    sides = re.fullmatch(r"([1-9]\d{1,3})x([1-9]\d{1,3})", text)
    if not sides:
        raise BackendError(f"expected size=WIDTHxHEIGHT, such as 416x320, got {text!r}")
    return Size(int(sides[1]), int(sides[2]))


def _lines(path: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise BackendError(f"the names cannot be read from {path}: {error}") from None


def _noted(notes: Mapping[str, str]) -> tuple[str, ...]:
    """Names as Ultralytics writes them into a file: {0: 'person', 1: 'bicycle'}. Empty when there are none such."""
    try:
        names = ast.literal_eval(notes.get("names", ""))
        return tuple(str(names[place]) for place in range(len(names)))
    except (ValueError, SyntaxError, TypeError, KeyError):
        return ()
