"""`aimonitor eval track`: the tracker on MOTChallenge sequences with detections that somebody else made.

The layout is MOTChallenge's (`SEQUENCE/gt/gt.txt`, `SEQUENCE/seqinfo.ini`) or flat (`SEQUENCE/gt.txt`); lines are
`frame, id, left, top, width, height, confidence, ...` in pixels, frames counted from 1.
"""

import configparser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aimonitor.edge.columns.affinity import iou
from aimonitor.edge.columns.assignment import Floats, match
from aimonitor.edge.tracker import Tracker
from aimonitor.edge.types import Detections
from aimonitor.evaluation.metrics import Boxes, Tally, combine, tally

DEFAULT_FPS = 25.0
"""Of a sequence without a seqinfo.ini."""

_COLUMNS_WITH_CLASS = 9
"""MOT16 and later end in class and visibility; MOT15's ten columns end in a place in the world."""

_PEDESTRIAN = (-1, 1)
_DISTRACTORS = (2, 7, 8, 12)
"""MOT16 and later: person on vehicle, static person, distractor, reflection. Whoever finds one is not to blame."""


class SequenceError(ValueError):
    """A sequence cannot be read: says which file, what was expected there and what came."""


@dataclass(frozen=True, slots=True)
class MotSequence:
    """One sequence: `truth` and `detections` are MOTChallenge rows (n, >= 7), `width` and `height` pixels."""

    name: str
    fps: float
    frames: int
    width: float
    height: float
    truth: Floats
    detections: Floats


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the table. `name` is a sequence, or "all"."""

    name: str
    fps: float
    tally: Tally


@dataclass(frozen=True, slots=True)
class Report:
    """The scores of every sequence, "all" last; as text, a table."""

    scores: tuple[Score, ...]

    def __str__(self) -> str:
        return table(self.scores)


def evaluate(mot_root: Path, det_dir: Path, fps: float | None = None) -> Report:
    """Track every sequence of `mot_root` that has truth, with the detections in `det_dir`.

    With `fps`, only every so-manieth frame is used, so that about that many are left of a second. Raises SequenceError.
    """
    sequences = read_all(mot_root, det_dir)
    return Report(tuple(score(sequences, lambda sequence: Tracker(aspect=sequence.width / sequence.height), fps)))


def score(
    sequences: Sequence[MotSequence], new_tracker: Callable[[MotSequence], Tracker], fps: float | None = None
) -> list[Score]:
    """Run a new tracker on each of `sequences`; tracks that only coast are not counted as found."""
    scores = []
    for sequence in sequences:
        step = max(1, round(sequence.fps / fps)) if fps else 1
        numbers = range(1, sequence.frames + 1, step)
        found = follow(sequence, new_tracker(sequence), numbers)
        truth, found = _fair(sequence.truth, found, numbers)
        scores.append(Score(sequence.name, sequence.fps / step, tally(truth, found)))
    return [*scores, Score("all", scores[0].fps, combine(line.tally for line in scores))]


def table(scores: Sequence[Score]) -> str:
    """The scores as text, one line each."""
    width = max(len(line.name) for line in scores)
    head = f"{'sequence':{width}}   fps  HOTA  DetA  AssA  MOTA  IDF1  switches  misses  false  boxes"
    lines = [
        f"{line.name:{width}} {line.fps:5.1f} {100 * t.hota:5.1f} {100 * t.deta:5.1f} {100 * t.assa:5.1f}"
        f" {100 * t.mota:5.1f} {100 * t.idf1:5.1f} {t.switches:9} {t.misses:7} {t.false_positives:6} {t.truths:6}"
        for line in scores
        for t in (line.tally,)
    ]
    return "\n".join((head, *lines))


def follow(sequence: MotSequence, tracker: Tracker, numbers: range) -> list[Boxes]:
    """What `tracker` finds in the frames `numbers`, in pixels."""
    scale = np.array([sequence.width, sequence.height, sequence.width, sequence.height])
    found = []
    for number in numbers:
        rows = sequence.detections[sequence.detections[:, 0] == number]
        boxes = (_corners(rows) / scale).astype(np.float32)
        scores = np.clip(rows[:, 6], 0.0, 1.0).astype(np.float32)
        tracks = tracker.update(Detections(boxes, scores, ("person",) * len(rows)), number / sequence.fps)
        seen = [track for track in tracks if not track.coasting]
        corners = np.array([track.box for track in seen]).reshape(-1, 4) * scale
        found.append(Boxes(np.array([track.track_id for track in seen], np.int64), corners))
    return found


def _fair(truth: Floats, found: Sequence[Boxes], numbers: range) -> tuple[list[Boxes], list[Boxes]]:
    """Truth and findings that count: without ignored rows of the truth, and without whoever found a distractor."""
    kind = truth[:, 7] if truth.shape[1] == _COLUMNS_WITH_CLASS else np.full(len(truth), -1.0)
    counted = (truth[:, 6] != 0) & np.isin(kind, _PEDESTRIAN)
    distracts = np.isin(kind, _DISTRACTORS)
    truths, kept = [], []
    for number, boxes in zip(numbers, found, strict=True):
        now = truth[:, 0] == number
        corners = _corners(truth[now])
        overlap = iou(corners, boxes.corners)
        pairs = match(np.where(overlap >= 0.5, overlap, 0.0))
        innocent = np.ones(len(boxes.ids), np.bool_)
        innocent[pairs.columns[distracts[now][pairs.rows]]] = False
        kept.append(Boxes(boxes.ids[innocent], boxes.corners[innocent]))
        truths.append(Boxes(truth[now & counted, 1].astype(np.int64), corners[counted[now]]))
    return truths, kept


def _corners(rows: Floats) -> Floats:
    return np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)


def read_all(mot_root: Path, det_dir: Path) -> list[MotSequence]:
    """Every sequence under `mot_root`, by name. Raises SequenceError when there is none or one lacks detections."""
    folders = sorted(path for path in mot_root.glob("*") if _truth_of(path) is not None)
    if not folders:
        raise SequenceError(f"{mot_root}: expected folders with gt/gt.txt or gt.txt, got none")
    return [read(folder, det_dir) for folder in folders]


def read(folder: Path, det_dir: Path) -> MotSequence:
    """One sequence with its detections: `NAME.txt`, `NAME_*.txt`, `NAME/det/det.txt` or `NAME/det.txt` of `det_dir`."""
    name = folder.name
    truth_path = _truth_of(folder)
    candidates = [det_dir / f"{name}.txt", *sorted(det_dir.glob(f"{name}_*.txt"))]
    candidates += [det_dir / name / "det" / "det.txt", det_dir / name / "det.txt"]
    det_path = next((path for path in candidates if path.is_file()), None)
    if truth_path is None or det_path is None:
        raise SequenceError(f"{folder}: expected truth and detections ({name}.txt in {det_dir}), got only one of them")
    truth, detections = read_rows(truth_path), read_rows(det_path)
    both = np.concatenate((_corners(truth), _corners(detections)))
    info = configparser.ConfigParser()
    info.read(folder / "seqinfo.ini", encoding="utf-8")
    known = info["Sequence"] if "Sequence" in info else info["DEFAULT"]
    return MotSequence(
        name,
        known.getfloat("frameRate", DEFAULT_FPS),
        known.getint("seqLength", int(max(truth[:, 0].max(), detections[:, 0].max()))),
        known.getfloat("imWidth", float(np.ceil(both[:, 2].max()))),
        known.getfloat("imHeight", float(np.ceil(both[:, 3].max()))),
        truth,
        detections,
    )


def read_rows(path: Path) -> Floats:
    """The rows of a MOTChallenge file (n, >= 7). Raises SequenceError naming the file and the line."""
    try:
        rows = np.loadtxt(path, delimiter=",", ndmin=2, dtype=np.float64)
    except (OSError, ValueError) as error:
        raise SequenceError(f"{path}: expected comma-separated numbers, got: {error}") from error
    if rows.shape[0] == 0 or rows.shape[1] < 7:
        raise SequenceError(f"{path}: expected rows of at least 7 numbers, got {rows.shape[0]} rows of {rows.shape[1]}")
    return rows


def _truth_of(folder: Path) -> Path | None:
    return next((path for path in (folder / "gt" / "gt.txt", folder / "gt.txt") if path.is_file()), None)
