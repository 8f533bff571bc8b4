"""A scene whose pictures and boxes both carry their frame id, so that a test can read it back from the screen.

The picture has the id as black and white blocks along its top edge; the first track's box stands at a place that the
id determines. Whoever reads both from one screenshot of the canvases knows whether they belong together.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from aimonitor.contract import frames, messages
from aimonitor.contract.overlays import Thermogram, WarmSpot

WIDTH, HEIGHT = 640, 360
ID_BITS = 16
BLOCK_PX = 16
CLOCK_BITS = 40
"""As many as the picture is wide: 34 years of milliseconds."""
STEPS = 40
"""Places of the coded box; it comes back to the first after so many frames."""


@dataclass(frozen=True, slots=True)
class Walker:
    """Someone who walks to and fro: where, how large, how fast (fractions of the picture, cycles per frame)."""

    track_id: int
    label: str
    y: float
    size: tuple[float, float]
    pace: float
    risk: float
    doing: tuple[str, ...] = ()

    def box(self, frame_id: int) -> tuple[float, float, float, float]:
        width, height = self.size
        x = 0.1 + 0.6 * (0.5 + 0.5 * float(np.sin(frame_id * self.pace + self.track_id)))
        return x, self.y, x + width, self.y + height


WALKERS = (
    Walker(7, "person", 0.42, (0.07, 0.34), 0.021, 0.62, ("loitering",)),
    Walker(8, "person", 0.5, (0.06, 0.3), 0.013, 0.3),
    Walker(12, "car", 0.62, (0.2, 0.2), 0.008, 0.12),
)


def coded_box(frame_id: int) -> tuple[float, float, float, float]:
    """The box whose left edge tells `frame_id` modulo STEPS: 40 places, 1/50 of the width apart."""
    x = 0.05 + (frame_id % STEPS) / 50
    return x, 0.2, x + 0.08, 0.3


@functools.lru_cache(maxsize=16)
def picture(
    frame_id: int, *, coded: bool = True, size: tuple[int, int] = (WIDTH, HEIGHT), clock_ms: int | None = None
) -> bytes:
    """A JPEG of the scene at `frame_id`; coded ones are read back at full size only.

    clock_ms: milliseconds since 1970, written below the id in CLOCK_BITS blocks
    """
    image = _street().copy()
    for walker in WALKERS:
        x1, y1, x2, y2 = walker.box(frame_id)
        _draw_walker(image, walker.label, (x1 * WIDTH, y1 * HEIGHT, x2 * WIDTH, y2 * HEIGHT))
    if coded:
        _draw_bits(image, 0, frame_id, ID_BITS)
    if clock_ms is not None:
        _draw_bits(image, BLOCK_PX, clock_ms, CLOCK_BITS)
    if size != (WIDTH, HEIGHT):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def frame(source: str, frame_id: int, captured_at: float, jpeg: bytes, *, age_s: float = 0.02) -> bytes:
    """The binary message of a picture."""
    return frames.encode(frames.FrameHeader(source, frame_id, captured_at, WIDTH, HEIGHT, age_s=age_s), jpeg)


def observation(
    source: str, frame_id: int, captured_at: float, *, score: float = 0.74, level: str = "ALERT", coded: bool = True
) -> messages.Observation:
    """What the edge says of that picture."""
    tracks = [
        messages.TrackView(
            walker.track_id,
            walker.label,
            walker.box(frame_id),
            score=0.9,
            speed=messages.Speed(42.0 if walker.label == "car" else 18.0),
            doing=walker.doing,
            risk=walker.risk,
        )
        for walker in WALKERS
    ]
    if coded:
        tracks = [messages.TrackView(1, "dog", coded_box(frame_id), score=0.9, risk=0.1)]
    return messages.Observation(
        source=source,
        frame_id=frame_id,
        captured_at=captured_at,
        width=WIDTH,
        height=HEIGHT,
        risk=messages.RiskView(score, level, factors(score)),
        scene=messages.SceneView(vehicles=1, persons=2, avg_speed=messages.Speed(26.4)),
        tracks=tuple(tracks),
        fps=9.8,
    )


def hot_column(frame_id: int) -> int:
    """The column of the coded thermogram that is hot: it tells `frame_id` modulo STEPS."""
    return frame_id % STEPS


def thermogram(source: str, frame_id: int, captured_at: float) -> Thermogram:
    """Cold all over but for one column, and one hot spot at the top left; it covers the lower half of the picture."""
    pixels = np.zeros((6, STEPS), np.uint8)
    pixels[:, hot_column(frame_id)] = 254
    return Thermogram(
        source=source,
        frame_id=frame_id,
        captured_at=captured_at,
        columns=STEPS,
        rows=6,
        low_celsius=15.0,
        high_celsius=60.0,
        pixels=pixels.tobytes(),
        alignment=(1.0, 0.0, 0.0, 0.0, 0.5, 0.5),
        spots=(WarmSpot("hot", (0.0, 0.0, 0.1, 0.2), 61.5),),
    )


def factors(score: float) -> tuple[messages.Factor, ...]:
    """Four causes that sum to `score`."""
    return (
        messages.Factor("loitering", 0.5 * score, "loitering 47 s in Gate", track_id=7, zone="Gate", value=47.0),
        messages.Factor("night", 0.3 * score, "night (23:10)"),
        messages.Factor("person", 0.25 * score, "2 persons", value=2.0),
        messages.Factor("known_hours", -0.05 * score, "known hour (23:10)"),
    )


def _draw_bits(image: npt.NDArray[np.uint8], top: int, number: int, count: int) -> None:
    """The lowest `count` bits from left to right, lowest first."""
    for bit in range(count):
        value = 255 if number >> bit & 1 else 0
        image[top : top + BLOCK_PX, bit * BLOCK_PX : (bit + 1) * BLOCK_PX] = value


def _draw_walker(image: npt.NDArray[np.uint8], label: str, box: tuple[float, float, float, float]) -> None:
    x1, y1, x2, y2 = (round(value) for value in box)
    if label == "car":
        cv2.rectangle(image, (x1, y1 + (y2 - y1) // 3), (x2, y2 - 8), (120, 70, 40), -1, cv2.LINE_AA)
        cv2.rectangle(image, (x1 + (x2 - x1) // 5, y1), (x2 - (x2 - x1) // 4, y1 + (y2 - y1) // 2), (150, 110, 70), -1)
        for x in (x1 + (x2 - x1) // 4, x2 - (x2 - x1) // 4):
            cv2.circle(image, (x, y2 - 8), 11, (25, 25, 25), -1, cv2.LINE_AA)
        return
    middle, head = (x1 + x2) // 2, max(6, (x2 - x1) // 4)
    cv2.line(image, (middle - 6, (y1 + y2) // 2), (x1 + 6, y2), (60, 50, 45), 9, cv2.LINE_AA)
    cv2.line(image, (middle + 6, (y1 + y2) // 2), (x2 - 6, y2), (60, 50, 45), 9, cv2.LINE_AA)
    cv2.ellipse(
        image, (middle, y1 + (y2 - y1) * 2 // 5), ((x2 - x1) // 3, (y2 - y1) // 4), 0, 0, 360, (70, 60, 150), -1
    )
    cv2.circle(image, (middle, y1 + head), head, (150, 175, 215), -1, cv2.LINE_AA)


@functools.cache
def _street() -> npt.NDArray[np.uint8]:
    """An evening street: sky, houses with lit windows, pavement, road."""
    rng = np.random.default_rng(7)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for y in range(HEIGHT // 2):
        image[y] = (110 - y // 4, 80 - y // 5, 60 - y // 8)
    for index in range(8):
        left, top = index * 80, int(rng.integers(40, 90))
        image[top : HEIGHT // 2, left : left + 78] = (58 + 3 * index, 56 + 2 * index, 62)
        for wy in range(top + 12, HEIGHT // 2 - 14, 26):
            for wx in range(left + 10, left + 66, 20):
                lit = rng.random() < 0.35
                image[wy : wy + 12, wx : wx + 10] = (110, 190, 230) if lit else (44, 42, 46)
    image[HEIGHT // 2 : HEIGHT * 5 // 6] = (98, 100, 102)
    image[HEIGHT * 5 // 6 :] = (62, 62, 64)
    image[HEIGHT // 2 : HEIGHT // 2 + 3] = (130, 132, 134)
    for x in range(0, WIDTH, 64):
        image[HEIGHT * 11 // 12 : HEIGHT * 11 // 12 + 4, x : x + 34] = (150, 190, 200)
    noise = rng.integers(-5, 6, image.shape, dtype=np.int16)
    return np.clip(image.astype(np.int16) + noise, 0, 255).astype(np.uint8)
