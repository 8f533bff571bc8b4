"""All routes of identity."""

from typing import Protocol

from fastapi import APIRouter

from aimonitor.hub.identity.desk import Identity
from aimonitor.hub.identity.guard import Guard
from aimonitor.hub.identity.routes_people import PeopleRoutes
from aimonitor.hub.identity.routes_session import SessionRoutes
from aimonitor.hub.identity.routes_tokens import PairingRoutes, TokenRoutes


class Door(Protocol):
    """Some endpoints that belong together."""

    def router(self) -> APIRouter:
        """The endpoints."""
        ...


def doors(identity: Identity, guard: Guard) -> tuple[Door, ...]:
    """Sessions, people, tokens and pairings."""
    return SessionRoutes(identity, guard), PeopleRoutes(identity), TokenRoutes(identity), PairingRoutes(identity)
