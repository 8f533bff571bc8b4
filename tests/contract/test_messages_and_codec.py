"""Our own messages: golden samples that never change, refusals that say what was wrong, and round trips."""

import contextlib
import json
import math
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.contract import codec, messages, overlays
from aimonitor.contract.errors import ContractError, TooLargeError
from aimonitor.contract.names import is_readable

SAMPLES = Path(__file__).parent / "samples" / "v2"
KINDS = {kind.__struct_config__.tag: kind for kind in get_args(messages.AnyMessage)}


PATHS = sorted(SAMPLES.glob("*.json"))


def name_of(path: Path) -> str:
    return path.name.removesuffix(".json")


def test_samples_set_every_field_of_every_message():
    """A field that is added to `welcome` comes with a new sample `welcome.2.json`; an old one is never edited."""
    shown = {kind: {"type"} for kind in KINDS}
    for path in PATHS:
        shown[path.name.split(".")[0]] |= set(json.loads(path.read_bytes()))
    assert shown == {tag: {"type", *kind.__struct_fields__} for tag, kind in KINDS.items()}


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_a_sample_is_read_and_written_as_ever(path):
    text = path.read_text(encoding="utf-8").strip()
    message = codec.decode(text)
    assert type(message) is KINDS[path.name.split(".")[0]]
    assert codec.encode(message) == text


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_fields_of_tomorrow_are_ignored(path):
    text = path.read_text(encoding="utf-8").strip()
    message = codec.decode(json.dumps({**json.loads(text), "of_tomorrow": {"x": [1, 2]}}))
    assert codec.encode(message) == text


def test_a_message_of_tomorrow_is_no_error():
    assert codec.decode('{"type": "hologram", "depth": 3}') == codec.Unknown("hologram")


@pytest.mark.parametrize(
    ("text", "field", "expected", "got"),
    [
        ('{"type":"ping","sent_at":"now"}', "$.sent_at", "a number", '"now"'),
        ('{"type":"ping","sent_at":-1}', "$.sent_at", "a number >= 0.0", "-1"),
        ('{"type":"ping","sent_at":NaN}', "$.sent_at", "a finite number", "NaN"),
        ('{"type":"ping","sent_at":Infinity}', "$.sent_at", "a finite number", "Infinity"),
        ('{"type":"ping","sent_at":1e999}', "$.sent_at", "a finite number of ordinary size", "Infinity"),
        ('{"type":"ping"}', "$.sent_at", "this field", "nothing"),
        ('{"sent_at":1}', "$.type", "this field", "nothing"),
        ('{"type":5}', "$.type", "a string", "5"),
        ("[]", "$", "an object", "an array of 0"),
        ("null", "$", "an object", "null"),
        ('{"type":"seen","source":"../etc","frame_id":1}', "$.source", None, '"../etc"'),
        ('{"type":"subscribe","sources":["a/b",7]}', "$.sources[1]", "a string", "7"),
        ('{"type":"refusal","field":"a","expected":"b","got":"' + "x" * 1001 + '"}', "$.got", None, None),
        (b'{"type":"\xc3("}', "$", "UTF-8 text", "byte 0xc3 at offset 9"),
        ('{"type":"status","source":' + "[" * 90_000, "$.source", "a string", None),
        ("hello", "$", "a JSON message", None),
    ],
)
def test_a_refusal_names_field_expected_and_got(text, field, expected, got):
    with pytest.raises(ContractError) as refused:
        codec.decode(text)
    error = refused.value
    assert error.field == field
    assert expected is None or error.expected == expected
    assert got is None or error.got == got
    assert error.expected
    assert 0 < len(error.got) < 200
    assert str(error) == f"{error.field}: expected {error.expected}, got {error.got}"


def test_a_text_that_is_too_large_is_refused_unread():
    with pytest.raises(TooLargeError):
        codec.decode(" " * (codec.TEXT_LIMIT + 1))


def test_an_observation_of_500_tracks_fits_the_limit():
    track = messages.TrackView(2**40, "motorcycle", (0.1234, 0.1234, 0.1234, 0.1234), 0.99, messages.Speed(123.45))
    said = messages.Observation("yard/gate", 1, 1.0, 640, 480, messages.RiskView(0.1, "NORMAL"), tracks=(track,) * 500)
    assert len(codec.encode(said)) < codec.TEXT_LIMIT


