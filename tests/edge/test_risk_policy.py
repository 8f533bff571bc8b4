"""The site's policy: TOML over presets, errors in one line, changes followed, minutes explained."""

import re
import tomllib
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest
from risk_scenes import NIGHT, NOON, evidence, loiterer, scene

from aimonitor.common.settings import SettingsError
from aimonitor.edge.behavior import Line, Zone
from aimonitor.edge.explain import explain, sentence, table, what_if
from aimonitor.edge.policy import PRESETS, MachineZone, load_policy, parse_policy
from aimonitor.edge.recording import RecordedScene, RecordingError, SceneRecorder, read, to_line
from aimonitor.edge.risk import Hours, RiskAssessor
from aimonitor.edge.types import Point, Size, Track
from aimonitor.edge.understanding import Understanding
from aimonitor.simulator.scenes import times
from aimonitor.simulator.scripts import build

SITE = """
preset = "shop"

[weights]
loitering = 0.6

[places]
Gate = 1.5

[hours]
timezone = "Asia/Jerusalem"
night = "20:00-06:00"
known = ["07:30-08:15"]

[levels]
alert = 0.55

[rules]
loiter_after_s = 45
crowd_at = 4

[thermal]
overheating_celsius = 70

[events]
level = "CRITICAL"

[zones.Gate]
polygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9], [0.1, 0.9]]
restricted = true
labels = ["person"]

[lines.Door]
start = [0.5, 1.0]
end = [0.5, 0.0]
allowed = "in"

[calibration]
corners = [[0.2, 0.9], [0.8, 0.85], [0.6, 0.5], [0.35, 0.52]]
side_m = 6.0
second_m = 9.0
width = 640
height = 480

[thermal_alignment]
thermal = [[0, 0], [1, 0], [0, 1]]
image = [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]]
"""


