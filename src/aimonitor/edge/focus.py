"""Where to look: at the part of a large picture where something happens, in full detail, instead of at all of it small.

A network sees a picture at its input's size. A person far off in a picture of 1920 pixels is a few pixels high there,
while all that moves may fit a quarter of the picture. So the smallest frame that holds what moves and whoever is
followed is cut out, with some air around it, and looked at in its place: the same work, up to the detail that the
camera has. What the frame cuts is left out, and the next frame drawn around it as well. Pictures that are not much
larger than the input are looked at as they are, and every fifth look is at the whole.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from aimonitor.edge.types import Box, Detections, Picture, Size, Track

_PAYS = 0.7
"""The share of the picture's width up to which a part is looked at; above it too little would be gained."""

_AIR = 0.3
"""Around what moves, as a share of its own sides: people are taller than what moves of them."""

_AIR_OF_CUT = 1.0
"""Nobody knows how far something goes on beyond the edge."""

_CUT = 0.01
"""A box that comes this close to the frame, in shares of it, may go on beyond."""

_PARTS_IN_A_ROW = 4


class Looker(Protocol):
    @property
    def detail(self) -> Size | None:
        """The pixels that it makes use of; None when it does not matter to it how large a picture is."""
        ...

    def detect(self, picture: Picture) -> Detections: ...


class Focus:
    """Aims a detector. Belongs to one camera: it remembers when the whole was last looked at, and what was cut."""

    def __init__(self, detector: Looker) -> None:
        self._detector = detector
        self._parts = 0
        self._cut: Sequence[Box] = ()

    def detect(self, picture: Picture, moved: Box | None, tracks: Sequence[Track]) -> Detections:
        """Return what is seen, in fractions of the whole picture. Raises PictureError on bad bytes.

        moved: where something moved, None when there is another reason to look
        """
        part = self._part(Size(picture.width, picture.height), moved, tracks)
        if part is None:
            self._parts, self._cut = 0, ()
            return self._detector.detect(picture)
        self._parts += 1
        found, self._cut = inside(self._detector.detect(picture.crop(part)), part)
        return found

    def _part(self, size: Size, moved: Box | None, tracks: Sequence[Track]) -> Box | None:
        detail = self._detector.detail
        if detail is None or self._parts >= _PARTS_IN_A_ROW:
            return None
        wanted = [with_air(box, _AIR_OF_CUT) for box in self._cut]
        wanted += [with_air(track.box, _AIR) for track in tracks]
        if moved is not None:
            wanted.append(with_air(moved, _AIR))
        return frame_around(wanted, size, detail)


def frame_around(boxes: Sequence[Box], size: Size, detail: Size) -> Box | None:
    """The part of a picture that holds the boxes, of its shape and not enlarged; None when the whole is as good."""
    if not boxes:
        return None
    low_x, low_y = min(box.x1 for box in boxes), min(box.y1 for box in boxes)
    high_x, high_y = max(box.x2 for box in boxes), max(box.y2 for box in boxes)
    share = max(high_x - low_x, high_y - low_y, min(detail.width / size.width, detail.height / size.height))
    if share > _PAYS:
        return None
    x = min(max((low_x + high_x - share) / 2, 0.0), 1.0 - share)
    y = min(max((low_y + high_y - share) / 2, 0.0), 1.0 - share)
    return Box(x, y, x + share, y + share)


def inside(found: Detections, part: Box) -> tuple[Detections, Sequence[Box]]:
    """Detections of a part in fractions of the whole, and the boxes of those that its edge cuts."""
    boxes = found.boxes
    open_low = np.array([part.x1 > 0.0, part.y1 > 0.0])
    open_high = np.array([part.x2 < 1.0, part.y2 < 1.0])
    cut = ((boxes[:, :2] < _CUT) & open_low).any(axis=1) | ((boxes[:, 2:] > 1.0 - _CUT) & open_high).any(axis=1)
    keep = np.flatnonzero(~cut)
    placed = boxes * np.array([part.width, part.height] * 2, np.float32)
    placed += np.array([part.x1, part.y1] * 2, np.float32)
    labels = tuple(found.labels[place] for place in keep.tolist())
    return Detections(placed[keep], found.scores[keep], labels), [Box(*map(float, box)) for box in placed[cut]]


def with_air(box: Box, share: float) -> Box:
    """The box with `share` of its sides more on every side, within the picture."""
    x, y = share * box.width, share * box.height
    return Box(max(0.0, box.x1 - x), max(0.0, box.y1 - y), min(1.0, box.x2 + x), min(1.0, box.y2 + y))
