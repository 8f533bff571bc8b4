"""The byte budget is kept, by looking less closely and by nothing else."""

from datetime import UTC, datetime

import pytest

from aimonitor.edge.budget import OVERHEAD_BYTES, Budget, BudgetLimits
from aimonitor.edge.publisher import Due, Ladder

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp()
START = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


def watch(limits, seconds, picture=3000, fps=5.0, utc=NOON):
    """A camera that somebody watches fully; the bytes that go out, and the rungs it stood on."""
    budget, rungs, sent = Budget(limits, at=0.0), set(), 0
    now = 0.0
    ladder = Ladder(ceiling=lambda: budget.ceiling(now, utc + now))
    while now < seconds:
        ladder.attend("full", now, 60.0)
        due = ladder.step("NORMAL", now)
        rungs.add(ladder.rung(now))
        size = {Due.NOTHING: 0, Due.FIGURES: 300}.get(due, 300 + picture)
        if size:
            budget.spend(size, now, utc + now)
            sent += size + OVERHEAD_BYTES
        now += 1 / fps
    return sent, rungs, budget


def test_without_limits_nothing_is_held_back():
    sent, rungs, _ = watch(BudgetLimits(), seconds=600)
    assert rungs == {"full"}
    assert sent > 600 * 5 * 3300


@pytest.mark.parametrize("kbit_s", [20.0, 60.0, 100.0])
def test_the_rate_is_kept(kbit_s):
    sent, rungs, _ = watch(BudgetLimits(kbit_s=kbit_s), seconds=3600)
    assert sent * 8 / 3600 / 1000 <= kbit_s * 1.02 + 0.5
    assert "full" in rungs
    assert rungs - {"full"}


def test_a_rate_that_suffices_is_not_felt():
    assert watch(BudgetLimits(kbit_s=200.0), seconds=600)[1] == {"full"}


def test_the_month_is_spread_evenly_with_a_days_grace():
    sent, rungs, budget = watch(BudgetLimits(gb_month=1.0), seconds=86_400, fps=1.0, utc=START)
    assert rungs == {"full", "metadata"}
    assert sent < 1e9 * 2 / 30 * 1.2
    assert budget.month_bytes == sent


def test_a_spent_month_is_metadata_until_the_next():
    budget = Budget(BudgetLimits(gb_month=1.0), at=0.0, month="2026-11", month_bytes=1_000_000_000)
    assert budget.ceiling(1.0, NOON) == "metadata"
    december = datetime(2026, 12, 1, 0, 1, tzinfo=UTC).timestamp()
    budget.spend(100, 2.0, december)
    assert budget.month_bytes == 100 + OVERHEAD_BYTES
    assert budget.ceiling(3.0, december) == "full"


def test_the_forecast_is_the_pace_so_far():
    budget = Budget(BudgetLimits(), at=0.0, month="2026-11", month_bytes=145)
    half = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
    assert budget.forecast_bytes(half) == 290
