"""Every head against its paper written out in loops, and against tensors that nobody expects."""

from pathlib import Path

import detector_reference as reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aimonitor.edge.heads import HeadError, recognize
from aimonitor.edge.types import Size
from aimonitor.models import footage, store
from aimonitor.models.errors import FetchError

SMALL = Size(96, 64)
CELLS = 12 * 8 + 6 * 4 + 3 * 2
CLASSES = 5
SHAPES = {
    "yolox": ((1, CELLS, 5 + CLASSES),),
    "yolox-decoded": ((1, CELLS, 5 + CLASSES),),
    "yolov5": ((1, 3 * CELLS, 5 + CLASSES),),
    "yolov8": ((1, 4 + CLASSES, CELLS),),
    "end2end": ((1, 30, 6),),
    "detr": ((1, 30, CLASSES), (1, 30, 4)),
    "detr-deployed": ((1, 30), (1, 30, 4), (1, 30)),
    "nanodet": (
        *((1, cells, CLASSES) for cells in (96, 24, 6)),
        *((1, cells, 44) for cells in (96, 24, 6)),
    ),
}
YOLOX_NANO = Path(__file__).parents[3] / "shared" / "data" / "models" / "yolox_nano.onnx"


def random_outputs(name, seed=3):
    """Numbers as such a network gives them: scores in 0..1, the rest normal."""
    random = np.random.default_rng(seed)
    outputs = [random.normal(size=shape).astype(np.float32) for shape in SHAPES[name]]
    scores = {"yolox": np.s_[..., 4:], "yolox-decoded": np.s_[..., 4:], "yolov5": np.s_[..., 4:]}
    for output in outputs:
        if name in scores:
            output[scores[name]] = random.uniform(size=output[scores[name]].shape)
        elif name == "yolov8":
            output[:, 4:] = random.uniform(size=output[:, 4:].shape)
        elif name == "nanodet" and output.shape[2] == CLASSES:
            output[...] = random.uniform(size=output.shape)
    return outputs


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "yolox-decoded"])
def test_a_head_is_told_by_the_shapes_of_the_outputs(name):
    head = recognize(SMALL, SHAPES[name])
    assert head.name == name
    assert head.classes in (CLASSES, 0)


@pytest.mark.parametrize("name", SHAPES)
def test_a_head_can_be_named(name):
    assert recognize(SMALL, SHAPES[name], name).name == name


@pytest.mark.parametrize(
    ("shapes", "name", "said"),
    [
        ([(1, 1000)], None, r"outputs 1x1000 of a 96x64 input do not fit any head \(yolox, nanodet"),
        ([], None, "no outputs"),
        ([(2, CELLS, 85)], None, f"2x{CELLS}x85"),
        ([(1, CELLS, 85)], "yolov8", f"outputs 1x{CELLS}x85 of a 96x64 input do not fit the head yolov8"),
        ([(1, CELLS, 85)], "yolo9000", "there is no head 'yolo9000': expected one of yolox"),
    ],
)
def test_what_fits_no_head_is_said_with_what_was_seen(shapes, name, said):
    with pytest.raises(HeadError, match=said):
        recognize(SMALL, shapes, name)


@pytest.mark.parametrize("threshold", [0.05, 0.5, 0.8])
def test_yolox_equals_its_paper(threshold):
    [output] = random_outputs("yolox")
    ours = recognize(SMALL, SHAPES["yolox"]).decode([output], threshold)
    reference.assert_same(reference.rows(ours), reference.yolox(output, *SMALL, threshold))


@pytest.mark.parametrize("threshold", [0.05, 0.9])
def test_nanodet_equals_its_paper_in_any_order_of_outputs(threshold):
    outputs = random_outputs("nanodet")
    wanted = reference.nanodet(outputs, *SMALL, threshold)
    for order in ((0, 1, 2, 3, 4, 5), (2, 5, 0, 3, 1, 4)):
        shuffled = [outputs[place] for place in order]
        head = recognize(SMALL, [output.shape for output in shuffled])
        reference.assert_same(reference.rows(head.decode(shuffled, threshold)), wanted)


@pytest.mark.parametrize("threshold", [0.05, 0.9])
def test_yolov8_equals_its_definition(threshold):
    [output] = random_outputs("yolov8")
    ours = recognize(SMALL, SHAPES["yolov8"]).decode([output], threshold)
    reference.assert_same(reference.rows(ours), reference.yolov8(output, threshold))


@pytest.mark.parametrize("name", ["yolov5", "yolox-decoded"])
def test_decoded_rows_are_taken_as_they_are(name):
    output = np.zeros(SHAPES[name][0], np.float32)
    output[0, 7] = (40, 30, 20, 10, 0.9, 0.1, 0.2, 0.8, 0.3, 0.0)
    ours = recognize(SMALL, SHAPES[name], name).decode([output], 0.3)
    reference.assert_same(reference.rows(ours), [(30, 25, 50, 35, 0.72, 2)])


