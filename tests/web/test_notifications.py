"""Notifications: what the reader chooses reaches the hub, what happens reaches the browser, and a click leads there.

Chromium's own push service is out of reach here, so a subscription leads to a service of the test's, and what the
hub sealed for it is handed to the worker through the browser's debugging protocol, as a push service would.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hub_client import HubClient
from playwright.sync_api import BrowserContext, Page, Worker, expect
from scripted_edge import Camera, ScriptedEdge
from test_views import AXE, serious_problems

from conftest import HubProcess, OpenPage, wait_until
from push_browser import Browser as PushBrowser

pytestmark = pytest.mark.browser

VIEW = "#/notifications"
SUBSCRIBING = """
const KEPT = "a subscription of the test's";
const made = () => ({
  endpoint: GIVEN.endpoint,
  toJSON: () => GIVEN,
  unsubscribe: async () => { localStorage.removeItem(KEPT); return true; },
});
PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
  const key = atob(applicationServerKey.replace(/-/g, "+").replace(/_/g, "/"));
  if (!userVisibleOnly || key.length !== 65) throw new TypeError();
  localStorage.setItem(KEPT, "yes");
  return made();
};
PushManager.prototype.getSubscription = async () => (localStorage.getItem(KEPT) === null ? null : made());
"""
"""A push manager that gives the test's own subscription, to whoever has the hub's key."""


@pytest.fixture(scope="module")
def edge(hub: HubProcess) -> Iterator[ScriptedEdge]:
    with ScriptedEdge(hub.port, (Camera("gate", "Gate"), Camera("yard", "Двор")), edge_id="house") as playing:
        yield playing


@pytest.fixture
def phone(hub: HubProcess) -> Iterator[PushBrowser]:
    browser = PushBrowser()
    yield browser
    client = HubClient(hub.url)
    for each in client.must("GET", "/api/push")["subscriptions"]:
        client.must("DELETE", f"/api/push/subscriptions/{each['push_id']}")
    browser.close()


@pytest.fixture
def open_notifications(open_page: OpenPage, edge: ScriptedEdge, phone: PushBrowser) -> OpenPage:
    """Opens the view in a browser whose subscription leads to `phone`."""
    given = {key: phone.subscription()[key] for key in ("endpoint", "keys")}

    def open_one(view: str = VIEW, **options: Any) -> Page:
        init = f"const GIVEN = {json.dumps(given)};{SUBSCRIBING}"
        page = open_page(view, init=init, permissions=["notifications"], **options)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return page

    return open_one


def worker_of(context: BrowserContext) -> Worker:
    """The shell worker of the only page."""
    return context.service_workers[0]


def deliver(page: Page, payload: dict[str, Any] | str) -> None:
    """Hand a message to the worker, as the browser's push service does when it has opened the seal."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"] if not each["isDeleted"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(100):
        if found:
            break
        page.wait_for_timeout(20)
    data = payload if isinstance(payload, str) else json.dumps(payload)
    origin = page.url.partition("/#")[0]
    session.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": data})
    session.detach()


def shown(page: Page, count: int = 1) -> list[dict[str, Any]]:
    """The notifications that stand, once there are `count`."""
    read = """navigator.serviceWorker.ready.then((ready) => ready.getNotifications()).then((all) =>
      all.map(({ title, body, tag, data, lang, dir }) => ({ title, body, tag, data, lang, dir })))"""
    for _ in range(300):
        found: list[dict[str, Any]] = page.evaluate(read)
        if len(found) >= count:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"expected {count} notifications within 15 s, got {found}")


def notice(**facts: Any) -> dict[str, Any]:
    usual = {"kind": "loitering", "level": "ALERT", "source": "house/gate", "camera": "Gate", "incident_id": "i-1"}
    return usual | {"at": 1_700_000_000.0, "zone": "Lawn"} | facts


