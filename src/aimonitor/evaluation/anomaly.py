"""`eval anomaly`: the streaming detector on the Numenta Anomaly Benchmark, one parameter set for every series.

Beside the published score stands the honest one: each group scored at the threshold that was chosen on the others.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from aimonitor.analytics.stream import StreamDetector
from aimonitor.evaluation import nab
from aimonitor.evaluation.nab import PROFILES, Profile, Series, Tally

Scores = Sequence[float]


class Result(TypedDict):
    """Of some series at one threshold. `score` is None where there is no window to be found."""

    score: float | None
    windows: int
    hits: int
    false_alarms: int


class ProfileResult(TypedDict):
    """Of one profile: the corpus, each group at the corpus's threshold, each group at the threshold of the others."""

    threshold: float
    corpus: Result
    groups: dict[str, Result]
    groups_held_out: dict[str, Result]
    held_out: Result


class Report(TypedDict):
    """What `evaluate` found. `series` holds the standard profile at the corpus's threshold."""

    rows: int
    microseconds_per_value: float
    profiles: dict[str, ProfileResult]
    series: dict[str, Result]


def evaluate(nab_dir: Path) -> Report:
    """Run the streaming detector over the corpus in `nab_dir`; raises ValueError on bad data."""
    corpus = nab.load(Path(nab_dir))
    started = time.process_time()
    scores = [detect(series) for series in corpus]
    seconds = time.process_time() - started
    rows = sum(len(series.values) for series in corpus)
    profiles = {profile.name: score(corpus, scores, profile) for profile in PROFILES}
    return Report(
        rows=rows,
        microseconds_per_value=round(1e6 * seconds / max(1, rows), 2),
        profiles=profiles,
        series=_by_series(corpus, scores, profiles["standard"]["threshold"]),
    )


def detect(series: Series) -> Scores:
    """Score every row of one series, in order, with a fresh detector."""
    detector = StreamDetector()
    return [detector.update(value, utc) for value, utc in zip(series.values, series.times, strict=True)]


def score(corpus: Sequence[Series], scores: Sequence[Scores], profile: Profile) -> ProfileResult:
    """Score a detector's output on the corpus under one profile."""
    ranked = nab.rank(corpus, scores)
    threshold = nab.best_threshold(ranked, profile)
    groups = list(dict.fromkeys(series.group for series in corpus))
    held_out = {}
    for group in groups:
        of_others = nab.best_threshold([row for row in ranked if corpus[row.series].group != group], profile)
        held_out[group] = _total(corpus, scores, profile, of_others, group)
    return ProfileResult(
        threshold=threshold,
        corpus=_result(_total(corpus, scores, profile, threshold), profile),
        groups={group: _result(_total(corpus, scores, profile, threshold, group), profile) for group in groups},
        groups_held_out={group: _result(tally, profile) for group, tally in held_out.items()},
        held_out=_result(sum(held_out.values(), Tally()), profile),
    )


def _total(
    corpus: Sequence[Series], scores: Sequence[Scores], profile: Profile, threshold: float, group: str | None = None
) -> Tally:
    return sum(
        (
            nab.tally(series, given, threshold, profile)
            for series, given in zip(corpus, scores, strict=True)
            if group in (None, series.group)
        ),
        Tally(),
    )


def _by_series(corpus: Sequence[Series], scores: Sequence[Scores], threshold: float) -> dict[str, Result]:
    return {
        series.name: _result(nab.tally(series, given, threshold, nab.STANDARD), nab.STANDARD)
        for series, given in zip(corpus, scores, strict=True)
    }


def _result(tally: Tally, profile: Profile) -> Result:
    normalized = round(tally.normalized(profile), 2) if tally.windows else None
    return Result(score=normalized, windows=tally.windows, hits=tally.hits, false_alarms=tally.false_alarms)
