"""What is wrong with a policy has a code beside its words, and the page has words for every code."""

import re
from pathlib import Path
from typing import get_args

import pytest

from aimonitor.contract.setup import ProblemCode
from aimonitor.edge.policy import parse_policy
from aimonitor.edge.policy_errors import PolicyError

WORDS = Path(__file__).parents[2] / "web" / "src" / "setup" / "words"
SQUARE = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]]
ON_ONE_LINE = [[0, 0], [0.5, 0.5], [1, 1]]
PLANE = {"corners": SQUARE, "side_m": 3, "width": 640, "height": 480}
CASES = {
    "above": ({"zones": {"Gate": {"polygon": SQUARE, "loiter_after_s": 0}}}, "zones.Gate.loiter_after_s", 0),
    "at_least": ({"rules": {"crowd_at": -1}}, "rules.crowd_at", 0),
    "at_most": ({"weights": {"person": 3}}, "weights.person", 0.99),
    "too_few": ({"zones": {"Gate": {"polygon": SQUARE[:2]}}}, "zones.Gate.polygon", 3),
    "too_many": ({"calibration": {**PLANE, "corners": [*SQUARE, [0.3, 0.5]]}}, "calibration.corners", 4),
    "too_short": ({"zones": {"": {"polygon": SQUARE}}}, "zones..[key]", 1),
    "too_long": ({"lines": {"x" * 61: {"start": [0, 0], "end": [1, 1]}}}, f"lines.{'x' * 61}.[key]", 60),
    "missing": ({"zones": {"Gate": {}}}, "zones.Gate.polygon", None),
    "no_number": ({"rules": {"crowd_at": "many"}}, "rules.crowd_at", None),
    "malformed": ({"hours": {"night": "22:00"}}, "hours.night", None),
    "unknown": ({"weights": {"loitring": 0.2}}, "weights", None),
    "unknown_timezone": ({"hours": {"timezone": "Mars/Olympus"}}, "hours.timezone", None),
    "no_length": ({"lines": {"Door": {"start": [0.5, 0.5], "end": [0.5, 0.5]}}}, "lines.Door", None),
    "not_ascending": ({"levels": {"watch": 0.9}}, "levels", None),
    "no_ground": ({"calibration": {**PLANE, "corners": [*ON_ONE_LINE, [0, 1]]}}, "calibration", None),
    "no_alignment": ({"thermal_alignment": {"thermal": ON_ONE_LINE, "image": ON_ONE_LINE}}, "thermal_alignment", None),
}
OF_CAMERAS = {"below", "taken", "password_again", "not_from_afar", "own_settings", "camera_refused"}
"""`below` is said of no policy as yet; the others are tested in test_setup_cameras."""


@pytest.mark.parametrize("code", CASES)
def test_a_problem_has_a_code_and_its_limit(code: str) -> None:
    draft, path, limit = CASES[code]
    with pytest.raises(PolicyError) as refused:
        parse_policy(draft)
    (problem,) = refused.value.problems
    assert (problem.path, problem.code, problem.limit) == (path, code, limit)
    assert problem.words


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        ({"preset": "castle"}, "preset"),
        ({"zones": {"Gate": {"polygon": SQUARE, "kind": "moat"}}}, "zones.Gate.kind"),
        ({"zones": {"Gate": {"polygon": SQUARE, "moat": 1}}}, "zones.Gate.moat"),
        ({"places": {"Gate": 0.5}}, ""),
        ({"events": {"news": ["fir"]}}, "events.news"),
        ({"rules": {"crowd": 3}}, "rules"),
    ],
)
def test_whatever_has_no_such_name_is_unknown(draft: dict[str, object], path: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(draft)
    (problem,) = refused.value.problems
    assert (problem.path, problem.code) == (path, "unknown")


@pytest.mark.parametrize("language", ["en", "ru", "he"])
def test_the_page_has_words_for_every_code(language: str) -> None:
    catalogue = (WORDS / f"{language}.ts").read_text(encoding="utf-8")
    (block,) = re.findall(r"^  problem: \{$(.*?)^  \},$", catalogue, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^    (\w+):", block, re.MULTILINE)) == set(get_args(ProblemCode))
    assert CASES.keys() | OF_CAMERAS == set(get_args(ProblemCode))
