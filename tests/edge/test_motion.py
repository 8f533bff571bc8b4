"""The gate: opens for what moves, at once; stays shut for noise and light; leaves no ghost; forgets nobody."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from aimonitor.edge.motion import MotionGate, MotionSettings, block_means, relight
from aimonitor.edge.types import Box, Point, Track

HEIGHT, WIDTH = 120, 160
WATCHED = [Track(1, "person", 0.9, Box(0.4, 0.4, 0.5, 0.8), Point(0, 0), 0.0, 0.0)]


@dataclass
class Scene:
    """A still yard with texture, seen by a noisy camera; a walker on request."""

    noise: float = 3.0
    light: float = 1.0

    def __post_init__(self):
        self.random = np.random.default_rng(5)
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
        self.yard = 110 + 40 * np.sin(columns / 9) * np.cos(rows / 7) + 20 * (columns > 90)

    def picture(self, walker=None):
        image = self.yard.copy()
        if walker is not None:
            x = round(walker)
            image[60:76, max(0, x) : x + 6] = 30
        image = image * self.light + self.random.normal(0, self.noise, image.shape)
        return image.clip(0, 255).astype(np.uint8)


def watch(gate, scene, *, start, seconds, fps=10.0, walker=lambda t: None, watched=()):
    """Look at `seconds` of the scene; returns the times at which the gate was open."""
    times = [start + i / fps for i in range(round(seconds * fps))]
    return [at for at in times if gate.look(scene.picture(walker(at)), at, watched)]


def still_gate(**options):
    """A gate that has seen the empty yard for five seconds, with no checks that are due by themselves."""
    gate = MotionGate(MotionSettings(**{"idle_check_s": 1e6, **options}))
    scene = Scene()
    assert watch(gate, scene, start=0, seconds=5) == [0.0], "only the first frame is new"
    return gate, scene


@pytest.mark.parametrize("fps", [2, 5, 10, 25])
def test_it_opens_with_the_first_frame_of_motion_and_closes_half_a_second_after_it(fps):
    gate, scene = still_gate()

    def crossing(at):
        return 20 + 30 * (min(at, 9.0) - 7.0) if at >= 7.0 else None

    opened = watch(gate, scene, start=5, seconds=15, fps=fps, walker=crossing)
    assert opened[0] == 7.0
    assert 9.0 <= opened[-1] <= 9.5
    assert len(opened) >= 2 * fps


def test_it_sees_a_walker_too_slow_to_differ_from_one_frame_to_the_next():
    gate, scene = still_gate()
    opened = watch(gate, scene, start=5, seconds=12, fps=10, walker=lambda at: 20 + 4 * (at - 5))
    gaps = np.diff([5.0, *opened, 17.0])
    assert gaps.max() <= 1.0


def test_one_who_leaves_opens_it_and_leaves_no_ghost():
    gate, scene = still_gate()
    watch(gate, scene, start=5, seconds=60, walker=lambda at: 80)
    opened = watch(gate, scene, start=65, seconds=20)
    assert opened[0] == 65.0
    assert opened[-1] <= 65.5


@pytest.mark.parametrize("noise", [0.0, 5.0, 15.0])
def test_noise_does_not_open_it(noise):
    gate = MotionGate(MotionSettings(idle_check_s=1e6))
    assert watch(gate, Scene(noise=noise), start=0, seconds=30) == [0.0]


@pytest.mark.parametrize("light", [0.6, 0.9, 1.15])
def test_a_change_of_light_everywhere_does_not_open_it(light):
    gate, scene = still_gate()
    scene.light = light
    assert watch(gate, scene, start=5, seconds=10) == []


def test_motion_in_the_very_frame_in_which_the_light_changes_is_seen():
    gate, scene = still_gate()
    scene.light = 0.7
    assert gate.look(scene.picture(60), 5.0, ())


def test_who_stands_still_is_checked_every_two_seconds():
    gate, scene = still_gate()
    opened = watch(gate, scene, start=5, seconds=20, watched=WATCHED)
    assert all(1.9 <= gap <= 2.2 for gap in np.diff(opened))
    assert len(opened) >= 9


def test_an_empty_scene_is_looked_at_now_and_then():
    gate = MotionGate(MotionSettings(idle_check_s=10))
    assert len(watch(gate, Scene(), start=0, seconds=60)) == 6


def test_a_quarter_of_the_frames_at_most_are_inferred_when_a_fifth_has_motion():
    gate = MotionGate()
    scene = Scene()
    moving = []

    def visits(at):
        inside = round(at * 10) % 100 >= 80  # two seconds of every ten
        moving.append(inside)
        return 10 + 60 * (at % 10 - 8) if inside else None

    opened = watch(gate, scene, start=0, seconds=120, walker=visits)
    assert len(opened) <= 0.25 * len(moving)
    assert sum(round(at * 10) % 100 >= 80 for at in opened) >= 0.95 * sum(moving)


def test_the_first_frame_after_a_gap_and_after_a_change_of_size_is_worth_a_look():
    gate, scene = still_gate()
    assert gate.look(scene.picture(), 60.0, ())
    assert not gate.look(scene.picture(), 60.1, ())
    assert gate.look(scene.picture()[::2, ::2].copy(), 60.2, ())
    assert not gate.look(scene.picture()[::2, ::2].copy(), 60.3, ())


@settings(max_examples=60)
@given(
    st.lists(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)), min_size=1, max_size=6),
    st.floats(0, 100),
)
def test_any_picture_of_any_size_is_answered(pictures, step):
    gate = MotionGate()
    for place, picture in enumerate(pictures):
        assert gate.look(picture, place * step, ()) in (True, False)


def test_block_means_are_means_of_blocks():
    gray = np.arange(13 * 9, dtype=np.uint8).reshape(13, 9)
    wanted = [gray[y : y + 4, x : x + 4].mean() for y in (0, 4, 8) for x in (0, 4)]
    np.testing.assert_allclose(block_means(gray), wanted)


def test_relight_finds_gain_and_offset_though_a_quarter_of_the_picture_moved():
    old = np.linspace(20, 200, 400, dtype=np.float32)
    new = 0.7 * old + 12
    new[:100] = 255
    np.testing.assert_allclose(relight(new, old)[100:], new[100:], atol=1.5)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="above 0"):
        MotionSettings(least_contrast=0)


def standing(seen_at, velocity=0.0):
    return [Track(7, "person", 0.9, Box(0.4, 0.4, 0.5, 0.8), Point(velocity, 0), seen_at - 20.0, seen_at)]


def looks_after(gate, scene, tracks_at, seconds, fps=20):
    """When the gate opens within `seconds` from 5 s on; `tracks_at` says what is followed after a look at a time."""
    opened, tracks = [], tracks_at(5.0)
    for frame in range(round(seconds * fps)):
        at = 5.0 + frame / fps
        if gate.look(scene.picture(), at, tracks):
            opened.append(at)
            tracks = tracks_at(at)
    return opened


def test_what_stood_still_and_is_not_found_is_looked_for_again_at_once_and_not_for_ever():
    gate, scene = still_gate()
    gate.look(scene.picture(), 4.999, standing(4.0))
    missed = looks_after(gate, scene, lambda at: standing(5.0), 12.0)
    first = missed[0]
    assert first == pytest.approx(7.0, abs=0.1)
    again = [at for at in missed if first < at <= first + 1.5]
    assert 3 <= len(again) <= 5
    assert again[0] - first == pytest.approx(0.25, abs=0.06)
    assert again[-1] - first <= 1.3, "after a second it is given up"


def test_what_is_found_or_was_moving_is_not_looked_for_again():
    for tracks_at in (standing, lambda at: standing(5.0, velocity=0.3)):
        gate, scene = still_gate()
        gate.look(scene.picture(), 4.999, tracks_at(4.999))
        opened = looks_after(gate, scene, tracks_at, 9.0)
        assert all(later - earlier >= 1.9 for earlier, later in itertools.pairwise(opened))
