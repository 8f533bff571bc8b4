"""`/api/tokens` and `/api/pairings`: an admin lets edges and programs in; devices ask to be let in."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request
from msgspec import Meta
from starlette.responses import JSONResponse, Response

from aimonitor.hub import answers as common
from aimonitor.hub.identity import answers
from aimonitor.hub.identity.bodies import Body
from aimonitor.hub.identity.desk import Identity
from aimonitor.hub.identity.guard import ADMIN, PUBLIC
from aimonitor.hub.identity.pairing import EXPIRES_S, INTERVAL_S
from aimonitor.hub.identity.peer import peer_of
from aimonitor.hub.identity.records import Token
from aimonitor.hub.identity.roles import Refused, Role
from aimonitor.hub.identity.tokens import Tokens

EdgeId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Label = Annotated[str, Meta(max_length=120)]
TokenId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Code = Annotated[str, Path(pattern=r"^[A-Za-z]{4}-?[A-Za-z]{4}$")]


class NewToken(msgspec.Struct, frozen=True):
    """Whose it is: an edge's, which then speaks for itself and reads nothing, or a program's with a role."""

    label: Label = ""
    edge_id: EdgeId | None = None
    role: Role | None = None


class AskPairing(msgspec.Struct, frozen=True):
    """A device, and what a person is shown of it."""

    edge_id: EdgeId
    name: Label = ""


class AnswerPairing(msgspec.Struct, frozen=True):
    """Yes or no, and perhaps another id for the edge."""

    approve: bool
    edge_id: EdgeId | None = None


class ClaimPairing(msgspec.Struct, frozen=True):
    """What the device was given when it asked."""

    device_secret: Annotated[str, Meta(min_length=1, max_length=128)]


_NEW_TOKEN = Body(NewToken, {"label": "the yard", "edge_id": "yard"})
_ASK = Body(AskPairing, {"edge_id": "yard", "name": "laptop in the yard"})
_ANSWER = Body(AnswerPairing, {"approve": True})
_CLAIM = Body(ClaimPairing, {"device_secret": "BCDF-GHJK.…"})


class TokenRoutes:
    """The endpoints about tokens."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._tokens = identity.tokens

    def router(self) -> APIRouter:
        """The endpoints, all of them for admins."""
        router = APIRouter(tags=["identity"], dependencies=[ADMIN])
        add = router.add_api_route
        add("/api/tokens", self.tokens, summary="All tokens, without their secrets", response_model=answers.Tokens)
        add("/api/tokens", self.make_token, methods=["POST"], status_code=201, summary="A token for an edge or program",
            response_model=answers.TokenMade, openapi_extra=_NEW_TOKEN.openapi,
            responses={**answers.BODY_REFUSALS, 409: answers.STATE_REFUSALS[409]})  # fmt: skip
        add("/api/tokens/{token_id}/rotate", self.rotate_token, methods=["POST"], summary="Another secret",
            response_model=answers.TokenRotated, responses=answers.STATE_REFUSALS)  # fmt: skip
        add("/api/tokens/{token_id}", self.revoke_token, methods=["DELETE"], status_code=204, response_class=Response,
            summary="Make a token worthless", responses=answers.STATE_REFUSALS)  # fmt: skip
        return router

    async def tokens(self) -> Response:
        """Those of the environment first."""
        return JSONResponse({"tokens": [_shown(token) for token in self._tokens.all()]})

    async def make_token(self, request: Request) -> Response:
        """Exactly one of `edge_id` and `role`. With the first edge's token all edges need one."""
        body = await _NEW_TOKEN.read(request)
        if (body.edge_id is None) == (body.role is None):
            raise Refused(422, "$", "one of edge_id and role", "none" if body.role is None else "both")
        label = body.label or body.edge_id or str(body.role)
        token, text = await self._tokens.make(label, edge_id=body.edge_id, role=body.role)
        request.state.about = _about(token)
        return JSONResponse({"token_id": token.token_id, "secret": text}, 201, {"cache-control": "no-store"})

    async def rotate_token(self, request: Request, token_id: TokenId) -> Response:
        """The old secret is valid until the new one is used, or for 24 hours."""
        token, text = await self._tokens.rotate(token_id)
        request.state.about = _about(token)
        return JSONResponse({"secret": text}, headers={"cache-control": "no-store"})

    async def revoke_token(self, request: Request, token_id: TokenId) -> Response:
        """Its sockets are closed within 5 s."""
        token = await self._tokens.revoke(token_id)
        request.state.about = _about(token)
        return Response(None, 204)


