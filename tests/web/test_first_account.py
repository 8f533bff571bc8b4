"""A new hub asks whoever comes from elsewhere for the code that it printed, and lets this machine in as it is."""

import re

import pytest
from hub_client import HubClient
from playwright.sync_api import expect

from conftest import HubProcess, OpenPage, wait_until

pytestmark = pytest.mark.browser

ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}
PASSWORD = "correct horse battery"


def printed_code(hub: HubProcess) -> str:
    found = re.search(r"/#/setup/(\S+)", hub.log.read_text(encoding="utf-8"))
    assert found is not None, "expected a printed link with a code"
    return found[1]


def test_the_first_account_is_made_by_the_printed_link(open_page: OpenPage, hub: HubProcess) -> None:
    here = open_page("#/setup/people")
    expect(here.get_by_text("There are no accounts: whoever uses this computer may do everything.")).to_be_visible()

    page = open_page("#/setup/a-guess", extra_http_headers=ELSEWHERE)
    expect(page.get_by_role("heading", name="Welcome! Who looks after this hub?")).to_be_visible()
    expect(page.locator(".views")).to_have_count(0)
    code = page.get_by_label("Set-up code")
    expect(code).to_have_value("a-guess")
    page.get_by_label("Name").fill("Anna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill("something else")
    expect(page.get_by_text("The two passwords differ.")).to_be_visible()
    page.get_by_label("Password, once more").fill(PASSWORD)
    create = page.get_by_role("button", name="Create the account")
    create.click()
    expect(page.get_by_text("This code is wrong or no longer holds.")).to_be_visible()
    expect(code).to_have_attribute("aria-invalid", "true")
    code.fill(printed_code(hub))
    create.click()
    expect(page.get_by_role("heading", name="Set-up")).to_be_visible()
    expect(page.get_by_role("link", name="Cameras", exact=True)).to_be_visible()
    wait_until(page, "performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/api/ticket'))")

    expect(here.get_by_role("heading", name="This hub now asks who comes in")).to_be_visible()
    assert HubClient(hub.url).ask("GET", "/api/users")[0] == 401
