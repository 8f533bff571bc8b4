"""The Numenta Anomaly Benchmark: corpus and scoring by the published definition (Lavin and Ahmad 2015).

Each window rewards its earliest detection by a scaled sigmoid of its position (1 at the window's left edge, about 0 at
its right); each detection outside costs, less so shortly after a window; each window that is missed costs. The first
15 % of a series (at most 750 rows) is probation: it is not scored. The raw sum is scaled so that no detection at all is
0 and a perfect detector is 100. One threshold holds for all series: the one that is best for the corpus.
"""

import csv
import json
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

PROBATION_SHARE = 0.15
PROBATION_ROWS = 750
NEVER = math.inf
"""A threshold that no score reaches."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hit, a false alarm and a miss weigh."""

    name: str
    hit: float
    false_alarm: float
    miss: float


STANDARD = Profile("standard", 1.0, 0.11, 1.0)
PROFILES = (STANDARD, Profile("reward_low_FP", 1.0, 0.22, 1.0), Profile("reward_low_FN", 1.0, 0.11, 2.0))


class Window(NamedTuple):
    """An anomaly window: its first and last row, both in it."""

    first: int
    last: int


@dataclass(frozen=True)
class Series:
    """One file of the corpus. `times` are seconds since 1970, taking the file's local time for UTC."""

    name: str
    times: Sequence[float]
    values: Sequence[float]
    windows: Sequence[Window]

    @property
    def group(self) -> str:
        return self.name.split("/")[0]

    @property
    def probation(self) -> int:
        """Rows at the start that are not scored."""
        return min(int(PROBATION_SHARE * len(self.values)), PROBATION_ROWS)

    @cached_property
    def marks(self) -> Sequence["Mark"]:
        """What a detection would be worth at each row, probation included."""
        return list(_mark(self))


class Mark(NamedTuple):
    """What a detection at one row is worth: in a window 0..1, outside -1..0. `window` is -1 outside."""

    worth: float
    window: int


def load(root: Path) -> list[Series]:
    """Read the corpus under `root`: `data/<group>/<file>.csv` and the windows, beside it or in `labels`.

    Series that have windows listed but no file are left out. Raises ValueError naming file and line on bad data.
    """
    listed = next(
        (p for p in (root / "combined_windows.json", root / "labels/combined_windows.json") if p.exists()), None
    )
    if listed is None:
        raise ValueError(f"expected combined_windows.json in {root} or {root / 'labels'}, found none")
    names = [name for name in json.loads(listed.read_text("utf-8")) if (root / "data" / name).exists()]
    if not names:
        raise ValueError(f"expected CSV files of {listed.name} under {root / 'data'}, found none")
    limits = json.loads(listed.read_text("utf-8"))
    return [_read(root / "data" / name, name, limits[name]) for name in names]


def _read(path: Path, name: str, limits: Sequence[Sequence[str]]) -> Series:
    times: list[float] = []
    values: list[float] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for row in rows:
            try:
                times.append(_seconds(row[0]))
                values.append(float(row[1]))
            except (ValueError, IndexError):
                raise ValueError(f"{path}:{rows.line_num}: expected timestamp,value, got {','.join(row)!r}") from None
    windows = []
    for first, last in limits:
        window = Window(bisect_left(times, _seconds(first)), bisect_left(times, _seconds(last)))
        if not window.first <= window.last < len(times):
            raise ValueError(f"{path}: expected the window {first} to {last} inside of the series")
        windows.append(window)
    return Series(name, times, values, sorted(windows))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def scaled_sigmoid(position: float) -> float:
    """1 far left of the window's right edge, 0 on it, -1 far right of it; position in widths of the window."""
    return -1.0 if position > 3 else 2 / (1 + math.exp(5 * position)) - 1


def _mark(series: Series) -> Iterator[Mark]:
    best = scaled_sigmoid(-1.0)
    coming = list(enumerate(series.windows))
    before: Window | None = None
    for row in range(len(series.values)):
        if coming and row >= coming[0][1].first:
            number, window = coming[0]
            width = window.last - window.first + 1
            yield Mark(scaled_sigmoid(-(window.last - row + 1) / width) / best, number)
            if row == window.last:
                before = coming.pop(0)[1]
        elif before is None:
            yield Mark(-1.0, -1)
        else:
            yield Mark(scaled_sigmoid((row - before.last) / max(1, before.last - before.first)), -1)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one threshold brings in one or more series. `windows` counts all, `hits` the ones detected."""

    raw: float = 0.0
    windows: int = 0
    hits: int = 0
    false_alarms: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.raw + other.raw,
            self.windows + other.windows,
            self.hits + other.hits,
            self.false_alarms + other.false_alarms,
        )

    def normalized(self, profile: Profile) -> float:
        """The score: 0 for no detections, 100 for a perfect detector; NaN without any window."""
        if not self.windows:
            return math.nan
        null = -profile.miss * self.windows
        return 100 * (self.raw - null) / (profile.hit * self.windows - null)


def tally(series: Series, scores: Sequence[float], threshold: float, profile: Profile) -> Tally:
    """Score one series at one threshold; a row is a detection when its score is at least `threshold`."""
    earned: dict[int, float] = {}
    cost, false_alarms = 0.0, 0
    for row in range(series.probation, len(scores)):
        if scores[row] < threshold:
            continue
        mark = series.marks[row]
        if mark.window < 0:
            cost += profile.false_alarm * mark.worth
            false_alarms += 1
        else:
            earned[mark.window] = max(earned.get(mark.window, 0.0), profile.hit * mark.worth)
    missed = len(series.windows) - len(earned)
    return Tally(sum(earned.values()) + cost - profile.miss * missed, len(series.windows), len(earned), false_alarms)


class Ranked(NamedTuple):
    """One scored row of the corpus; `window` is (series, window) or None outside of any."""

    score: float
    worth: float
    series: int
    window: tuple[int, int] | None


def rank(corpus: Sequence[Series], scores: Sequence[Sequence[float]]) -> list[Ranked]:
    """All rows of the corpus that are not probation, the highest score first."""
    rows = [
        Ranked(score, mark.worth, number, (number, mark.window) if mark.window >= 0 else None)
        for number, series in enumerate(corpus)
        for score, mark in list(zip(scores[number], series.marks, strict=True))[series.probation :]
    ]
    rows.sort(key=lambda row: -row.score)
    return rows


def best_threshold(ranked: Sequence[Ranked], profile: Profile) -> float:
    """The one threshold that earns most over `ranked` rows; NEVER when silence earns most."""
    best, best_gain, gain = NEVER, 0.0, 0.0
    earned = {row.window: -profile.miss for row in ranked if row.window is not None}
    to_come = (profile.hit + profile.miss) * len(earned)
    for i, row in enumerate(ranked):
        if row.window is None:
            gain += profile.false_alarm * row.worth
        elif (more := profile.hit * row.worth - earned[row.window]) > 0:
            earned[row.window] += more
            gain += more
            to_come -= more
        last_of_equals = i + 1 == len(ranked) or ranked[i + 1].score < row.score
        if last_of_equals and gain > best_gain:
            best, best_gain = row.score, gain
        if gain + to_come <= best_gain:
            break
    return best
