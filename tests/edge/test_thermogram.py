"""Heat and places on their way to viewers: small, to who asks, and only what is true of the frame."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from aimonitor.contract import codec, messages
from aimonitor.contract.overlays import DEAD, LineView, ZoneView
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.layout import layout_of
from aimonitor.edge.policy import parse_policy
from aimonitor.edge.publisher import Publisher
from aimonitor.edge.thermogram import thermogram
from aimonitor.edge.types import (
    Box,
    Frame,
    Hotspot,
    Observation,
    Risk,
    Scene,
    SceneBehavior,
    ThermalReading,
)

HOT = Hotspot(1, "hot", Box(0.5, 0.25, 0.75, 0.5), 61.26, 55.0, 0.06, 0.0)


def observed(at=100.0, frame_id=1, *, active=True, hotspots=()):
    picture = SimpleNamespace(width=160, height=120, jpeg=lambda: b"\xff\xd8", thumbnail=lambda: b"\xff\xd8")
    scene = Scene(hotspots=hotspots, thermal_active=active)
    frame = Frame("gate", frame_id, at, 1e9 + at, picture)
    return Observation(frame, (), scene, SceneBehavior(), Risk(0.0, "NORMAL"), ())


def grid(rows=24, columns=32, celsius=20.0):
    return np.full((rows, columns), celsius, np.float32)


def celsius_of(said):
    """What a viewer makes of it."""
    steps = np.frombuffer(said.pixels, np.uint8).reshape(said.rows, said.columns).astype(float)
    steps[steps == DEAD] = np.nan
    return said.low_celsius + steps / 254 * (said.high_celsius - said.low_celsius)


def tell(celsius, **scene):
    return thermogram("yard/gate", observed(**scene), celsius, Alignment())


def test_a_viewer_reads_the_temperatures_to_half_a_step():
    measured = np.random.default_rng(5).uniform(12.3, 61.2, (24, 32)).astype(np.float32)
    said = tell(measured)
    assert (said.columns, said.rows) == (32, 24)
    assert said.low_celsius <= measured.min()
    assert said.high_celsius >= measured.max()
    step = (said.high_celsius - said.low_celsius) / 254
    assert np.abs(celsius_of(said) - measured).max() <= step / 2 + 1e-4


def test_a_usual_sensor_costs_little_on_the_wire():
    measured = np.random.default_rng(5).uniform(18, 31, (24, 32)).astype(np.float32)
    assert len(codec.encode(tell(measured, hotspots=(HOT,) * 3))) < 1500


@pytest.mark.parametrize("shape", [(120, 160), (512, 640), (61, 81), (640, 8), (1, 640), (24, 32)])
def test_a_large_one_is_reduced_and_its_hottest_pixel_keeps_its_place_and_heat(shape):
    rows, columns = shape
    measured = grid(rows, columns)
    y, x = rows * 3 // 4, columns // 3
    measured[y, x] = 180.0
    said = tell(measured)
    assert said.rows <= 60
    assert said.columns <= 80
    seen = celsius_of(said)
    row, column = np.unravel_index(seen.argmax(), seen.shape)
    assert seen.max() == pytest.approx(180.0, abs=0.7)
    assert abs((row + 0.5) / said.rows - (y + 0.5) / rows) <= 0.5 / said.rows + 0.5 / rows
    assert abs((column + 0.5) / said.columns - (x + 0.5) / columns) <= 0.5 / said.columns + 0.5 / columns


def test_dead_pixels_stay_dead_and_an_even_picture_is_no_division_by_zero():
    measured = grid(120, 160, 21.0)
    measured[:2, :2] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = tell(measured)
        assert tell(np.full((8, 8), np.nan, np.float32)) is None
    assert said.pixels[0] == DEAD
    assert said.pixels.count(DEAD) == 1
    assert said.low_celsius == said.high_celsius == 21.0


def test_it_says_which_frame_it_belongs_to_where_it_lies_and_what_is_hot():
    alignment = Alignment(0.9, 0.01, 0.05, -0.02, 0.8, 0.1)
    said = thermogram("yard/gate", observed(frame_id=7, hotspots=(HOT,)), grid(), alignment)
    assert (said.frame_id, said.captured_at) == (7, 1e9 + 100.0)
    assert said.alignment == (0.9, 0.01, 0.05, -0.02, 0.8, 0.1)
    assert [(spot.kind, spot.box, spot.celsius) for spot in said.spots] == [("hot", (0.5, 0.25, 0.75, 0.5), 61.3)]


# --- how often ------------------------------------------------------------------------------------------------------


def play(publisher, seconds=10, *, sensor_hz=8, start=100.0, active=True):
    """Ten frames a second with a sensor beside them: when thermograms went out, and with which frame."""
    told = []
    for n in range(seconds * 10):
        at = start + n / 10
        new = sensor_hz and n % max(1, round(10 / sensor_hz)) == 0
        publisher.feel(ThermalReading("s", at, grid(celsius=20.0 + n)) if new else None, Alignment())
        shot = publisher.publish(observed(at, n + 1, active=active), fps=10, dropped=0, now=at)
        if shot is not None and shot.thermogram is not None:
            assert shot.thermogram.frame_id == shot.observation.frame_id
            told.append(at)
    return told


def attention(rung="full", layers=("thermal",), lease_s=1000.0):
    return messages.Attention("gate", rung, lease_s, layers)


def test_nobody_asks_nobody_is_told():
    publisher = Publisher("yard/gate")
    assert play(publisher) == []
    publisher.attend(attention(layers=()), 110.0)
    assert play(publisher, start=110.0) == []
    publisher.attend(attention(layers=("smell",)), 120.0)
    assert play(publisher, start=120.0) == []


@pytest.mark.parametrize(("rung", "least", "most"), [("full", 17, 20), ("slow", 9, 20), ("metadata", 4, 5)])
def test_a_viewer_is_told_twice_a_second_and_radar_view_less_often(rung, least, most):
    publisher = Publisher("yard/gate", "metadata")
    publisher.attend(attention(rung), 100.0)
    assert least <= len(play(publisher)) <= most


def test_no_reading_is_told_twice():
    publisher = Publisher("yard/gate")
    publisher.attend(attention(), 100.0)
    publisher.feel(ThermalReading("s", 100.0, grid()), Alignment())
    assert len(play(publisher, sensor_hz=0)) == 1


def test_a_lease_that_is_not_renewed_ends():
    publisher = Publisher("yard/gate")
    publisher.attend(attention(lease_s=3.0), 100.0)
    assert max(play(publisher)) <= 103.0


def test_a_sensor_that_fell_silent_is_not_told_of():
    publisher = Publisher("yard/gate")
    publisher.attend(attention(), 100.0)
    assert play(publisher, active=False) == []


def test_a_budget_that_is_spent_has_no_room_for_it():
    spent = Publisher("yard/gate", "metadata", lambda: "metadata")
    spent.attend(attention(), 100.0)
    assert play(spent) == []


# --- places ---------------------------------------------------------------------------------------------------------


def test_zones_and_lines_are_said_as_the_policy_has_them():
    policy = parse_policy(
        {
            "zones": {
                "Gate": {"polygon": [[0.2, 0.5], [0.8, 0.51234], [0.9, 1.0]], "restricted": True},
                "Trees": {"polygon": [[0, 0], [0.3, 0], [0.3, 0.2]], "kind": "mask"},
                "Lane": {"polygon": [[0, 0], [1, 0], [1, 1]], "direction_deg": 90},
            },
            "lines": {"Door": {"start": [0.4, 0.6], "end": [0.6, 0.6], "allowed": "in"}},
        }
    )
    said = layout_of("yard/gate", policy)
    assert said.source == "yard/gate"
    assert said.zones == (
        ZoneView("Gate", ((0.2, 0.5), (0.8, 0.5123), (0.9, 1.0)), restricted=True),
        ZoneView("Trees", ((0.0, 0.0), (0.3, 0.0), (0.3, 0.2)), "mask"),
        ZoneView("Lane", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), direction_deg=90.0),
    )
    assert said.lines == (LineView("Door", (0.4, 0.6), (0.6, 0.6), "in"),)
    assert layout_of("yard/gate", parse_policy({})).zones == ()


def test_more_places_than_a_picture_holds_are_cut():
    zones = {f"z{n}": {"polygon": [[0, 0], [1, 0], [1, 1]]} for n in range(250)}
    said = layout_of("yard/gate", parse_policy({"zones": zones}))
    assert len(said.zones) == 200
    assert isinstance(codec.decode(codec.encode(said)), type(said))
