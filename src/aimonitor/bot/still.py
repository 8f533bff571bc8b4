"""Boxes on a still, and what a thing looks like: Pillow, late and in a worker thread, because a chat has no canvas.

The picture is decoded only after its size was read from its header. Labels are the detector's own words, in Latin
letters: the font that comes with Pillow has no others.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aimonitor.contract import jpeg, messages
from aimonitor.contract.errors import ContractError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Box = tuple[float, float, float, float]

SMALL_PX = 640
"""A narrower picture is enlarged by a whole number, at most four times, so that labels can be read."""
MOVING_PX = 480
"""The longer side of a moving picture."""
_CELLS = 4
_QUALITY = 82
_WHITE, _DARK = (255, 255, 255), (20, 24, 32)
_CALM, _WORRYING, _BAD = (40, 160, 90), (230, 150, 20), (214, 45, 45)


class StillError(ValueError):
    """The picture cannot be used; the text says why."""


def annotate(picture: bytes, tracks: Sequence[messages.TrackView]) -> bytes:
    """The picture with a box and a label for each track, as a JPEG; raises StillError."""
    from PIL import Image, ImageDraw, ImageFont

    image = _open(picture)
    factor = max(1, min(4, -(-SMALL_PX // image.width)))
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(12.0, image.width / 45))
    for track in tracks:
        _draw_track(draw, image, track, font)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def animate(pictures: Sequence[tuple[bytes, Sequence[messages.TrackView]]], frame_s: float) -> bytes:
    """A moving picture of several with their boxes, `frame_s` seconds each, as a GIF; raises StillError."""
    from PIL import Image

    images = []
    for picture, tracks in pictures:
        image = _open(annotate(picture, tracks))
        image.thumbnail((MOVING_PX, MOVING_PX))
        images.append(image.quantize(128, Image.Quantize.MEDIANCUT))
    if not images:
        raise StillError("expected at least one picture, got none")
    out = io.BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=round(frame_s * 1000), loop=0)
    return out.getvalue()


def _draw_track(draw: "ImageDraw", image: "Image", track: messages.TrackView, font: object) -> None:
    x1, y1, x2, y2 = _pixels(track.box, image)
    color = _BAD if track.risk >= 0.5 else _WORRYING if track.risk >= 0.25 else _CALM
    line = max(2, image.width // 320)
    draw.rectangle((x1 - line, y1 - line, x2 + line, y2 + line), outline=_WHITE, width=2 * line)
    draw.rectangle((x1, y1, x2, y2), outline=color, width=line)
    label = track.label.encode("latin-1", "replace").decode("latin-1")
    text = f"{label} {100 * track.score:.0f}%"
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)  # type: ignore[arg-type]
    height = bottom - top + 2 * line
    at_x = max(0, min(x1, image.width - int(right - left) - 2 * line))
    at_y = y1 - height - line if y1 - height - line >= 0 else min(y2 + line, image.height - height)
    spot = (at_x + line, at_y + line - top)
    draw.text(spot, text, fill=_DARK, font=font, stroke_width=line, stroke_fill=_WHITE)  # type: ignore[arg-type]


def look(picture: bytes, box: Box) -> bytes:
    """The appearance of what is in `box`: 4 x 4 mean colors, brightness taken out; empty when the box is too small.

    Raises StillError.
    """
    from PIL import Image

    image = _open(picture)
    x1, y1, x2, y2 = _pixels(box, image)
    if x2 - x1 < _CELLS or y2 - y1 < _CELLS:
        return b""
    cells = image.crop((x1, y1, x2, y2)).resize((_CELLS, _CELLS), Image.Resampling.BOX).tobytes()
    brightness = sum(cells) / len(cells)
    return bytes(max(0, min(255, round(value - brightness + 128))) for value in cells)


def _open(picture: bytes) -> "Image":
    from PIL import Image, UnidentifiedImageError

    try:
        jpeg.read_size(picture)
        return Image.open(io.BytesIO(picture), formats=("JPEG",)).convert("RGB")
    except (ContractError, UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise StillError(f"expected a JPEG picture: {error}") from None


def _pixels(box: Box, image: "Image") -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (max(0.0, min(1.0, part)) for part in box)
    return round(x1 * image.width), round(y1 * image.height), round(x2 * image.width), round(y2 * image.height)