def test_end_to_end_rows_are_taken_as_they_are():
    output = np.zeros((1, 30, 6), np.float32)
    output[0, 3] = (1, 2, 30, 40, 0.6, 4)
    output[0, 9] = (5, 6, 7, 8, 0.9, 1)
    ours = recognize(SMALL, [output.shape]).decode([output], 0.5)
    assert [(row[4], row[5]) for row in reference.rows(ours)] == [(pytest.approx(0.9), 1), (pytest.approx(0.6), 4)]
    assert ours.boxes[1].tolist() == [1, 2, 30, 40]


@pytest.mark.parametrize("boxes_first", [True, False])
def test_detr_boxes_are_fractions_and_its_scores_logits(boxes_first):
    logits, boxes = np.full((1, 30, CLASSES), -9, np.float32), np.full((1, 30, 4), 0.5, np.float32)
    logits[0, 4, 2] = np.log(0.8 / 0.2)
    boxes[0, 4] = (0.5, 0.25, 0.5, 0.5)
    outputs = [boxes, logits] if boxes_first else [logits, boxes]
    ours = recognize(SMALL, [output.shape for output in outputs]).decode(outputs, 0.5)
    reference.assert_same(reference.rows(ours), [(24, 0, 72, 32, 0.8, 2)])


def test_deployed_detr_says_it_in_words_of_its_own():
    labels, boxes, scores = np.zeros((1, 30), np.int64), np.zeros((1, 30, 4), np.float32), np.zeros((1, 30), np.float32)
    labels[0, 5], boxes[0, 5], scores[0, 5] = 3, (1, 2, 3, 4), 0.7
    ours = recognize(SMALL, SHAPES["detr-deployed"]).decode([labels, boxes, scores], 0.5)
    reference.assert_same(reference.rows(ours), [(1, 2, 3, 4, 0.7, 3)])


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_no_tensor_breaks_a_head(name, data):
    numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)
    seed = data.draw(st.integers(0, 1000))
    outputs = random_outputs(name, seed)
    for output in outputs:
        strange = data.draw(arrays(np.float32, 8, elements=numbers))
        places = data.draw(arrays(np.int64, 8, elements=st.integers(0, output.size - 1)))
        output.reshape(-1)[places] = strange
    with np.errstate(all="ignore"):
        found = recognize(SMALL, SHAPES[name], name).decode(outputs, 0.3)
    n = len(found.scores)
    assert n <= 300
    assert found.boxes.shape == (n, 4)
    assert found.classes.shape == (n,)
    assert (found.scores >= 0.3).all()
    assert (found.scores[1:] <= found.scores[:-1]).all()


def test_at_most_300_candidates_the_best_ones():
    output = np.zeros((1, 3549, 85), np.float32)
    output[0, :, 4] = np.linspace(0.2, 0.9, 3549)
    output[0, :, 5] = 1
    found = recognize(Size(416, 416), [output.shape]).decode([output], 0.1)
    assert len(found.scores) == 300
    assert found.scores.min() > 0.8


def pictures():
    """Frames of people and cars; fetched once into the user's cache, as the demo does."""
    cv2 = pytest.importorskip("cv2")
    try:
        clip = footage.resolve()
    except FetchError as error:
        pytest.skip(f"no sample footage can be had: {error}")
    video = cv2.VideoCapture(str(clip))
    frames = [video.read()[1] for _ in range(60)]
    video.release()
    return frames[::20]


def yolox_file():
    """The default where it can be had, else the re-export of the same network."""
    if YOLOX_NANO.is_file():
        return YOLOX_NANO
    try:
        return store.pull("yolox-nano").path
    except FetchError as error:
        pytest.skip(f"needs {YOLOX_NANO.name}: {error}")


def nanodet_file():
    """What takes the default's place where that cannot be reached."""
    try:
        return store.pull("nanodet-g").path
    except FetchError as error:
        pytest.skip(f"nanodet-g cannot be had: {error}")


def nanodet_reference(outputs, *arguments):
    """The loops want scores by stride, then distances by stride."""
    by_cells = sorted(outputs, key=lambda output: (output.shape[2] != 80, -output.shape[1]))
    return reference.nanodet(by_cells, *arguments)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("model", "loops"),
    [(yolox_file, lambda outputs, *rest: reference.yolox(outputs[0], *rest)), (nanodet_file, nanodet_reference)],
    ids=["yolox-nano", "nanodet-g"],
)
def test_a_real_network_on_real_pictures_gives_the_boxes_of_the_reference(model, loops):
    """The raw output of the network on frames of the sample footage, against loops over the same."""
    pytest.importorskip("onnxruntime")
    from aimonitor.edge.backends.network import Preparer
    from aimonitor.edge.backends.onnx import OnnxRuntime
    from aimonitor.edge.detector import nms

    runtime = OnnxRuntime(model())
    head = recognize(runtime.size, runtime.shapes)
    found = 0
    for picture in pictures():
        tensor, _ = Preparer(runtime.size, head.preparation).prepare(picture)
        outputs = runtime.infer(tensor)
        ours = head.decode(outputs, 0.3)
        kept = [row for place, row in enumerate(reference.rows(ours)) if place in set(nms(ours, 0.5, across=1.0))]
        wanted = reference.suppress(loops(outputs, *runtime.size, 0.3), 0.5)
        reference.assert_same(kept, wanted)
        found += len(wanted)
    assert found >= 15
