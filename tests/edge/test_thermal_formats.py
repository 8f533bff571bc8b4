"""What sensors send, good and bad."""

import base64
import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.edge.sensors import SensorGuard, ThermalFormatError, decode, thermal1
from aimonitor.edge.sensors.cptv import read_cptv
from aimonitor.edge.sensors.guard import SensorRefusedError
from aimonitor.edge.sensors.received import Received

GRID = np.linspace(15.0, 35.0, 768, dtype=np.float32).reshape(24, 32)
SMALL = np.linspace(18.0, 30.0, 64, dtype=np.float32).reshape(8, 8)


def b64(values, kind):
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()


def thermal1_json(**changes):
    message = {"v": 1, "sensor": "mlx90640", "w": 32, "h": 24, "unit": "cC", "seq": 812, "uptime_ms": 91234, "ta": 2731}
    message |= {"enc": "i16le+b64", "data": b64(np.round(GRID * 100), "<i2"), "emissivity": 0.95, "ts": None}
    return json.dumps(message | changes).encode()


def gy_mcu(grid=GRID):
    pixels = np.round(grid * 100).astype("<i2").tobytes()
    return bytes((0x5A, 0x5A, 2, 6)) + pixels + struct.pack("<hH", 2950, 0xBEEF)


def tcam(resolution=1):
    kelvin = np.round((np.linspace(10, 40, 19200) + 273.15) * (100 if resolution else 10))
    telemetry = np.zeros(240, "<u2")
    telemetry[209] = resolution
    return json.dumps(
        {"metadata": {"Camera": "tCam"}, "radiometric": b64(kelvin, "<u2"), "telemetry": b64(telemetry, "<u2")}
    ).encode()


