"""`/api/push`: a person's browsers, and of what each is told."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request
from msgspec import Meta
from starlette.responses import JSONResponse, Response

from aimonitor.hub import answers as common
from aimonitor.hub.identity import answers
from aimonitor.hub.identity.bodies import Body
from aimonitor.hub.identity.guard import VIEWER_UNNOTED, caller_of
from aimonitor.hub.push.desk import PushDesk
from aimonitor.hub.push.records import Keys, Rules, Subscription

PushId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]


class Subscribe(msgspec.Struct, frozen=True):
    """What the browser's push manager gave, of what it shall be told, and how its owner calls it.

    replaces: the endpoint that this browser had before; then its rules and label hold, and it is told no more
    """

    endpoint: Annotated[str, Meta(min_length=10, max_length=2_000)]
    keys: Keys
    rules: Rules = Rules()
    label: Annotated[str, Meta(max_length=120)] = ""
    replaces: Annotated[str, Meta(max_length=2_000)] = ""


class ToldRules(common.Answer):
    level: str
    cameras: list[str]
    quiet: str
    timezone: str


class ToldBrowser(common.Answer):
    """A browser of the person who asks."""

    push_id: str
    label: str
    created_at: float
    rules: ToldRules


class PushState(common.Answer):
    """`public_key`: for the browser's push manager, base64url."""

    public_key: str
    subscriptions: list[ToldBrowser]


_SUBSCRIBE = Body(
    Subscribe,
    {
        "endpoint": "https://push.example.org/send/abc",
        "keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22},
        "rules": {"level": "ALERT", "quiet": "22:00-07:00", "timezone": "Europe/Berlin"},
        "label": "phone",
    },
)


class PushRoutes:
    """The endpoints; each person sees and changes their own browsers only."""

    def __init__(self, desk: PushDesk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """The endpoints, for everybody who may watch."""
        router = APIRouter(tags=["push"], dependencies=[VIEWER_UNNOTED])
        add = router.add_api_route
        add("/api/push", self.state, summary="The hub's key, and the caller's browsers", response_model=PushState,
            responses={503: answers.STATE_REFUSALS[503]})  # fmt: skip
        add("/api/push/subscriptions", self.subscribe, methods=["POST"], status_code=201, response_model=ToldBrowser,
            summary="Tell this browser of incidents, or change of which", openapi_extra=_SUBSCRIBE.openapi,
            responses={**answers.BODY_REFUSALS, 404: answers.STATE_REFUSALS[404], 409: answers.STATE_REFUSALS[409],
                       503: answers.STATE_REFUSALS[503]})  # fmt: skip
        one: dict[int | str, dict[str, Any]] = {404: answers.STATE_REFUSALS[404], 503: answers.STATE_REFUSALS[503]}
        add("/api/push/subscriptions/{push_id}", self.forget, methods=["DELETE"], status_code=204,
            response_class=Response, summary="Tell that browser nothing more", responses=one)  # fmt: skip
        add("/api/push/subscriptions/{push_id}/test", self.attempt, methods=["POST"], status_code=202,
            response_class=Response, summary="Send one to see whether it arrives", responses=one)  # fmt: skip
        return router

    async def state(self, request: Request) -> Response:
        """The key is made when it is first asked for."""
        mine = [_shown(each) for each in self._desk.of(caller_of(request))]
        return JSONResponse({"public_key": await self._desk.public_key(), "subscriptions": mine})

    async def subscribe(self, request: Request) -> Response:
        """The same browser again replaces what was known of it."""
        body = await _SUBSCRIBE.read(request)
        caller = caller_of(request)
        if body.replaces:
            kept = await self._desk.renew(caller, body.endpoint, body.keys, body.replaces)
        else:
            kept = await self._desk.subscribe(caller, body.endpoint, body.keys, body.rules, body.label)
        return JSONResponse(_shown(kept), 201)

    async def forget(self, request: Request, push_id: PushId) -> Response:
        """The browser itself should unsubscribe as well."""
        await self._desk.forget(caller_of(request), push_id)
        return Response(None, 204)

    async def attempt(self, request: Request, push_id: PushId) -> Response:
        """It takes a second or two."""
        self._desk.attempt(caller_of(request), push_id)
        return Response(None, 202)


def _shown(subscription: Subscription) -> dict[str, Any]:
    """Without the endpoint and keys, which are secrets."""
    return {
        "push_id": subscription.push_id,
        "label": subscription.label,
        "created_at": subscription.created_at,
        "rules": msgspec.to_builtins(subscription.rules),
    }
