"""Networks in OpenVINO, for whoever installs it: `openvino:yolox-nano`. Pays on processors with bfloat16 units.

`precision=f32` computes exactly, `precision=bf16` in half precision at once; by default half precision is tried
against exact arithmetic on the camera's own pictures first.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aimonitor.edge.backends.assembly import Loaded, assemble
from aimonitor.edge.backends.fitted import open_fitted
from aimonitor.edge.backends.onnx import input_size
from aimonitor.edge.backends.request import BackendError, Request
from aimonitor.edge.backends.trial import Trial
from aimonitor.edge.heads import Shape
from aimonitor.edge.inference import Turns
from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import Floats, Size
from aimonitor.models import ModelFile

try:
    import openvino
except ImportError:
    openvino = None

_PRECISIONS = ("auto", "f32", "bf16")


def open_openvino(request: Request) -> Detector:
    """Return the detector of a registered model or of a file, in OpenVINO."""
    if openvino is None:
        raise BackendError("openvino: needs the package openvino: pip install 'aimonitor[openvino]'")
    precision = request.options.get("precision", "auto")
    if precision not in _PRECISIONS:
        raise BackendError(f"expected precision as one of {', '.join(_PRECISIONS)}, got {precision!r}")

    def load(file: ModelFile, content: bytes | None, asked: Size | None, turns: Turns) -> Loaded:
        def one(kind: str) -> Loaded:
            runtime = OpenVinoRuntime(file.path, content, threads=request.threads, asked=asked, precision=kind)
            return assemble(runtime, file, request, turns)

        if precision != "auto" or not has_bfloat16():
            return one("f32" if precision == "auto" else precision)
        exact, fast = one("f32"), one("bf16")
        return Loaded(Trial(exact.detector, fast.detector, "half precision"), exact.size, exact.head)

    return open_fitted(request, load)


def has_bfloat16() -> bool:
    """True when this processor computes in bfloat16 by itself."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoRuntime:
    """One compiled network on the CPU. Raises BackendError when it is no network of one image."""

    def __init__(
        self,
        path: Path,
        content: bytes | None = None,
        *,
        threads: int = 1,
        asked: Size | None = None,
        precision: str = "f32",
    ) -> None:
        try:
            model = openvino.Core().read_model(content or path.read_bytes())
            self.size = _fix_input(model, path, asked)
            compiled = openvino.Core().compile_model(
                model,
                "CPU",
                {
                    "INFERENCE_NUM_THREADS": threads,
                    "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_PRECISION_HINT": precision,
                },
            )
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BackendError(f"{path} cannot be used as a model by OpenVINO: {reason}") from None
        self._request = compiled.create_infer_request()
        self._outputs = range(len(compiled.outputs))
        blank = np.zeros((1, 3, self.size.height, self.size.width), np.float32)
        self.shapes: tuple[Shape, ...] = tuple(output.shape for output in self.infer(blank))
        self.notes: Mapping[str, str] = {}

    def infer(self, tensor: Floats) -> list[Floats]:
        """Run the network: (1, 3, height, width) in, its outputs in their order."""
        self._request.infer([tensor], share_inputs=True)
        return [self._request.get_output_tensor(place).data.copy() for place in self._outputs]


def _fix_input(model: Any, path: Path, asked: Size | None) -> Size:  # noqa: ANN401 - OpenVINO is optional
    """Give the network one image of one size. Raises BackendError when it takes something else."""
    if len(model.inputs) != 1:
        raise BackendError(f"{path}: expected a network of one input, got {len(model.inputs)}")
    shape = [None if side.is_dynamic else side.get_length() for side in model.inputs[0].partial_shape]
    try:
        size = input_size(shape, asked)
    except BackendError as error:
        raise BackendError(f"{path}: {error}") from None
    model.reshape([1, 3, size.height, size.width])
    return size
