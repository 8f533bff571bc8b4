"""From events to deliveries: who is told, once for each incident and again only when it becomes worse."""

import asyncio
import hashlib
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.common.tasks import first_of
from aimonitor.contract import codec, messages
from aimonitor.contract.errors import ContractError
from aimonitor.hub.identity.people import People
from aimonitor.hub.identity.roles import Caller, Refused
from aimonitor.hub.identity.vaults import Shelf, Vault
from aimonitor.hub.identity.vaults.copied import CopiedShelf
from aimonitor.hub.metrics import Counters
from aimonitor.hub.push.post import PushRefusedError, check_endpoint, post
from aimonitor.hub.push.postman import Postman
from aimonitor.hub.push.records import Keys, Rules, ServerKey, Subscription
from aimonitor.hub.push.rules import rank, wants, zone
from aimonitor.hub.stores.base import StoreError

log = logging.getLogger(__name__)

Deliver = Callable[[str, bytes, Mapping[str, str]], None]
"""Endpoint, body, headers; in a worker thread. Raises PushRefusedError and OSError."""

_WORKERS = 8
_TOLD = 10_000
_MOST = 500
_MOST_EACH = 20
_TRIES = 3
_STALE_S = 600.0
_REFRESH_S = 5.0
_LIVES_S = 3600


class Notice(msgspec.Struct, frozen=True):
    """What a browser shows. It chooses the words itself, in its own language."""

    kind: str
    level: str
    source: str
    camera: str
    incident_id: str
    at: float
    zone: str = ""


