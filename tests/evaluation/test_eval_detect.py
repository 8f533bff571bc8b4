"""Average precision on a data set made here, whose right answers are known."""

import json

import numpy as np
import pytest

from aimonitor.edge.types import Detections
from aimonitor.evaluation.detect import GroundTruthError, evaluate, table

pytest.importorskip("pycocotools", reason="needs the optional package pycocotools")
cv2 = pytest.importorskip("cv2")

PERSON, CAR, CHAIR = 1, 3, 62


class Knowing:
    """Finds a share of what is there: every second object of a class that it is bad at."""

    def __init__(self, said):
        self.said = iter(said)

    def detect(self, picture):
        boxes, labels = next(self.said)
        boxes = np.array(boxes, np.float32).reshape(-1, 4) / np.array([200, 100, 200, 100], np.float32)
        return Detections(boxes, np.full(len(boxes), 0.9, np.float32), tuple(labels))


@pytest.fixture
def data(tmp_path):
    """Two pictures of 200x100: a person and a car in each; a third of the list is missing."""
    images = tmp_path / "images"
    images.mkdir()
    annotations = []
    for number in (1, 2):
        cv2.imwrite(str(images / f"{number}.png"), np.zeros((100, 200, 3), np.uint8))
        for category, box in ((PERSON, [10, 10, 40, 80]), (CAR, [100, 20, 60, 50])):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": category,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
    path = tmp_path / "instances.json"
    listed = [{"id": n, "file_name": f"{n}.png", "width": 200, "height": 100} for n in (1, 2, 3)]
    categories = [{"id": PERSON, "name": "person"}, {"id": CAR, "name": "car"}, {"id": CHAIR, "name": "chair"}]
    path.write_text(json.dumps({"images": listed, "annotations": annotations, "categories": categories, "info": {}}))
    return path, images


def test_who_finds_all_gets_one_and_who_finds_half_gets_half(data):
    both = ([(10, 10, 50, 90), (100, 20, 160, 70)], ("person", "car"))
    only_person = ([(10, 10, 50, 90)], ("person",))
    people, vehicles = evaluate(*data, Knowing([both, only_person])).groups
    assert (people.group, people.objects, people.ap, people.ap50, people.ap_small) == (
        "person",
        2,
        pytest.approx(1.0),
        pytest.approx(1.0),
        None,
    )
    assert (vehicles.group, vehicles.objects) == ("vehicle", 2)
    assert vehicles.ap == pytest.approx(0.505, abs=0.01)  # 51 of COCO's 101 points of recall


def test_a_box_in_the_wrong_place_is_worth_nothing(data):
    aside = ([(60, 10, 100, 90)], ("person",))
    people, _ = evaluate(*data, Knowing([aside, aside])).groups
    assert people.ap == 0


def test_who_finds_nothing_gets_nothing(data):
    people, vehicles = evaluate(*data, Knowing([([], ()), ([], ())])).groups
    assert people.ap == vehicles.ap == 0


def test_classes_that_the_data_does_not_know_do_no_harm(data):
    people, _ = evaluate(*data, Knowing([([(0, 0, 9, 9)], ("dragon",))] * 2)).groups
    assert people.ap == 0


def test_the_table_is_for_people(data):
    said = table([("mine", evaluate(*data, Knowing([([(10, 10, 50, 90)], ("person",))] * 2)))])
    words = said.splitlines()[1].split()
    assert words[:5] == ["person", "2", "1.000", "1.000", "-"]
    assert words[5:8] == ["0.90", "1.00", "1.00"]
    assert words[-1] == "mine"
    assert said.splitlines()[2].split()[5:8] == ["-", "-", "-"]  # no vehicle was found at any score


def test_the_balance_is_where_f1_is_best(data):
    """Of three detections the weakest is wrong: whoever counts from the second on is right."""

    class Doubting(Knowing):
        def detect(self, picture):
            found = super().detect(picture)
            return Detections(found.boxes, np.array([0.8, 0.3][: len(found.boxes)], np.float32), found.labels)

    right, wrong = (10, 10, 50, 90), (150, 10, 190, 90)
    people, _ = evaluate(*data, Doubting([([right, wrong], ("person",) * 2)] * 2)).groups
    assert people.balance is not None
    assert (people.balance.score, people.balance.precision, people.balance.recall) == pytest.approx((0.8, 1, 1))


def test_shrunk_pictures_are_judged_by_the_same_truth(data):
    sizes = []

    class Seeing(Knowing):
        def detect(self, picture):
            sizes.append((picture.width, picture.height))
            return super().detect(picture)

    report = evaluate(*data, Seeing([([(10, 10, 50, 90)], ("person",))] * 2), size=(50, 40))
    assert sizes == [(50, 25)] * 2
    assert report.groups[0].ap == pytest.approx(1.0)
    assert report.pictures == 2


def test_no_images_no_file_and_no_coco_are_named(data, tmp_path):
    annotations, _ = data
    with pytest.raises(GroundTruthError, match=r"none of the 3 images of .* is in"):
        evaluate(annotations, tmp_path / "elsewhere", Knowing([]))
    with pytest.raises(GroundTruthError, match="cannot be read as COCO annotations"):
        evaluate(tmp_path / "nothing.json", tmp_path, Knowing([]))
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(GroundTruthError, match="cannot be read as COCO annotations"):
        evaluate(tmp_path / "list.json", tmp_path, Knowing([]))


def test_an_image_that_is_none_is_named(data):
    annotations, images = data
    (images / "1.png").write_bytes(b"no image")
    with pytest.raises(GroundTruthError, match=r"1\.png cannot be read as an image"):
        evaluate(annotations, images, Knowing([]))
