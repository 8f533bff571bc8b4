"""Stills and clips: boxes where they belong, appearances that tell things apart, and pictures that are none."""

import io

import pytest
from fake_hub import jpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from aimonitor.bot import learning, still
from aimonitor.contract import messages

TRACK = messages.TrackView(1, "person", (0.25, 0.25, 0.75, 0.75), 0.9, risk=0.6)


def test_a_small_picture_is_enlarged_and_its_box_is_drawn():
    image = Image.open(io.BytesIO(still.annotate(jpeg((90, 120, 150)), [TRACK]))).convert("RGB")
    assert image.size == (640, 480)
    red, green, blue = image.getpixel((161, 240))
    assert red > 150
    assert max(green, blue) < 110
    assert min(image.getpixel((158, 240))) > 170, "a white halo outside"
    assert abs(image.getpixel((320, 240))[0] - 90) < 12, "the inside is untouched"


def test_a_large_picture_keeps_its_size():
    assert Image.open(io.BytesIO(still.annotate(jpeg(size=(1280, 720)), []))).size == (1280, 720)


@settings(deadline=None)
@given(st.tuples(*[st.floats(-2, 3)] * 4))
def test_any_box_can_be_drawn(corners):
    x1, x2 = sorted(corners[:2])
    y1, y2 = sorted(corners[2:])
    track = messages.TrackView(1, "человек \u202e", (x1, y1, x2, y2), 0.5)
    still.annotate(jpeg(size=(32, 24)), [track])


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"GIF89a", jpeg()[:100], b"\xff\xd8" + b"\x00" * 500, b"<svg/>"], ids=range(6)
)
def test_what_is_no_picture(data):
    with pytest.raises(still.StillError, match="expected a JPEG"):
        still.annotate(data, [])
    with pytest.raises(still.StillError, match="expected a JPEG"):
        still.look(data, (0, 0, 1, 1))


def test_a_picture_of_too_many_pixels_is_not_decoded():
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(still.StillError, match="pixels"):
        still.annotate(bytes(data), [])


def _scene(color, light=0):
    image = Image.new("RGB", (160, 120), (100 + light, 110 + light, 105 + light))
    shade = tuple(max(0, min(255, part + light)) for part in color)
    ImageDraw.Draw(image).rectangle((50, 30, 90, 100), fill=shade)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return still.look(out.getvalue(), (0.3, 0.25, 0.6, 0.85))


def test_the_same_thing_in_other_light_looks_alike_and_another_does_not():
    van = _scene((200, 190, 60))
    assert learning.looks_alike(van, _scene((200, 190, 60), light=-40))
    assert not learning.looks_alike(van, _scene((40, 60, 190)))
    assert still.look(jpeg(), (0.5, 0.5, 0.51, 0.51)) == b""


def test_a_clip_has_its_frames_and_its_pace():
    clip = Image.open(io.BytesIO(still.animate([(jpeg((n, 90, 90)), [TRACK]) for n in (10, 100, 200)], 0.5)))
    assert (clip.format, clip.n_frames, clip.info["duration"]) == ("GIF", 3, 500)
    assert max(clip.size) == still.MOVING_PX
    with pytest.raises(still.StillError, match="at least one"):
        still.animate([], 0.5)
