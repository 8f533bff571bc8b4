"""A place that is counted once in five minutes: a weekly rhythm with Poisson noise, and what is injected into it."""

import math
import random

from aimonitor.analytics.anomaly import Anomaly, AnomalySettings, Baseline

STEP_S = 300.0
HOUR = 12
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY_UTC = 1_700_438_400.0  # Monday, 2023-11-20 00:00 UTC
SETTINGS = AnomalySettings(interval_s=STEP_S, false_alarms_per_week=1.0)


def usual(row: int) -> float:
    """Mean count: quiet nights, busy days, quieter week-ends."""
    hour = row % DAY / HOUR
    busy = 0.3 + 8 * math.exp(-(((hour - 13) / 4) ** 2))
    return busy * (0.5 if row // DAY % 7 >= 5 else 1.0)


def poisson(chance: random.Random, mean: float) -> int:
    """One Poisson draw (Knuth's product of uniforms)."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def counted(weeks: int, seed: int) -> list[int]:
    chance = random.Random(seed)
    return [poisson(chance, usual(row)) for row in range(weeks * WEEK)]


def utc_of(row: int) -> float:
    return MONDAY_UTC + STEP_S * row


def judge(counts: list[int], baseline: Baseline | None = None, first_row: int = 0) -> list[Anomaly]:
    baseline = baseline or Baseline(SETTINGS)
    return [baseline.update(count, utc_of(first_row + i)) for i, count in enumerate(counts)]


def incidents(judged: list[Anomaly], first_row: int = 0, gap: int = HOUR) -> list[int]:
    """Rows at which a run of unusual counts begins; runs less than `gap` rows apart are one."""
    begun, last = [], -gap - 1
    for row, anomaly in enumerate(judged):
        if anomaly.unusual and row >= first_row:
            if row - last > gap:
                begun.append(row)
            last = row
    return begun
