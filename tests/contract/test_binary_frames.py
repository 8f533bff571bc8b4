"""Pictures on the wire."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aimonitor.contract import frames
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.jpeg import read_size

SAMPLE = Path(__file__).parent / "samples" / "v2" / "picture.bin"
HEADER = frames.FrameHeader("yard/gate", 1234, 1709049201.123, 320, 240, age_s=0.125, thumbnail=True)
JPEG = b"\xff\xd8\xff\xd9"
GOOD = frames.encode(HEADER, JPEG)

names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", alphabet=st.characters(codec="ascii"))
headers = st.builds(
    frames.FrameHeader,
    source=st.builds("{}/{}".format, names, names),
    frame_id=st.integers(0, 2**53),
    captured_at=st.floats(0, 1e11),
    width=st.integers(0, 65535),
    height=st.integers(0, 65535),
    age_s=st.integers(0, 2**32 - 2).map(lambda us: us / 1e6),
    thumbnail=st.booleans(),
)


def test_the_sample_is_read_and_written_as_ever():
    assert frames.encode(HEADER, JPEG) == SAMPLE.read_bytes()
    assert frames.decode_header(SAMPLE.read_bytes()) == (HEADER, len(SAMPLE.read_bytes()) - len(JPEG))


@given(headers, st.binary(max_size=50))
def test_what_is_encoded_is_decoded_to_the_same(header, rest):
    decoded, start = frames.decode_header(data := frames.encode(header, b"\xff\xd8" + rest))
    assert decoded.age_s == pytest.approx(header.age_s, abs=1e-6)
    assert replace(decoded, age_s=0.0) == replace(header, age_s=0.0)
    assert data[start:] == b"\xff\xd8" + rest


def test_a_longer_header_of_tomorrow_is_skipped_by_its_length():
    longer = bytes([GOOD[0], GOOD[1] + 4]) + GOOD[2:-4] + b"\x01\x02\x03\x04" + JPEG
    header, start = frames.decode_header(longer)
    assert (header, longer[start:]) == (HEADER, JPEG)


def test_an_age_beyond_an_hour_is_kept_within_the_field():
    old = frames.encode(frames.FrameHeader("a/b", 1, 1.0, 1, 1, age_s=1e9), JPEG)
    assert frames.decode_header(old)[0].age_s == pytest.approx(frames.AGE_UNKNOWN_US / 1e6)


def spoil(offset: int, *values: int) -> bytes:
    data = bytearray(GOOD)
    data[offset : offset + len(values)] = bytes(values)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "frame"),
        (GOOD[:28], "frame"),
        (spoil(0, 9), "frame.kind"),
        (spoil(1, 5), "frame.header_length"),
        (spoil(1, 255), "frame.header_length"),
        (spoil(28, 200), "frame.header_length"),
        (spoil(29, 0xFF), "frame.source"),
        (GOOD.replace(b"yard/gate", b"yard..gate"[:9]), "frame.source"),
        (GOOD.replace(b"yard/gate", b"../../etc"), "frame.source"),
        (spoil(8, 0, 0, 0, 0, 0, 0, 0xF8, 0x7F), "frame.captured_at"),
        (spoil(8, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F), "frame.captured_at"),
        (spoil(16, *b"\xff" * 8), "frame.frame_id"),
        (GOOD[:-4] + b"GIF8", "frame.jpeg"),
        (GOOD[:-4], "frame.jpeg"),
    ],
)
def test_a_refusal_names_field_expected_and_got(data, field):
    with pytest.raises(ContractError) as refused:
        frames.decode_header(data)
    assert refused.value.field == field
    assert refused.value.expected
    assert refused.value.got


def test_a_frame_that_is_too_large_is_refused():
    with pytest.raises(TooLargeError):
        frames.decode_header(GOOD + b"\x00" * frames.FRAME_LIMIT)


@given(st.binary(max_size=100))
def test_no_bytes_do_worse_than_a_refusal(data):
    for read in (frames.decode_header, read_size):
        with contextlib.suppress(ContractError):
            read(data)


@given(st.integers(1, len(GOOD)), st.integers(0, 255))
def test_a_spoiled_byte_does_no_worse_than_a_refusal(offset, value):
    data = bytearray(GOOD)
    data[offset - 1] = value
    try:
        header, start = frames.decode_header(bytes(data))
    except ContractError:
        return
    assert bytes(data)[start : start + 2] == b"\xff\xd8"
    assert "/" in header.source


# --- the size in a JPEG's header ------------------------------------------------------------------------------------


def jpeg(width: int, height: int, marker: int = 0xC0, before: bytes = b"") -> bytes:
    size = bytes([0xFF, marker, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0])
    return b"\xff\xd8" + before + size + b"\xff\xd9"


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2])
@pytest.mark.parametrize("before", [b"", b"\xff\xe0\x00\x04ab", b"\xff\xff\xff\xe1\x00\x02", b"\xff\xc4\x00\x03a"])
def test_the_size_is_found_behind_other_segments(marker, before):
    size = read_size(jpeg(1600, 1200, marker, before))
    assert (size.width, size.height) == (1600, 1200)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a\n",
        b"<svg>",
        jpeg(0, 10),
        jpeg(10, 0),
        jpeg(12_000, 12_000),
        jpeg(16, 16)[:9],
        b"\xff\xd8\xff\xe0\x00\x01" + b"a" * 20,
        b"\xff\xd8\xff\xda\x00\x08" + b"\x00" * 20,
        b"\xff\xd8" + b"a" * 20,
    ],
)
def test_what_has_no_size_or_too_large_a_one_is_refused(data):
    with pytest.raises(ContractError):
        read_size(data)
