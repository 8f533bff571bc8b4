"""What can look at a picture: the table from a detector's address to its factory.

`NAME` (of the model registry), `onnx:PATH`, `openvino:NAME` or `openvino:PATH`, `motion:`, `scripted:PATH`; options
follow as in a URL: `onnx:my.onnx?head=yolov8&names=classes.txt`.
"""

import re
from collections.abc import Callable, Mapping
from importlib import import_module

from aimonitor.edge.backends.request import BackendError, Request
from aimonitor.edge.pipeline import Detector
from aimonitor.models import MODELS
from aimonitor.models.fetch import Watch, unwatched

__all__ = ["BackendError", "describe", "open_detector"]

_FACTORIES: Mapping[str, tuple[str, str]] = {
    "onnx": ("aimonitor.edge.backends.onnx", "open_onnx"),
    "openvino": ("aimonitor.edge.backends.openvino", "open_openvino"),
    "motion": ("aimonitor.edge.backends.motion", "open_motion"),
    "scripted": ("aimonitor.edge.backends.scripted", "open_scripted"),
}
"""Scheme to module and function, imported when asked for: a runtime costs nobody who does not use it."""


def open_detector(spec: str, *, threads: int = 1, threshold: float | None = None, watch: Watch = unwatched) -> Detector:
    """Return the detector of an address; a model that is not there yet is fetched.

    `threshold` is the least score that is reported. Raises BackendError, ModelError or FetchError, each with
    one line that says what to do.
    """
    request = parse(spec, threads=threads, threshold=threshold, watch=watch)
    module, function = _FACTORIES[request.scheme]
    factory: Callable[[Request], Detector] = getattr(import_module(module), function)
    return factory(request)


def describe(spec: str, watch: Watch = unwatched) -> str:
    """Load a model and say in a few lines what it is. Raises BackendError, ModelError or FetchError as above."""
    from aimonitor.edge.backends.check import inspect

    request = parse(spec, watch=watch)
    if request.scheme != "onnx":
        raise BackendError(f"{request.scheme}: is no model file: expected one of {', '.join(MODELS)}, or onnx:PATH")
    return inspect(request)


def parse(spec: str, *, threads: int = 1, threshold: float | None = None, watch: Watch = unwatched) -> Request:
    """Take an address apart. What has no scheme is a model's name or path, for onnxruntime."""
    address, _, query = spec.partition("?")
    scheme, colon, rest = address.partition(":")
    if not colon or len(scheme) == 1:  # one letter is a Windows drive
        scheme, rest = "onnx", address
    if scheme not in _FACTORIES:
        raise BackendError(f"there is no detector {spec!r}: expected one of {', '.join(MODELS)}, or {_schemes()}")
    return Request(scheme, rest, _options(query), threads, threshold, watch)


def _options(query: str) -> Mapping[str, str]:
    options = dict(pair.partition("=")[::2] for pair in re.split("[&;]", query) if pair)
    empty = [name for name, value in options.items() if not value]
    if empty:
        raise BackendError(f"the detector's option {empty[0]!r} has no value: expected {empty[0]}=VALUE")
    return options


def _schemes() -> str:
    return ", ".join(f"{scheme}:…" for scheme in _FACTORIES)
