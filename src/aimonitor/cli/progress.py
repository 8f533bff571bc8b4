"""Progress of long work, for a person at a terminal and for a log file."""

import sys
import time


class Bar:
    """Shows how far a download is: redrawn in place on a terminal, a line every few seconds elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown_at = 0.0
        self._live = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None) -> None:
        """`done` of `total` bytes are there; `total` None when nobody knows."""
        now = time.monotonic()
        finished = total is not None and done >= total
        if not finished and now - self._shown_at < (0.1 if self._live else 3.0):
            return
        self._shown_at = now
        text = f"{self._what}: {done / 1e6:.1f} MB"
        if total:
            share = min(1.0, done / total)
            text += f" of {total / 1e6:.1f} MB [{'#' * int(share * 30):<30}] {share:4.0%}"
        end = "\n" if finished or not self._live else ""
        print(f"\r{text}" if self._live else text, end=end, file=sys.stderr, flush=True)
