from array import array
from collections.abc import Callable

def write_to_each(fds: array[int], frame: bytes, chunk: int, waits: Callable[[], object], /) -> list[int]: ...
