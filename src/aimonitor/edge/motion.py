"""Stage 1: is it worth looking? Frames against frames of a moment ago, in numpy, in a fraction of a millisecond.

No background is learned, so nothing leaves a ghost: a frame is compared with its predecessor, which sees fast motion,
and with one a third of a second older, which sees slow motion and forgets it as soon. Both comparisons are made on
means of 4x4 pixels, where sensor noise and JPEG grain average out; after a straight line is fitted through the
brightness of old and new blocks, which takes exposure and clouds away; and against the noise that this very frame
shows (its median absolute deviation, Hampel 1974).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aimonitor.edge.types import Box, Floats, Image, Track

Indices = npt.NDArray[np.intp]

_BLOCK = 4
_SIGMAS_PER_MAD = 1.4826
_LIGHT_DOUBT = 0.5
"""Of a change that light explains, the share by which it may be wrong: white clips, and gamma is no straight line."""

_LEAST_SPREAD = 1.0
"""Gray levels squared: in a picture flatter than this, a gain cannot be told from an offset."""


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """When the gate opens. Contrast is in gray levels (0..255) of a block's mean.

    slow_check_s: what moves too slowly to show from one frame to the next is looked at this often and no more.
    watched_check_s, idle_check_s: how long nobody looks when nothing moves, with and without tracks to watch.
    again_s, again_for_s: what stood still and is not found is looked for again, this often and for so long.
    still_per_s, settled_s: up to this speed (shares of the picture a second) and from this age something stands still.
    gap_s: after a silence of this length everything is new.
    """

    least_contrast: float = 4.0
    noise_factor: float = 5.0
    least_blocks: int = 2
    lookback_s: float = 0.3
    slow_check_s: float = 0.25
    watched_check_s: float = 2.0
    idle_check_s: float = 10.0
    again_s: float = 0.25
    again_for_s: float = 1.0
    still_per_s: float = 0.02
    settled_s: float = 2.0
    gap_s: float = 2.0

    def __post_init__(self) -> None:
        if min(self.least_contrast, self.noise_factor, self.lookback_s, self.watched_check_s) <= 0:
            raise ValueError(f"expected contrast, factor and seconds above 0, got {self}")


@dataclass(frozen=True, slots=True)
class _Glance:
    """A frame's block means, and when it was taken."""

    at: float
    blocks: Floats


class MotionGate:
    """Decides which frames deserve inference. Belongs to one camera.

    `moved` is where something moved in the frame last looked at, None when it was looked at for another reason.
    """

    def __init__(self, settings: MotionSettings | None = None) -> None:
        self._settings = settings or MotionSettings()
        self._recent: deque[_Glance] = deque()
        self._looked_at = float("-inf")
        self._across = 1
        self._still: dict[int, float] = {}
        self.moved: Box | None = None

    def look(self, gray: Image, at: float, watched: Sequence[Track]) -> bool:
        """True when something moves in this frame, when it is the first after a gap, or when a check is due."""
        glance = _Glance(at, block_means(gray))
        self._across = max(1, gray.shape[1] // _BLOCK)
        self.moved = None
        unseen_s = at - self._looked_at
        settings = self._settings
        worth = (
            self._is_new(glance)
            or unseen_s >= (settings.watched_check_s if watched else settings.idle_check_s)
            or (self._misses(at, watched) and unseen_s >= settings.again_s)
            or self._differs(glance, self._recent[-1])
            or (unseen_s >= settings.slow_check_s and self._differs(glance, self._recent[0]))
        )
        self._remember(glance)
        if worth:
            self._looked_at = at
        return worth

    def _misses(self, at: float, watched: Sequence[Track]) -> bool:
        """True when the last look did not find something that stands still: without motion it cannot have gone."""
        settings = self._settings
        for track in watched:
            if track.seen_at >= self._looked_at:
                speed = max(abs(track.velocity.x), abs(track.velocity.y))
                if speed <= settings.still_per_s and track.seen_at - track.first_at >= settings.settled_s:
                    self._still[track.track_id] = track.seen_at
                else:
                    self._still.pop(track.track_id, None)
        sought = [track_id for track_id, seen_at in self._still.items() if seen_at < self._looked_at]
        for track_id in sought:
            if self._looked_at - self._still[track_id] > settings.watched_check_s + settings.again_for_s:
                del self._still[track_id]
        return any(track_id in self._still for track_id in sought)

    def _is_new(self, glance: _Glance) -> bool:
        """True for the first frame, after a gap and after a change of size: there is nothing to compare with."""
        last = self._recent[-1] if self._recent else None
        if last and glance.at - last.at <= self._settings.gap_s and glance.blocks.shape == last.blocks.shape:
            return False
        self._recent.clear()
        return True

    def _differs(self, new: _Glance, old: _Glance) -> bool:
        expected = relight(new.blocks, old.blocks)
        rest = np.abs(new.blocks - expected)
        noise = _SIGMAS_PER_MAD * float(_smallest(rest, len(rest) // 2))
        limit = max(self._settings.least_contrast, self._settings.noise_factor * noise)
        trust = limit + _LIGHT_DOUBT * np.abs(expected - old.blocks)
        changed = np.flatnonzero(rest > trust)
        if len(changed) < self._settings.least_blocks:
            return False
        self.moved = self._around(changed, len(rest))
        return True

    def _around(self, changed: Indices, blocks: int) -> Box:
        """The box of the blocks at these places."""
        rows, columns = np.divmod(changed, self._across)
        down = blocks // self._across
        return Box(
            float(columns.min()) / self._across,
            float(rows.min()) / down,
            (float(columns.max()) + 1) / self._across,
            (float(rows.max()) + 1) / down,
        )

    def _remember(self, glance: _Glance) -> None:
        """Keep the frames younger than the lookback, and the newest that is older."""
        self._recent.append(glance)
        while len(self._recent) > 1 and glance.at - self._recent[1].at >= self._settings.lookback_s:
            self._recent.popleft()


def block_means(gray: Image) -> Floats:
    """Mean of every 4x4 pixels, (height // 4 * width // 4,) float32; a rest at right and bottom is left out."""
    rows, columns = max(1, gray.shape[0] // _BLOCK), max(1, gray.shape[1] // _BLOCK)
    whole = gray[: rows * _BLOCK, : columns * _BLOCK]
    lines = whole.reshape(rows, -1, whole.shape[1]).sum(axis=1, dtype=np.uint16)
    sums = lines.reshape(rows, columns, -1).sum(axis=2, dtype=np.uint16)
    means: Floats = sums.reshape(-1) / np.float32(whole.size / sums.size)
    return means


def relight(new: Floats, old: Floats) -> Floats:
    """What `old` would be in the light of `new`: a line through all blocks but the third that changed most."""
    change = np.abs(new - old - (new.mean() - old.mean()))
    calm = change <= _smallest(change, 2 * len(change) // 3)
    x, y = old[calm], new[calm]
    mean_x, mean_y = x.mean(), y.mean()
    x, y = x - mean_x, y - mean_y
    spread = float(x @ x) / len(x)
    gain = float(x @ y) / len(x) / spread if spread > _LEAST_SPREAD else 1.0
    predicted: Floats = mean_y + np.float32(gain) * (old - mean_x)
    return predicted


def _smallest(values: Floats, n: int) -> np.float32:
    """The value that `n` others are no greater than."""
    smallest: np.float32 = np.partition(values, n)[n]
    return smallest
