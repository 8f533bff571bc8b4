"""The input at the size of the camera, and one network for several cameras."""

import logging
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_backends import noise, write_model

from aimonitor.edge.backends import BackendError, open_detector
from aimonitor.edge.backends.elastic import resized, snug
from aimonitor.edge.backends.fitted import FittedDetector
from aimonitor.edge.backends.network import Preparer
from aimonitor.edge.backends.onnx import OnnxRuntime
from aimonitor.edge.detector import fit
from aimonitor.edge.heads import Preparation
from aimonitor.edge.inference import Turns
from aimonitor.edge.types import Detections, Size

YOLOX_NANO = Path(__file__).parents[3] / "shared" / "data" / "models" / "yolox_nano.onnx"
needs_yolox = pytest.mark.skipif(not YOLOX_NANO.is_file(), reason=f"needs {YOLOX_NANO.name}")
NOMINAL = Size(416, 416)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((640, 480), (416, 320)),
        ((160, 120), (416, 320)),
        ((1280, 720), (416, 256)),
        ((480, 640), (320, 416)),
        ((500, 500), (416, 416)),
        ((4000, 10), (416, 32)),
    ],
)
def test_the_input_is_as_small_as_the_shape_of_the_picture_allows(picture, size):
    assert snug(Size(*picture), NOMINAL) == size


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_snug_input_shows_the_picture_as_large_as_the_nominal_one(width, height):
    picture = Size(width, height)
    size = snug(picture, NOMINAL)
    assert fit(picture, size, letterbox=True) == fit(picture, NOMINAL, letterbox=True)
    assert size.width % 32 == size.height % 32 == 0


@needs_yolox
def test_a_network_at_a_smaller_input_says_the_same_of_the_picture():
    """The real network, square and cut to 4:3: what it says of cells far from the padding depends on it little."""
    square, snugly = OnnxRuntime(YOLOX_NANO), OnnxRuntime(YOLOX_NANO, resized(YOLOX_NANO, Size(416, 320)))
    random = np.random.default_rng(3)
    image = np.kron(random.integers(0, 255, (12, 16, 3), dtype=np.uint8), np.ones((40, 40, 1), np.uint8))
    theirs = square.infer(Preparer(square.size, Preparation("bgr")).prepare(image)[0])[0]
    ours = snugly.infer(Preparer(snugly.size, Preparation("bgr")).prepare(image)[0])[0]
    far = 25 * 52  # cells of stride 8 in the upper 25 of 39 rows of the picture
    boxes, objects = np.s_[0, :far, :4], np.s_[0, :far, 4]
    assert np.abs(theirs[boxes] - ours[boxes]).mean() < 0.05 * np.abs(theirs[boxes]).mean()
    assert np.corrcoef(theirs[objects], ours[objects])[0, 1] > 0.9


@needs_yolox
def test_a_size_can_be_asked_for():
    runtime = OnnxRuntime(YOLOX_NANO, resized(YOLOX_NANO, Size(640, 384)))
    assert runtime.size == (640, 384)
    assert runtime.shapes == ((1, 80 * 48 + 40 * 24 + 20 * 12, 85),)
    with pytest.raises(BackendError, match="multiples of 32, got 100x96"):
        open_detector(f"{YOLOX_NANO}?head=yolox&size=100x96")


def test_a_network_whose_input_is_no_fixed_image_is_not_resized(tmp_path):
    path = write_model(tmp_path / "flat.onnx", shape=(1, 10))
    with pytest.raises(BackendError, match="expected an input of fixed size to change to 64x32"):
        resized(path, Size(64, 32))


class Told:
    """A detector that says its own name."""

    def __init__(self, name):
        self.name = name

    def detect(self, picture):
        return Detections(np.array([[0, 0, 1, 1]], np.float32), np.ones(1, np.float32), (self.name,))


def test_each_shape_of_picture_gets_its_network_once():
    built = []

    def build(size):
        built.append(size)
        return Told(f"{size.width}x{size.height}")

    detector = FittedDetector(Told("nominal"), NOMINAL, build)
    pictures = [noise(640, 480), noise(416, 416), noise(1280, 720), noise(320, 240), noise(640, 480)]
    assert [detector.detect(picture).labels[0] for picture in pictures] == [
        "416x320",
        "nominal",
        "416x256",
        "416x320",
        "416x320",
    ]
    assert built == [(416, 320), (416, 256)]


def test_a_network_that_cannot_be_changed_stays_as_it_is_and_says_so_once(caplog):
    def build(size):
        raise BackendError("Reshape fails")

    detector = FittedDetector(Told("nominal"), NOMINAL, build)
    with caplog.at_level(logging.WARNING):
        assert [detector.detect(noise()).labels[0] for _ in range(3)] == ["nominal"] * 3
    assert [record.getMessage() for record in caplog.records] == ["the detector stays at 416x416: Reshape fails"]


def test_turns_go_round_and_a_greedy_camera_gets_no_more_than_its_share():
    """Two cameras stand in line while the first looks; whoever comes back stands behind those who wait."""
    turns, order, threads = Turns(), [], []
    done = threading.Semaphore(0)

    def camera(name, looks):
        for _ in range(looks):
            with turns:
                order.append(name)
                done.acquire()

    for waiting, (name, looks) in enumerate({"greedy": 9, "second": 3, "third": 3}.items()):
        thread = threading.Thread(target=camera, args=(name, looks), daemon=True)
        threads.append(thread)
        thread.start()
        wait_until(lambda waiting=waiting: order and turns.waiting == waiting)
    for looked in range(1, 7):
        done.release()
        wait_until(lambda looked=looked: len(order) == looked + 1 and turns.waiting == 2)
    done.release(9)
    for thread in threads:
        thread.join(10)
    assert order[:7] == ["greedy", "second", "third", "greedy", "second", "third", "greedy"]
    assert len(order) == 15
    assert turns.waiting == 0


def wait_until(true, seconds=10.0):
    """Let other threads run until something is true."""
    import time

    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.001)


def test_an_error_passes_the_turn_on():
    turns = Turns()
    with pytest.raises(KeyError), turns:
        raise KeyError
    with turns:
        assert turns.waiting == 0


def test_one_at_a_time_whatever_the_number_of_threads():
    turns, inside, most = Turns(), [], []

    def look():
        for _ in range(200):
            with turns:
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 1200
    assert set(most) == {1}
