"""The Motion JPEG reader: every framing seen in the field, in any slices, and whatever else comes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimonitor.edge.multipart import Dechunker, MultipartError, MultipartReader, parse_headers
from aimonitor.simulator.firmware import ARDUINO_BOUNDARY, PROFILES, TASMOTA_BOUNDARY, Streaming

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(250)) * 3 + b"\xff\xd9"
OTHER = b"\xff\xd8\xff\xe1" + b"\r\n--12345\r\n\r\n" * 9 + b"\xff\xd9"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def slices(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, position, turn = [], 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[position : position + size])
        position, turn = position + size, turn + 1
    return pieces


def bodies(reader: MultipartReader, data: bytes, sizes: list[int] | None = None) -> list[bytes]:
    return [part.body for piece in slices(data, sizes or [len(data)]) for part in reader.feed(piece)]


def body_of(profile: str, frames: list[bytes]) -> tuple[bytes, str]:
    """The content of a firmware's stream (headers of the answer cut, chunks undone), and its boundary."""
    framing = Streaming(profile)
    data = framing.head().partition(b"\r\n\r\n")[2] + b"".join(framing.frame(jpeg, 12.5) for jpeg in frames)
    if profile.startswith("arduino"):
        data = Dechunker().feed(data)
    return data, TASMOTA_BOUNDARY if profile == "tasmota" else ARDUINO_BOUNDARY


def test_the_bytes_of_core_3_as_they_were_seen():
    sent = (
        b"24\r\n\r\n--123456789000000000000987654321\r\n\r\n"
        b"49\r\nContent-Type: image/jpeg\r\nContent-Length: 756\r\nX-Timestamp: 10.000000\r\n\r\n\r\n"
        b"2f4\r\n" + JPEG + b"\r\n"
    )
    assert len(JPEG) == 756
    (part,) = MultipartReader(ARDUINO_BOUNDARY).feed(Dechunker().feed(sent))
    assert part.body == JPEG
    assert part.whole
    assert part.headers == {"content-type": "image/jpeg", "content-length": "756", "x-timestamp": "10.000000"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("declared", [True, False], ids=["boundary declared", "boundary learned"])
@settings(deadline=None)  # shared machines are slow at times
@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=5))
def test_every_firmware_in_any_slices(profile, declared, sizes):
    data, boundary = body_of(profile, [JPEG, OTHER, JPEG])
    reader = MultipartReader(boundary if declared else None)
    assert bodies(reader, data, sizes) == [JPEG, OTHER, JPEG]
    assert reader.garbage_bytes == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_a_picture_is_given_with_its_last_byte(profile):
    """Core 3 sends the boundary only with the next picture: waiting for it would make every picture a frame old."""
    data, boundary = body_of(profile, [JPEG])
    reader = MultipartReader(boundary)
    end = data.index(b"\xff\xd9") + 2
    assert reader.feed(data[: end - 1]) == []
    assert [part.body for part in reader.feed(data[end - 1 : end])] == [JPEG]


def test_lengths_padded_with_blanks_and_headers_in_any_case():
    """MJPEG2SD pads to ten digits, Motion writes Content-type and declares its boundary with its dashes."""
    for boundary in ("--BoundaryString", "BoundaryString", '"BoundaryString"'):
        sent = (
            b"--BoundaryString\r\nContent-type: image/jpeg\r\ncontent-LENGTH:        756\r\n\r\n" + JPEG + b"\r\n"
        ) * 2
        assert bodies(MultipartReader(boundary), sent) == [JPEG, JPEG]


def test_without_a_length_the_next_boundary_ends_a_part():
    sent = (
        b"--b1b1b1\r\nContent-Type: image/jpeg\r\n\r\n"
        + JPEG
        + b"\r\n--b1b1b1\r\nX: y\r\n\r\nabc\r\n--b1b1b1--\r\nrest"
    )
    reader = MultipartReader("b1b1b1")
    assert bodies(reader, sent, [7]) == [JPEG, b"abc"]
    assert reader.finished
    assert reader.feed(sent) == []


@pytest.mark.parametrize("length", [b"0", b"-5", b"abc", b"99999999999999999999", b"\xb2"])
def test_a_length_that_is_none_is_not_believed(length):
    sent = b"--bbbbbb\r\nContent-Length: " + length + b"\r\n\r\n" + JPEG + b"\r\n--bbbbbb\r\n"
    assert bodies(MultipartReader("bbbbbb"), sent) == [JPEG]


def test_text_between_pictures_is_a_part_of_its_own():
    framing = Streaming("esphome")
    data = framing.head().partition(b"\r\n\r\n")[2] + framing.no_frame() + framing.frame(JPEG, 1.0)
    parts = MultipartReader(ARDUINO_BOUNDARY).feed(data)
    assert [(part.headers["content-type"], part.body) for part in parts] == [
        ("text/plain", b"No frames send."),
        ("image/jpeg", JPEG),
    ]


