"""The set-up desk of an edge: every question of the page is answered, in its form, and wrong ones in words."""

import asyncio
import json
import threading

import pytest
from recorded_scenes import BEGAN, live, policy_of

from aimonitor.common.clock import ManualClock
from aimonitor.contract import setup
from aimonitor.contract.messages import Command, CommandResult
from aimonitor.edge.commands import CommandDesk
from aimonitor.edge.policy_store import PolicyStore
from aimonitor.edge.policy_text import own
from aimonitor.edge.recording import SceneRecorder
from aimonitor.edge.setup import SetupDesk
from aimonitor.edge.setup_policy import PolicyDesk, SetupCamera
from aimonitor.edge.types import Size
from aimonitor.simulator.scripts import build

GATE = {"polygon": [[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]], "restricted": True}
VGA = Size(640, 480)
CORNERS = [[179 / 640, 390 / 480], [558 / 640, 318 / 480], [390 / 640, 222 / 480], [147 / 640, 247 / 480]]


class Stand:
    """An edge with one camera, asked as the hub asks."""

    def __init__(self, folder, *, allowed="all", size=VGA):
        self.clock = ManualClock(utc=BEGAN)
        self.store = PolicyStore(folder / "gate.toml", self.clock)
        self.followed = []
        self.store.follow = self.followed.append
        self.scenes = folder / "scenes"
        self.policy = PolicyDesk(self.clock)
        self.desk = SetupDesk(self.policy, {}, allowed)
        self.desk.add("gate", SetupCamera(self.store, self.scenes, lambda: size))

    def ask(self, name, camera="gate", **body):
        text = json.dumps(body) if body else ""
        return self.desk.answer(Command("c1", f"yard/{camera}", name, {"by": "dana"}, 5.0, text))

    def answer(self, kind, name, **body):
        result = self.ask(name, **body)
        assert result.ok, result
        return setup.read(kind, result.body)

    def refusal(self, name, **body):
        result = self.ask(name, **body)
        assert not result.ok, result
        return result.words, setup.read(setup.Refused, result.body)

    def record(self, scene, policy):
        recorder = SceneRecorder(self.scenes)
        recorded, opened = live(scene, policy)
        for one in recorded:
            recorder.write(one)
        self.clock.advance(scene.duration_s)
        return opened


@pytest.fixture
def stand(tmp_path):
    return Stand(tmp_path)


def test_the_policy_is_told_whole_and_as_it_is_written(stand):
    now = stand.answer(setup.PolicyNow, "setup.policy")
    assert (now.version, now.preset, now.versions, now.trouble) == (0, "home", (), "")
    assert json.loads(bytes(now.own)) == {"preset": "home"}
    assert json.loads(bytes(now.policy))["levels"]["alert"] == 0.5
    defaults = json.loads(bytes(now.defaults))
    assert (defaults["weights"]["fire"], defaults["rules"]["loiter_after_s"]) == (0.9, 30.0)
    assert "overheating_celsius" in defaults["thermal"]


