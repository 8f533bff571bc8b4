"""The first messages still work: the sample is kept byte for byte and never edited."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from aimonitor.contract import founding, messages
from aimonitor.contract.errors import ContractError, TooLargeError

SAMPLE = Path(__file__).parent / "samples" / "founding.json"
TINY = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x78\x00\xa0\x01\x01\x11\x00\xff\xd9"


def changed(**fields) -> str:
    return json.dumps({**json.loads(SAMPLE.read_bytes()), **fields})


def test_the_sample_is_the_founding_one_byte_for_byte():
    assert hashlib.sha256(SAMPLE.read_bytes()).hexdigest() == (
        "a4eb46b53e4350524731306fd6dbfabdf0e053d2ff771f50c1349b7f754cd23e"
    )


def test_the_sample_is_read_as_it_was_meant():
    message = founding.parse(SAMPLE.read_bytes())
    assert message == founding.FoundingMessage(
        frame_id=1234,
        timestamp=1709049201.123,
        risk_score=0.74,
        risk_level="ALERT",
        video_frame="<base64 JPEG>",
        scene=founding.FoundingScene(4, 2, 3.2, True, False),
        fps=9.8,
    )
    assert founding.picture(message) is None


def test_a_composed_message_has_the_fields_in_the_founding_order():
    message = founding.parse(SAMPLE.read_bytes())
    composed = json.loads(founding.compose(message, TINY))
    assert list(composed) == list(json.loads(SAMPLE.read_bytes()))
    assert list(composed["scene"]) == list(json.loads(SAMPLE.read_bytes())["scene"])
    assert base64.b64decode(composed["video_frame"]) == TINY
    assert founding.picture(founding.parse(json.dumps(composed))) == TINY


def test_what_may_be_left_out_may_be_left_out():
    message = founding.parse('{"frame_id": 0, "timestamp": 0, "risk_score": 0, "risk_level": "NORMAL"}')
    assert (message.video_frame, message.fps, message.scene) == ("", 0.0, founding.FoundingScene())


def test_fields_of_tomorrow_are_ignored():
    assert founding.parse(changed(mood="sunny", scene={"persons": 1, "dogs": 3})).scene.persons == 1


def test_an_observation_of_ours_has_founding_figures():
    said = messages.Observation(
        "yard/gate", 5, 12.5, 160, 120, messages.RiskView(0.9, "APOCALYPSE"), fps=4.0,
        scene=messages.SceneView(1, 2, 3, messages.Speed(-1.0), True, True),
    )  # fmt: skip
    figures = founding.from_observation(said)
    assert figures.risk_level == "WATCH"
    assert figures.scene == founding.FoundingScene(1, 2, 0.0, True, True)


@pytest.mark.parametrize(
    ("text", "field", "expected", "got"),
    [
        (changed(frame_id="7"), "$.frame_id", "an integer", '"7"'),
        (changed(frame_id=-1), "$.frame_id", "an integer >= 0", "-1"),
        (changed(risk_score=1.5), "$.risk_score", "a number <= 1.0", "1.5"),
        (changed(risk_score=None), "$.risk_score", "a number", "null"),
        (changed(risk_level="PANIC"), "$.risk_level", "one of its known values", '"PANIC"'),
        (changed(scene=[1, 2]), "$.scene", "an object", "an array of 2"),
        (changed(scene={"persons": {}}), "$.scene.persons", "an integer", "an object with 0 fields"),
        (changed(scene={"convoy_detected": "yes"}), "$.scene.convoy_detected", "true or false", '"yes"'),
        (changed(video_frame=5), "$.video_frame", "a string", "5"),
        ('{"frame_id": 1}', "$.timestamp", "this field", "nothing"),
        ("[1]", "$", "an object", "an array of 1"),
        (changed().replace("0.74", "NaN"), "$.risk_score", "a finite number", "NaN"),
        (changed().replace("9.8", "-Infinity"), "$.fps", "a finite number", None),
        (changed().replace("3.2", "1e999"), "$.scene.avg_speed", "a finite number of ordinary size", "Infinity"),
        (changed(frame_id=1).replace(": 1,", ": " + "9" * 5000 + ",", 1), "$", None, None),
        ("{", "$", "a JSON message", None),
        ("", "$", "a JSON message", None),
        (b'{"frame_id": \xff}', "$", "UTF-8 text", "byte 0xff at offset 13"),
        ("[" * 100_000, "$", "an object", None),
        ('{"scene":' * 100_000, "$", "less nesting", "arrays or objects nested too deeply"),
    ],
)
def test_a_refusal_names_field_expected_and_got(text, field, expected, got):
    with pytest.raises(ContractError) as refused:
        founding.parse(text)
    error = refused.value
    if expected is None and got is None:
        assert error.field.startswith(field)
        assert len(error.got) < 200
        return
    assert error.field == field
    assert expected is None or error.expected == expected
    assert got is None or error.got == got
    assert error.got


def test_a_message_that_is_too_large_is_refused_unread():
    with pytest.raises(TooLargeError) as refused:
        founding.parse(b" " * (founding.MESSAGE_LIMIT + 1))
    assert (refused.value.expected, refused.value.got) == ("at most 2,097,152 bytes", "2,097,153 bytes")


@pytest.mark.parametrize("text", ["", "<base64 JPEG>", "####", "/9g", "é"])
def test_what_is_no_picture_is_no_picture(text):
    assert founding.picture(founding.parse(changed(video_frame=text))) is None


def sized(width, height, marker=0xC0, rest=b""):
    size = bytes([0xFF, marker, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0])
    return b"\xff\xd8" + size + b"\xff\xda\x00\x08" + rest + b"\xff\xd9"


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (sized(12_000, 12_000), "12000x12000"),
        (sized(0, 120), "0x120"),
        (sized(160, 120)[:8], "the end of the data"),
        (sized(160, 120, 0xC2, b"\xff\xda\x00\x08" * 10_000), "10001"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "89 50"),
        (b"GIF89a" + bytes(30), "47 49"),
        (b"<svg onload=alert(1)>", "3c 73"),
        (b"<!doctype html>" + sized(160, 120), "3c 21"),
    ],
    ids=["144 MP", "no width", "cut off", "ten thousand scans", "PNG", "GIF", "SVG", "HTML before a JPEG"],
)
def test_a_picture_that_nobody_should_open_is_refused(content, got):
    with pytest.raises(ContractError) as refused:
        founding.parse(changed(video_frame=base64.b64encode(content).decode()))
    assert (refused.value.field, refused.value.got) == ("$.video_frame", got)
