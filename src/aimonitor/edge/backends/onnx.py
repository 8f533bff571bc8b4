"""Networks in onnxruntime, the default: a wheel for every system, and no slower for company on the machine.

Threads are set, and do not spin while they wait: spinning costs half as much again when another process is busy.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aimonitor.edge import pipeline
from aimonitor.edge.backends.assembly import Loaded, assemble
from aimonitor.edge.backends.fitted import open_fitted
from aimonitor.edge.backends.request import BackendError, Request
from aimonitor.edge.heads import Shape
from aimonitor.edge.inference import Turns
from aimonitor.edge.types import Floats, Size
from aimonitor.models import ModelFile

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read at its import; else it reports to its maker, under an id
import onnxruntime


def open_onnx(request: Request) -> pipeline.Detector:
    """Return the detector of a registered model or of a file, at the input sizes that its pictures need."""

    def load(file: ModelFile, content: bytes | None, asked: Size | None, turns: Turns) -> Loaded:
        runtime = OnnxRuntime(file.path, content, threads=request.threads, asked=asked)
        return assemble(runtime, file, request, turns)

    return open_fitted(request, load)


class OnnxRuntime:
    """One session on the CPU, of a file, or of `content` that was made from it.

    `asked` is the input's size where the file leaves it open. Raises BackendError when it is no network of one image.
    """

    def __init__(
        self, path: Path, content: bytes | None = None, *, threads: int = 1, asked: Size | None = None
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4  # what goes wrong is raised; onnxruntime need not print it as well
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(content or str(path), options, providers=_PROVIDERS)
            inputs = self._session.get_inputs()
            self._image = inputs[0].name
            self.size = input_size(inputs[0].shape, asked)
            self._extra = _sizes_input(inputs[1:], self.size)
            blank = np.zeros((1, 3, self.size.height, self.size.width), np.float32)
            self.shapes: tuple[Shape, ...] = tuple(np.shape(output) for output in self.infer(blank))
        except BackendError as error:
            raise BackendError(f"{path}: {error}") from None
        except Exception as error:  # noqa: BLE001 - onnxruntime's own errors share no other base
            reason = str(error).rpartition(f"{path} failed:")[2].splitlines()[0]
            raise BackendError(
                f"{path} cannot be used as a model: {reason} Give an ONNX file of a detector, or delete this one to "
                f"have it fetched again"
            ) from None
        self.notes: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def infer(self, tensor: Floats) -> list[Floats]:
        """Run the network: (1, 3, height, width) in, its outputs in their order."""
        outputs: list[Floats] = self._session.run(None, {self._image: tensor, **self._extra})
        return outputs


_PROVIDERS = ("CPUExecutionProvider",)


def input_size(shape: Sequence[Any], asked: Size | None) -> Size:
    """The image input's size, from a shape whose open places are names or None. Raises BackendError."""
    fixed = [place if isinstance(place, int) and place > 0 else None for place in shape]
    if len(fixed) != 4 or fixed[0] not in (None, 1) or fixed[1] not in (None, 3):
        seen = "x".join(map(str, shape)) or "nothing"
        raise BackendError(f"expected a network that takes one image, 1x3xHEIGHTxWIDTH, got one that takes {seen}")
    height, width = fixed[2], fixed[3]
    if asked and (height or asked.height, width or asked.width) != (asked.height, asked.width):
        raise BackendError(
            f"its input is {width}x{height} for good, and {asked.width}x{asked.height} was asked for; a YOLOX or "
            "NanoDet file takes other sizes when it is named as one: head=yolox or head=nanodet"
        )
    usual = asked or Size(640, 640)
    return Size(width or usual.width, height or usual.height)


def _sizes_input(others: Sequence[Any], size: Size) -> dict[str, Any]:
    """A deployed DETR asks in which pixels it shall answer: in those of its input. Raises BackendError for more."""
    if not others:
        return {}
    if len(others) == 1 and others[0].type == "tensor(int64)" and len(others[0].shape) == 2:
        return {others[0].name: np.array([size], np.int64)}
    names = ", ".join(other.name for other in others)
    raise BackendError(f"expected a network that takes one image, got one that also takes {names}")
