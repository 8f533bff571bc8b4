"""A faster way to compute is used only once it has shown that it finds the same."""

import logging

import numpy as np
import pytest
from test_backends import noise, write_model

from aimonitor.edge.backends import BackendError, open_detector
from aimonitor.edge.backends.trial import Trial, agreeing
from aimonitor.edge.types import Detections


def people(*boxes, score=0.9, label="person"):
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(table, np.full(len(table), score, np.float32), (label,) * len(table))


THREE = people((0, 0, 0.2, 0.4), (0.3, 0, 0.5, 0.4), (0.6, 0, 0.8, 0.4))


class Saying:
    """A detector that says the same of every picture, and counts."""

    def __init__(self, said):
        self.said = said
        self.asked = 0

    def detect(self, picture):
        self.asked += 1
        return self.said


def test_objects_agree_by_place_class_and_score():
    assert agreeing(THREE, THREE) == (3, 3)
    assert agreeing(THREE, people((0, 0, 0.2, 0.4))) == (3, 1)
    assert agreeing(THREE, people((0.1, 0, 0.3, 0.4))) == (3, 0)
    assert agreeing(people((0, 0, 1, 1)), people((0, 0, 1, 1), label="dog")) == (1, 0)
    assert agreeing(people((0, 0, 1, 1)), people((0, 0, 1, 1), score=0.2)) == (1, 0)
    assert agreeing(people((0, 0, 1, 1), score=0.2), people()) == (0, 0)


def test_the_fast_way_takes_over_once_it_agreed_often_enough(caplog):
    exact, fast = Saying(THREE), Saying(THREE)
    trial = Trial(exact, fast, "half precision", enough=9)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            assert trial.detect(noise()) is THREE
    assert (exact.asked, fast.asked) == (3, 5)
    assert trial.agreement == 1.0
    [record] = caplog.records
    assert record.getMessage() == ("half precision found 9 of 9 objects as exact arithmetic did; used from now on")


def test_the_exact_way_stays_when_the_fast_one_finds_less(caplog):
    exact, fast = Saying(THREE), Saying(people((0, 0, 0.2, 0.4), (0.3, 0, 0.5, 0.4)))
    trial = Trial(exact, fast, "half precision", enough=9)
    with caplog.at_level(logging.INFO):
        answers = [trial.detect(noise()) for _ in range(6)]
    assert all(answer is THREE for answer in answers)
    assert (exact.asked, fast.asked) == (6, 3)
    assert "not used: 95% are expected" in caplog.text


def test_an_empty_scene_decides_nothing():
    trial = Trial(Saying(people()), Saying(people()), "half precision", enough=1)
    for _ in range(5):
        trial.detect(noise())
    assert trial.agreement is None


@pytest.fixture
def model(tmp_path):
    pytest.importorskip("openvino", reason="needs the optional package openvino")
    return write_model(tmp_path / "mine.onnx", rows=[(0, 0, 32, 24, 0.9, 0)])


@pytest.mark.parametrize("precision", ["auto", "f32", "bf16"])
def test_openvino_finds_what_onnxruntime_finds(model, precision):
    ours = open_detector(f"openvino:{model}?precision={precision}").detect(noise(640, 480))
    theirs = open_detector(f"onnx:{model}").detect(noise(640, 480))
    assert ours.labels == theirs.labels == ("person",)
    np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=0.01)
    np.testing.assert_allclose(ours.scores, theirs.scores, atol=0.01)


def test_openvino_says_what_does_not_fit(model, tmp_path):
    with pytest.raises(BackendError, match="expected precision as one of auto, f32, bf16, got 'int4'"):
        open_detector(f"openvino:{model}?precision=int4")
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    with pytest.raises(BackendError, match="cannot be used as a model by OpenVINO"):
        open_detector(f"openvino:{bad}")
    with pytest.raises(BackendError, match="got one that takes 1x10"):
        open_detector(f"openvino:{write_model(tmp_path / 'flat.onnx', shape=(1, 10))}")


def test_without_openvino_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    from aimonitor.edge.backends import openvino as backend

    monkeypatch.setattr(backend, "openvino", None)
    with pytest.raises(BackendError, match=r"pip install 'aimonitor\[openvino\]'"):
        open_detector("openvino:yolox-nano")
