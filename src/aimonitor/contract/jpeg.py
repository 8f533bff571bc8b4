"""What a JPEG says of itself before anyone decodes it (ITU-T T.81, annex B)."""

from typing import Final, NamedTuple

from aimonitor.contract.errors import ContractError

PIXEL_LIMIT: Final = 4_000_000
"""Width times height of a picture that anyone here will decode."""

SCAN_LIMIT: Final = 100
"""Scans of a progressive picture, each of which a decoder goes over the whole of it; encoders make ten or so."""

_NO_LENGTH: Final = frozenset((0x01, *range(0xD0, 0xD9)))
_START_OF_FRAME: Final = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
_PROGRESSIVE: Final = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_START_OF_SCAN: Final = b"\xff\xda"


class JpegSize(NamedTuple):
    """Width and height in pixels, from the start-of-frame segment."""

    width: int
    height: int


def read_size(data: bytes, *, start: int = 0, pixel_limit: int = PIXEL_LIMIT) -> JpegSize:
    """Read the size of the picture that begins at `start` from its header, without decoding.

    Raises ContractError when `data` is no JPEG, ends before the size, has an empty side, more pixels than
    `pixel_limit` or more than SCAN_LIMIT scans.
    """
    return JpegSize(*_find_size(data, start, pixel_limit))


def check_size(data: bytes, *, start: int) -> None:
    """Raise as `read_size` does, without the answer: for each picture that the hub hands on."""
    _find_size(data, start, PIXEL_LIMIT)


def _find_size(data: bytes, start: int, pixel_limit: int) -> tuple[int, int]:
    first = data[start : start + 2]
    if first != b"\xff\xd8":
        raise ContractError("jpeg", "bytes that start with FF D8", first.hex(" ") or "nothing")
    position, end = start + 2, len(data)
    while position + 4 <= end:
        if data[position] != 0xFF:
            raise ContractError("jpeg", f"a marker at offset {position - start}", f"byte {data[position]:02x}")
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _NO_LENGTH:
            position += 2
            continue
        length = data[position + 2] << 8 | data[position + 3]
        if length < 2:
            raise ContractError("jpeg", "a segment of at least 2 bytes", str(length))
        if marker in _START_OF_FRAME:
            if marker in _PROGRESSIVE:
                _count_scans(data, start)
            return _size_in(data, position, pixel_limit)
        if marker == 0xDA:
            break
        position += 2 + length
    raise ContractError("jpeg", "a start-of-frame segment", f"none in {end - start} bytes")


def _size_in(data: bytes, position: int, pixel_limit: int) -> tuple[int, int]:
    if position + 9 > len(data):
        raise ContractError("jpeg", "a whole start-of-frame segment", "the end of the data")
    height = data[position + 5] << 8 | data[position + 6]
    width = data[position + 7] << 8 | data[position + 8]
    if width == 0 or height == 0 or width * height > pixel_limit:
        raise ContractError("jpeg", f"1 to {pixel_limit:,} pixels", f"{width}x{height}")
    return width, height


def _count_scans(data: bytes, start: int) -> None:
    """The marker stands nowhere inside a scan (T.81, B.1.1.5), and a thumbnail in the header has few of its own."""
    scans = data.count(_START_OF_SCAN, start)
    if scans > SCAN_LIMIT:
        raise ContractError("jpeg", f"at most {SCAN_LIMIT} scans", str(scans))