def test_one_switches_it_on_and_is_told_of_what_was_chosen(
    open_notifications: OpenPage, edge: ScriptedEdge, phone: PushBrowser
) -> None:
    page = open_notifications("", timezone_id="Asia/Tokyo")
    page.locator(".settings > summary").click()
    page.get_by_role("link", name="Notifications").click()
    card = page.locator(".card").filter(has_text="This device")
    expect(card).to_contain_text("nothing is told here")
    expect(card.get_by_label("Name of this device")).to_have_value(re.compile("Chrome · Linux"))
    card.get_by_label("From which level on").select_option("WATCH")
    card.get_by_role("button", name="Gate").click()
    card.get_by_label("Quiet hours").check()
    expect(card).to_contain_text("Time zone: Asia/Tokyo")
    card.get_by_label("From", exact=True).fill("00:00")
    card.get_by_label("To", exact=True).fill("00:01")
    card.get_by_role("button", name="Allow and switch on").click()
    expect(card).to_contain_text("incidents are told here")
    rules = page.evaluate("fetch('api/push').then((answer) => answer.json())")["subscriptions"][0]["rules"]
    assert rules == {"level": "WATCH", "cameras": ["house/gate"], "quiet": "00:00-00:01", "timezone": "Asia/Tokyo"}
    edge.say_event("yard", "elsewhere", "opened", level="CRITICAL")
    edge.say_event("gate", "chosen", "opened", level="WATCH", zone="Lawn")
    phone.wait(1)
    assert (phone.got[0]["incident_id"], phone.got[0]["camera"]) == ("chosen", "Gate")
    card.get_by_role("button", name="Send a test").click()
    expect(card).to_contain_text("Sent.")
    phone.wait(2)
    assert [each["kind"] for each in phone.got] == ["loitering", "test"]
    page.reload()
    expect(card.get_by_label("From which level on")).to_have_value("WATCH")
    card.get_by_role("button", name="Switch off").click()
    expect(card).to_contain_text("nothing is told here")
    assert page.evaluate("fetch('api/push').then((answer) => answer.json())")["subscriptions"] == []


def test_the_other_devices_are_listed_and_stopped_from_here(
    open_notifications: OpenPage, phone: PushBrowser, hub: HubProcess
) -> None:
    page = open_notifications()
    body = phone.subscription(level="CRITICAL", quiet="22:00-07:00", timezone="Europe/Berlin")
    send = """(body) => fetch("api/push/subscriptions", { method: "POST", body: JSON.stringify(body),
      headers: { "content-type": "application/json" } }).then((answer) => answer.status)"""
    assert page.evaluate(send, body | {"label": "<b>Kitchen"}) == 201
    page.reload()
    row = page.locator(".row").filter(has_text="<b>Kitchen")
    expect(row).to_contain_text(re.compile("Critical and above, All cameras.*quiet.*22:00-07:00.*Europe/Berlin"))
    row.get_by_role("button", name="Send a test").click()
    phone.wait(1)
    row.get_by_role("button", name="Switch off there").click()
    row.get_by_role("button", name="Yes").click()
    expect(row).to_have_count(0)
    expect(page.get_by_text("None yet.")).to_be_visible()


