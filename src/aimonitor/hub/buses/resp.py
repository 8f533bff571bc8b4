"""The part of Redis' protocol that publish and subscribe need, of RESP2 and RESP3 alike. Pure.

redis.io/docs/latest/develop/reference/protocol-spec
"""

from typing import NamedTuple, TypeAlias


class Failure(NamedTuple):
    """An answer that says that a command failed."""

    words: str


Answer: TypeAlias = "bytes | int | Failure | list[Answer] | None"


def command(*words: bytes) -> bytes:
    """A command as it is sent."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts += (b"$%d\r\n" % len(word), word, b"\r\n")
    return b"".join(parts)


class _CutError(Exception):
    """The answer has not come whole yet."""


class Reader:
    """Answers from what comes, in whatever pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that are whole now; raises ValueError when it is no RESP."""
        data = self._rest + data if self._rest else data
        answers, at = [], 0
        try:
            while at < len(data):
                answer, at = _read(data, at)
                answers.append(answer)
        except _CutError:
            pass
        self._rest = data[at:]
        return answers


def _read(data: bytes, at: int) -> tuple[Answer, int]:
    """The answer that begins at `at`, and where the next one does."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _CutError
    kind, line, at = data[at : at + 1], data[at + 1 : end], end + 2
    match kind:
        case b"$" | b"=":
            return _read_bulk(data, at, int(line))
        case b"*" | b">" | b"~":
            return _read_list(data, at, int(line))
        case b"%":
            return _read_list(data, at, 2 * int(line))
        case b":":
            return int(line), at
        case b"-":
            return Failure(line.decode(errors="replace")), at
        case b"+" | b"," | b"#" | b"_":
            return line, at
        case _:
            raise ValueError(f"expected an answer of Redis, got {data[at - 2 - len(line) :][:20]!r}")


def _read_bulk(data: bytes, at: int, length: int) -> tuple[Answer, int]:
    if length < 0:
        return None, at
    if at + length + 2 > len(data):
        raise _CutError
    return data[at : at + length], at + length + 2


def _read_list(data: bytes, at: int, count: int) -> tuple[Answer, int]:
    if count < 0:
        return None, at
    answers: list[Answer] = []
    for _ in range(count):
        answer, at = _read(data, at)
        answers.append(answer)
    return answers, at
