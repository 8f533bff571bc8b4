"""A recording run again under another policy: the same policy gives the same incidents, another one its own."""

import dataclasses

import pytest
from recorded_scenes import BEGAN, live, policy_of

from aimonitor.edge.policy import parse_policy
from aimonitor.edge.policy_text import own
from aimonitor.edge.recording import read, to_line
from aimonitor.edge.rehearsal import incidents, rehearse
from aimonitor.simulator.scenes import TYPICAL
from aimonitor.simulator.scripts import SCRIPTS, build

FROM_TRACKS = sorted(set(SCRIPTS) - {"fire", "overheating", "night", "quiet"})
"""Scenes that are told by what moves; the others need the thermal sensor, which is recorded as it was understood."""


def told(recorded, policy):
    """(kind, zone) of the incidents that a policy makes of a recording, once written and read."""
    again = read(map(to_line, recorded))
    return [(one.event.kind, one.event.zone) for one in incidents(step for (step,) in rehearse(again, policy))]


@pytest.mark.parametrize("noise", [None, TYPICAL], ids=["perfect", "typical"])
@pytest.mark.parametrize("name", FROM_TRACKS)
def test_the_same_policy_makes_the_same_incidents(name, noise):
    scene = build(name, seed=1)
    policy = policy_of(scene)
    recorded, opened = live(scene, policy, noise=noise) if noise else live(scene, policy)
    assert sorted(set(told(recorded, policy))) == sorted(set(opened))


def test_a_zone_that_was_not_there_would_have_fired():
    scene = build("loiter", seed=1)
    bare = policy_of(scene, zones={})
    recorded, opened = live(scene, bare)
    assert opened == []
    said = own(bare)
    zone = own(policy_of(scene))["zones"]["Gate"]
    assert told(recorded, parse_policy({**said, "zones": {"Porch": zone}})) == [("loitering", "Porch")]
    assert ("intrusion", "Porch") in told(
        recorded, parse_policy({**said, "zones": {"Porch": {**zone, "restricted": True}}})
    )


def test_what_a_mask_hid_comes_back_without_it():
    scene = build("loiter", seed=1)
    whole = {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "kind": "mask"}
    hidden = policy_of(scene, zones={**own(policy_of(scene))["zones"], "All": whole})
    recorded, opened = live(scene, hidden)
    assert opened == []
    assert told(recorded, policy_of(scene)) == [("loitering", "Gate")]


def test_a_restart_in_between_forgets_who_was_there():
    scene = build("loiter", seed=1)
    policy = policy_of(scene)
    first, _ = live(scene, policy)
    half = len(first) // 3
    later, _ = live(scene, policy, began=BEGAN + 100)
    found = told(first[:half] + later, policy)
    assert found == [("loitering", "Gate")]


def test_what_is_unusual_in_a_zone_that_is_no_more_is_left_out():
    from aimonitor.edge.types import Unusual

    scene = build("walk", seed=1)
    policy = policy_of(scene)
    recorded, _ = live(scene, policy)
    many = Unusual("person", "Gate", 0.9, 19, "persons: usual 3, now 19")
    recorded = [dataclasses.replace(one, scene=dataclasses.replace(one.scene, unusual=(many,))) for one in recorded]
    assert ("unusual", "Gate") in told(recorded, policy)
    assert told(recorded, policy_of(scene, zones={})) == []
