"""Who comes in: signing in and out, roles, sessions that end, people, tokens, pairing, the trail."""

import re
import time
from collections.abc import Iterator

import pytest
from hub_client import HubClient
from playwright.sync_api import Locator, Page, expect
from scripted_edge import Camera, ScriptedEdge
from test_views import AXE, serious_problems

from conftest import HubProcess, OpenPage

pytestmark = pytest.mark.browser

PASSWORDS = {"Anna": "correct horse battery", "Boris": "another horse battery", "Vera": "third horse battery"}


@pytest.fixture(scope="module")
def people(hub: HubProcess) -> HubClient:
    """Anna is the administrator and asks; Boris operates, Vera views."""
    anna = HubClient(hub.url)
    for name, role in (("Anna", "admin"), ("Boris", "operator"), ("Vera", "viewer")):
        anna.must("POST", "/api/users", name=name, role=role, password=PASSWORDS[name])
        if name == "Anna":
            anna.must("POST", "/api/session", name=name, password=PASSWORDS[name])
    return anna


@pytest.fixture(scope="module")
def edge(hub: HubProcess, people: HubClient) -> Iterator[ScriptedEdge]:
    secret = people.must("POST", "/api/tokens", label="the house", edge_id="house")["secret"]
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"),), token=secret) as playing:
        playing.say_event("gate", "one", "opened", words="loitering 47 s in Gate", zone="Gate")
        yield playing


def sign_in(where: Page | Locator, name: str, password: str = "") -> None:
    where.get_by_label("Name").fill(name)
    where.get_by_label("Password").fill(password or PASSWORDS[name])
    where.get_by_role("button", name="Sign in").click()


@pytest.fixture
def open_as(open_page: OpenPage, edge: ScriptedEdge) -> OpenPage:
    """Opens a view and signs in as somebody."""

    def open_one(name: str, view: str = "") -> Page:
        page = open_page(view)
        sign_in(page, name)
        expect(page.locator(".views")).to_be_visible()
        return page

    return open_one


def row(page: Page, name: str) -> Locator:
    return page.locator(".row").filter(has_text=name)


def test_one_signs_in_watches_live_and_signs_out(open_page: OpenPage, edge: ScriptedEdge) -> None:
    page = open_page("#/camera/house/gate")
    expect(page.locator(".views")).to_have_count(0)
    sign_in(page, "Vera", "not her password")
    expect(page.get_by_text("Name or password is wrong.")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    assert not AXE.is_file() or serious_problems(page) == []
    sign_in(page, "Vera")
    expect(page.locator(".stage .badge.state-live")).to_be_visible()
    expect(page.locator(".banner")).to_have_count(0)
    page.locator(".settings > summary").click()
    expect(page.locator(".account")).to_contain_text("Signed in as \u2068Vera\u2069, viewer")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator(".stage")).to_have_count(0)


def test_each_sees_what_their_role_may_do(open_as: OpenPage) -> None:
    vera = open_as("Vera", "#/camera/house/gate")
    expect(vera.get_by_text("You may watch. Commands to cameras take the role of an operator.")).to_be_visible()
    expect(vera.locator(".control")).to_have_count(0)
    expect(vera.get_by_role("link", name="Set-up")).to_have_count(0)
    expect(vera.get_by_role("link", name="What if it weighed otherwise?")).to_have_count(0)
    vera.goto(vera.url.partition("#")[0] + "#/events/house/gate/one")
    expect(vera.get_by_text("Only operators and administrators can say what it was.")).to_be_visible()
    expect(vera.get_by_role("button", name="Not a threat")).to_have_count(0)
    vera.goto(vera.url.partition("#")[0] + "#/setup")
    expect(vera.get_by_text("Set-up is for administrators.")).to_be_visible()

    boris = open_as("Boris", "#/camera/house/gate")
    expect(boris.locator(".control")).to_be_visible()
    expect(boris.get_by_role("link", name="Set-up")).to_have_count(0)
    boris.goto(boris.url.partition("#")[0] + "#/events/house/gate/one")
    expect(boris.get_by_label("Your name")).to_have_count(0)
    boris.get_by_role("button", name="Not a threat").click()
    expect(boris.locator(".marked")).to_contain_text("by \u2068Boris\u2069")


def test_a_session_that_ends_leaves_the_page_as_it_is(open_as: OpenPage, people: HubClient) -> None:
    page = open_as("Boris", "#/events")
    page.get_by_label("Level").select_option("ALERT")
    people.must("PATCH", "/api/users/Boris", password="a wholly new horse")
    again = page.get_by_role("dialog", name="Your session has ended")
    expect(again).to_be_visible()
    expect(again.get_by_label("Name")).to_have_value("Boris")
    page.keyboard.press("Escape")
    sign_in(again, "Boris", "a wholly new horse")
    expect(again).to_have_count(0)
    expect(page.get_by_label("Level")).to_have_value("ALERT")
    people.must("PATCH", "/api/users/Boris", password=PASSWORDS["Boris"])


