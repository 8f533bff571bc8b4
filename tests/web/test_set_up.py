"""A camera is set up in the page, and the real edge follows: zones, distances, heat, risk, versions, what-if."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_edge
from hub_client import HubClient
from playwright.sync_api import Locator, Page, expect
from test_views import AXE, serious_problems

from conftest import HubProcess, OpenPage

pytestmark = pytest.mark.browser

ZONES = "#/setup/camera/yard/gate/zones"
POLICY = "/api/cameras/yard/gate/policy"
PORCH = {"polygon": [[0.3, 0.6], [0.7, 0.6], [0.7, 1.0], [0.3, 1.0]], "restricted": True}


@pytest.fixture(scope="module")
def yard(hub: HubProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with real_edge.running(hub.port, tmp_path_factory.mktemp("yard")) as folder:
        yield folder


@pytest.fixture
def other(hub: HubProcess, yard: Path) -> HubClient:
    """Somebody else who sets the same camera up; at first its policy is the preset alone."""
    client = HubClient(hub.url)
    now = client.must("GET", POLICY)
    if now["own"] != {"preset": "home"}:
        client.must("PUT", POLICY, policy={"preset": "home"}, base=now["version"])
    return client


def policy_of(other: HubClient) -> dict:  # type: ignore[type-arg]
    policy: dict = other.must("GET", POLICY)["policy"]  # type: ignore[type-arg]
    return policy


def tap(page: Page, x: float, y: float) -> None:
    """Tap the picture at a place in fractions of it."""
    box = page.locator(".board").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def handle(page: Page, name: str) -> Locator:
    """What can be taken on the picture, by the beginning of its name: where it is comes behind."""
    return page.locator(f'.handle[aria-label^="{name}"]')


def drag(page: Page, taken: Locator, dx: float, dy: float) -> None:
    taken.scroll_into_view_if_needed()
    board, box = page.locator(".board").first.bounding_box(), taken.bounding_box()
    assert board is not None
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx * board["width"] / 2, y + dy * board["height"] / 2)
    page.mouse.move(x + dx * board["width"], y + dy * board["height"])
    page.mouse.up()


def choose(page: Page, name: str) -> None:
    page.locator(".place-row").filter(has_text=name).click()


def rename(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")


def save(page: Page) -> None:
    page.locator(".save-bar").get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".save-state")).to_contain_text("Saved: version")


def wait_for_recording(other: HubClient, minutes: float) -> None:
    """Until the edge has recorded so much that a rehearsal can find something in it."""
    policy = policy_of(other)
    deadline = time.monotonic() + 45
    while other.must("POST", f"{POLICY}/rehearsal", policy=policy, minutes=10)["minutes_recorded"] < minutes:
        assert time.monotonic() < deadline, "the edge records nothing"
        time.sleep(0.5)


@pytest.mark.timeout(120)
def test_a_zone_is_drawn_rehearsed_saved_and_fires(open_page: OpenPage, other: HubClient) -> None:
    wait_for_recording(other, minutes=0.12)
    page = open_page(ZONES)
    page.get_by_role("button", name="Zone", exact=True).click()
    for x, y in ((0.3, 0.6), (0.7, 0.6), (0.75, 0.95), (0.25, 0.95), (0.3, 0.6)):
        tap(page, x, y)
    rename(page, "Porch")
    page.get_by_label("Restricted").check()
    page.get_by_role("button", name="Try on the last 10 minutes").click()
    card = page.locator(".rehearsal")
    expect(card).to_contain_text("It would have told of", timeout=30_000)
    expect(card.locator("tbody tr").first).to_contain_text("Porch")
    expect(card.get_by_role("img", name="Course of the risk")).to_be_visible()
    expect(page.locator(".place-row .chip")).to_contain_text("0× →")
    drag(page, handle(page, "Corner 1 of Porch"), -0.1, 0.05)
    expect(card).to_contain_text("You have changed something since")
    page.get_by_label("What and why").fill("nobody stands on the porch")
    save(page)
    zone = policy_of(other)["zones"]["Porch"]
    assert zone["restricted"] is True
    assert zone["polygon"][0] == pytest.approx([0.2, 0.65], abs=0.01)
    assert len(zone["polygon"]) == 4
    page.goto(page.url.partition("#")[0] + "#/events")
    expect(page.locator(".incident").filter(has_text="Porch").first).to_be_visible(timeout=20_000)


def test_everything_is_drawn_by_keys_alone(open_page: OpenPage, other: HubClient) -> None:
    page = open_page(ZONES)
    press = page.keyboard.press
    page.get_by_role("button", name="Mask", exact=True).focus()
    press("Enter")
    expect(page.get_by_role("button", name="Cross-hairs")).to_be_focused()
    for keys in (["Enter"], ["Shift+ArrowRight"] * 4, ["Enter"], ["Shift+ArrowDown"] * 4, ["Enter"]):
        for key in keys:
            press(key)
    expect(page.get_by_text("3 corners: tap the first once more, or finish.")).to_be_visible()
    page.get_by_role("button", name="Finish").focus()
    press("Enter")
    rename(page, "Flag")
    corner = handle(page, "Corner 1 of Flag")
    corner.focus()
    press("ArrowLeft")
    press("ArrowUp")
    expect(corner).to_have_accessible_name("Corner 1 of Flag, 50%, 50%")
    handle(page, "Add a corner behind corner 3 of Flag").focus()
    press("Enter")
    expect(handle(page, "Corner 4 of Flag")).to_be_visible()
    corner.focus()
    press("Delete")
    expect(handle(page, "Corner 4 of Flag")).to_have_count(0)
    press("Delete")
    expect(handle(page, "Corner 3 of Flag")).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    press("Enter")
    expect(handle(page, "Corner 4 of Flag")).to_be_visible()
    press("Control+z")
    expect(handle(page, "Corner 4 of Flag")).to_have_count(0)
    handle(page, "Add a corner behind corner 3 of Flag").focus()
    press("Enter")
    whole = handle(page, "Move all of Flag")
    whole.focus()
    press("ArrowLeft")
    save(page)
    polygon = policy_of(other)["zones"]["Flag"]["polygon"]
    assert policy_of(other)["zones"]["Flag"]["kind"] == "mask"
    assert polygon[0] == pytest.approx([0.49, 0.495], abs=0.002)
    assert len(polygon) == 4


def test_a_line_is_tapped_turned_named_and_removed(open_page: OpenPage, other: HubClient) -> None:
    page = open_page(ZONES, width=390, height=844, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Line", exact=True).tap()
    box = page.locator(".board").bounding_box()
    assert box is not None
    for x, y in ((0.2, 0.5), (0.8, 0.5)):
        page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.get_by_label("Crossing").select_option("in")
    expect(page.locator(".place-line .arrow")).to_have_count(1)
    page.get_by_role("button", name="Turn around").tap()
    page.get_by_role("button", name="person").tap()
    page.get_by_label("How much it counts").fill("0")
    expect(page.get_by_text("silent")).to_be_visible()
    rename(page, "Door")
    save(page)
    policy = policy_of(other)
    assert policy["lines"]["Door"]["start"] == pytest.approx([0.8, 0.5], abs=0.01)
    assert (policy["lines"]["Door"]["allowed"], policy["lines"]["Door"]["labels"]) == ("in", ["person"])
    assert policy["places"] == {"Door": 0.0}
    page.get_by_role("button", name="Remove it").tap()
    save(page)
    assert (policy_of(other)["lines"], policy_of(other)["places"]) == ({}, {})


def test_what_a_zone_can_be_told(open_page: OpenPage, other: HubClient) -> None:
    other.must(
        "PUT", POLICY, policy={"zones": {"Lane": PORCH, "Yard": PORCH}}, base=other.must("GET", POLICY)["version"]
    )
    page = open_page(ZONES)
    choose(page, "Lane")
    rename(page, "Yard")
    expect(page.get_by_text("Something else has this name.")).to_be_visible()
    rename(page, "")
    expect(page.get_by_text("A name is needed.")).to_be_visible()
    rename(page, "Drive")
    page.get_by_label("No stopping").check()
    page.get_by_label("One-way").check()
    page.get_by_label("Direction").fill("90")
    expect(page.locator(".place .arrow")).to_have_count(1)
    page.get_by_label("Loitering after, s").fill("20")
    page.get_by_label("Crowd from, persons").fill("0")
    expect(page.locator(".place-form .problem")).to_contain_text("1")
    page.get_by_label("Crowd from, persons").fill("4")
    expect(page.locator(".place-form .problem")).to_have_count(0)
    save(page)
    zones = policy_of(other)["zones"]
    assert set(zones) == {"Drive", "Yard"}
    told = ("no_stopping", "direction_deg", "loiter_after_s", "crowd_at")
    assert [zones["Drive"][key] for key in told] == [True, 90, 20, 4]


def test_a_refused_save_keeps_the_work(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/risk")
    page.get_by_label("Watch", exact=True).fill("0.9")
    levels = page.locator(".card").filter(has_text="Levels begin at")
    expect(levels.locator(".problem")).to_have_text("Each level must begin above the one before.")
    page.locator(".save-bar").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Not saved. Your work is kept here.")).to_be_visible()
    expect(page.get_by_label("Watch", exact=True)).to_have_value("0.9")
    page.get_by_label("Watch", exact=True).fill("0.3")
    expect(page.get_by_text("Not saved. Your work is kept here.")).to_have_count(0)
    save(page)
    assert policy_of(other)["levels"]["watch"] == 0.3


def test_the_part_that_is_shown_is_in_sight_on_a_phone(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/versions", locale="ru-RU", width=320, height=640)
    expect(page.locator(".tabs .view").last).to_be_in_viewport(ratio=0.9)


SAID = {
    "ru-RU": ("Каждый уровень должен начинаться выше предыдущего.", "Должно быть не меньше 0.", "уровни"),
    "he-IL": ("כל רמה חייבת להתחיל מעל הרמה שלפניה.", "חייב להיות לפחות 0.", "רמות"),
}


@pytest.mark.parametrize("locale", SAID)
def test_what_is_wrong_is_said_in_the_readers_language(open_page: OpenPage, other: HubClient, locale: str) -> None:
    page = open_page("#/setup/camera/yard/gate/risk", locale=locale)
    levels, rule, part = SAID[locale]
    page.locator("#levels-title ~ .scale input").first.fill("0.9")
    page.locator("#rules-title ~ .pair input").first.fill("-1")
    expect(page.locator("#levels-title ~ .problem")).to_have_text(levels)
    expect(page.locator("#rules-title ~ .pair .field.wrong .problem")).to_have_text(rule)
    bar = page.locator(".save-bar .problem")
    expect(bar).to_have_count(2)
    expect(bar.filter(has_text=levels)).to_contain_text(part)
    said = page.locator(".problem").all_inner_texts()
    assert not [text for text in said if re.search("[A-Za-z]", text)]


def test_a_conflict_is_explained_and_settled(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/risk")
    page.get_by_label("loitering", exact=True).fill("0.6")
    base = other.must("GET", POLICY)["version"]
    other.must("PUT", POLICY, policy={"weights": {"running": 0.5}}, base=base, words="runners worry us")
    page.locator(".save-bar").get_by_role("button", name="Save", exact=True).click()
    conflict = page.get_by_role("alert").filter(has_text="While you worked")
    expect(conflict).to_contain_text("runners worry us")
    expect(page.get_by_label("loitering", exact=True)).to_have_value("0.6")
    conflict.get_by_role("button", name="Save mine over it").click()
    expect(page.locator(".save-state")).to_contain_text("Saved: version")
    assert policy_of(other)["weights"]["loitering"] == 0.6
    assert policy_of(other)["weights"]["running"] == 0.15

    page.get_by_label("loitering", exact=True).fill("0.7")
    base = other.must("GET", POLICY)["version"]
    other.must("PUT", POLICY, policy={"weights": {"running": 0.5}}, base=base, words="once more")
    page.locator(".save-bar").get_by_role("button", name="Save", exact=True).click()
    conflict.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_label("running", exact=True)).to_have_value("0.5")
    expect(page.get_by_label("loitering", exact=True)).to_have_value("0.4")


def test_unsaved_work_is_not_left_behind_unasked(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/risk")
    page.get_by_label("fire", exact=True).fill("0.5")
    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_text("Save or discard your changes before going back.")).to_be_visible()
    page.get_by_role("link", name="Events").click()
    question = page.get_by_role("dialog", name="There is unsaved work")
    question.get_by_role("button", name="Stay here").click()
    page.get_by_role("link", name="Risk", exact=True).click()
    expect(page.get_by_label("fire", exact=True)).to_have_value("0.5")
    page.get_by_role("link", name="Events").click()
    question.get_by_role("button", name="Leave and drop it").click()
    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    page.get_by_role("link", name="Charts").click()
    expect(page.get_by_role("heading", name="Charts")).to_be_visible()


def test_metres_come_from_four_corners_and_a_length(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/distance")
    page.get_by_role("button", name="Mark a rectangle").click()
    expect(page.locator(".grid-line").first).to_be_attached()
    few = page.locator(".grid-line").count()
    page.get_by_label("Side from 1 to 2, m").fill("9")
    expect(page.get_by_text("±").first).to_be_visible()
    expect(page.locator(".grid-line")).not_to_have_count(few)
    assert page.locator(".grid-line").count() > few, "a longer side has more metres"
    third = handle(page, "Corner 3 of the rectangle")
    third.focus()
    for _ in range(9):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("This cannot be a rectangle on the ground.")).to_be_visible()
    for _ in range(9):
        page.keyboard.press("Shift+ArrowUp")
    page.get_by_label("Side from 2 to 3, m").fill("7")
    expect(page.locator(".save-problems")).to_have_count(0)
    save(page)
    calibration = policy_of(other)["calibration"]
    assert (calibration["side_m"], calibration["second_m"]) == (9, 7)
    assert (calibration["width"], calibration["height"]) == (real_edge.WIDTH, real_edge.HEIGHT)
    page.get_by_role("button", name="Forget the distances").click()
    save(page)
    assert policy_of(other).get("calibration") is None


def test_a_thermal_sensor_is_aligned_by_places(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/thermal")
    page.get_by_role("button", name="Mark places").click()
    outline = page.locator(".field-of-view")
    before = outline.get_attribute("points")
    handle(page, "Place 1 in the picture").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(outline).not_to_have_attribute("points", before or "")
    handle(page, "Place 3 in the sensor's view").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.get_by_role("button", name="One more").click()
    page.get_by_role("button", name="One less").click()
    expect(page.get_by_role("button", name="One less")).to_be_disabled()
    save(page)
    assert policy_of(other)["thermal_alignment"]["image"][0] == pytest.approx([0.15, 0.1])
    assert policy_of(other)["thermal_alignment"]["thermal"][2] == pytest.approx([0.1, 0.85])
    page.get_by_role("button", name="Forget the alignment").click()
    save(page)


def test_a_time_zone_is_not_taken_back_while_it_is_typed(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/setup/camera/yard/gate/risk")
    watch, zone = page.get_by_label("Watch", exact=True), page.get_by_label("Time zone")
    watch.fill("0.9")
    zone.fill("Asia/Jeru")
    expect(page.locator("#levels-title ~ .problem")).to_be_visible()  # the hub's answer, a moment later
    expect(zone).to_have_value("Asia/Jeru")
    zone.press_sequentially("salem")
    watch.fill("0.3")
    expect(zone).to_have_value("Asia/Jerusalem")
    page.get_by_role("button", name="Discard").click()
    expect(zone).to_have_value("local")


def test_the_risk_policy_is_set(open_page: OpenPage, other: HubClient) -> None:
    base = other.must("GET", POLICY)["version"]
    other.must("PUT", POLICY, policy={"zones": {"Porch": PORCH}}, base=base)
    page = open_page("#/setup/camera/yard/gate/risk")
    page.get_by_label("Kind of place").select_option("farm")
    expect(page.locator(".save-state")).to_contain_text("preset")
    page.get_by_label("From", exact=True).fill("21:30")
    page.get_by_role("button", name="People are expected at").click()
    page.get_by_label("To", exact=True).nth(1).fill("09:00")
    page.get_by_label("Time zone").fill("Asia/Jerusalem")
    page.get_by_label("Porch").fill("0.5")
    page.get_by_role("button", name="night", exact=True).click()
    page.get_by_label("Any cause, when the risk is").select_option("CRITICAL")
    page.get_by_label("Over when gone for, s").fill("25")
    page.get_by_label("Crowd from, persons").fill("9")
    save(page)
    policy = policy_of(other)
    assert policy["preset"] == "farm"
    assert policy["zones"]["Porch"]["restricted"] is True, "a preset leaves the places as they are"
    assert policy["hours"]["night"].startswith("21:30-")
    assert policy["hours"]["known"][-1] == "07:30-09:00"
    assert policy["hours"]["timezone"] == "Asia/Jerusalem"
    assert policy["places"] == {"Porch": 0.5}
    assert "night" in policy["events"]["news"]
    assert (policy["events"]["level"], policy["events"]["close_after_s"]) == ("CRITICAL", 25)
    assert policy["rules"]["crowd_at"] == 9


def test_an_earlier_version_is_followed_again(open_page: OpenPage, other: HubClient) -> None:
    base = other.must("GET", POLICY)["version"]
    first = other.must("PUT", POLICY, policy={"weights": {"fire": 0.7}}, base=base, words="less of fire")["version"]
    other.must("PUT", POLICY, policy={"weights": {"fire": 0.8}}, base=first, words="more of fire")
    page = open_page("#/setup/camera/yard/gate/versions")
    rows = page.locator(".rows .row")
    expect(rows.nth(0)).to_contain_text("more of fire")
    expect(rows.nth(0)).to_contain_text("in force")
    earlier = rows.filter(has_text="less of fire").first
    expect(earlier).to_contain_text("this computer")
    earlier.get_by_role("button", name="Go back to it").click()
    earlier.get_by_role("button", name="Yes").click()
    expect(page.get_by_text(f"Version {first} is followed again, as a new one.")).to_be_visible()
    expect(rows.nth(0)).to_contain_text(f"#{first + 2}")
    assert policy_of(other)["weights"]["fire"] == 0.7


def test_a_recorded_minute_is_weighed_otherwise(open_page: OpenPage, other: HubClient) -> None:
    page = open_page("#/camera/yard/gate")
    page.get_by_role("link", name="What if it weighed otherwise?").click()
    expect(page.get_by_role("heading", name="What if it weighed otherwise?")).to_be_visible()
    page.goto(f"{page.url.partition('#')[0]}#/what-if/yard/gate/{round(time.time() - 20)}")
    persons = page.get_by_label("Persons in view")
    expect(persons).to_be_visible(timeout=20_000)
    course = page.get_by_role("img", name="Course of the risk")
    same = course.get_attribute("aria-label")
    persons.fill("0.9")
    expect(course).not_to_have_attribute("aria-label", same or "")
    expect(page.locator(".factor").filter(has_text="persons in view")).to_contain_text("→")
    page.get_by_role("button", name="As it was").click()
    expect(course).to_have_attribute("aria-label", same or "")
    before = page.url
    page.get_by_role("link", name="A minute before").click()
    assert page.url != before
    assert not AXE.is_file() or serious_problems(page) == []
    page.goto(f"{page.url.partition('#')[0]}#/what-if/yard/gate/1000000000")
    expect(page.locator(".problem")).to_contain_text("nothing is recorded of that time")
