"""`aimonitor risk`, `aimonitor calibrate`, `aimonitor eval scenes`, as a person types them."""

import tomllib

import pytest
from risk_scenes import NIGHT, loiterer, scene

from aimonitor.cli import main
from aimonitor.edge.policy import parse_policy
from aimonitor.edge.recording import RecordedScene, to_line

CORNERS = ["179,390", "558,318", "390,222", "147,247"]


def test_a_recorded_minute_is_explained(tmp_path, capsys):
    lines = [to_line(RecordedScene(at / 5, NIGHT + at / 5, scene(loiterer(30 + at / 5)))) for at in range(26)]
    (tmp_path / "minute.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "site.toml").write_text('[hours]\ntimezone = "UTC"\n', encoding="utf-8")
    asked = ["risk", "explain", str(tmp_path / "minute.jsonl"), "--policy", str(tmp_path / "site.toml")]
    assert main([*asked, "--what-if", "loitering=0"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 6
    assert rows[0].startswith("00:00:00Z  0.")
    assert "loitering 30 s in Gate +0." in rows[0]
    assert "night (00:00) +0." in rows[0]
    before, instead = (float(part.split()[0]) for part in (rows[-1][11:], rows[-1].split("if: ")[1]))
    assert instead < before


def test_what_is_wrong_is_one_line(tmp_path, capsys):
    (tmp_path / "site.toml").write_text("[weights]\nloitring = 0.5\n", encoding="utf-8")
    assert main(["risk", "check", str(tmp_path / "site.toml")]) == 1
    said = capsys.readouterr().err
    assert "did you mean 'loitering'" in said
    assert said.count("\n") == 1


def test_a_right_policy_is_said_to_be_right(tmp_path, capsys):
    (tmp_path / "site.toml").write_text('preset = "farm"\n', encoding="utf-8")
    assert main(["risk", "check", str(tmp_path / "site.toml")]) == 0
    assert "Preset farm, 0 zones, 0 lines, pixels" in capsys.readouterr().out


def test_four_points_and_a_distance_become_a_table_that_the_policy_takes(capsys):
    assert main(["calibrate", "--size", "640x480", "--side", "6.0", *CORNERS]) == 0
    policy = parse_policy(tomllib.loads(capsys.readouterr().out))
    ground = policy.site().ground
    spot = ground.locate(179 / 640, 390 / 480), ground.locate(558 / 640, 318 / 480)
    assert abs(spot[0].x - spot[1].x) == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--size", "640", "--side", "6", *CORNERS], "--size: expected two numbers"),
        (["--size", "640x480", "--side", "0", *CORNERS], "a distance in metres above 0"),
        (["--size", "640x480", "--side", "6", "1,1", *CORNERS[1:3], "up"], "a corner: expected two numbers"),
        (["--size", "640x480", "--side", "6", "0,0", "100,0", "100,100", "0,101"], "measure both sides"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(arguments, said, capsys):
    assert main(["calibrate", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_scene_is_measured(capsys):
    assert main(["eval", "scenes", "run", "--seeds", "7..8"]) == 0
    said = capsys.readouterr().out
    assert "speed error" in said
    assert "2 of 2 scenes as in the script" in said


@pytest.mark.parametrize("seeds", ["0", "few", "9..7"])
def test_seeds_that_are_none_are_refused(seeds, capsys):
    with pytest.raises(SystemExit):
        main(["eval", "scenes", "--seeds", seeds])
    assert f"expected a count above 0, or first and last as in 100..107; got '{seeds}'" in capsys.readouterr().err
