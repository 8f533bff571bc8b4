"""How well does the detector see? COCO average precision by group of classes, computed by COCO's own tool.

The measure is Lin et al. 2014 as pycocotools implements it: AP over IoU 0.50 to 0.95, AP at 0.50, and AP of small
objects (under 32x32 pixels). Classes of a group are averaged; classes that the detector does not report are left out.
The balance is the score at which F1 (IoU 0.50, classes averaged) is highest: where a threshold belongs, if one must.
"""

import contextlib
import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import ANIMALS, PERSONS, VEHICLES, Detections, Image, Picture

GROUPS: Mapping[str, frozenset[str]] = {"person": PERSONS, "vehicle": VEHICLES, "animal": ANIMALS}


class GroundTruthError(ValueError):
    """The annotations or images are not what COCO's format says."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Where F1 is highest: the score from which detections count, and precision and recall there, all 0..1."""

    score: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precisions of a group, 0..1, None where it has no such objects; `objects` is how many there are."""

    group: str
    objects: int
    ap: float | None
    ap50: float | None
    ap_small: float | None
    balance: Balance | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one detector made of one data set, and the CPU time it took for a picture, decoding left out."""

    groups: tuple[Precision, ...]
    pictures: int
    cpu_ms: float


def evaluate(annotations: Path, images: Path, detector: Detector, size: tuple[int, int] | None = None) -> Report:
    """Measure each group on a COCO data set: its annotation file and the folder of its images.

    `size` is (width, height) of a box into which larger pictures are shrunk first, as a camera of few pixels would
    see the same; the truth stays in the annotations' pixels. Images that the folder does not hold are left out.
    Raises GroundTruthError when nothing can be measured.
    """
    truth = _ground_truth(annotations)
    names = {category["id"]: category["name"] for category in truth.loadCats(truth.getCatIds())}
    numbers = {name: number for number, name in names.items()}
    found: list[dict[str, Any]] = []
    seen: list[int] = []
    spent_s = 0.0
    for image in truth.loadImgs(truth.getImgIds()):
        path = images / image["file_name"]
        if path.is_file():
            seen.append(image["id"])
            pixels = _pixels(path)
            picture = _shrunk(pixels, size)
            began = time.process_time()
            detections = detector.detect(picture)
            spent_s += time.process_time() - began
            found += _rows(image["id"], detections, (pixels.shape[1], pixels.shape[0]), numbers)
    if not seen:
        raise GroundTruthError(f"none of the {len(truth.imgs):,} images of {annotations} is in {images}")
    groups = tuple(
        _measure(truth, found, seen, group, [number for number, name in names.items() if name in members])
        for group, members in GROUPS.items()
        if members & numbers.keys()
    )
    return Report(groups, len(seen), 1e3 * spent_s / len(seen))


def table(reports: Iterable[tuple[str, Report]]) -> str:
    """The figures for people to read: a line for each group of each detector, which is named before it."""
    lines = [
        f"{'group':<8} {'objects':>8} {'AP':>6} {'AP50':>6} {'small':>6}  {'best F1 at':>10} {'P':>6} {'R':>6}"
        f" {'CPU ms':>7}  detector"
    ]
    for name, report in reports:
        for each in report.groups:
            shares = " ".join(_share(share) for share in (each.ap, each.ap50, each.ap_small))
            at = each.balance
            balance = (
                f"{at.score:>10.2f} {at.precision:>6.2f} {at.recall:>6.2f}" if at else f"{'-':>10} {'-':>6} {'-':>6}"
            )
            lines.append(f"{each.group:<8} {each.objects:>8,} {shares}  {balance} {report.cpu_ms:>7.1f}  {name}")
    return "\n".join(lines)


def _share(share: float | None) -> str:
    return f"{'-' if share is None else f'{share:.3f}':>6}"


def _ground_truth(path: Path) -> Any:  # noqa: ANN401 - pycocotools has no types
    try:
        from pycocotools.coco import COCO
    except ImportError:
        raise GroundTruthError("this needs pycocotools: pip install 'aimonitor[eval]'") from None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return COCO(str(path))
    except (OSError, json.JSONDecodeError, KeyError, AssertionError, TypeError) as error:
        raise GroundTruthError(f"{path} cannot be read as COCO annotations: {error!r}") from None


def _pixels(path: Path) -> Image:
    import cv2

    pixels = cv2.imread(str(path))
    if pixels is None:
        raise GroundTruthError(f"{path} cannot be read as an image")
    return np.asarray(pixels, np.uint8)


def _shrunk(pixels: Image, size: tuple[int, int] | None) -> Picture:
    """The picture as it is or made to fit (width, height) with its shape kept; never enlarged."""
    import cv2

    from aimonitor.edge.pictures import ArrayPicture

    height, width = pixels.shape[:2]
    scale = min(1.0, size[0] / width, size[1] / height) if size else 1.0
    if scale < 1:
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)
    return ArrayPicture(pixels)


def _rows(image_id: int, seen: Detections, size: tuple[int, int], numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """One picture's detections in COCO's result format: x, y, width, height in pixels of a picture of that size."""
    corners = seen.boxes * np.array(size * 2, np.float32)
    return [
        {
            "image_id": image_id,
            "category_id": numbers[label],
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
            "score": float(score),
        }
        for (x1, y1, x2, y2), score, label in zip(corners, seen.scores, seen.labels, strict=True)
        if label in numbers
    ]


def _measure(
    truth: Any,  # noqa: ANN401 - pycocotools has no types
    found: list[dict[str, Any]],
    images: list[int],
    group: str,
    categories: list[int],
) -> Precision:
    from pycocotools.cocoeval import COCOeval

    objects = len(truth.getAnnIds(imgIds=images, catIds=categories, iscrowd=False))
    if not found:
        nothing = 0.0 if objects else None
        return Precision(group, objects, nothing, nothing, nothing)
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, truth.loadRes(found), "bbox")
        judge.params.imgIds, judge.params.catIds = images, categories
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    ap, ap50, _, small = (float(share) if share >= 0 else None for share in judge.stats[:4])
    return Precision(group, objects, ap, ap50, small, _balance(judge))


def _balance(judge: Any) -> Balance | None:  # noqa: ANN401 - pycocotools has no types
    """The best F1 over COCO's 101 points of recall, at IoU 0.50, all areas, 100 detections; classes averaged."""
    precision, score = (judge.eval[name][0, :, :, 0, -1] for name in ("precision", "scores"))
    known = (precision >= 0).all(axis=0)
    if not known.any():
        return None
    precision, score = precision[:, known].mean(axis=1), score[:, known].mean(axis=1)
    recall = judge.params.recThrs
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    best = int(f1.argmax())
    return Balance(float(score[best]), float(precision[best]), float(recall[best])) if f1[best] > 0 else None
