"""What Home Assistant is told, as text."""

import json
import re

import pytest

from aimonitor.contract import messages
from aimonitor.integrations import homeassistant as ha
from aimonitor.integrations.site import CameraNow, Site, at_least

GATE = CameraNow("yard/gate", "The gate", "live", "ALERT", 74, 2, 4, "loitering 47 s in Gate")


def test_one_announcement_describes_the_whole_device():
    told = json.loads(ha.announcement(GATE, ha.Topics()))
    assert told["device"]["name"] == "The gate"
    assert told["state_topic"] == "aimonitor/yard/gate/state"
    assert told["availability_mode"] == "all"
    assert [each["topic"] for each in told["availability"]] == [
        "aimonitor/bridge",
        "aimonitor/yard/gate/availability",
    ]
    assert {"risk", "persons", "vehicles", "state", "still"} <= told["components"].keys()
    assert told["components"]["still"]["topic"] == "aimonitor/yard/gate/still"
    assert all({"platform", "name", "unique_id"} <= entity.keys() for entity in told["components"].values())
    ids = [entity["unique_id"] for entity in told["components"].values()]
    assert len(set(ids)) == len(ids)


def test_every_template_finds_its_field():
    shown = json.loads(ha.state(GATE))
    entities = json.loads(ha.announcement(GATE, ha.Topics()))["components"].values()
    templates = " ".join(entity.get("value_template", "") for entity in entities)
    assert set(re.findall(r"value_json\.(\w+)", templates)) <= shown.keys()
    assert (shown["risk_percent"], shown["persons"], shown["vehicles"], shown["state"]) == (74, 2, 4, "live")


def test_words_that_are_no_option_become_one():
    """Home Assistant refuses an enum value that was not announced."""
    odd = CameraNow("yard/gate", "", "sleepy", "PURPLE")
    shown, told = json.loads(ha.state(odd)), json.loads(ha.announcement(odd, ha.Topics()))["components"]
    assert shown["state"] in told["state"]["options"]
    assert shown["level"] in told["level"]["options"]


@pytest.mark.parametrize("others", [("a_b/c", "a/b_c"), ("a.b/c", "a-b/c"), ("A/c", "a/c")])
def test_cameras_with_like_names_stay_apart(others):
    assert len({ha.object_id(each) for each in others}) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", ha.object_id(each)) for each in others)


def test_a_name_is_text_whatever_stands_in_it():
    name = '"}],"device":{} {{ states() }} \u202e דלת'
    told = json.loads(ha.announcement(CameraNow("yard/gate", name, "live"), ha.Topics()))
    assert told["device"]["name"] == name
    assert "states()" not in json.dumps(told["components"])


def site(**edge):
    known = Site(hub_connected=True)
    info = messages.CameraInfo("gate", "The gate")
    known.hear(messages.Presence("yard", **{"online": True, "since": 0.0, "cameras": (info,), **edge}))
    return known


def test_the_site_is_what_the_hub_said_last():
    known = site()
    (camera,) = known
    assert (camera.state, camera.name) == ("connecting", "The gate")
    risk = messages.RiskView(0.741, "ALERT", (messages.Factor("night", 0.3, "night (23:10)"),))
    scene = messages.SceneView(persons=2, vehicles=4)
    known.hear(messages.Observation("yard/gate", 1, 0.0, 1, 1, risk, scene))
    (camera,) = known
    assert camera == CameraNow("yard/gate", "The gate", "live", "ALERT", 74, 2, 4, "night (23:10)")
    known.hear(messages.Status("yard/gate", "frozen", 0.0, name="Gate 2"))
    assert [(each.state, each.name) for each in known] == [("frozen", "Gate 2")]


def test_without_the_edge_or_the_hub_nothing_is_known_of_now():
    gone = site(online=False)
    assert [each.available for each in gone] == [False]
    alone = site()
    alone.hub_connected = False
    assert [each.available for each in alone] == [False]


def test_levels_have_an_order_and_unknown_ones_are_told():
    assert at_least("ALERT", "WATCH")
    assert not at_least("WATCH", "ALERT")
    assert at_least("PURPLE", "CRITICAL")
