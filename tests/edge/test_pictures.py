"""Pictures: decoded as late and as little as possible, and bad bytes are told from good ones."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimonitor.contract.errors import ContractError
from aimonitor.contract.jpeg import read_size
from aimonitor.edge import pictures
from aimonitor.edge.pictures import ArrayPicture, JpegPicture
from aimonitor.edge.types import PictureError


def drawn(width: int, height: int) -> np.ndarray:
    """A ramp from left to right with a bright disc."""
    image = np.repeat(np.linspace(20, 200, width, dtype=np.uint8)[None, :, None], height, axis=0).repeat(3, axis=2)
    cv2.circle(image, (width // 3, height // 2), height // 5, (250, 240, 230), -1)
    return image


def encoded(width: int = 320, height: int = 240, *, progressive: bool = False) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return cv2.imencode(".jpg", drawn(width, height), options)[1].tobytes()


@pytest.mark.parametrize(
    ("width", "height", "gray"),
    [
        (96, 96, (96, 96)),
        (160, 120, (120, 160)),
        (320, 240, (120, 160)),
        (640, 480, (120, 160)),
        (800, 600, (150, 200)),
        (1024, 768, (96, 128)),
        (1600, 1200, (150, 200)),
    ],
)
def test_gray_is_a_whole_number_reduction_near_160_pixels(width, height, gray):
    data = encoded(width, height)
    picture = JpegPicture(data)
    assert (picture.width, picture.height) == (width, height)
    assert picture.gray().shape == gray
    assert picture.gray().dtype == np.uint8
    full = cv2.cvtColor(picture.bgr(), cv2.COLOR_BGR2GRAY)
    expected = cv2.resize(full, gray[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(picture.gray().astype(int) - expected).mean() < 2


def test_the_same_decoded_picture_is_given_twice():
    picture = JpegPicture(encoded())
    assert picture.bgr() is picture.bgr()
    assert picture.gray() is picture.gray()


def test_the_cameras_own_bytes_are_kept_and_padding_is_cut():
    data = encoded()
    assert JpegPicture(data).jpeg() is data
    assert JpegPicture(data + bytes(100)).jpeg() == data


def test_size_is_read_without_decoding(monkeypatch):
    data = encoded(640, 480, progressive=True)
    monkeypatch.setattr(pictures.cv2, "imdecode", None)
    assert JpegPicture(data).width == 640


def test_bytes_that_are_no_whole_jpeg_are_refused():
    data = encoded()
    wrong = {
        "nothing": b"",
        "89 50 4e": b"\x89PNG\r\n\x1a\n",
        "without an end": data[: len(data) // 2],
        "start-of-frame": data[:20] + b"\xff\xd9",
    }
    for words, damaged in wrong.items():
        with pytest.raises(PictureError, match=words):
            JpegPicture(damaged)


def test_a_picture_that_claims_144_megapixels_is_refused_undecoded():
    data = bytearray(encoded())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\x2e\xe0\x2e\xe0"  # 12000 x 12000
    with pytest.raises(PictureError, match="12000x12000"):
        JpegPicture(bytes(data))


def test_a_header_without_a_picture_is_refused_when_decoded():
    data = encoded()
    hollow = data[: data.index(b"\xff\xda")] + b"\xff\xd9"
    picture = JpegPicture(hollow)
    for decode in (picture.gray, picture.bgr):
        with pytest.raises(PictureError, match="decodes"):
            decode()


def test_pixels_are_encoded_once_and_only_when_wanted():
    image = drawn(321, 245)
    picture = ArrayPicture(image)
    assert picture.bgr() is image
    assert picture.gray().shape == (122, 160)
    data = picture.jpeg()
    assert picture.jpeg() is data
    assert read_size(data) == read_size(encoded(321, 245))
    assert np.abs(JpegPicture(data).bgr().astype(int) - image).mean() < 4


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_an_array_that_is_no_picture_is_refused(shape):
    with pytest.raises(PictureError, match="expected"):
        ArrayPicture(np.zeros(shape, np.uint8))


def test_a_picture_narrower_than_the_gray_one_is_taken_whole():
    assert ArrayPicture(drawn(16, 200)).gray().shape == (200, 16)
    assert ArrayPicture(drawn(2000, 3)).gray().shape == (1, 666)


# --- the header reader, fed with what nobody would send -------------------------------------------------------------


@settings(deadline=None)  # shared machines are slow at times
@given(st.binary(max_size=300), st.integers(0, 400), st.booleans())
def test_the_header_reader_answers_or_refuses_whatever_comes(noise, cut, start):
    data = (b"\xff\xd8" if start else b"") + noise
    for candidate in (data, encoded(64, 48)[:cut] + data):
        try:
            size = read_size(candidate)
        except ContractError:
            continue
        assert 1 <= size.width * size.height <= 4_000_000


@settings(deadline=None)  # shared machines are slow at times
@given(st.lists(st.tuples(st.sampled_from([0xE0, 0xE1, 0xFE, 0xDB, 0xC4]), st.binary(max_size=80)), max_size=8))
def test_the_header_reader_walks_over_any_segments_to_the_size(segments):
    filler = b"".join(b"\xff" + bytes([kind]) + (len(body) + 2).to_bytes(2) + body for kind, body in segments)
    frame = b"\xff\xc0" + (17).to_bytes(2) + b"\x08" + (240).to_bytes(2) + (320).to_bytes(2) + bytes(10)
    size = read_size(b"\xff\xd8" + filler + frame)
    assert (size.width, size.height) == (320, 240)


@settings(deadline=None)  # shared machines are slow at times
@given(st.data())
def test_a_flipped_byte_gives_a_picture_or_a_picture_error(data):
    good = bytearray(encoded(64, 48))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = JpegPicture(bytes(good))
        if picture.width * picture.height < 100_000:
            picture.gray()
            picture.bgr()
    except PictureError:
        return


@pytest.mark.parametrize(("width", "height"), [(160, 120), (640, 480), (1600, 1200)])
def test_a_thumbnail_of_any_camera_is_what_a_line_at_rest_can_carry(width, height):
    """A QQVGA sensor's own bytes are twice that, and would be most of what a camera says while nobody looks."""
    noise = np.random.default_rng(1).normal(0, 8, (height, width, 3))
    fine = np.clip(drawn(width, height) + noise, 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", fine, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()
    small = JpegPicture(data).thumbnail()
    assert len(small) < min(5_000, len(data))
    assert JpegPicture(small).width == 160


def test_a_thumbnail_is_never_made_longer_than_the_cameras_own_picture():
    data = cv2.imencode(".jpg", drawn(160, 120), [cv2.IMWRITE_JPEG_QUALITY, 20])[1].tobytes()
    assert JpegPicture(data).thumbnail() == data
