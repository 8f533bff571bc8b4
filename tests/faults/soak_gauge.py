"""What a soak reads from each process, and when it calls something flat."""

import csv
import os
import statistics
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import groupby
from pathlib import Path

WARM_UP_S = 900.0
"""Caches, arenas and rings fill first; what a life does after that is judged."""
JUDGED_S = 1200.0
"""A life must go on for so long after its warm-up, or a line through it means nothing."""
RSS_MIB_PER_10_MIN = 1.0
DRIFT = 3.0
"""Threads and tasks: median of the last quarter minus that of the first. Viewers come and go meanwhile."""
DESCRIPTOR_DRIFT = 8.0
"""The same of descriptors: pools of HTTP connections keep as many as were busy at once, more on a busy machine."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment. `tasks` are asyncio's, where the process tells; `events` as it counts them."""

    at_s: float
    name: str
    pid: int
    rss_mib: float
    descriptors: int
    threads: int
    tasks: int
    events: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One life of a process, from its warm-up to its end."""

    name: str
    minutes: float
    rss_mib: float
    rss_slope: float
    descriptors: float
    threads: float
    tasks: float

    @property
    def flat(self) -> bool:
        pooled = self.descriptors <= DESCRIPTOR_DRIFT
        return pooled and self.rss_slope < RSS_MIB_PER_10_MIN and max(self.threads, self.tasks) <= DRIFT


def read(name: str, pid: int, at_s: float, *, tasks: int = 0, events: int = 0) -> Sample:
    """Look at a process through /proc. Raises OSError when it is gone."""
    process = Path(f"/proc/{pid}")
    pages = int((process / "statm").read_text().split()[1])
    threads = next(line for line in (process / "status").read_text().splitlines() if line.startswith("Threads:"))
    return Sample(
        at_s=round(at_s, 1),
        name=name,
        pid=pid,
        rss_mib=round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 3),
        descriptors=len(os.listdir(process / "fd")),
        threads=int(threads.split()[1]),
        tasks=tasks,
        events=events,
    )


def metric(url: str, name: str) -> int:
    """One figure of a page of metrics; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (urllib.error.URLError, OSError):
        return 0
    return next((int(float(line.rpartition(" ")[2])) for line in lines if line.startswith(name)), 0)


def judge(samples: Iterable[Sample]) -> list[Verdict]:
    """A verdict on every life that was long enough."""
    ordered = sorted(samples, key=lambda sample: (sample.name, sample.pid, sample.at_s))
    lives = (list(life) for _, life in groupby(ordered, key=lambda sample: (sample.name, sample.pid)))
    settled = ([sample for sample in life if sample.at_s >= life[0].at_s + WARM_UP_S] for life in lives)
    return [_judge(life) for life in settled if life and life[-1].at_s - life[0].at_s >= JUDGED_S]


def _judge(life: Sequence[Sample]) -> Verdict:
    line = statistics.linear_regression([sample.at_s for sample in life], [sample.rss_mib for sample in life])
    quarter = len(life) // 4

    def drift(values: list[int]) -> float:
        return statistics.median(values[-quarter:]) - statistics.median(values[:quarter])

    return Verdict(
        name=life[0].name,
        minutes=(life[-1].at_s - life[0].at_s) / 60,
        rss_mib=life[-1].rss_mib,
        rss_slope=line.slope * 600,
        descriptors=drift([sample.descriptors for sample in life]),
        threads=drift([sample.threads for sample in life]),
        tasks=drift([sample.tasks for sample in life]),
    )


class Log:
    """All samples, in memory and as CSV on the disk."""

    def __init__(self, path: Path) -> None:
        self.samples: list[Sample] = []
        self._file = path.open("w", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow(each.name for each in fields(Sample))

    def note(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._rows.writerow(astuple(sample))
        self._file.flush()

    def close(self) -> None:
        self._file.close()
