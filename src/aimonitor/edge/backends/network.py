"""A model in a runtime, made into the network that the detector asks: picture in, raw numbers out."""

from collections.abc import Mapping
from typing import Protocol

import cv2
import numpy as np

from aimonitor.edge.detector import Inference, fit
from aimonitor.edge.heads import Preparation, Shape
from aimonitor.edge.inference import Turns
from aimonitor.edge.types import Floats, Image, Picture, Size


class Runtime(Protocol):
    """A loaded network of one image input, (1, 3, height, width) float32."""

    @property
    def size(self) -> Size:
        """Of the input, in pixels."""
        ...

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Of the outputs, as a first run gave them."""
        ...

    @property
    def notes(self) -> Mapping[str, str]:
        """What the exporter wrote into the file."""
        ...

    def infer(self, tensor: Floats) -> list[Floats]: ...


class PictureNetwork:
    """Decodes, resizes and runs. Cameras may share it, and several networks the same turns: one runs at a time."""

    def __init__(self, runtime: Runtime, preparation: Preparation, turns: Turns) -> None:
        self._runtime = runtime
        self._preparer = Preparer(runtime.size, preparation)
        self._turns = turns

    @property
    def size(self) -> Size:
        return self._runtime.size

    def run(self, picture: Picture) -> Inference:
        image = picture.bgr()
        with self._turns:
            tensor, content = self._preparer.prepare(image)
            return Inference(self._runtime.infer(tensor), content)


class Preparer:
    """Resizes, fills, orders and scales into one tensor that is used again and again."""

    def __init__(self, size: Size, how: Preparation) -> None:
        self._size = size
        self._how = how
        self._canvas = np.empty((size.height, size.width, 3), np.uint8)
        self._tensor = np.empty((1, 3, size.height, size.width), np.float32)
        self._content = Size(0, 0)
        deviation = np.array(how.std, np.float32)
        self._factor = (1 / deviation).reshape(3, 1, 1)
        self._offset = (-np.array(how.mean, np.float32) / deviation).reshape(3, 1, 1)
        self._scales, self._shifts = bool((self._factor != 1).any()), bool((self._offset != 0).any())

    def prepare(self, image: Image) -> tuple[Floats, Size]:
        """Return the tensor, valid until the next call, and the size of the picture in it."""
        height, width = image.shape[:2]
        content = fit(Size(width, height), self._size, letterbox=self._how.letterbox)
        if content != self._content:
            self._canvas[:] = self._how.fill
            self._content = content
        finer = cv2.INTER_CUBIC if content.width > width else cv2.INTER_LINEAR
        cv2.resize(image, content, dst=self._canvas[: content.height, : content.width], interpolation=finer)
        planes = self._canvas if self._how.order == "bgr" else self._canvas[:, :, ::-1]
        np.copyto(self._tensor[0], planes.transpose(2, 0, 1))
        if self._scales:
            self._tensor[0] *= self._factor
        if self._shifts:
            self._tensor[0] += self._offset
        return self._tensor, content