ACCEPTED = {
    "thermal/1 base64": (thermal1_json(), (24, 32), 15.0, 35.0),
    "thermal/1 numbers": (
        thermal1_json(enc="json", unit="C", ta=None, data=[round(float(x), 2) for x in GRID.flat]),
        (24, 32),
        15.0,
        35.0,
    ),
    "thermal/1 centi-Kelvin": (
        thermal1_json(enc="u16le+b64", unit="cK", ta=None, data=b64(np.round((GRID + 273.15) * 100), "<u2")),
        (24, 32),
        15.0,
        35.0,
    ),
    "thermal/1 binary": (thermal1.to_bytes(GRID, 1, 2), (24, 32), 15.0, 35.0),
    "bare array of an AMG8833": (json.dumps([round(float(x), 2) for x in SMALL.flat]).encode(), (8, 8), 18.0, 30.0),
    "/raw with commas": (
        json.dumps(
            {"sensor": "MLX90640", "rows": 24, "cols": 32, "data": ",".join(f"{x:.2f}" for x in GRID.flat), "temp": 27}
        ).encode(),
        (24, 32),
        15.0,
        35.0,
    ),
    "float32 blob": (GRID.astype("<f4").tobytes(), (24, 32), 15.0, 35.0),
    "float32 blob of an AMG8833": (SMALL.astype("<f4").tobytes(), (8, 8), 18.0, 30.0),
    "MTheCam": (
        json.dumps({"device": "MTheCam", "rowsize": 8, "frame": [round(float(x) * 100) for x in SMALL.flat]}).encode(),
        (8, 8),
        18.0,
        30.0,
    ),
    "GY-MCU packet": (gy_mcu(), (24, 32), 15.0, 35.0),
    "GY-MCU line": (base64.b64encode(gy_mcu()) + b"0001e240\n", (24, 32), 15.0, 35.0),
    "tCam, high gain": (tcam(1), (120, 160), 10.0, 40.0),
    "tCam, low gain": (tcam(0), (120, 160), 10.0, 40.0),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_format_becomes_the_same_kind_of_picture(name):
    data, shape, low, high = ACCEPTED[name]
    received = decode(data)
    assert received.celsius.shape == shape
    assert received.celsius.dtype == np.float32
    assert received.celsius[0, 0] == pytest.approx(low, abs=0.1)
    assert received.celsius[-1, -1] == pytest.approx(high, abs=0.1)


def test_what_else_a_message_says_is_kept():
    received = decode(thermal1_json())
    assert (received.sensor, received.sequence, received.uptime_ms) == ("mlx90640", 812, 91234)
    assert received.ambient_celsius == pytest.approx(27.31)
    assert decode(ACCEPTED["GY-MCU line"][0]).uptime_ms == 123456
    assert decode(gy_mcu()).ambient_celsius == pytest.approx(29.5)


def test_a_unit_that_is_not_said_can_be_named():
    tenths = json.dumps([round(float(x) * 10) for x in SMALL.flat]).encode()
    assert decode(tenths, unit="dC").celsius[0, 0] == pytest.approx(18.0, abs=0.1)


REFUSED = {
    "767 values": (json.dumps([20.0] * 767).encode(), "4800, 19200 values, got 767"),
    "767 of 768 in thermal/1": (thermal1_json(enc="json", unit="C", ta=None, data=[20.0] * 767), "768 values, got 767"),
    "all dead": (json.dumps([None] * 64).encode(), "at most 10% dead pixels, got 100%"),
    "NaN": (b"[" + b"NaN, " * 63 + b"20]", "expected JSON"),
    "infinity": (np.full(768, np.inf, "<f4").tobytes(), "finite temperatures"),
    "-300 degrees": (json.dumps([-300.0] * 64).encode(), "-50 to 400 °C, got -300 °C"),
    "a thousand million": (json.dumps([1e9] * 64).encode(), "-50 to 400 °C, got 1e+09 °C"),
    "another unit than said": (json.dumps([2150] * 64).encode(), "name the unit"),
    "Fahrenheit": (thermal1_json(unit="F"), "send Celsius"),
    "no unit at all": (thermal1_json(unit="?"), "C or dC or cC"),
    "a width of nothing": (thermal1_json(w=0), "thermal/1"),
    "no base64": (thermal1_json(data="***"), "base64"),
    "an odd number of bytes": (thermal1_json(data="AAAA"), "a multiple of 2 bytes, got 3"),
    "a list where base64 was said": (thermal1_json(data=[1.0]), "a base64 string"),
    "text in numbers": (json.dumps(["warm"] * 64).encode(), "expected a number, got 'warm'"),
    "an object in numbers": (json.dumps([{"a": 1}] * 64).encode(), "expected a number, got dict"),
    "another format": (b'{"hello": 1}', "thermal/1 has v, w, h, unit, data"),
    "a word": (b'"warm"', "a JSON object or array"),
    "no JSON": (b"hello", "expected JSON"),
    "nothing": (b"", "expected JSON"),
    "a deep well": (b"[" * 60_000, "expected JSON"),
    "too much": (b" " * 70_000, "at most 65,536 bytes"),
    "a wrong checksum": (thermal1.to_bytes(GRID, 1, 2)[:-1] + b"\x00", "crc"),
    "cut off": (thermal1.to_bytes(GRID, 1, 2)[:-40], "bytes for 32 x 24 pixels"),
    "binary, encoding 9": (b"TH\x01\x09" + thermal1.to_bytes(GRID, 1, 2)[4:], "0, 1 or 2"),
    "GY-MCU from elsewhere": (b"\x00" * 1544, "from 5a 5a 02 06"),
    "tCam without a picture": (b'{"radiometric": 5}', "a base64 string"),
    "MTheCam with half a row": (b'{"frame": [1,2,3], "rowsize": 2}', "whole rows"),
    "a number for data": (b'{"data": 5}', "values, got 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused_with_the_reason(name):
    data, said = REFUSED[name]
    with pytest.raises(ThermalFormatError) as refusal:
        decode(data)
    assert said in str(refusal.value)


def test_a_text_that_is_as_long_as_a_blob_is_ambiguous_until_it_is_named():
    text = json.dumps([20.0] * 64).encode()
    text += b" " * (3072 - len(text))
    with pytest.raises(ThermalFormatError, match="name it: format=json or format=f32le"):
        decode(text)
    assert decode(text, format_name="json").celsius.shape == (8, 8)
    assert decode(text, is_text=True).celsius.shape == (8, 8)


@given(st.binary(max_size=4000))
def test_no_bytes_do_anything_but_a_picture_or_a_refusal(data):
    for is_text in (None, True, False):
        try:
            received = decode(data, is_text=is_text)
        except ThermalFormatError:
            continue
        assert np.nanmin(received.celsius) >= -50


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_the_binary_form_is_read_as_it_was_written(rows, columns, sequence, uptime_ms):
    grid = np.round(np.random.default_rng(rows * 41 + columns).uniform(-40, 300, (rows, columns)), 2).astype(np.float32)
    received = decode(thermal1.to_bytes(grid, sequence, uptime_ms))
    assert received.celsius == pytest.approx(grid, abs=0.006)
    assert (received.sequence, received.uptime_ms) == (sequence, uptime_ms)


def test_a_binary_message_of_an_mlx90640_has_1556_bytes():
    assert len(thermal1.to_bytes(GRID, 1, 2)) == 1556


def received(sequence=None, uptime_ms=None):
    return Received(SMALL, "amg8833", None, sequence, uptime_ms)


def test_a_sensor_may_speak_thirty_times_a_second():
    guard = SensorGuard()
    for index in range(60):
        guard.admit("a", received(), index / 30)
    for index in range(29):
        guard.admit("b", received(), 5 + index / 100)
    guard.admit("b", received(), 5.3)
    with pytest.raises(SensorRefusedError, match="at most 30"):
        guard.admit("b", received(), 5.4)
    assert guard.refused == {"rate": 1}


def test_the_same_message_again_is_a_replay_unless_the_sensor_restarted():
    guard = SensorGuard()
    guard.admit("a", received(10, 5000), 0.0)
    for sequence in (10, 9):
        with pytest.raises(SensorRefusedError, match="after 10"):
            guard.admit("a", received(sequence, 5000), 1.0)
    assert guard.admit("a", received(1, 100), 2.0).sensor_id == "a"


def test_a_recording_is_read_exactly_as_the_reference_library_wrote_it():
    """Three frames of 160 x 120, written by the reference implementation (PyPI `cptv` 1.5.5)."""
    frames = list(read_cptv(Path(__file__).parent / "three_frames.cptv"))
    assert [frame.at for frame in frames] == pytest.approx([0.0, 0.111, 0.222])
    assert [frame.celsius.shape for frame in frames] == [(120, 160)] * 3
    assert frames[0].celsius[50, 55] == pytest.approx(32.0, abs=0.03)
    assert frames[2].celsius[50, 75] == pytest.approx(32.0, abs=0.03)
    assert float(np.median(frames[1].celsius)) == pytest.approx(20.0, abs=0.05)
    sums = [float(frame.celsius.astype(np.float64).sum()) for frame in frames]
    assert sums == pytest.approx([386285.6, 386286.9, 386290.3], abs=0.2)


@pytest.mark.parametrize("cut", [0, 10, 400, 20_000])
def test_a_recording_that_is_cut_off_says_so(tmp_path, cut):
    whole = (Path(__file__).parent / "three_frames.cptv").read_bytes()
    (tmp_path / "cut.cptv").write_bytes(whole[:cut])
    with pytest.raises(ThermalFormatError):
        list(read_cptv(tmp_path / "cut.cptv"))


def _said(**fields):
    return json.dumps({"v": 1, "w": 32, "h": 24, "unit": "C", "data": [21.5] * 768, **fields}).encode()


NO_PICTURES = {
    "767 values": _said(data=[21.5] * 767),
    "all NaN": struct.pack("<768f", *[math.nan] * 768),
    "-300 degrees": _said(data=[-300.0] * 768),
    "a thousand million degrees": _said(data=[1e9] * 768),
    "a unit that nobody knows": _said(unit="furlong"),
    "kelvin said to be Celsius tenths": _said(unit="dC", data=[29_465] * 768),
    "a name for a number": _said(data=["warm"] * 768),
    "NaN in JSON": _said(data=[math.nan] * 768),
}


@pytest.mark.parametrize("what", NO_PICTURES)
def test_what_is_no_temperature_is_refused_with_the_reason(what):
    with pytest.raises(ThermalFormatError) as refused:
        decode(NO_PICTURES[what])
    assert refused.value.field
    assert refused.value.expected
    assert refused.value.got


def test_all_of_them(measured):
    """The receiver answers each of these errors with 422 (see test_thermal_ways)."""
    refused = 0
    for data in NO_PICTURES.values():
        try:
            decode(data)
        except ThermalFormatError:
            refused += 1
    measured("B13", f"{len(NO_PICTURES)} kinds of thermal nonsense: refused with the reason", "all", f"{refused}")
    assert refused == len(NO_PICTURES)
