"""The opening picture of an incident with its boxes drawn in, for those who cannot draw them: chats and mails."""

import cv2
import numpy as np

from aimonitor.edge.clips import Kept, Labelled
from aimonitor.edge.types import Image

_COLOR = (0, 190, 255)
_DARK = (20, 20, 20)


def draw_boxes(picture: Kept, quality: int = 85) -> bytes:
    """The picture as JPEG, with a box and `label id` for each track. Raises ValueError when its bytes are no JPEG."""
    image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"frame {picture.frame_id}: expected a JPEG, got {picture.jpeg[:2].hex(' ') or 'nothing'}")
    for track in picture.tracks:
        _draw(image, track)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"frame {picture.frame_id}: OpenCV could not encode it")
    return bytes(data)


def _draw(image: Image, track: Labelled) -> None:
    height, width = image.shape[:2]
    box = track.box
    corner = round(box.x1 * width), round(box.y1 * height)
    thickness = max(1, width // 320)
    scale = max(0.35, width / 1600)
    cv2.rectangle(image, corner, (round(box.x2 * width), round(box.y2 * height)), _COLOR, thickness)
    text = f"{track.label} {track.track_id}"
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    top = max(0, corner[1] - text_height - 4)
    cv2.rectangle(image, (corner[0], top), (corner[0] + text_width + 4, top + text_height + 4), _COLOR, -1)
    place = (corner[0] + 2, top + text_height + 2)
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, _DARK, 1, cv2.LINE_AA)
