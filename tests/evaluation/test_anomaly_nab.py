"""The scorer by the published definition: silence is 0, a perfect detector is 100, and each rule in between."""

import json
import math
from pathlib import Path

import pytest

from aimonitor.evaluation import anomaly, nab
from aimonitor.evaluation.nab import NEVER, PROFILES, STANDARD, Series, Window

DEVELOPMENT_PART = Path(__file__).parents[3] / "shared/data/nab"


def series(rows: int, *windows: tuple[int, int], name: str = "made/up.csv") -> Series:
    return Series(name, [300.0 * row for row in range(rows)], [0.0] * rows, [Window(*w) for w in windows])


def silent(of: Series) -> list[float]:
    return [0.0] * len(of.values)


def perfect(of: Series) -> list[float]:
    scores = silent(of)
    for window in of.windows:
        scores[max(window.first, of.probation)] = 1.0
    return scores


def detected_at(of: Series, *rows: int) -> list[float]:
    scores = silent(of)
    for row in rows:
        scores[row] = 1.0
    return scores


TWO_WINDOWS = series(1000, (300, 349), (600, 649))


def raw(*rows: int, of: Series = TWO_WINDOWS, profile=STANDARD) -> float:
    return nab.tally(of, detected_at(of, *rows), 0.5, profile).raw


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_silence_is_0_and_perfection_is_100(profile):
    corpus = [TWO_WINDOWS, series(800, name="made/quiet.csv"), series(6000, (2000, 2400), name="other/long.csv")]
    nothing = anomaly.score(corpus, [silent(s) for s in corpus], profile)
    everything = anomaly.score(corpus, [perfect(s) for s in corpus], profile)
    assert (nothing["corpus"]["score"], nothing["threshold"]) == (0.0, NEVER)
    assert (everything["corpus"]["score"], everything["threshold"]) == (100.0, 1.0)
    assert everything["held_out"]["score"] == 100.0


def test_a_hit_is_worth_less_the_later_it_comes_and_only_the_first_counts():
    early, late = raw(300, 600), raw(300, 640)
    assert early == pytest.approx(2.0)
    assert late < early
    assert raw(300, 600, 640) == early
    # the published sigmoid at the last row of a window of 50, over its value at the left edge
    last_row = (2 / (1 + math.exp(-5 / 50)) - 1) / (2 / (1 + math.exp(-5)) - 1)
    assert raw(349, 600) == pytest.approx(1 + last_row)


def test_a_miss_costs_what_the_profile_says():
    low_fn = PROFILES[2]
    assert raw(300) == pytest.approx(1 - 1)
    assert raw(300, profile=low_fn) == pytest.approx(1 - 2)


def test_a_false_alarm_costs_in_full_before_any_window_and_far_behind_one():
    hits = raw(300, 600)
    assert hits - raw(200, 300, 600) == pytest.approx(0.11)
    assert hits - raw(300, 599, 600) == pytest.approx(0.11)
    assert hits - raw(300, 600, 650) < 0.01
    assert hits - raw(300, 600, 660) == pytest.approx(0.11 * (1 - 2 / (1 + math.exp(5 * 11 / 49))))
    assert raw(300, 600, profile=STANDARD) - raw(200, 300, 600, profile=PROFILES[1]) == pytest.approx(0.22)


@pytest.mark.parametrize(("rows", "probation"), [(1000, 150), (1127, 169), (5000, 750), (22_695, 750)])
def test_probation_is_15_percent_and_capped(rows, probation):
    of = series(rows)
    assert of.probation == probation
    assert nab.tally(of, detected_at(of, probation - 1), 0.5, STANDARD).false_alarms == 0
    assert nab.tally(of, detected_at(of, probation), 0.5, STANDARD).false_alarms == 1


def test_one_threshold_is_chosen_for_all_series_where_it_earns_most():
    first, second = series(1000, (300, 349)), series(1000, (600, 649), name="made/two.csv")
    scores = [silent(first), silent(second)]
    scores[0][300], scores[1][600] = 0.9, 0.4  # the hits
    for row in range(700, 705):
        scores[0][row] = 0.3  # five false alarms below both
    assert nab.best_threshold(nab.rank([first, second], scores), STANDARD) == 0.4
    for row in range(800, 830):
        scores[1][row] = 0.6  # thirty false alarms above the second hit cost more than it is worth
    assert nab.best_threshold(nab.rank([first, second], scores), STANDARD) == 0.9


