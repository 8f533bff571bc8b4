"""What lies over a picture besides its tracks: the places that the owner drew, and what a thermal sensor feels."""

from typing import Annotated

from msgspec import Meta

from aimonitor.contract.vocabulary import Finite, Fraction, Message, Name, Part, Sequence, Source, Utc, Word

PLACES = 200
"""Zones, and lines, of a camera at most: more would be no picture any more, and would not fit a message."""

COLUMNS, ROWS = 160, 120
DEAD = 255
"""The value of a pixel that measures nothing."""
STEPS = 254
"""The value of `high_celsius`; that of `low_celsius` is 0."""

Spot = tuple[Fraction, Fraction]
"""x and y in fractions of the image."""


class ZoneView(Part, frozen=True):
    """A zone as its camera's owner drew it. `kind`: zone, or mask (what stands there is ignored).

    restricted: nobody should be there; direction_deg: the way that traffic may take, clockwise from up in the image
    """

    name: Name
    polygon: Annotated[tuple[Spot, ...], Meta(min_length=3, max_length=64)]
    kind: Word = "zone"
    restricted: bool = False
    direction_deg: Finite | None = None


class LineView(Part, frozen=True):
    """A line that is watched. `allowed`: both, in (from left to right for one who looks from start to end) or out."""

    name: Name
    start: Spot
    end: Spot
    allowed: Word = "both"


class Layout(Message, frozen=True, tag="layout"):
    """The zones and lines of a camera from now on. Said at the beginning, and again only when they change."""

    source: Source
    zones: Annotated[tuple[ZoneView, ...], Meta(max_length=PLACES)] = ()
    lines: Annotated[tuple[LineView, ...], Meta(max_length=PLACES)] = ()


class WarmSpot(Part, frozen=True):
    """A warm region of a thermogram: its kind (warm, hot, overheating, fire), its box there, its hottest pixel."""

    kind: Word
    box: tuple[Finite, Finite, Finite, Finite]
    celsius: Finite


class Thermogram(Message, frozen=True, tag="thermogram"):
    """What a thermal sensor measured last when frame `frame_id` was taken; for who asks for the layer `thermal`.

    pixels: columns x rows bytes, row by row from the top left: 0 is `low_celsius`, 254 `high_celsius`, evenly between;
    255 is a dead pixel. spots: boxes in fractions of the thermogram.
    alignment: a b c d e f, from the thermogram to the camera's picture, both in fractions: u = a x + b y + c,
    v = d x + e y + f
    """

    source: Source
    frame_id: Sequence
    captured_at: Utc
    columns: Annotated[int, Meta(ge=1, le=COLUMNS)]
    rows: Annotated[int, Meta(ge=1, le=ROWS)]
    low_celsius: Finite
    high_celsius: Finite
    pixels: Annotated[bytes, Meta(max_length=COLUMNS * ROWS)]
    alignment: tuple[Finite, Finite, Finite, Finite, Finite, Finite] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    spots: Annotated[tuple[WarmSpot, ...], Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        if len(self.pixels) != self.columns * self.rows:
            raise ValueError(f"Expected {self.columns} x {self.rows} pixels, got {len(self.pixels)}")