def test_a_whole_policy_reaches_every_stage(tmp_path):
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    policy = load_policy(tmp_path / "site.toml")
    site, risk = policy.site(), policy.risk()
    assert site.zones == (
        Zone(
            "Gate",
            (Point(0.1, 0.2), Point(0.5, 0.2), Point(0.5, 0.9), Point(0.1, 0.9)),
            labels=frozenset({"person"}),
            restricted=True,
        ),
    )
    assert site.lines == (Line("Door", Point(0.5, 1.0), Point(0.5, 0.0), allowed="in"),)
    assert site.ground is not None
    assert (site.rules.loiter_after_s, site.rules.crowd_at, site.rules.settle_s) == (45.0, 4, 0.5)
    assert isinstance(site.rules.crowd_at, int)
    assert risk.weight("loitering", "Gate") == pytest.approx(0.9)
    assert risk.weight("object_removed") == 0.60  # the preset's own
    assert (risk.night, risk.known, risk.alert) == (Hours(1200, 360), (Hours(450, 495),), 0.55)
    assert policy.heat().overheating_celsius == 70
    assert policy.judging().level == "CRITICAL"
    assert policy.alignment().a == pytest.approx(0.8)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_policy_and_leaves_an_ordinary_day_alone(preset):
    policy = load_policy(preset=preset)
    text = (resources.files("aimonitor.edge") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
    assert "weights" in tomllib.loads(text)
    risk = RiskAssessor(policy.risk()).assess(scene(evidence(1), evidence(2, label="car")), 0.0, NOON)
    assert risk.level == "NORMAL"


def test_the_policy_of_the_guide_is_right():
    guide = Path(__file__).parents[2] / "docs" / "guide" / "policy.md"
    example = re.search(r"```toml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    policy = parse_policy(tomllib.loads(example[1]))
    assert set(policy.zones) == {"Gate", "Flag", "Lane"}
    assert policy.site().ground is not None


def test_the_explanation_of_the_design_is_what_comes_out():
    """docs/design/risk.md shows these numbers."""
    night = NOON + (23 * 60 + 41 - 12 * 60) * 60
    policy = parse_policy({"hours": {"timezone": "UTC", "known": ["23:00-24:00"]}}).risk()
    risk = RiskAssessor(policy).assess(scene(loiterer(47.0)), 0.0, night)
    assert sentence(risk) == (
        "loitering 47 s in Gate +0.31; known hour (23:41) -0.21; night (23:41) +0.23; 1 person +0.07"
    )
    assert (round(risk.score, 2), risk.level) == (0.4, "WATCH")


REFUSED = {
    "a key that is none": ({"wieghts": {}}, "unknown 'wieghts'; did you mean 'weights'"),
    "a key in a zone": (
        {"zones": {"Gate": {"polygon": [[0, 0], [1, 1], [0, 1]], "restrictd": True}}},
        "zones.Gate.restrictd: unknown 'restrictd'; did you mean 'restricted'?",
    ),
    "a cause that is none": ({"weights": {"loitring": 0.2}}, "unknown 'loitring'; did you mean 'loitering'"),
    "a weight that is too much": (
        {"weights": {"person": 3}},
        "weights.person: input should be less than or equal to 0.99, got 3",
    ),
    "a rule that is none": ({"rules": {"loiter_after": 3}}, "did you mean 'loiter_after_s'"),
    "two corners": ({"zones": {"Gate": {"polygon": [[0, 0], [1, 1]]}}}, "zones.Gate.polygon"),
    "a corner outside": ({"zones": {"Gate": {"polygon": [[0, 0], [1, 1], [0, 2]]}}}, "zones.Gate.polygon.2.1"),
    "a line without length": ({"lines": {"Door": {"start": [0, 0], "end": [0, 0]}}}, "two different ends"),
    "levels out of order": ({"levels": {"watch": 0.9}}, "expected watch < alert < critical, got 0.9, 0.5, 0.75"),
    "a time that is none": ({"hours": {"night": "25:00-06:00"}}, "hours.night"),
    "a place on another planet": ({"hours": {"timezone": "Mars/Olympus"}}, "IANA name"),
    "a place that is no zone": ({"places": {"Gate": 0}}, "expected a zone or line"),
    "a preset that is none": ({"preset": "shopp"}, "did you mean 'shop'"),
    "news that is none": ({"events": {"news": ["fires"]}}, "did you mean 'fire'"),
    "corners on a line": (
        {"calibration": {"corners": [[0, 0], [0.5, 0], [1, 0], [0, 1]], "side_m": 3, "width": 640, "height": 480}},
        "lie on one line",
    ),
    "an alignment on a line": (
        {"thermal_alignment": {"thermal": [[0, 0], [0.5, 0.5], [1, 1]], "image": [[0, 0], [0.5, 0.5], [1, 1]]}},
        "do not lie on one line",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_named_in_one_line(name):
    table_, said = REFUSED[name]
    with pytest.raises(SettingsError) as refusal:
        parse_policy(table_)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_no_toml_or_not_there_says_so(tmp_path):
    (tmp_path / "broken.toml").write_text("[zones", encoding="utf-8")
    for name, said in (("broken.toml", "expected TOML"), ("missing.toml", "cannot be read")):
        with pytest.raises(SettingsError, match=said):
            load_policy(tmp_path / name)


def test_the_stages_follow_a_new_policy_without_forgetting_what_did_not_change():
    before, after = parse_policy({}), parse_policy({"weights": {"person": 0.9}})
    stages = Understanding(before)
    track = build("walk", 0).truth(3.0)[0]
    seen = [Track(1, "person", 0.9, track.box, Point(0, 0), 0.0, 0.0)]
    for step in range(10):
        behavior = stages.behavior.update(seen, Size(640, 480), step / 5)
    stages.adopt(after)
    later = stages.behavior.update(seen, Size(640, 480), 2.0)
    assert later.by_track[1].still_s == pytest.approx(behavior.by_track[1].still_s + 0.2)
    fused = stages.fuse(seen, later, stages.thermal.update(None, 2.0), 0.5)
    assert stages.risk.assess(fused, 2.0, NOON).score > 0.85


def test_local_time_is_that_of_the_machine_at_that_moment():
    for utc in (NOON, NOON + 180 * 86_400):
        assert datetime.fromtimestamp(utc, MachineZone()).replace(tzinfo=None) == datetime.fromtimestamp(utc)  # noqa: DTZ006


def recorded(name="loiter"):
    """A scripted scene as lines of a recording."""
    from aimonitor.evaluation.watch import Watch
    from aimonitor.simulator.scenes import PERFECT

    one = build(name, 1)
    watch = Watch(one, PERFECT, one.site())
    lines = []
    for at in times(one.duration_s, 5):
        watch.look(at)
        lines.append(to_line(RecordedScene(at, NIGHT + at, watch.fused)))
    return lines


def test_a_recorded_minute_is_explained_and_asked_what_if():
    lines = recorded()
    policy = load_policy(preset="home").risk()
    explained = list(explain(read(lines), policy, what_if(policy, ["loitering=0.1", "places.Gate=0.5"])))
    assert len(explained) == len(lines)
    highest = max(explained, key=lambda one: one.risk.score)
    assert "loitering" in sentence(highest.risk)
    assert "night" in sentence(highest.risk)
    assert highest.instead.score < highest.risk.score
    rows = list(table(explained))
    assert len(rows) == pytest.approx(len(lines) / 5, abs=2)
    assert any("if:" in row and "loitering" in row for row in rows)


def test_a_recording_is_read_as_it_was_written():
    one = RecordedScene(1.0, NOON, scene(loiterer(), evidence(2, label="car"), dark=True))
    assert list(read([to_line(one), b"\n"])) == [one]


@pytest.mark.parametrize("line", [b"{}", b"nonsense", b'{"at":"x"}', b"[]"])
def test_a_broken_line_is_named_by_its_number(line):
    good = to_line(RecordedScene(1.0, NOON, scene()))
    with pytest.raises(RecordingError, match="line 2"):
        list(read([good, line]))


@pytest.mark.parametrize("change", ["loitring=0.1", "loitering", "loitering=much", "alert=-1", "alert=nan"])
def test_a_change_that_cannot_be_made_is_refused(change):
    with pytest.raises(SettingsError, match="--what-if"):
        what_if(load_policy().risk(), [change])


def test_the_recorder_keeps_the_newest_minutes(tmp_path):
    recorder = SceneRecorder(tmp_path, limit_bytes=3000)
    for minute in range(8):
        for second in range(0, 60, 20):
            recorder.write(RecordedScene(minute * 60.0 + second, NOON + minute * 60 + second, scene(loiterer())))
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names[-1] == "20250616T1207.jsonl"
    assert len(names) < 8
    assert recorder.removed == 8 - len(names)
    assert len(list(read((tmp_path / names[-1]).read_bytes().splitlines()))) == 3
