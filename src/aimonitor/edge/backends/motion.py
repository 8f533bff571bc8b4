"""A detector without a network: whatever moves against the still background, labelled `motion`.

Background by Gaussian mixtures (Zivkovic 2004, OpenCV's MOG2) on the small gray picture: a tenth of a millisecond
where a network takes ten. It says where something moves, not what it is.
"""

import cv2
import numpy as np

from aimonitor.edge.backends.request import Request
from aimonitor.edge.types import Detections, Floats, Picture

LABEL = "motion"
_LEAST_SHARE = 0.001
_HISTORY_FRAMES = 200
_VARIANCES = 25.0
_SHADOW = 127


class MotionDetector:
    """Finds moving regions; remembers the background of one camera."""

    def __init__(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(_HISTORY_FRAMES, _VARIANCES, detectShadows=True)
        self._shape: tuple[int, ...] = ()

    detail = None

    def detect(self, picture: Picture) -> Detections:
        gray = picture.gray()
        fresh = gray.shape != self._shape
        self._shape = gray.shape
        moving = self._background.apply(gray, learningRate=1.0 if fresh else -1.0)
        mask = ((moving > _SHADOW) & (not fresh)).astype(np.uint8)
        mask = cv2.dilate(cv2.medianBlur(mask, 3), np.ones((5, 5), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        regions = np.asarray(stats[1:], np.float32)
        regions = regions[regions[:, cv2.CC_STAT_AREA] >= max(12.0, _LEAST_SHARE * gray.size)]
        corner, extent, area = regions[:, :2], regions[:, 2:4], regions[:, cv2.CC_STAT_AREA]
        boxes = np.hstack([corner, corner + extent]) / np.array(gray.shape[::-1] * 2)
        filled: Floats = area / (extent[:, 0] * extent[:, 1])
        return Detections(boxes.astype(np.float32), filled, (LABEL,) * len(regions))


def open_motion(request: Request) -> MotionDetector:
    """Return a new detector of motion."""
    request.only()
    return MotionDetector()
