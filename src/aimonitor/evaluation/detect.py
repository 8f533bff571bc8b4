"""How well does the detector see? COCO average precision by group of classes, computed by COCO's own tool.

The measure is Lin et al. 2014 as pycocotools implements it: AP over IoU 0.50 to 0.95, AP at 0.50, and AP of small
objects (under 32x32 pixels). Classes of a group are averaged; classes that the detector does not report are left out.
"""

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aimonitor.edge.pipeline import Detector
from aimonitor.edge.types import ANIMALS, PERSONS, VEHICLES, Picture

GROUPS: Mapping[str, frozenset[str]] = {"person": PERSONS, "vehicle": VEHICLES, "animal": ANIMALS}


class GroundTruthError(ValueError):
    """The annotations or images are not what COCO's format says."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precisions of a group, 0..1, None where it has no such objects; `objects` is how many there are."""

    group: str
    objects: int
    ap: float | None
    ap50: float | None
    ap_small: float | None


def evaluate(annotations: Path, images: Path, detector: Detector) -> tuple[Precision, ...]:
    """Return the precision of each group on a COCO data set: its annotation file and the folder of its images.

    Images that the folder does not hold are left out. Raises GroundTruthError when nothing can be measured.
    """
    truth = _ground_truth(annotations)
    names = {category["id"]: category["name"] for category in truth.loadCats(truth.getCatIds())}
    numbers = {name: number for number, name in names.items()}
    found: list[dict[str, Any]] = []
    seen: list[int] = []
    for image in truth.loadImgs(truth.getImgIds()):
        path = images / image["file_name"]
        if path.is_file():
            seen.append(image["id"])
            found += _rows(image["id"], _picture(path), detector, numbers)
    if not seen:
        raise GroundTruthError(f"none of the {len(truth.imgs):,} images of {annotations} is in {images}")
    return tuple(
        _measure(truth, found, seen, group, [number for number, name in names.items() if name in members])
        for group, members in GROUPS.items()
        if members & numbers.keys()
    )


def table(precisions: Sequence[Precision]) -> str:
    """The figures for people to read."""
    lines = [f"{'group':<10} {'objects':>8} {'AP':>6} {'AP50':>6} {'small':>6}"]
    for each in precisions:
        shares = (f"{'-' if share is None else f'{share:.3f}':>6}" for share in (each.ap, each.ap50, each.ap_small))
        lines.append(f"{each.group:<10} {each.objects:>8,} {' '.join(shares)}")
    return "\n".join(lines)


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


def _picture(path: Path) -> Picture:
    import cv2

    from aimonitor.edge.pictures import ArrayPicture

    pixels = cv2.imread(str(path))
    if pixels is None:
        raise GroundTruthError(f"{path} cannot be read as an image")
    return ArrayPicture(pixels.astype(np.uint8, copy=False))


def _rows(image_id: int, picture: Picture, detector: Detector, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """One picture's detections in COCO's result format: x, y, width, height in pixels."""
    seen = detector.detect(picture)
    corners = seen.boxes * np.array([picture.width, picture.height] * 2, np.float32)
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
    return Precision(group, objects, ap, ap50, small)
