"""The page and people write the same policy file: versions, ways back, comments kept, broken edits not followed."""

from pathlib import Path

import pytest

from aimonitor.common.clock import ManualClock
from aimonitor.common.settings import SettingsError
from aimonitor.edge.policy import PRESETS, load_policy, parse_policy, parse_text
from aimonitor.edge.policy_store import PolicyStore, StaleError
from aimonitor.edge.policy_text import own, whole
from aimonitor.edge.policy_versions import KEPT
from aimonitor.edge.toml_text import rewrite

GATE = {"polygon": [[0.1, 0.5], [0.4, 0.5], [0.4, 0.9]], "restricted": True}
BY_HAND = """\
# our yard
preset = "farm"

[weights]
person = 0.2  # the neighbors walk here

[zones.Lane]  # the road
polygon = [[0.5, 0.2], [0.7, 0.2], [0.9, 1.0]]
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "site.toml"


def opened(path, **options):
    store = PolicyStore(path, ManualClock(utc=1_700_000_000.0), **options)
    store.told = []
    store.follow = store.told.append
    return store


def put(store, said, base=None, words="a try"):
    return store.put(said, base=store.version if base is None else base, by="dana", words=words)


def test_where_there_is_no_file_the_preset_holds_and_the_first_put_makes_one(path):
    store = opened(path, preset="shop")
    assert (store.version, store.policy.preset, path.exists()) == (0, "shop", False)
    assert put(store, {"zones": {"Gate": GATE}}) == 1
    assert load_policy(path) == store.policy == store.told[-1]
    assert store.policy.preset == "shop"
    assert set(store.policy.zones) == {"Gate"}
    assert opened(path).policy == store.policy


def test_a_file_that_a_setting_names_must_be_there(path):
    with pytest.raises(SettingsError, match="cannot be read"):
        opened(path, required=True)


def test_what_people_wrote_stays_as_they_wrote_it(path):
    path.write_text(BY_HAND, encoding="utf-8")
    store = opened(path)
    said = whole(store.policy)
    said["zones"]["Gate"] = GATE
    put(store, said)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(BY_HAND.rstrip("\n"))
    assert "[zones.Gate]" in text
    assert parse_text(text) == store.policy


def test_every_version_says_who_made_it_and_can_be_gone_back_to(path):
    path.write_text(BY_HAND, encoding="utf-8")
    store = opened(path)
    put(store, {"preset": "farm", "zones": {"Gate": GATE}}, words="the gate is watched")
    assert store.rollback(1, by="ilya") == 3
    assert path.read_text(encoding="utf-8") == BY_HAND
    assert store.told[-1] == store.policy == parse_text(BY_HAND)
    told = [(each.version, each.by, each.words) for each in store.versions()]
    assert told == [(3, "ilya", "back to version 1"), (2, "dana", "the gate is watched"), (1, "file", "edited by hand")]
    assert store.rollback(0, by="ilya") == 4
    assert store.policy == load_policy(preset="home")


def test_a_version_that_is_none_is_said(path):
    with pytest.raises(SettingsError, match="expected one of 0, got 7"):
        opened(path).rollback(7, by="dana")


def test_of_two_people_the_slower_one_is_told(path):
    store = opened(path)
    base = store.version
    put(store, {"weights": {"person": 0.3}}, base)
    with pytest.raises(StaleError) as refused:
        put(store, {"weights": {"person": 0.4}}, base)
    assert refused.value.version == 1
    assert store.policy.weights["person"] == 0.3


def test_an_edit_by_hand_in_between_is_not_overwritten(path):
    store = opened(path)
    base = put(store, {"weights": {"person": 0.3}})
    path.write_text("[weights]\nperson = 0.44\n", encoding="utf-8")
    with pytest.raises(StaleError):
        put(store, {"weights": {"person": 0.5}}, base)
    assert store.told[-1].weights["person"] == 0.44
    assert [each.by for each in store.versions()] == ["file", "dana"]


def test_a_wrong_policy_changes_nothing(path):
    store = opened(path)
    put(store, {"weights": {"person": 0.3}})
    before = path.read_text(encoding="utf-8")
    with pytest.raises(SettingsError, match="did you mean 'loitering'"):
        put(store, {"weights": {"loitring": 0.3}})
    assert (path.read_text(encoding="utf-8"), store.version, len(store.told)) == (before, 1, 1)


def test_an_edited_file_is_followed_and_a_broken_one_is_not(path):
    path.write_text("[weights]\nperson = 0.2\n", encoding="utf-8")
    store = opened(path)
    store.refresh()
    assert store.told == []
    path.write_text("[weights]\nperson = 0.333\n", encoding="utf-8")
    store.refresh()
    assert store.told[-1].weights["person"] == 0.333
    path.write_text("[weights]\nperson = 33\n", encoding="utf-8")
    store.refresh()
    store.refresh()
    assert len(store.told) == 1
    assert store.policy.weights["person"] == 0.333
    assert "weights.person" in store.trouble


def test_a_file_that_is_exchanged_while_it_is_read_is_one_or_the_other(path, monkeypatch):
    """Editors take a file away and put another there; between the two there is none."""
    path.write_text("[weights]\nperson = 0.2\n", encoding="utf-8")
    store = opened(path)
    path.write_text("[weights]\nperson = 0.333\n", encoding="utf-8")
    read = Path.read_text

    def read_and_lose(file, **options):
        text = read(file, **options)
        if file == path:
            path.unlink()
        return text

    monkeypatch.setattr(Path, "read_text", read_and_lose)
    store.refresh()
    assert store.policy.weights["person"] == 0.333
    store.refresh()
    assert store.trouble


def test_a_broken_file_is_put_aside_when_the_page_makes_a_new_one(path):
    store = opened(path)
    put(store, {"weights": {"person": 0.3}})
    path.write_text("[weights\n", encoding="utf-8")
    put(store, {"weights": {"person": 0.31}})
    assert path.with_name("site.toml.broken").read_text(encoding="utf-8") == "[weights\n"
    assert (store.trouble, load_policy(path).weights["person"]) == ("", 0.31)


def test_a_file_that_broke_while_the_edge_was_away_is_not_the_end_of_it(path):
    put(opened(path), {"weights": {"person": 0.3}})
    path.write_text("[weights]\nperson = 'three'\n", encoding="utf-8")
    store = opened(path)
    assert store.policy.weights["person"] == 0.3
    assert "weights.person" in store.trouble
    path.write_text("[weights]\nperson = 0.4\n", encoding="utf-8")
    store.refresh()
    assert (store.policy.weights["person"], store.trouble) == (0.4, "")


def test_a_broken_file_that_never_was_right_is_an_error(path):
    path.write_text("[weights\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="expected TOML"):
        opened(path)


def test_the_history_is_bounded(path):
    store = opened(path)
    for step in range(KEPT + 3):
        put(store, {"weights": {"person": step / 1000}})
    kept = [each.version for each in store.versions()]
    assert kept == list(range(KEPT + 3, 3, -1))


def test_a_damaged_version_costs_itself_only(path):
    store = opened(path)
    put(store, {"weights": {"person": 0.1}})
    put(store, {"weights": {"person": 0.2}})
    (path.with_name("site.toml.versions") / "000001.json").write_text("{", encoding="utf-8")
    assert [each.version for each in opened(path).versions()] == [2]


def test_a_disk_that_refuses_leaves_everything_as_it_was(path, monkeypatch):
    store = opened(path)
    put(store, {"weights": {"person": 0.1}})

    def full(target, _data):
        if target == path:
            raise OSError(28, "no space left on device")
        written.append(target)

    written = []
    monkeypatch.setattr("aimonitor.edge.policy_store.write_atomically", full)
    with pytest.raises(OSError, match="no space"):
        put(store, {"weights": {"person": 0.2}})
    assert (store.version, store.policy.weights["person"]) == (1, 0.1)
    assert [each.version for each in store.versions()] == [1]


def test_a_power_cut_between_version_and_file_loses_neither(path):
    store = opened(path)
    put(store, {"weights": {"person": 0.1}})
    before = path.read_bytes()
    put(store, {"weights": {"person": 0.2}})
    path.write_bytes(before)  # the version was kept, the file not yet replaced
    after = opened(path)
    assert (after.version, after.policy.weights["person"]) == (3, 0.1)
    assert after.rollback(2, by="dana") == 4
    assert after.policy.weights["person"] == 0.2


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_says_is_not_written_again(preset):
    policy = load_policy(preset=preset)
    assert own(policy) == {"preset": preset}
    assert parse_policy(whole(policy)) == policy


@pytest.mark.parametrize(
    "text",
    [
        "zones = {Gate = {polygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]]}}  # in one line\n",
        "[zones.A]\npolygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]]\n[weights]\nperson = 0.5\n"
        "[zones.B]\npolygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]]\n",
        "weights.person = 0.4\nlevels.alert = 0.6\n",
        '[zones."a \\"b\\" <i>"]\npolygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9]]\nlabels = ["person", "dog"]\n',
        "",
    ],
    ids=["inline tables", "tables out of order", "dotted keys", "a name with quotes", "nothing"],
)
def test_however_a_file_is_written_it_says_the_right_thing_afterwards(text):
    said = own(parse_text(text))
    said.setdefault("zones", {}).pop("A", None)
    said["zones"]["New"] = GATE
    assert parse_text(rewrite(text, said)) == parse_policy(said)