class PairingRoutes:
    """The endpoints about devices that ask to be let in."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._pairings = identity.pairings

    def router(self) -> APIRouter:
        """The endpoints: asking and claiming for everybody, answering for admins."""
        router = APIRouter(tags=["identity"])
        add = router.add_api_route
        too_often: dict[int | str, dict[str, Any]] = {429: common.refused("too many ask")}
        add("/api/pairings", self.ask, methods=["POST"], status_code=201, dependencies=[PUBLIC],
            summary="Ask to be let in", response_model=answers.PairingAsked, openapi_extra=_ASK.openapi,
            responses={**answers.BODY_REFUSALS, **too_often})  # fmt: skip
        add("/api/pairings", self.waiting, dependencies=[ADMIN], summary="Devices that ask to be let in",
            response_model=answers.WaitingDevices, responses={503: answers.STATE_REFUSALS[503]})  # fmt: skip
        add("/api/pairings/claim", self.claim, methods=["POST"], dependencies=[PUBLIC],
            summary="Come back for the token", response_model=answers.PairingToken, openapi_extra=_CLAIM.openapi,
            responses={**answers.BODY_REFUSALS, **too_often,
                       202: {"model": answers.PairingState, "description": "nobody has answered yet"},
                       410: {"model": answers.PairingState, "description": "denied, expired or claimed"}})  # fmt: skip
        add("/api/pairings/{code}", self.answer_pairing, methods=["POST"], status_code=204, response_class=Response,
            dependencies=[ADMIN], summary="Let a device in, or not", openapi_extra=_ANSWER.openapi,
            responses={**answers.BODY_REFUSALS, **answers.STATE_REFUSALS})  # fmt: skip
        return router

    async def ask(self, request: Request) -> Response:
        """A device shows the code to its owner, and claims with the secret every few seconds."""
        peer = peer_of(request.scope)
        body = await _ASK.read(request)
        pairing, text = await self._pairings.ask(body.edge_id, body.name, address=peer.address, network=peer.network)
        self._identity.trail.note(body.edge_id, "ask_pairing", body.name, "done", address=peer.address, stranger=True)
        answer = {
            "code": pairing.code,
            "device_secret": text,
            "approve_path": f"/#/setup/pair/{pairing.code}",
            "interval_s": INTERVAL_S,
            "expires_s": EXPIRES_S,
        }
        return JSONResponse(answer, 201, {"cache-control": "no-store"})

    async def waiting(self) -> Response:
        """Oldest first."""
        shown = ("code", "edge_id", "name", "address", "at")
        waiting = await self._pairings.waiting()
        return JSONResponse({"pairings": [{name: getattr(each, name) for name in shown} for each in waiting]})

    async def answer_pairing(self, request: Request, code: Code) -> Response:
        """Compare the code with the one that the device shows."""
        body = await _ANSWER.read(request)
        letters = code.upper().replace("-", "")
        pairing = await self._pairings.answer(
            f"{letters[:4]}-{letters[4:]}", approve=body.approve, edge_id=body.edge_id
        )
        request.state.about = f"{'yes' if body.approve else 'no'} to {pairing.edge_id} from {pairing.address}"
        return Response(None, 204)

    async def claim(self, request: Request) -> Response:
        """202 while nobody has answered; the token is given once."""
        body = await _CLAIM.read(request)
        claimed = await self._pairings.claim(body.device_secret)
        no_store = {"cache-control": "no-store"}
        if claimed.token is not None:
            return JSONResponse({"edge_id": claimed.token.edge_id, "token": claimed.text}, headers=no_store)
        return JSONResponse({"state": claimed.state}, 202 if claimed.state == "waiting" else 410, no_store)


def _shown(token: Token) -> dict[str, object]:
    return {
        "token_id": token.token_id,
        "label": token.label,
        "edge_id": token.edge_id,
        "role": token.role,
        "created_at": round(token.created_at, 3),
        "last_used_at": token.last_used_at,
        "expires_at": token.expires_at,
        "founding": Tokens.is_founding(token),
    }


def _about(token: Token) -> str:
    return f"{token.token_id}, {token.label}, {token.edge_id or token.role or 'any edge'}"