def test_people_are_added_changed_and_removed(open_as: OpenPage, open_page: OpenPage) -> None:
    page = open_as("Anna", "#/setup/people")
    form = page.get_by_role("form", name="Add a person")
    form.get_by_label("Name").fill("Dana")
    form.get_by_label("Password").fill("short")
    expect(form.locator(".problem")).to_have_text("At least 10 characters")
    form.get_by_role("button").click()
    expect(form.locator(".problem")).to_contain_text("characters")
    form.get_by_label("Password").fill("fourth horse battery")
    form.get_by_role("button").click()
    dana = row(page, "Dana")
    expect(dana).to_contain_text("never signed in")
    dana.get_by_label("Role of").select_option("operator")
    expect(dana.get_by_label("Role of")).to_have_value("operator")
    dana.get_by_role("button", name="New password").click()
    dana.get_by_role("textbox").fill("fifth horse battery")
    dana.get_by_role("button", name="Save").click()
    expect(dana.get_by_role("button", name="New password")).to_be_visible()

    theirs = open_page()
    sign_in(theirs, "Dana", "fifth horse battery")
    expect(theirs.locator(".control")).to_be_visible()

    dana.get_by_role("button", name="Remove").click()
    dana.get_by_role("button", name="No").click()
    dana.get_by_role("button", name="Remove").click()
    dana.get_by_role("button", name="Yes").click()
    expect(dana).to_have_count(0)
    expect(theirs.get_by_role("dialog")).to_be_visible()

    anna = row(page, "Anna")
    expect(anna.get_by_role("button", name="Remove")).to_have_count(0)
    anna.get_by_label("Role of").select_option("viewer")
    expect(anna.locator(".problem")).to_contain_text("At least one administrator must remain.")
    expect(anna.get_by_label("Role of")).to_have_value("admin")


def test_ones_own_password_is_changed(open_as: OpenPage, people: HubClient) -> None:
    page = open_as("Vera")
    page.locator(".settings > summary").click()
    page.get_by_text("Change the password").first.click()
    form = page.locator(".password-change")
    form.get_by_label("Present password").fill("not her password")
    form.get_by_label("New password").fill("sixth horse battery")
    form.get_by_role("button").click()
    expect(form.get_by_text("That is not the present password.")).to_be_visible()
    form.get_by_label("Present password").fill(PASSWORDS["Vera"])
    form.get_by_role("button").click()
    expect(form.get_by_text("The password is changed.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    people.must("PATCH", "/api/users/Vera", password=PASSWORDS["Vera"])


def test_a_token_lets_an_edge_in_until_it_is_taken_away(open_as: OpenPage, hub: HubProcess) -> None:
    name = f"the barn, {time.time_ns()}"  # another one when it is tried again: what was made before is still there
    page = open_as("Anna", "#/setup/devices")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    form = page.get_by_role("form", name="Make a token")
    form.get_by_label("What it is for").fill(name)
    form.get_by_label("Its name here").fill("barn")
    form.get_by_role("button").click()
    shown = page.get_by_role("alert").filter(has_text="Secret of")
    secret = shown.locator("code").inner_text()
    shown.get_by_role("button", name="Copy").click()
    expect(shown.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    shown.get_by_role("button", name="I have it").click()
    expect(page.get_by_text(secret)).to_have_count(0)

    with ScriptedEdge(hub.port, (Camera("door", "Barn door"),), edge_id="barn", token=secret):
        live = open_as("Anna", "#/camera/barn/door")
        expect(live.locator(".stage .badge.state-live")).to_be_visible()
        barn = row(page, name)
        barn.get_by_role("button", name="Renew").click()
        barn.get_by_role("button", name="Yes").click()
        expect(shown.locator("code")).not_to_have_text(secret)
        barn.get_by_role("button", name="Take away").click()
        barn.get_by_role("button", name="Yes").click()
        expect(barn).to_have_count(0)
        expect(live.locator(".stage .badge.state-offline")).to_be_visible()


def test_a_program_gets_a_token_with_a_role(open_as: OpenPage, hub: HubProcess) -> None:
    page = open_as("Anna", "#/setup/devices")
    form = page.get_by_role("form", name="Make a token")
    form.get_by_label("What it is for").fill("wall screen")
    form.get_by_label("Whose").select_option("viewer")
    expect(form.get_by_label("Its name here")).to_have_count(0)
    form.get_by_role("button").click()
    expect(page.get_by_role("alert").locator("code")).to_be_visible()
    expect(row(page, "wall screen")).to_contain_text("viewer")


def test_a_new_edge_is_let_in_by_the_code_of_its_link(open_as: OpenPage, hub: HubProcess) -> None:
    device = HubClient(hub.url)
    asked = device.must("POST", "/api/pairings", edge_id="shed", name="The shed")
    other = device.must("POST", "/api/pairings", edge_id="shed2", name="Who knows")
    page = open_as("Anna", asked["approve_path"].lstrip("/"))
    meant = page.locator(".waiting.meant")
    expect(meant).to_contain_text(asked["code"])
    expect(meant).to_contain_text("The shed")
    meant.get_by_label("Its name here").fill("garden-shed")
    meant.get_by_role("button", name="Let it in").click()
    expect(page.get_by_text("\u2068garden-shed\u2069 is in.")).to_be_visible()
    assert device.must("POST", "/api/pairings/claim", device_secret=asked["device_secret"])["edge_id"] == "garden-shed"

    page.get_by_label("Code on its screen").fill("AAAA-AAAA")
    expect(page.get_by_text("No edge waits with this code.")).to_be_visible()
    page.get_by_label("Code on its screen").fill(other["code"].lower())
    meant.get_by_role("button", name="Refuse").click()
    expect(page.get_by_text("No edge is waiting.")).to_be_visible()
    assert device.ask("POST", "/api/pairings/claim", device_secret=other["device_secret"])[0] == 410


def test_what_was_done_stands_in_the_trail(open_as: OpenPage, people: HubClient) -> None:
    people.must("POST", "/api/tokens", label="to be found", role="viewer")
    page = open_as("Anna", "#/setup/audit")
    page.get_by_label("Search").fill("to be found")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_have_text(re.compile("Anna.*token made.*to be found.*done"))
    page.get_by_label("Search").fill("nothing of the kind")
    expect(page.get_by_text("Nothing is noted.")).to_be_visible()
