"""The wiring diagram of the integrations."""

from collections.abc import Coroutine
from typing import Any

import aiohttp

from aimonitor.common.clock import Clock, SystemClock
from aimonitor.common.tasks import first_of
from aimonitor.integrations.follower import Bookmarks, Follower, Receiver
from aimonitor.integrations.hub import Hub
from aimonitor.integrations.mail import Mail
from aimonitor.integrations.settings import IntegrationsSettings
from aimonitor.integrations.site import Site
from aimonitor.integrations.webhooks import Webhook, open_checked


async def run(settings: IntegrationsSettings, clock: Clock | None = None) -> None:
    """Run until cancelled.

    Raises ValueError for broken bookmarks or secrets, OSError for a state that cannot be kept.
    """
    clock = clock or SystemClock()
    bookmarks, site = Bookmarks(settings.state), Site()
    token = settings.hub_token.get_secret_value() if settings.hub_token else ""
    connector = aiohttp.TCPConnector(socket_factory=open_checked)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        hub = Hub(settings.hub, token, session, site, clock)
        receivers: list[Receiver] = [Webhook(each, session, clock) for each in settings.webhook]
        work: list[Coroutine[Any, Any, None]] = []
        if settings.mail is not None:
            receivers.append(Mail(settings.mail, hub, site))
        if settings.mqtt is not None:
            from aimonitor.integrations.bridge import Bridge

            bridge = Bridge(settings.mqtt, hub, site, clock)
            receivers.append(bridge)
            work.append(bridge.run())
        work += [Follower(hub, receiver, bookmarks, clock).run() for receiver in receivers]
        await first_of(hub.run(), *work)