def test_a_part_shorter_than_it_says_is_flagged_and_the_next_is_not_lost():
    """Tasmota does not check how much of a picture it could write."""
    framing = Streaming("tasmota")
    short = framing.frame(JPEG[:300], 1.0, declared=len(JPEG))
    reader = MultipartReader(TASMOTA_BOUNDARY)
    parts = reader.feed(short + framing.frame(OTHER, 2.0) + framing.frame(JPEG, 3.0))
    assert [(part.body, part.whole) for part in parts] == [(JPEG[:300], False), (OTHER, True), (JPEG, True)]


def test_a_part_longer_than_it_says_does_not_disturb_the_next():
    sent = b"--bbbbbb\r\nContent-Length: 700\r\n\r\n" + JPEG + b"\r\n--bbbbbb\r\nContent-Length: 756\r\n\r\n" + JPEG
    reader = MultipartReader("bbbbbb")
    assert bodies(reader, sent) == [JPEG[:700], JPEG]
    assert reader.garbage_bytes == len(JPEG) - 700 + len(b"\r\n")


def test_garbage_between_parts_is_skipped_and_counted():
    data, boundary = body_of("esphome", [JPEG])
    reader = MultipartReader(boundary)
    noise = bytes(range(1, 200)) * 50
    assert bodies(reader, data + noise + b"\r\n" + data, [64]) == [JPEG, JPEG]
    assert len(noise) - 200 < reader.garbage_bytes <= len(noise) + 2  # line ends belong to nobody


def test_an_endless_part_is_given_up_and_memory_stays_bounded():
    reader = MultipartReader("bbbbbb", part_limit=10_000)
    assert reader.feed(b"--bbbbbb\r\nContent-Length: 20000\r\n\r\n") == []
    for _ in range(100):
        assert reader.feed(bytes(1000)) == []
        assert len(reader._buffer) < 12_000
    assert reader.garbage_bytes > 90_000
    assert bodies(reader, b"\r\n--bbbbbb\r\nContent-Length: 756\r\n\r\n" + JPEG) == [JPEG]


def test_headers_without_an_end_are_given_up():
    reader = MultipartReader("bbbbbb")
    for _ in range(200):
        reader.feed(b"X-Header: 1\r\n" * 10)
        assert len(reader._buffer) < 10_000
    assert bodies(reader, b"--bbbbbb\r\nContent-Length: 756\r\n\r\n" + JPEG) == [JPEG]


@settings(deadline=None)  # shared machines are slow at times
@given(st.lists(st.binary(max_size=200), max_size=20), st.sampled_from([None, "", "b", "bbbbbb"]))
def test_whatever_comes_no_part_and_no_buffer_is_larger_than_what_came(pieces, boundary):
    reader = MultipartReader(boundary)
    parts = [part for piece in pieces for part in reader.feed(piece)]
    came = sum(map(len, pieces))
    assert sum(len(part.body) for part in parts) + len(reader._buffer) + reader.garbage_bytes <= came


@settings(deadline=None)  # shared machines are slow at times
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [
                    b"--bbbbbb",
                    b"\r\n",
                    b"\n",
                    b"--",
                    b"Content-Length: 5\r\n",
                    b"Content-Length: 999999\r\n",
                    b":",
                    JPEG,
                ]
            ),
        ),
        max_size=30,
    ),
    st.integers(1, 50),
)
def test_the_same_bytes_in_other_slices_give_the_same_parts(words, size):
    data = b"".join(words)
    whole = [part.body for part in MultipartReader("bbbbbb").feed(data)]
    assert bodies(MultipartReader("bbbbbb"), data, [size]) == whole


# --- chunks ---------------------------------------------------------------------------------------------------------


@settings(deadline=None)  # shared machines are slow at times
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.lists(st.integers(1, 50), min_size=1, max_size=4))
def test_chunks_are_undone_in_any_slices(contents, sizes):
    sent = b"".join(map(chunk, contents)) + b"0\r\n\r\nmore"
    dechunker = Dechunker()
    assert b"".join(dechunker.feed(piece) for piece in slices(sent, sizes)) == b"".join(contents)
    assert dechunker.finished


def test_chunk_sizes_in_capitals_with_extensions_and_bare_line_feeds():
    assert Dechunker().feed(b"A;name=value\r\n0123456789\r\n 3 \nabc\r\n") == b"0123456789abc"


@pytest.mark.parametrize("line", [b"xyz\r\n", b"\r\n", b"-5\r\n", b"0x10\r\n", b"123456789\r\n", b"1" * 300])
def test_a_chunk_size_that_is_none_is_an_error(line):
    with pytest.raises(MultipartError, match="expected a chunk's size"):
        Dechunker().feed(line)


@settings(deadline=None)  # shared machines are slow at times
@given(st.binary(max_size=500))
def test_the_dechunker_answers_or_refuses_whatever_comes(data):
    dechunker = Dechunker()
    try:
        assert len(dechunker.feed(data)) <= len(data)
    except MultipartError:
        return


def test_header_lines_without_a_colon_are_skipped():
    assert parse_headers(b"A: 1\r\nnonsense\r\nB :2\nC:\r\n") == {"a": "1", "b": "2", "c": ""}