def test_equal_scores_stand_or_fall_together():
    of = series(1000, (300, 349))
    scores = detected_at(of, 300, *range(600, 640))
    assert nab.best_threshold(nab.rank([of], [scores]), STANDARD) == NEVER


def test_the_threshold_of_the_others_is_used_for_the_group_that_is_held_out():
    ours, theirs = series(1000, (300, 349), name="ours/a.csv"), series(1000, (300, 349), name="theirs/b.csv")
    scores = [silent(ours), silent(theirs)]
    scores[0][300], scores[1][300] = 0.4, 0.8
    result = anomaly.score([ours, theirs], scores, STANDARD)
    assert result["corpus"]["score"] == 100.0
    assert result["groups_held_out"]["ours"]["score"] == 0.0
    assert result["groups_held_out"]["theirs"]["score"] == 100.0
    assert result["held_out"]["score"] == 50.0


def write_corpus(root: Path, rows: list[str], windows: list[list[str]]) -> Path:
    (root / "data/made").mkdir(parents=True)
    (root / "data/made/up.csv").write_text("timestamp,value\n" + "\n".join(rows) + "\n", "utf-8")
    (root / "combined_windows.json").write_text(json.dumps({"made/up.csv": windows, "made/absent.csv": []}), "utf-8")
    return root


def test_a_folder_is_read_and_the_detector_run_over_it(tmp_path):
    rows = [f"2015-01-01 {i // 12 % 24:02d}:{i % 12 * 5:02d}:00,{100 if i == 230 else i % 3}" for i in range(288)]
    windows = [["2015-01-01 18:20:00.000000", "2015-01-01 20:00:00.000000"]]
    report = anomaly.evaluate(write_corpus(tmp_path, rows, windows))
    assert report["rows"] == 288
    assert report["series"]["made/up.csv"] == {"score": report["profiles"]["standard"]["corpus"]["score"]} | {
        "windows": 1,
        "hits": 1,
        "false_alarms": 0,
    }
    assert json.loads(json.dumps(report)) == report


@pytest.mark.parametrize("row", ["yesterday,3", "2015-01-01 00:05:00,much", "2015-01-01 00:05:00"])
def test_a_bad_row_is_named_with_file_and_line(tmp_path, row):
    write_corpus(tmp_path, ["2015-01-01 00:00:00,1", row], [])
    with pytest.raises(ValueError, match=r"up\.csv:3: expected timestamp,value, got"):
        nab.load(tmp_path)


def test_a_window_outside_of_its_series_is_refused(tmp_path):
    write_corpus(tmp_path, ["2015-01-01 00:00:00,1"], [["2016-01-01 00:00:00", "2016-01-02 00:00:00"]])
    with pytest.raises(ValueError, match=r"up\.csv: expected the window .* inside of the series"):
        nab.load(tmp_path)


def test_a_folder_without_a_corpus_says_what_was_expected(tmp_path):
    with pytest.raises(ValueError, match=r"expected combined_windows\.json in .*, found none"):
        nab.load(tmp_path)
    (tmp_path / "combined_windows.json").write_text("{}", "utf-8")
    with pytest.raises(ValueError, match=r"expected CSV files .* found none"):
        nab.load(tmp_path)


@pytest.fixture(scope="module")
def development_part() -> list[Series]:
    if not DEVELOPMENT_PART.is_dir():
        pytest.skip("the development part of the Numenta Anomaly Benchmark is not here")
    return nab.load(DEVELOPMENT_PART)


def test_on_the_real_corpus_too_silence_is_0_and_perfection_is_100(development_part):
    assert (len(development_part), sum(len(s.windows) for s in development_part)) == (28, 53)
    silence = [silent(s) for s in development_part]
    assert anomaly.score(development_part, silence, STANDARD)["corpus"]["score"] == 0.0
    best = [perfect(s) for s in development_part]
    assert nab.best_threshold(nab.rank(development_part, best), STANDARD) == 1.0
    total = sum((nab.tally(s, b, 1.0, STANDARD) for s, b in zip(development_part, best, strict=True)), nab.Tally())
    assert total.normalized(STANDARD) == pytest.approx(100.0)


@pytest.mark.slow
def test_the_detector_reaches_70_on_the_development_part(development_part):
    standard = anomaly.evaluate(DEVELOPMENT_PART)["profiles"]["standard"]
    assert standard["corpus"]["score"] >= 70
    assert standard["held_out"]["score"] >= 65
