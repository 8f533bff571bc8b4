"""The measures against numbers that others published, and against sums done by hand."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest

from aimonitor.evaluation.metrics import ALPHAS, Boxes, combine, tally
from aimonitor.evaluation.track import SequenceError, evaluate, read_rows

DETECTIONS = Path(__file__).parents[3] / "shared" / "data" / "tracking"


def boxes(*items):
    """One frame from (id, x): boxes of 1 x 1 at (x, 0)."""
    corners = np.array([(x, 0, x + 1, 1) for _, x in items], np.float64).reshape(-1, 4)
    return Boxes(np.array([i for i, _ in items], np.int64), corners)


def test_a_perfect_run_scores_one():
    truth = [boxes((1, 0.0), (2, 5.0))] * 4
    result = tally(truth, [boxes((7, 0.0), (9, 5.0))] * 4)
    assert (result.mota, result.idf1, result.switches) == (1.0, 1.0, 0)
    assert result.hota == pytest.approx(1.0)


def test_a_switch_in_the_middle_costs_what_the_definitions_say():
    result = tally([boxes((1, 0.0))] * 4, [boxes((7, 0.0))] * 2 + [boxes((8, 0.0))] * 2)
    assert result.switches == 1
    assert result.mota == pytest.approx(1 - 1 / 4)
    assert result.idf1 == pytest.approx(2 * 2 / 8)
    assert result.deta == pytest.approx(1.0)
    assert result.assa == pytest.approx(2 / 4)
    assert result.hota == pytest.approx(np.sqrt(0.5))


def test_misses_and_false_positives_are_counted_apart():
    result = tally([boxes((1, 0.0)), boxes((1, 0.0))], [boxes((7, 0.0), (8, 9.0)), boxes()])
    assert (result.misses, result.false_positives, result.truths, result.found) == (1, 1, 2, 2)
    assert result.mota == pytest.approx(0.0)
    assert result.idf1 == pytest.approx(0.5)


def test_localization_shows_in_hota_threshold_by_threshold():
    shift = 1 / 3
    result = tally([boxes((1, 0.0))], [boxes((7, shift))])
    overlap = (1 - shift) / (1 + shift)
    assert result.hits.tolist() == (overlap >= ALPHAS).astype(float).tolist()
    assert result.hota == pytest.approx(np.mean(overlap >= ALPHAS))


def test_a_continued_pair_is_kept_against_a_closer_newcomer():
    truth = [boxes((1, 0.0))] * 2
    assert tally(truth, [boxes((7, 0.1)), boxes((7, 0.2), (8, 0.0))]).switches == 0


def test_sequences_are_combined_by_counts():
    one, two = tally([boxes((1, 0.0))] * 3, [boxes((7, 0.0))] * 3), tally([boxes((1, 0.0))], [boxes()])
    both = combine([one, two])
    assert both.mota == pytest.approx(3 / 4)
    assert both.idf1 == pytest.approx(6 / 7)


def test_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"as many frames found as true \(1\), got 0"):
        tally([boxes()], [])


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def mot(tmp_path):
    frames = range(1, 21)
    walks = [f"{f},1,{100 + f},100,40,100,1,1,1" for f in frames]
    reflection = [f"{f},2,400,100,40,100,1,8,1" for f in frames]
    ignored = [f"{f},3,250,100,40,100,0,1,1" for f in frames]
    write(tmp_path / "mot" / "A" / "gt" / "gt.txt", *walks, *reflection, *ignored)
    write(
        tmp_path / "mot" / "A" / "seqinfo.ini",
        "[Sequence]", "frameRate=10", "seqLength=20", "imWidth=640", "imHeight=480",
    )  # fmt: skip
    write(tmp_path / "det" / "A.txt", *(f"{f},-1,{x},100,40,100,0.9" for f in frames for x in (100 + f, 400)))
    return tmp_path


def test_ignored_truth_does_not_count_and_finding_a_distractor_is_no_fault(mot):
    report = evaluate(mot / "mot", mot / "det")
    sequence, everything = report.scores
    assert (sequence.name, everything.name, sequence.fps) == ("A", "all", 10.0)
    assert (sequence.tally.truths, sequence.tally.false_positives, sequence.tally.misses) == (20, 0, 0)
    assert "100.0" in str(report)


def test_a_lower_rate_uses_fewer_frames(mot):
    assert evaluate(mot / "mot", mot / "det", fps=5).scores[0].tally.truths == 10


def test_what_cannot_be_read_is_named(mot):
    with pytest.raises(SequenceError, match=r"expected truth and detections \(A\.txt in"):
        evaluate(mot / "mot", mot / "nowhere")
    with pytest.raises(SequenceError, match="expected folders with gt"):
        evaluate(mot / "det", mot / "det")
    write(mot / "bad.txt", "1,2,three,4,5,6,7")
    with pytest.raises(SequenceError, match=r"bad\.txt: expected comma-separated numbers"):
        read_rows(mot / "bad.txt")


@pytest.fixture(scope="module")
def tud():
    """TUD-Campus and TUD-Stadtmitte as the motmetrics package carries them; only its data, not its code."""
    try:
        found = files("motmetrics") or []
    except PackageNotFoundError:
        pytest.skip("needs the package motmetrics (extra `eval`), which carries TUD-Campus and TUD-Stadtmitte")
    return next(Path(str(path.locate())) for path in found if path.name == "gt.txt").parents[1]


PUBLISHED = {"TUD-Campus": (55.8, 52.6, 7, 13, 150), "TUD-Stadtmitte": (64.5, 56.4, 7, 45, 452)}
"""IDF1, MOTA, switches, false positives, misses of the sample trackers, from the description of motmetrics 1.4.0."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_measures_are_those_that_motmetrics_published(tud, name):
    truth, found = (read_rows(tud / name / file) for file in ("gt.txt", "test.txt"))
    frames = range(1, int(truth[:, 0].max()) + 1)

    def frame(rows, number):
        now = rows[rows[:, 0] == number]
        return Boxes(now[:, 1].astype(np.int64), np.hstack((now[:, 2:4], now[:, 2:4] + now[:, 4:6])))

    result = tally([frame(truth, n) for n in frames], [frame(found, n) for n in frames])
    measured = (round(100 * result.idf1, 1), round(100 * result.mota, 1))
    counts = (result.switches, result.false_positives, result.misses)
    assert measured + counts == PUBLISHED[name]


@pytest.mark.parametrize(("fps", "least_hota", "least_idf1"), [(None, 0.50, 0.68), (5, 0.48, 0.67)])
def test_the_tracker_on_real_people(tud, fps, least_hota, least_idf1):
    if not DETECTIONS.is_dir():
        pytest.skip("needs the public detections of both sequences in ../shared/data/tracking")
    everything = evaluate(tud, DETECTIONS, fps=fps).scores[-1].tally
    assert everything.hota >= least_hota
    assert everything.idf1 >= least_idf1