def test_a_draft_is_checked_and_every_problem_has_its_field(stand):
    draft = {"zones": {"Gate": {**GATE, "polygon": [[0, 0], [1, 1]]}}, "weights": {"loitring": 0.2}, "levels": 3}
    found = stand.answer(setup.Problems, "setup.policy.check", policy=draft).problems
    assert [problem.field for problem in found] == ["weights", "levels", "zones.Gate.polygon"]
    assert "did you mean 'loitering'" in found[0].words
    right = stand.answer(setup.Problems, "setup.policy.check", policy={"preset": "farm", "zones": {"Gate": GATE}})
    assert right.problems == ()
    whole = right.policy
    assert (whole["preset"], list(whole["zones"])) == ("farm", ["Gate"])
    assert whole["weights"], "what the preset says is there too"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"calibration": {"corners": [[0, 0], [0.5, 0], [1, 0], [0, 1]], "side_m": 3, "width": 9, "height": 9}},
         "calibration"),
        ({"thermal_alignment": {"thermal": [[0, 0], [0.5, 0.5], [1, 1]], "image": [[0, 0], [0.5, 0.5], [1, 1]]}},
         "thermal_alignment"),
        ({"preset": "castle"}, "preset"),
        ({"preset": ["home"]}, "preset"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_a_problem_with_a_place(stand, draft, field):
    (problem,) = stand.answer(setup.Problems, "setup.policy.check", policy=draft).problems
    assert problem.field == field


def test_put_and_back(stand):
    kept = stand.answer(setup.Kept, "setup.policy.put", policy={"zones": {"Gate": GATE}}, base=0, words="the gate")
    assert kept.version == 1
    assert set(stand.followed[-1].zones) == {"Gate"}
    version = stand.answer(setup.PolicyNow, "setup.policy").versions[0]
    assert (version.version, version.by, version.words, version.at) == (1, "dana", "the gate", BEGAN)
    assert stand.answer(setup.Kept, "setup.policy.rollback", version=0).version == 2
    assert not stand.followed[-1].zones


def test_who_comes_too_late_is_told_the_newest_version(stand):
    stand.answer(setup.Kept, "setup.policy.put", policy={}, base=0)
    words, refused = stand.refusal("setup.policy.put", policy={"zones": {"Gate": GATE}}, base=0)
    assert (refused.why, refused.version) == ("stale", 1)
    assert "somebody else changed it" in words


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("setup.policy.put", {"policy": {"weights": {"person": 3}}, "base": 0}, "weights.person"),
        ("setup.policy.put", {"policy": [1], "base": 0}, ""),
        ("setup.policy.put", {"policy": {}}, "$.base"),
        ("setup.policy.rollback", {"version": 9}, ""),
        ("setup.policy.rehearse", {"policy": {}, "minutes": 600}, "$.minutes"),
        ("setup.what_if", {"at": 1.0, "weights": {"loitering": 7}}, "$.weights[...]"),
        ("setup.what_if", {"at": 1.0, "weights": {"loitring": 0.5}}, "weights"),
        ("setup.calibration", {"points": [[0, 0]], "side_m": 1}, "$.points"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(stand, name, body, field):
    _, refused = stand.refusal(name, **body)
    assert refused.why == "invalid"
    assert refused.problems[0].field == field
    assert stand.store.version == 0


def test_a_rehearsal_says_what_a_new_zone_would_have_done(stand):
    scene = build("loiter", seed=1)
    bare = policy_of(scene, zones={})
    stand.answer(setup.Kept, "setup.policy.put", policy=own(bare), base=0)
    assert stand.record(scene, bare) == []
    zones = {"Porch": own(policy_of(scene))["zones"]["Gate"]}
    found = stand.answer(setup.Rehearsal, "setup.policy.rehearse", policy={**own(bare), "zones": zones}, minutes=10)
    assert found.minutes_recorded == pytest.approx(scene.duration_s / 60, abs=0.02)
    assert (found.now.incidents, found.now.by_zone) == ((), {})
    assert (found.then.by_zone, found.then.by_kind) == ({"Porch": 1}, {"loitering": 1})
    (incident,) = found.then.incidents
    assert (incident.kind, incident.zone, incident.level) == ("loitering", "Porch", "WATCH")
    assert BEGAN < incident.at < BEGAN + scene.duration_s
    assert found.then.peak > found.now.peak
    assert 50 < len(found.then.course) <= 300
    assert "unusual in a new zone" in found.notes[0]


def test_minutes_that_are_long_ago_do_not_count(stand):
    scene = build("loiter", seed=1)
    policy = policy_of(scene)
    stand.record(scene, policy)
    stand.clock.advance(3600)
    found = stand.answer(setup.Rehearsal, "setup.policy.rehearse", policy=own(policy))
    assert (found.minutes_recorded, found.then.incidents) == (0.0, ())
    assert "nothing is recorded" in found.notes[0]


def test_a_rehearsal_does_not_pretend_to_know_the_sensor(stand):
    notes = stand.answer(setup.Rehearsal, "setup.policy.rehearse", policy={"thermal": {"overheating_celsius": 50}})
    assert any("[thermal] is not rehearsed" in note for note in notes.notes)


def test_one_rehearsal_at_a_time(stand, monkeypatch):
    held, inside = threading.Event(), threading.Event()

    def slowly(*_):
        inside.set()
        assert held.wait(10)
        return iter(())

    monkeypatch.setattr("aimonitor.edge.setup_policy.recording.between", slowly)
    first = threading.Thread(target=stand.ask, args=("setup.policy.rehearse",), kwargs={"policy": {}})
    first.start()
    assert inside.wait(10)
    _, refused = stand.refusal("setup.policy.rehearse", policy={})
    held.set()
    first.join(10)
    assert refused.why == "busy"
    assert stand.answer(setup.Rehearsal, "setup.policy.rehearse", policy={}).notes


def test_what_if_the_weights_were_others(stand):
    scene = build("loiter", seed=1)
    stand.answer(setup.Kept, "setup.policy.put", policy=own(policy_of(scene)), base=0)
    stand.record(scene, policy_of(scene))
    found = stand.answer(setup.WhatIf, "setup.what_if", at=BEGAN + scene.duration_s - 10, weights={"loitering": 0.0})
    assert found.then.peak < found.now.peak
    change = {factor.cause: factor for factor in found.factors}
    assert change["loitering"].now > 0.1
    assert change["loitering"].then == 0.0
    assert sum(factor.now for factor in found.factors) == pytest.approx(found.now.peak, abs=0.001)
    assert found.weights["loitering"] == stand.store.policy.risk().weight("loitering")


def test_what_if_of_a_time_that_is_not_recorded(stand):
    words, refused = stand.refusal("setup.what_if", at=BEGAN, weights={})
    assert refused.why == "missing"
    assert "nothing is recorded of that time" in words


def test_four_corners_become_a_grid_to_draw(stand):
    view = stand.answer(setup.CalibrationView, "setup.calibration", points=CORNERS, side_m=6.0)
    assert view.ok
    assert "6.00 m by" in view.words
    assert 10 < len(view.grid) < 90
    assert all(-1e-6 <= v <= 1 + 1e-6 for line in view.grid for end in line for v in end)
    assert 0 < view.error["near"].across < 0.2
    put = stand.answer(setup.Kept, "setup.policy.put", policy={"calibration": view.calibration}, base=0)
    assert put.version == 1
    ground = stand.store.policy.site().ground
    for start, end in view.grid[:5]:  # the two ends of a line across share their whole metre
        one, two = ground.locate(*start), ground.locate(*end)
        assert one.x == pytest.approx(round(one.x), abs=0.05)
        assert one.x == pytest.approx(two.x, abs=0.05)


def test_corners_that_are_no_rectangle_are_said(stand):
    view = stand.answer(setup.CalibrationView, "setup.calibration", points=CORNERS[:2] + CORNERS[:2], side_m=6.0)
    assert (view.ok, view.grid, view.calibration) == (False, (), {})
    assert "lie on one line or on each other" in view.words


def test_a_calibration_before_the_first_picture_needs_a_size(tmp_path):
    words, refused = Stand(tmp_path, size=None).refusal("setup.calibration", points=CORNERS, side_m=6.0)
    assert refused.why == "missing"
    assert "no picture yet" in words


def test_another_camera_and_another_command_are_said(stand):
    assert "no camera 'attic' here; there is gate" in stand.refusal("setup.policy", camera="attic")[0]
    words, refused = stand.refusal("setup.moon")
    assert refused.why == "unknown"
    assert words.startswith(setup.UNKNOWN_COMMAND)


def test_an_owner_may_want_none_of_it(tmp_path):
    words, refused = Stand(tmp_path, allowed="none").refusal("setup.policy")
    assert refused.why == "off"
    assert "remote_setup" in words


def test_a_disk_that_refuses_is_said(stand, monkeypatch):
    def full(*_):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("aimonitor.edge.policy_versions.write_atomically", full)
    words, refused = stand.refusal("setup.policy.put", policy={}, base=0)
    assert (refused.why, words) == ("disk", "it cannot be kept on the edge's disk: no space left on device")


def test_the_command_desk_hands_them_on():
    desk = CommandDesk(set_up=lambda command: CommandResult(command.command_id, ok=True, body='{"version":4}'))
    assert asyncio.run(desk.obey(Command("c1", "yard/gate", "setup.policy"))).body == '{"version":4}'
