"""How long to wait before trying again."""

import random
from collections.abc import Iterator


def delays(
    *,
    first: float = 0.5,
    factor: float = 1.618,
    cap: float = 30.0,
    jitter: float = 0.5,
    rng: random.Random | None = None,
) -> Iterator[float]:
    """Yield seconds to wait before each further attempt, without end.

    Delays grow from `first` by `factor` up to `cap`; each is spread by +-`jitter` (a fraction, 0..1) so that many
    clients that lost the same server do not come back in the same instant. Make a new generator after a success.
    """
    if not 0 <= jitter <= 1:
        raise ValueError(f"expected jitter in 0..1, got {jitter}")
    draw = (rng or random.Random()).uniform
    delay = first
    while True:
        yield min(cap, delay) * draw(1 - jitter, 1 + jitter)
        delay = min(cap, delay * factor)