@pytest.mark.parametrize(
    ("init", "agent", "words"),
    [
        ("Object.defineProperty(Notification, 'permission', { value: 'denied' });", None, "told this browser not to"),
        ("Object.defineProperty(window, 'isSecureContext', { value: false });", None, "only over https"),
        ("delete window.PushManager;", None, "has no web push"),
        ("delete window.PushManager;", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", "home screen"),
    ],
)
def test_where_it_cannot_be_the_page_says_why(
    open_page: OpenPage, edge: ScriptedEdge, init: str, agent: str | None, words: str
) -> None:
    page = open_page(VIEW, init=init, **({"user_agent": agent} if agent else {}))
    expect(page.locator(".card .problem")).to_contain_text(words)
    expect(page.get_by_role("button", name="Allow and switch on")).to_have_count(0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [("default", "was not answered"), ("denied", "told this browser not to"), ("granted", "could not be reached")],
)
def test_a_refused_question_and_an_unreachable_service_are_said(
    open_page: OpenPage, edge: ScriptedEdge, answer: str, words: str
) -> None:
    init = f"""
    Object.defineProperty(Notification, "permission", {{ value: "default" }});
    Notification.requestPermission = async () => "{answer}";
    PushManager.prototype.subscribe = async () => {{ throw new DOMException("push service error", "AbortError"); }};
    """
    page = open_page(VIEW, init=init)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.get_by_role("button", name="Allow and switch on").click()
    expect(page.locator(".card .problem")).to_contain_text(words)
    expect(page.locator(".card").first).to_contain_text("nothing is told here")


@pytest.mark.parametrize(("language", "title"), [("en", "Alert: Gate"), ("ru", "Тревога: Gate"), ("he", "התראה: Gate")])
def test_a_notification_speaks_the_language_of_the_page(
    open_notifications: OpenPage, language: str, title: str
) -> None:
    page = open_notifications("")
    page.locator(".settings > summary").click()
    page.locator(".settings select").first.select_option(language)
    kept = "caches.match('language', { cacheName: 'aimonitor-reader' }).then((found) => found?.text())"
    wait_until(page, f"{kept}.then((text) => text === '{language}')")
    deliver(page, notice())
    [told] = shown(page)
    assert re.sub("[\u2068\u2069]", "", told["title"]) == title
    assert (told["lang"], told["dir"]) == (language, "rtl" if language == "he" else "ltr")
    assert "Lawn" in told["body"]


def test_a_worse_level_replaces_and_another_incident_stands_beside(open_notifications: OpenPage) -> None:
    page = open_notifications("")
    deliver(page, notice())
    deliver(page, notice(incident_id="i-2"))
    shown(page, 2)
    deliver(page, notice(level="CRITICAL"))
    wait_until(
        page,
        "navigator.serviceWorker.ready.then((ready) => ready.getNotifications())"
        ".then((all) => all.some(({ title }) => title.startsWith('Critical')))",
    )
    assert sorted(each["tag"] for each in shown(page, 2)) == ["house/gate i-1", "house/gate i-2"]
    deliver(page, "no JSON at all")
    assert any("something happened" in each["title"] for each in shown(page, 3))


CLICK = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


def test_a_click_leads_to_the_event_in_the_open_window(open_notifications: OpenPage, edge: ScriptedEdge) -> None:
    edge.say_event("gate", "clicked", "opened", words="loitering 47 s in Gate")
    page = open_notifications("#/charts")
    deliver(page, notice(incident_id="clicked"))
    shown(page)
    worker_of(page.context).evaluate(CLICK)
    expect(page.locator(".event-title")).to_be_visible()
    assert page.url.endswith("#/events/house/gate/clicked")
    assert page.evaluate("navigator.serviceWorker.ready.then((ready) => ready.getNotifications())") == []


def test_a_click_opens_a_window_where_none_is(open_notifications: OpenPage) -> None:
    page = open_notifications("")
    deliver(page, notice())
    shown(page)
    worker = worker_of(page.context)
    worker.evaluate("self.clients.matchAll = async () => []")
    worker.evaluate("self.clients.openWindow = async (address) => { self.opened = address; return null; }")
    worker.evaluate(CLICK)
    for _ in range(100):
        if worker.evaluate("self.opened ?? null") is not None:
            break
        page.wait_for_timeout(20)
    assert worker.evaluate("self.opened") == page.url.partition("#")[0] + "#/events/house/gate/i-1"


EXCHANGE = """async (fresh) => {
  const event = new ExtendableEvent("pushsubscriptionchange");
  const given = { endpoint: fresh.endpoint, toJSON: () => fresh };
  Object.assign(event, { oldSubscription: null, newSubscription: given });
  self.dispatchEvent(event);
}"""
ENDPOINT = "caches.match('endpoint', { cacheName: 'aimonitor-reader' }).then((found) => found?.text() ?? '')"


def test_a_subscription_that_the_browser_exchanges_goes_on_with_the_same_rules(
    open_notifications: OpenPage, edge: ScriptedEdge, phone: PushBrowser
) -> None:
    page = open_notifications()
    card = page.locator(".card").filter(has_text="This device")
    card.get_by_label("From which level on").select_option("WATCH")
    card.get_by_role("button", name="Allow and switch on").click()
    expect(card).to_contain_text("incidents are told here")
    wait_until(page, f"{ENDPOINT}.then((text) => text !== '')")
    elsewhere = PushBrowser()
    try:
        fresh = {key: elsewhere.subscription()[key] for key in ("endpoint", "keys")}
        worker_of(page.context).evaluate(EXCHANGE, fresh)
        wait_until(page, f"{ENDPOINT}.then((text) => text === {json.dumps(fresh['endpoint'])})")
        [kept] = page.evaluate("fetch('api/push').then((answer) => answer.json())")["subscriptions"]
        assert kept["rules"]["level"] == "WATCH"
        edge.say_event("gate", "after-the-exchange", "opened", level="WATCH")
        elsewhere.wait(1)
        assert phone.got == []
    finally:
        elsewhere.close()


def test_who_was_forgotten_by_the_hub_is_told_so(open_notifications: OpenPage, phone: PushBrowser) -> None:
    page = open_notifications()
    page.get_by_role("button", name="Allow and switch on").click()
    expect(page.get_by_text("incidents are told here")).to_be_visible()
    wait_until(page, f"{ENDPOINT}.then((text) => text !== '')")
    forget = """async () => {
      const { subscriptions } = await (await fetch("api/push")).json();
      await fetch(`api/push/subscriptions/${subscriptions[0].push_id}`, { method: "DELETE" });
    }"""
    page.evaluate(forget)
    elsewhere = PushBrowser()
    try:
        fresh = {key: elsewhere.subscription()[key] for key in ("endpoint", "keys")}
        worker_of(page.context).evaluate(EXCHANGE, fresh)
        [told] = shown(page)
        assert (told["title"], told["data"]) == ("AI Monitor: notifications have ended here", "#/notifications")
    finally:
        elsewhere.close()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("locale", ["en-US", "he-IL"])
def test_axe_finds_nothing_serious(open_notifications: OpenPage, phone: PushBrowser, theme: str, locale: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in web/")
    page = open_notifications(color_scheme=theme, locale=locale, width=390, height=844)
    page.locator(".check input").check()
    page.locator(".tool.primary").click()
    expect(page.locator(".own-tools")).to_be_visible()
    assert serious_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
