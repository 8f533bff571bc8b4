"""Who may do what: every route of the hub, asked by everybody."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hub_peers import SAMPLE
from identity_people import PASSWORD, make_people, make_token, sign_in, visitor
from starlette.routing import Mount, Route

from aimonitor.hub.identity import guard

EVERYBODY = {"nobody", "viewer", "operator", "admin", "program", "edge"}
PEOPLE = {"viewer", "operator", "admin", "program"}
OPERATORS = {"operator", "admin"}
ADMINS = {"admin"}
MATRIX = {
    "GET /": EVERYBODY,
    "GET /health": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /api/schema": EVERYBODY,
    "GET /api/session": EVERYBODY,
    "POST /api/session": EVERYBODY,
    "DELETE /api/session": EVERYBODY,
    "POST /api/setup": EVERYBODY,
    "POST /api/pairings": EVERYBODY,
    "POST /api/pairings/claim": EVERYBODY,
    "GET /api/status": PEOPLE,
    "GET /api/history": PEOPLE,
    "GET /api/snapshot/{edge_id}/{camera_id}.jpg": PEOPLE,
    "GET /api/layout/{edge_id}/{camera_id}": PEOPLE,
    "GET /api/media/{edge_id}/{camera_id}/{incident_id}/{file}": PEOPLE,
    "HEAD /api/media/{edge_id}/{camera_id}/{incident_id}/{file}": PEOPLE | {"edge"},
    "PUT /api/media/{edge_id}/{camera_id}/{incident_id}/{file}": {"edge"},
    "POST /api/data": {"edge"},
    "GET /api/statistics": PEOPLE,
    "GET /api/course": PEOPLE,
    "POST /api/ticket": PEOPLE,
    "POST /api/password": PEOPLE,
    "GET /api/push": PEOPLE,
    "POST /api/push/subscriptions": PEOPLE,
    "DELETE /api/push/subscriptions/{push_id}": PEOPLE,
    "POST /api/push/subscriptions/{push_id}/test": PEOPLE,
    "POST /api/incidents/{edge_id}/{camera_id}/{incident_id}/mark": OPERATORS,
}
"""Everything else is for admins: a new route that means otherwise must say so here."""
OWN_RULE = "GET /metrics"
"""For who has its token, or is on this machine: see test_hub_exposition."""


@pytest.fixture(scope="module")
def routes():
    """Every method and path of the hub, with its declaration; WebSockets and files have stories of their own."""
    from aimonitor.hub.app import create_app
    from aimonitor.hub.settings import HubSettings

    app = create_app(HubSettings(history_path=":memory:"))
    found = {}
    for route in app.state.routes:
        for method in route.methods:
            found[f"{method} {route.path}"] = guard.needs_of(route)
    others = {route.path for route in app.routes if isinstance(route, Route) and route.path != "/"}
    assert others == {"/openapi.json"}, "a route that no guard knows"
    assert {route.path for route in app.routes if isinstance(route, Mount)} <= {"", "/assets"}
    document = app.openapi()
    described = {f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each}
    assert described - {"GET /"} <= found.keys()
    return found, document


def ask(client, line, hub):
    """Ask for a route with names that exist nowhere; what matters is whether the door opens."""
    method, path = line.split(" ", 1)
    names = {"edge_id": "yard", "camera_id": "gate", "incident_id": "i-1", "file": "snapshot.jpg"}
    names |= {"name": "nobody-there", "token_id": "none", "code": "BCDF-GHJK", "push_id": "0" * 24}
    return client.request(method, path.format(**names), content=b"{}", headers={"content-type": "application/json"})


def test_every_route_says_who_it_is_for_and_the_document_agrees(routes):
    found, document = routes
    assert MATRIX.keys() - found.keys() == {"GET /", "GET /openapi.json"}
    for line, needs in found.items():
        method, path = line.split(" ", 1)
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is not None and not needs.public:
            assert {"401", "403", "429"} <= operation["responses"].keys(), line
            assert operation["security"], line
            assert "Refused" in str(operation["responses"]["401"])


def test_the_matrix_of_routes_and_callers(routes, start_hub):
    """Each route is asked by each kind of caller: 401 and 403 where it is not for them, anything else where it is."""
    found, _ = routes
    hub = start_hub(media_wait_s=0.05)
    people = make_people(hub)
    _, program = make_token(people["admin"], label="wall", role="viewer")
    _, edge = make_token(people["admin"], label="yard", edge_id="yard")
    callers = people | {
        "nobody": visitor(hub),
        "program": visitor(hub, token=program),
        "edge": visitor(hub, token=edge),
    }
    wrong = []
    without_token = {"nobody", "viewer", "operator", "admin"}
    lines = sorted((found.keys() | MATRIX.keys()) - {OWN_RULE}, key=lambda line: (line == "DELETE /api/session", line))
    for line in lines:
        for kind, client in callers.items():
            allowed = MATRIX.get(line, ADMINS)
            unknown = kind == "nobody" or (allowed == {"edge"} and kind in without_token)  # no session helps there
            expected = "in" if kind in allowed else "401" if unknown else "403"
            seen = how(ask(client, line, hub))
            if expected != seen:
                wrong.append((line, kind, expected, seen))
    assert wrong == [], wrong


def test_on_this_machine_every_route_is_open_while_nothing_is_set(routes, running_hub):
    found, _ = routes
    with httpx.Client(base_url=running_hub.url) as local:
        assert [line for line in found if how(ask(local, line, running_hub)) != "in"] == []


def how(answer):
    """Whether the door opened: 403 is said by some rooms behind it as well, of other fields than the role."""
    if answer.status_code == 403 and answer.json()["error"]["field"] == "role":
        return "403"
    return "401" if answer.status_code == 401 else "in"


def test_who_does_not_say_where_it_comes_from_may_only_read(start_hub):
    hub = start_hub()
    people = make_people(hub)
    for origin in ("https://evil.example", "null", hub.url.replace("127", "126")):
        for line in ("POST /api/ticket", "POST /api/tokens", "DELETE /api/users/nobody-there", "POST /api/password"):
            people["admin"].headers["origin"] = origin
            assert ask(people["admin"], line, hub).json()["error"]["field"] == "origin"
        assert people["admin"].get("/api/users").status_code == 200
    del people["admin"].headers["origin"]
    assert ask(people["admin"], "POST /api/tokens", hub).status_code == 403
    assert visitor(hub, headers={"origin": "https://evil.example"}).delete("/api/session").status_code == 403


def test_a_page_elsewhere_cannot_use_that_this_machine_is_let_in(running_hub):
    for origin in ("https://evil.example", "null"):
        answer = httpx.post(
            running_hub.url + "/api/users",
            json={"name": "Eve", "role": "admin", "password": PASSWORD},
            headers={"origin": origin},
        )
        assert (answer.status_code, answer.json()["error"]["field"]) == (403, "origin")


def test_a_star_in_the_list_lets_nobody_act_for_others(start_hub):
    hub = start_hub(cors_origins="*")
    body = {"name": "Eve", "role": "admin", "password": PASSWORD}
    assert httpx.post(hub.url + "/api/users", json=body, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "127.0.0.1"},
        {"x-forwarded-for": "203.0.113.7"},
        {"forwarded": "for=127.0.0.1"},
        {"via": "1.1 proxy"},
        {"x-real-ip": "127.0.0.1"},
        {"x-forwarded-proto": "https"},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8000"},
        {"host": "[::2]:8000"},
    ],
)
def test_what_came_through_a_proxy_or_by_another_name_is_not_of_this_machine(running_hub, headers):
    assert httpx.get(running_hub.url + "/api/status").status_code == 200
    assert httpx.get(running_hub.url + "/api/status", headers=headers).status_code == 401
    assert httpx.post(running_hub.url + "/api/data", content=SAMPLE, headers=headers).status_code == 401


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "hub.localhost", "127.0.0.1:8000", "127.9.9.9", "[::1]"])
def test_names_of_this_machine(running_hub, host):
    assert httpx.get(running_hub.url + "/api/status", headers={"host": host}).status_code == 200


def test_openness_can_be_switched_off_where_anybody_may_look_local(start_hub):
    hub = start_hub(open_locally=False)
    assert httpx.get(hub.url + "/api/session").json() == {"access": "setup", "user": None}
    assert httpx.get(hub.url + "/api/status").status_code == 401
    assert httpx.post(hub.url + "/api/data", content=SAMPLE).status_code == 401
    assert httpx.get(hub.url + "/health").status_code == 200


def test_with_a_first_person_this_machine_signs_in_too(start_hub):
    hub = start_hub()
    assert httpx.get(hub.url + "/api/session").json() == {"access": "open", "user": None}
    make_people(hub)
    assert httpx.get(hub.url + "/api/session").json() == {"access": "login", "user": None}
    assert httpx.get(hub.url + "/api/status").status_code == 401
    assert httpx.post(hub.url + "/api/data", content=SAMPLE).status_code == 401
    assert httpx.get(hub.url + "/health").status_code == 200


def test_a_token_for_edges_leaves_the_dashboard_of_this_machine_open(start_hub):
    """As founded: AIMONITOR_TOKENS says who may send, and whoever sits at the machine may watch."""
    hub = start_hub(tokens="yard:secret")
    assert httpx.get(hub.url + "/api/status").status_code == 200
    assert httpx.post(hub.url + "/api/data", content=SAMPLE).status_code == 401


def test_programs_of_the_environment_have_a_role(start_hub):
    hub = start_hub(tokens="@operator:bot-secret,@viewer:wall-secret,yard:edge-secret")
    bot, wall, edge = (visitor(hub, token=each) for each in ("bot-secret", "wall-secret", "edge-secret"))
    mark = "/api/incidents/yard/gate/i-1/mark"
    assert [each.get("/api/status").status_code for each in (bot, wall, edge)] == [200, 200, 403]
    answers = [each.post(mark, json={"mark": "threat", "by": "Dana"}) for each in (bot, wall, edge)]
    assert [answer.status_code for answer in answers] == [200, 403, 403]
    assert answers[0].json()["by"] == "Dana"
    assert bot.get("/api/session").json()["user"] == {"name": "environment, operator", "role": "operator"}


def test_a_mark_is_by_who_is_signed_in(start_hub):
    hub = start_hub()
    operator = make_people(hub)["operator"]
    answer = operator.post("/api/incidents/yard/gate/i-1/mark", json={"mark": "threat", "by": "somebody else"})
    assert answer.json()["by"] == "operator-person"


def test_a_route_without_a_declaration_is_not_served():
    router = APIRouter()
    router.add_api_route("/api/forgotten", lambda: None)
    with pytest.raises(RuntimeError, match="/api/forgotten: expected one of the guard's roles"):
        guard.protect(FastAPI(), None, [router])


def test_a_new_role_holds_at_once_and_the_last_admin_stays(start_hub):
    hub = start_hub()
    people = make_people(hub)
    assert people["admin"].patch("/api/users/viewer-person", json={"role": "operator"}).json()["role"] == "operator"
    assert people["viewer"].post("/api/incidents/a/b/c/mark", json={"mark": "threat"}).status_code == 200
    for answer in (
        people["admin"].patch("/api/users/admin-person", json={"role": "viewer"}),
        people["admin"].delete("/api/users/admin-person"),
    ):
        assert (answer.status_code, answer.json()["error"]["expected"]) == (409, "at least one admin")
    assert sign_in(hub, "ADMIN-person").get("/api/session").json()["user"]["role"] == "admin"