def push_id_of(endpoint: str) -> str:
    """How a browser is called where its endpoint, which is a secret, must not be told."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:24]


class PushDesk:
    """Web push of one hub."""

    def __init__(
        self,
        vault: Vault,
        people: People,
        clock: Clock,
        counters: Counters,
        *,
        contact: str,
        camera_name: Callable[[str], str],
        deliver: Deliver | None = None,
        local: bool = False,
    ) -> None:
        """contact: mailto: or https:, told to push services; local: services on this machine will do, for trying"""
        self._shelf = CopiedShelf(Shelf(vault, "push", Subscription), lambda: None)
        self._own = Shelf(vault, "push_key", ServerKey)
        self._people = people
        self._clock = clock
        self._counters = counters
        self._contact = contact
        self._camera_name = camera_name
        self._deliver = deliver or partial(post, local=local)
        self._local = local
        self._postman = Postman(self._bring, counters)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="push")
        self._told: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lapsed: OrderedDict[str, Subscription] = OrderedDict()
        """What push services gave up, so that a browser that is late to say where it is now keeps its rules."""
        self._private = ""

    # --- people -----------------------------------------------------------------------------------------------------

    async def public_key(self) -> str:
        """The hub's key, for the browser, base64url. Raises StoreError."""
        from aimonitor.hub.push import sealing, vapid

        return sealing.pack(sealing.public_point(vapid.read_key(await self._key())))

    def of(self, caller: Caller) -> list[Subscription]:
        """Those of the person who asks."""
        mine = [each for each in self._shelf.known.values() if each.person == caller.name]
        return sorted(mine, key=lambda each: each.created_at)

    async def subscribe(self, caller: Caller, endpoint: str, keys: Keys, rules: Rules, label: str) -> Subscription:
        """Take a browser in, or its new rules. Raises Refused and StoreError."""
        self._check(endpoint, keys, rules)
        push_id = push_id_of(endpoint)
        known = self._shelf.known.get(push_id)
        if known is None and (len(self._shelf.known) >= _MOST or len(self.of(caller)) >= _MOST_EACH):
            expected = f"at most {_MOST_EACH} browsers of a person, {_MOST} of a hub"
            raise Refused(409, "$", expected, "one more", code="too_many_browsers")
        created_at = known.created_at if known else self._clock.utc()
        return await self._keep(Subscription(push_id, endpoint, keys, caller.name, rules, created_at, label))

    async def renew(self, caller: Caller, endpoint: str, keys: Keys, replaces: str) -> Subscription:
        """A browser exchanged its subscription: the new endpoint takes the place and the rules of the old one.

        An old one that was given up is remembered until the hub restarts. Raises Refused and StoreError.
        """
        old_id = push_id_of(replaces)
        lapsed = self._lapsed.get(old_id)
        old = lapsed if lapsed is not None and lapsed.person == caller.name else self._mine(caller, old_id)
        self._check(endpoint, keys, old.rules)
        renewed = Subscription(push_id_of(endpoint), endpoint, keys, caller.name, old.rules, old.created_at, old.label)
        fresh = await self._keep(renewed)
        await self._shelf.remove(old_id)
        self._lapsed.pop(old_id, None)
        return fresh

    def _check(self, endpoint: str, keys: Keys, rules: Rules) -> None:
        from aimonitor.hub.push import sealing

        try:
            check_endpoint(endpoint, local=self._local)
            zone(rules.timezone)
            sealing.point(keys.p256dh)
            sealing.unpack(keys.auth)
        except ValueError as error:
            raise Refused(422, "$", "a browser's subscription", str(error)) from None

    async def _keep(self, subscription: Subscription) -> Subscription:
        await self._shelf.remove(subscription.push_id)
        await self._shelf.add(subscription.push_id, subscription)
        return subscription

    async def forget(self, caller: Caller, push_id: str) -> None:
        """Tell that browser nothing more. Raises Refused and StoreError."""
        self._mine(caller, push_id)
        await self._shelf.remove(push_id)

    def attempt(self, caller: Caller, push_id: str) -> None:
        """Send one to see whether it arrives. Raises Refused."""
        subscription = self._mine(caller, push_id)
        self._put(subscription, Notice("test", "NORMAL", "", "", "", round(self._clock.utc(), 3)))

    def _mine(self, caller: Caller, push_id: str) -> Subscription:
        found = self._shelf.known.get(push_id)
        if found is None or found.person != caller.name:
            raise Refused(404, "push_id", "a browser of yours", "one that is not known")
        return found

    # --- events -----------------------------------------------------------------------------------------------------

    def consider(self, body: str) -> None:
        """A new event was stored: tell whoever wants to know, unless it is old news. Never waits."""
        if not self._shelf.known:
            return
        try:
            event = codec.decode(body)
        except ContractError:
            return
        utc = self._clock.utc()
        if not isinstance(event, messages.Event) or event.phase == "closed" or utc - event.at > _STALE_S:
            return
        notice = None
        for subscription in self._shelf.known.values():
            told = (subscription.push_id, f"{event.source} {event.incident_id}")
            if self._told.get(told, -1) >= rank(event.level) or not self._may_know(subscription):
                continue
            if wants(subscription.rules, event, utc):
                notice = notice or self._notice(event)
                self._put(subscription, notice)
                self._told[told] = rank(event.level)
                if len(self._told) > _TOLD:
                    self._told.popitem(last=False)

    def _may_know(self, subscription: Subscription) -> bool:
        """A person who was removed is told nothing more; where nobody signs in, this machine is told."""
        return not self._people.any or self._people.get(subscription.person) is not None

    def _notice(self, event: messages.Event) -> Notice:
        name = self._camera_name(event.source)
        return Notice(event.kind, event.level, event.source, name, event.incident_id, event.at, event.zone)

    def _put(self, subscription: Subscription, notice: Notice) -> None:
        self._postman.put(subscription, msgspec.json.encode(notice))

    # --- life -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver, and keep up with what other hubs were told, until cancelled."""
        try:
            await first_of(self._postman.run(), self._keep_up())
        finally:
            self._workers.shutdown(wait=False, cancel_futures=True)

    async def _keep_up(self) -> None:
        while True:
            try:
                await self._shelf.refresh()
            except StoreError as error:
                log.debug("web push: %s", error)
            await asyncio.sleep(_REFRESH_S)

    async def _bring(self, subscription: Subscription, message: bytes) -> None:
        """A few tries; what a service will never take ends the subscription."""
        wait_s = 1.0
        for _ in range(_TRIES):
            try:
                body, headers = await self._sealed(subscription, message)
                deliver = partial(self._deliver, subscription.endpoint, body, headers)
                await asyncio.get_running_loop().run_in_executor(self._workers, deliver)
            except PushRefusedError as error:
                if error.gone:
                    self._counters.push_unsubscribed += 1
                    log.info("web push: a browser of %s unsubscribed", subscription.person)
                    await self._drop(subscription)
                    return
                if error.retry_after_s is None:
                    log.warning("web push: not delivered: %s", error)
                    break
                wait_s = min(error.retry_after_s, 60.0)
            except (OSError, StoreError, ValueError) as error:
                log.debug("web push: %s", error)
            else:
                self._counters.push_sent += 1
                return
            await asyncio.sleep(wait_s)
            wait_s *= 2
        self._counters.push_failed += 1

    async def _drop(self, subscription: Subscription) -> None:
        self._lapsed[subscription.push_id] = subscription
        if len(self._lapsed) > _MOST:
            self._lapsed.popitem(last=False)
        try:
            await self._shelf.remove(subscription.push_id)
        except StoreError as error:
            log.debug("web push: %s", error)

    async def _sealed(self, subscription: Subscription, message: bytes) -> tuple[bytes, Mapping[str, str]]:
        from cryptography.hazmat.primitives.asymmetric import ec

        from aimonitor.hub.push import sealing, vapid

        own = ec.generate_private_key(ec.SECP256R1())
        body = sealing.seal(message, subscription.keys, own, secrets.token_bytes(16))
        key = vapid.read_key(await self._key())
        return body, {
            "Authorization": vapid.authorization(subscription.endpoint, key, self._contact, self._clock.utc()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_LIVES_S),
            "Urgency": "high",
        }

    async def _key(self) -> str:
        """The hub's private key; made once, and the same on every hub that shares the vault. Raises StoreError."""
        if not self._private:
            from aimonitor.hub.push import vapid

            await self._own.add("vapid", ServerKey(vapid.new_key()))
            kept = await self._own.get("vapid")
            if kept is None:
                raise StoreError("web push: the key that was just kept is gone")
            self._private = kept.private
        return self._private
