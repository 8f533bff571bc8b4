"""Pictures as cameras give them: JPEG bytes (ESP32-CAM, network cameras) or pixels (files, USB, RTSP).

Both implement `types.Picture` and do as little as late as possible: a JPEG is never decoded for its size, decoded at
an eighth for the motion gate, decoded in full only when a detector wants it, and never encoded again; pixels are
encoded once, only when somebody wants to send them. A picture passes from the capture to the analysis thread and is
used by one of them at a time.
"""

import cv2
import numpy as np

from aimonitor.contract.errors import ContractError
from aimonitor.contract.jpeg import read_size
from aimonitor.edge.types import Box, Image, PictureError

GRAY_WIDTH = 160
"""Pixels that `gray` aims at."""

JPEG_QUALITY = 80
"""Of pictures that we must encode ourselves (1..100)."""

THUMBNAIL_QUALITY = 50

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_FULL_GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
_FULL_COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_REDUCED_GRAY = {
    1: _FULL_GRAY,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_IGNORE_ORIENTATION,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4 | cv2.IMREAD_IGNORE_ORIENTATION,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION,
}
_REDUCED_COLOR = {
    1: _FULL_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2 | cv2.IMREAD_IGNORE_ORIENTATION,
    4: cv2.IMREAD_REDUCED_COLOR_4 | cv2.IMREAD_IGNORE_ORIENTATION,
    8: cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION,
}


class JpegPicture:
    """A picture that came as JPEG bytes; `jpeg` returns the same bytes, less what a sensor padded after their end.

    Raises PictureError on construction when the bytes are no whole JPEG or claim an unreasonable size; bytes that only
    look like one raise it when decoded.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(_START):
            raise PictureError(f"expected a JPEG (ff d8 ff), got {data[:3].hex(' ') or 'nothing'}")
        end = data.rfind(_END) + len(_END)
        if end < len(_START):
            raise PictureError(f"expected a whole JPEG (ff d9 at its end), got {len(data)} bytes without an end")
        self._data = data if end == len(data) else data[:end]
        try:
            self._size = read_size(self._data)
        except ContractError as error:
            raise PictureError(str(error)) from None
        self._gray: Image | None = None
        self._bgr: Image | None = None

    @property
    def width(self) -> int:
        return self._size.width

    @property
    def height(self) -> int:
        return self._size.height

    def gray(self) -> Image:
        """(height/n, width/n) uint8, n the one of 1, 2, 4, 8 that comes closest to GRAY_WIDTH; kept."""
        if self._gray is None:
            self._gray = self._decode(_REDUCED_GRAY[_nearest_reduction(self.width)])
        return self._gray

    def bgr(self) -> Image:
        if self._bgr is None:
            self._bgr = self._decode(_FULL_COLOR)
        return self._bgr

    def jpeg(self) -> bytes:
        return self._data

    def thumbnail(self) -> bytes:
        """The camera's own bytes where they are few: a small sensor's may be as small, but are better than need be."""
        small = _shrink(self._decode(_REDUCED_COLOR[_nearest_reduction(self.width)]))
        return self._data if self.width <= GRAY_WIDTH and len(self._data) <= len(small) else small

    def crop(self, part: Box) -> "ArrayPicture":
        return ArrayPicture(_cut(self.bgr(), part))

    def _decode(self, flags: int) -> Image:
        try:
            image = cv2.imdecode(np.frombuffer(self._data, np.uint8), flags)
        except cv2.error as error:
            raise PictureError(f"expected a JPEG that decodes, got {len(self._data)} bytes: {error.err}") from None
        if image is None:
            raise PictureError(f"expected a JPEG that decodes, got {len(self._data)} bytes that do not")
        return np.asarray(image, np.uint8)


class ArrayPicture:
    """A picture that came as pixels, (height, width, 3) uint8 BGR; the array is kept, not copied."""

    def __init__(self, bgr: Image) -> None:
        if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8 or 0 in bgr.shape:
            raise PictureError(f"expected (height, width, 3) uint8, got {bgr.shape} {bgr.dtype}")
        self._bgr = bgr
        self._gray: Image | None = None
        self._jpeg: bytes | None = None

    @property
    def width(self) -> int:
        return int(self._bgr.shape[1])

    @property
    def height(self) -> int:
        return int(self._bgr.shape[0])

    def gray(self) -> Image:
        """(height//n, width//n) uint8, n = width / GRAY_WIDTH rounded; kept. The rest at right and bottom is cut."""
        if self._gray is None:
            n = max(1, min(round(self.width / GRAY_WIDTH), self.height))
            rows, columns = self.height // n, self.width // n
            small = cv2.resize(
                self._bgr[: rows * n, : columns * n], (columns, rows), interpolation=cv2.INTER_AREA
            )  # an exact multiple takes the fast path of INTER_AREA
            self._gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        return self._gray

    def bgr(self) -> Image:
        return self._bgr

    def jpeg(self) -> bytes:
        if self._jpeg is None:
            self._jpeg = _encode(self._bgr, JPEG_QUALITY)
        return self._jpeg

    def thumbnail(self) -> bytes:
        return _shrink(self._bgr)

    def crop(self, part: Box) -> "ArrayPicture":
        return ArrayPicture(_cut(self._bgr, part))


def _cut(bgr: Image, part: Box) -> Image:
    """Rounded so that a part of equal shares is never higher for its width than the whole."""
    height, width = bgr.shape[:2]
    columns = max(1, round(part.width * width))
    rows = max(1, int(columns * height * part.height / (width * part.width)))
    left, top = min(round(part.x1 * width), width - columns), min(round(part.y1 * height), height - rows)
    return bgr[top : top + rows, left : left + columns]


def _shrink(bgr: Image) -> bytes:
    """The picture as a JPEG of GRAY_WIDTH at most."""
    width = min(GRAY_WIDTH, bgr.shape[1])
    height = max(1, round(bgr.shape[0] * width / bgr.shape[1]))
    small = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA)
    return _encode(np.asarray(small, np.uint8), THUMBNAIL_QUALITY)


def _encode(bgr: Image, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise PictureError(f"expected pixels that encode as JPEG, got {bgr.shape[1]}x{bgr.shape[0]}")
    return bytes(data.tobytes())


def _nearest_reduction(width: int) -> int:
    """The n of 1, 2, 4, 8 (what JPEG's transform gives for less than a full decode) nearest to width / GRAY_WIDTH."""
    return min(_REDUCED_GRAY, key=lambda n: max(width / n, GRAY_WIDTH) / min(width / n, GRAY_WIDTH))
