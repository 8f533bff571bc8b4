"""People and programs who come to a hub from elsewhere, for the stories of identity."""

from typing import Any

import httpx

ADDRESS = "203.0.113.7"
PASSWORD = "correct horse battery"
_ONCE = httpx.Limits(max_keepalive_connections=0)
"""No connection outlives its request, so that clients need not be closed."""


def visitor(hub: Any, address: str = ADDRESS, token: str = "", **options: Any) -> httpx.Client:
    """A browser or program elsewhere: behind a proxy that says from where. Its pages are the hub's own."""
    headers = {"x-forwarded-for": address, "origin": hub.url}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return httpx.Client(base_url=hub.url, headers=headers | options.pop("headers", {}), limits=_ONCE, **options)


def sign_in(hub: Any, name: str, password: str = PASSWORD, address: str = ADDRESS) -> httpx.Client:
    """Somebody who has signed in."""
    browser = visitor(hub, address)
    answer = browser.post("/api/session", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return browser


def make_people(hub: Any) -> dict[str, httpx.Client]:
    """An admin, an operator and a viewer, all of them signed in."""
    for name in ("admin", "operator", "viewer"):
        local = httpx.Client(base_url=hub.url, limits=_ONCE) if name == "admin" else sign_in(hub, "admin-person")
        answer = local.post("/api/users", json={"name": f"{name}-person", "role": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
    return {name: sign_in(hub, f"{name}-person") for name in ("admin", "operator", "viewer")}


def make_token(admin: httpx.Client, **wanted: str) -> tuple[str, str]:
    """A new token's id and secret."""
    answer = admin.post("/api/tokens", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()["token_id"], answer.json()["secret"]
