"""The YOLOv8 head against Ultralytics' own postprocessing of the same tensor.

Ultralytics is AGPL and never part of this project: AIMONITOR_ULTRALYTICS_PYTHON names the Python of an environment
that has it, and without one this is skipped.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import detector_reference as reference
import numpy as np
import pytest

from aimonitor.edge.detector import nms
from aimonitor.edge.heads import recognize
from aimonitor.edge.types import Size

PEER = Path(__file__).with_name("ultralytics_peer.py")


@pytest.fixture(scope="module")
def python():
    chosen = os.environ.get("AIMONITOR_ULTRALYTICS_PYTHON") or (sys.executable if find_spec("ultralytics") else None)
    if not chosen:
        pytest.skip("set AIMONITOR_ULTRALYTICS_PYTHON to the Python of an environment with ultralytics")
    return chosen


@pytest.mark.parametrize(("confidence", "iou"), [(0.25, 0.7), (0.5, 0.5)])
def test_boxes_scores_and_classes_are_those_of_ultralytics(python, tmp_path, confidence, iou):
    size, classes = Size(320, 320), 80
    random = np.random.default_rng(11)
    tensor = np.zeros((1, 4 + classes, 2100), np.float32)
    tensor[0, :2] = random.uniform(20, 300, (2, 2100))
    tensor[0, 2:4] = random.uniform(10, 120, (2, 2100))
    tensor[0, 4:] = random.uniform(0, 0.2, (classes, 2100))
    for cell in random.choice(2100, 250, replace=False):
        tensor[0, 4 + random.integers(6), cell] = random.uniform(0.2, 1)
    np.save(tmp_path / "tensor.npy", tensor)
    command = [python, str(PEER), str(tmp_path / "tensor.npy"), str(tmp_path / "result.npy"), str(confidence), str(iou)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=55, check=False)
    assert done.returncode == 0, done.stderr
    theirs = [(*row[:5], int(row[5])) for row in np.load(tmp_path / "result.npy").tolist()]

    head = recognize(size, [tensor.shape])
    found = head.decode([tensor], confidence)
    ours = [row for place, row in enumerate(reference.rows(found)) if place in set(nms(found, iou, across=1.0))]
    assert len(theirs) > 50
    reference.assert_same(ours, theirs)
