"""Bytes made from good ones: a little wrong, put together, or repeated. Deterministic for a seed."""

import random
from collections.abc import Sequence

_SIZE_LIMIT = 20_000


def mutated(draw: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """One input, from one of the seeds by one to eight changes."""
    data = bytearray(draw.choice(seeds))
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(data) + 1)
        length = min(len(data) - at, 1 << draw.randrange(8))
        match draw.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << draw.randrange(8)
            case 1 if at < len(data):
                data[at] = draw.randrange(256)
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = draw.randbytes(draw.randrange(1, 16))
            case 4 if words:
                data[at : at + draw.choice((0, length))] = draw.choice(words)
            case 5:
                data[at:at] = data[at : at + length] * (1 << draw.randrange(7))
            case 6:
                other = draw.choice(seeds)
                cut = draw.randrange(len(other) + 1)
                data[at:] = other[cut:]
            case _:
                del data[at:]
        del data[_SIZE_LIMIT:]
        if not data:
            data = bytearray(draw.randbytes(4))
    return bytes(data)
