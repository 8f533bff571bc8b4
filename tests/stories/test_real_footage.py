"""`vtest.avi` against a list made by eye: people cross a campus, a van stands, two walk on the grass."""

from pathlib import Path

import cv2
import pytest

from aimonitor.edge.backends import open_detector
from aimonitor.edge.pictures import ArrayPicture
from aimonitor.edge.policy import parse_policy
from aimonitor.edge.stages import CameraStages
from aimonitor.edge.types import Frame
from aimonitor.models import footage, store
from aimonitor.models.errors import FetchError

FPS = 10.0
STEP = 2
NOON = 1_750_075_200.0
SHARED_MODEL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "models" / "yolox_nano.onnx"

PERSONS = {100: 7, 200: 7, 300: 6, 400: 3, 500: 4, 600: 6, 700: 8, 790: 7}
"""Frame and how many people are to be seen, some of them half hidden behind the sign or each other."""

GRASS = [(0.0, 0.52), (0.33, 0.62), (0.66, 0.78), (0.9, 0.9), (0.9, 1.0), (0.0, 1.0)]
"""The lawn, a little inside its edge: a man and a woman walk there from frame 515; he leaves it at 600, she at 760."""

SIGN = (0.03, 0.18, 0.075, 0.26)
"""A blue sign on its post, which the small networks take for a person all the time: left out, and no credit to us."""


@pytest.fixture(scope="module")
def clip():
    try:
        found = footage.resolve()
    except FetchError as error:
        pytest.skip(f"no sample footage: {error}")
    if found.name != "vtest.avi":
        pytest.skip(f"only {found.name} can be reached")
    return found


@pytest.fixture(scope="module")
def watched(clip):
    """Every second frame, as a camera of 5 fps gives them, through the whole pipeline."""
    try:
        spec = f"onnx:{SHARED_MODEL}?head=yolox" if SHARED_MODEL.is_file() else store.resolve("yolox-nano").name
    except FetchError as error:
        pytest.skip(f"no detector weights: {error}")
    policy = parse_policy({"zones": {"Grass": {"polygon": GRASS}}, "hours": {"timezone": "UTC"}})
    stages = CameraStages(open_detector(spec, threads=2), policy)
    capture, seen, number = cv2.VideoCapture(str(clip)), {}, 0
    while True:
        more, picture = capture.read()
        if not more:
            break
        number += 1
        if number % STEP == 0:
            at = number / FPS
            seen[number] = stages.step(Frame("vtest", number, at, NOON + at, ArrayPicture(picture)), None)
    capture.release()
    return seen


def people(observation):
    """The tracks of persons, without the sign."""
    found = []
    for evidence in observation.scene.evidence:
        center = evidence.track.box.center
        is_sign = SIGN[0] < center.x < SIGN[2] and SIGN[1] < center.y < SIGN[3]
        if evidence.track.label == "person" and not is_sign:
            found.append(evidence)
    return found


@pytest.mark.timeout(240)
def test_as_many_people_are_counted_as_there_are(watched):
    errors = {}
    for frame, truth in PERSONS.items():
        near = sorted(len(people(watched[n])) for n in range(frame - 4, frame + 5, STEP) if n in watched)
        errors[frame] = near[len(near) // 2] - truth
    assert all(abs(error) <= 2 for error in errors.values()), errors
    assert sum(abs(error) for error in errors.values()) <= 6, errors


@pytest.mark.timeout(240)
def test_the_parked_van_is_one_vehicle_that_stands_all_the_time(watched):
    stood = {}
    for observation in watched.values():
        for evidence in observation.scene.evidence:
            track = evidence.track
            if track.label in ("car", "truck", "bus") and 0.78 < track.box.center.x < 0.95 and evidence.behavior:
                stood[track.track_id] = max(stood.get(track.track_id, 0.0), evidence.behavior.still_s)
    assert max(stood.values()) > 60, stood


@pytest.mark.timeout(240)
def test_two_people_walk_on_the_grass_and_no_others(watched):
    seen, longest = {}, {}
    for number, observation in watched.items():
        for evidence in people(observation):
            seconds = evidence.behavior.dwell_s.get("Grass", 0.0) if evidence.behavior else 0.0
            if seconds > 2.0:
                seen.setdefault(evidence.track.track_id, []).append(number)
                longest[evidence.track.track_id] = seconds
    spans = [(min(numbers), max(numbers)) for numbers in seen.values()]
    assert min(first for first, _ in spans) >= 515, spans
    assert max(last for _, last in spans) <= 780, spans
    at_once = max(sum(first <= number <= last for first, last in spans) for number in range(515, 780))
    assert at_once == 2, spans
    assert 8 <= max(longest.values()) <= 26, longest


@pytest.mark.timeout(240)
def test_nothing_happens_that_would_be_news(watched):
    kinds = [(event.kind, event.phase) for observation in watched.values() for event in observation.events]
    assert kinds == []


@pytest.mark.timeout(240)
def test_people_keep_their_number(watched):
    """Nineteen people are about, some leave and return; a tracker that lost them at every turn would count hundreds."""
    ids = {evidence.track.track_id for observation in watched.values() for evidence in people(observation)}
    assert 15 <= len(ids) <= 60