def test_a_layout_of_as_many_places_as_may_be_fits_the_limit():
    corner = (0.1234, 0.1234)
    zone = overlays.ZoneView("n" * 60, (corner,) * 64, "mask", restricted=True, direction_deg=359.5)
    line = overlays.LineView("n" * 60, corner, corner, "both")
    said = overlays.Layout("yard/gate", (zone,) * overlays.PLACES, (line,) * overlays.PLACES)
    assert len(codec.encode(said)) < codec.TEXT_LIMIT


def test_a_thermogram_has_as_many_pixels_as_it_says():
    text = '{"type":"thermogram","source":"a/b","frame_id":1,"captured_at":1,"columns":3,"rows":2,"low_celsius":1,'
    with pytest.raises(ContractError, match="3 x 2 pixels"):
        codec.decode(text + '"high_celsius":2,"pixels":"AAAA"}')


# --- round trips ----------------------------------------------------------------------------------------------------


def values(hint: object) -> st.SearchStrategy:
    """Any value that a field of this type may have."""
    meta = msgspec.Meta()
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        meta = next(each for each in metas if isinstance(each, msgspec.Meta))
    if hint is float:
        low, high = (-1e12 if meta.ge is None else meta.ge), (1e12 if meta.le is None else meta.le)
        return st.floats(low, high, allow_nan=False)
    if hint is int:
        return st.integers(meta.ge, meta.le)
    if hint is str:
        if meta.pattern:
            return st.from_regex(meta.pattern.replace("$", r"\Z"), alphabet=st.characters(codec="ascii"))
        return st.text(
            st.characters(codec="utf-8"), min_size=meta.min_length or 0, max_size=min(meta.max_length or 9, 9)
        )
    if hint is bool:
        return st.booleans()
    if hint is bytes:
        return st.binary(max_size=9)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return structs(hint)
    inner = get_args(hint)
    if get_origin(hint) is tuple:
        least = meta.min_length or 0
        several = st.lists(values(inner[0]), min_size=least, max_size=least + 3).map(tuple)
        return several if inner[-1] is ... else st.tuples(*map(values, inner))
    if get_origin(hint) is dict:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=3)
    return st.one_of(*(st.none() if each is type(None) else values(each) for each in inner))


def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy:
    hints = get_type_hints(kind, include_extras=True)
    fields = {name: values(hints[name]) for name in kind.__struct_fields__}
    if kind is messages.CameraInfo:
        fields["name"] = st.text(max_size=9).filter(is_readable)
    if kind is overlays.Thermogram:
        fields |= {"columns": st.just(3), "rows": st.just(2), "pixels": st.binary(min_size=6, max_size=6)}
    return st.builds(kind, **fields)


@given(st.one_of([structs(kind) for kind in KINDS.values()]))
def test_what_is_encoded_is_decoded_to_the_same(message):
    assert codec.decode(codec.encode(message)) == message


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_bytes_do_worse_than_a_refusal(data):
    with contextlib.suppress(ContractError):
        codec.decode(data)


leaves = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(anything, st.sampled_from(sorted(KINDS)), st.data())
def test_a_spoiled_field_is_refused_with_its_name_or_accepted(value, kind, data):
    fields = json.loads((SAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    name = data.draw(st.sampled_from(sorted(fields)))
    field = "$"
    try:
        message = codec.decode(json.dumps({**fields, name: value}))
    except ContractError as error:
        field = error.field
    else:
        for number in floats_in(msgspec.to_builtins(message) if not isinstance(message, codec.Unknown) else None):
            assert math.isfinite(number)
    assert field == "$" or field.startswith(f"$.{name}")


def floats_in(value):
    if isinstance(value, float):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from floats_in(inner)


@pytest.mark.parametrize(
    "name",
    [
        "درِ ورودی می‌خانه",
        "بوابة ٣",
        "שער ״א״",
        "Ворота 🚪👨‍👩‍👧",
        "東門",
        '"><img src=x onerror=alert(1)>',
        "../../etc/passwd",
    ],
)
def test_names_of_any_script_travel_as_they_are(name):
    hello = messages.Hello("x", "yard", cameras=(messages.CameraInfo("gate", name),))
    assert codec.decode(codec.encode(hello)).cameras[0].name == name


@pytest.mark.parametrize("name", ["a\u202eb", "a\r\nb", "\x1b[31m", "\u2028", "\ufeff", "a\u2066b", "\ue000", "\x00"])
def test_names_that_act_on_the_text_around_them_are_refused(name):
    text = json.dumps({"type": "hello", "software": "x", "edge_id": "e", "cameras": [{"camera_id": "g", "name": name}]})
    with pytest.raises(ContractError, match="a name of letters"):
        codec.decode(text)
