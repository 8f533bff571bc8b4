"""The hub's innermost loop: one frame to many sockets. In C where that was compiled, else in Python, just as well."""

import os
from array import array
from collections.abc import Callable
from itertools import islice, repeat

__all__ = ["in_python", "write_to_each"]


def in_python(fds: "array[int]", frame: bytes, chunk: int, waits: Callable[[], object]) -> list[int]:
    """Write `frame` to these sockets, one after the other, and give how many bytes each of them took (-1 takes none).

    After each `chunk` (>= 1) of them it asks whether somebody `waits`, and ends there if so: the list is then shorter.

    `map` and `extend` keep the loop out of the interpreter, where each look at whoever waits would find nothing of it
    left in the processor's caches; what was written stays in the list when a write fails.
    """
    taken: list[int] = []
    left, until = iter(fds), chunk
    while len(taken) < len(fds):
        try:
            taken.extend(map(os.write, islice(left, until - len(taken)), repeat(frame)))
        except OSError:  # full, or gone, and the transport finds out which; or no socket at all
            taken.append(0)
        if len(taken) >= until:
            if waits():
                break
            until += chunk
    return taken


try:
    from aimonitor.hub._writing import write_to_each
except ImportError:
    write_to_each = in_python
