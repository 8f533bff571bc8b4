"""`aimonitor models check`: does a file fit, and as what?"""

import time

import numpy as np

from aimonitor.edge.backends.assembly import asked_size, class_names, head_of
from aimonitor.edge.backends.onnx import OnnxRuntime
from aimonitor.edge.backends.request import Request
from aimonitor.edge.types import Floats
from aimonitor.models import resolve

_RUNS = 5


def inspect(request: Request) -> str:
    """Load the file, run it, and say what it is. Raises BackendError that says what does not fit."""
    file = resolve(request.rest, request.watch)
    runtime = OnnxRuntime(file.path, asked=asked_size(request))
    head = head_of(runtime, file, request)
    names = class_names(runtime, file, request, head)
    some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    how = "letterboxed" if head.preparation.letterbox else "stretched"
    return "\n".join(
        (
            f"{file.name}: fits",
            f"  file     {file.path} ({file.path.stat().st_size / 1e6:.1f} MB)",
            f"  input    {runtime.size.width}x{runtime.size.height} {head.preparation.order.upper()}, {how}",
            f"  outputs  {', '.join('x'.join(map(str, shape)) for shape in runtime.shapes)}",
            f"  head     {head.name}",
            f"  classes  {len(names)}: {some}",
            f"  speed    {_milliseconds(runtime):.1f} ms a picture here, on one thread",
        )
    )


def _milliseconds(runtime: OnnxRuntime) -> float:
    """The fastest of a few runs: what the network costs, not what else the machine does."""
    picture: Floats = np.zeros((1, 3, runtime.size.height, runtime.size.width), np.float32)
    fastest = float("inf")
    for _ in range(_RUNS):
        started = time.perf_counter()
        runtime.infer(picture)
        fastest = min(fastest, time.perf_counter() - started)
    return fastest * 1e3
