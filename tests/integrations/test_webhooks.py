"""Webhooks against a real HTTP server: signed, in order, once, and again until taken."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json

import aiohttp
import pytest
from aiohttp import web

from aimonitor.common.clock import SystemClock
from aimonitor.integrations.follower import Bookmarks, Follower
from aimonitor.integrations.hub import Hub
from aimonitor.integrations.settings import IntegrationsSettings, WebhookSettings
from aimonitor.integrations.site import Site
from aimonitor.integrations.webhooks import Webhook, open_checked, sign

SECRET = "whsec_" + base64.b64encode(b"a key of twenty four byt").decode()
PATIENCE_S = 15


class Receiver:
    """Answers as told, then 204; keeps what came."""

    def __init__(self):
        self.answers = []
        self.came = []

    async def take(self, request):
        self.came.append((request.headers.copy(), await request.read()))
        answer = self.answers.pop(0) if self.answers else (204, {})
        return web.Response(status=answer[0], headers=answer[1])

    @property
    def events(self):
        return [json.loads(body) for _, body in self.came]


@contextlib.asynccontextmanager
async def listening(receiver):
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    try:
        yield f"http://127.0.0.1:{server._server.sockets[0].getsockname()[1]}/hook"
    finally:
        await runner.cleanup()


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def following(hub, url, state, **settings):
    """The webhook as `app.run` wires it, in a hurry."""
    clock = SystemClock()
    async with aiohttp.ClientSession() as session:
        link = Hub(hub.url, "", session, Site(), clock)
        webhook = Webhook(WebhookSettings(url=url, secret=SECRET, **settings), session, clock)
        bookmarks = Bookmarks(state)
        follower = Follower(link, webhook, bookmarks, clock, first_retry_s=0.02)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(follower.run())]
        try:
            await until(lambda: bookmarks.get(webhook.name) is not None)
            yield follower
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def story(tell):
    asyncio.run(tell())


def test_an_event_comes_once_signed_as_the_standard_says(running_hub, yard_of, tmp_path):
    yard, receiver = yard_of(running_hub), Receiver()
    yard.happen()  # before the first start: not told

    async def tell():
        async with listening(receiver) as url, following(running_hub, url, tmp_path / "state.json") as follower:
            await asyncio.to_thread(yard.happen, incident="i2")
            await until(lambda: follower.delivered == 1)

    story(tell)
    ((headers, body),) = receiver.came
    event = json.loads(body)
    assert (event["incident_id"], event["source"], event["id"], event["level"]) == ("i2", "yard/gate", 2, "ALERT")
    assert headers["webhook-id"] == "yard/gate:2"
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = hmac.new(b"a key of twenty four byt", content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


def test_the_published_example_of_the_standard():
    """The test vector of the Standard Webhooks reference libraries."""
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_not_taken_is_tried_again_with_the_same_id_and_nothing_overtakes_it(running_hub, yard_of, tmp_path):
    yard, receiver = yard_of(running_hub), Receiver()
    receiver.answers = [(500, {}), (429, {"retry-after": "0"}), (503, {})]

    async def tell():
        async with listening(receiver) as url, following(running_hub, url, tmp_path / "state.json") as follower:
            for incident in ("i1", "i2"):
                await asyncio.to_thread(yard.happen, incident=incident)
            await until(lambda: follower.delivered == 2)
            assert follower.retries == 3

    story(tell)
    assert [headers["webhook-id"] for headers, _ in receiver.came] == ["yard/gate:1"] * 4 + ["yard/gate:2"]


@pytest.mark.parametrize("status", [400, 404, 410, 302])
def test_what_will_never_be_taken_holds_up_nobody(running_hub, yard_of, tmp_path, status):
    yard, receiver = yard_of(running_hub), Receiver()
    receiver.answers = [(status, {"location": "http://127.0.0.1:9/"})]

    async def tell():
        async with listening(receiver) as url, following(running_hub, url, tmp_path / "state.json") as follower:
            for incident in ("i1", "i2"):
                await asyncio.to_thread(yard.happen, incident=incident)
            await until(lambda: follower.delivered == 1)
            assert follower.passed_over == 1

    story(tell)
    assert [event["incident_id"] for event in receiver.events] == ["i1", "i2"]


def test_what_happens_while_we_are_away_is_told_afterwards_and_nothing_twice(running_hub, yard_of, tmp_path):
    yard, receiver, state = yard_of(running_hub), Receiver(), tmp_path / "state.json"

    async def tell():
        async with listening(receiver) as url:
            async with following(running_hub, url, state) as follower:
                await asyncio.to_thread(yard.happen, incident="before")
                await until(lambda: follower.delivered == 1)
            for number in range(250):  # more than a page of the history
                await asyncio.to_thread(yard.happen, incident=f"away-{number}")
            async with following(running_hub, url, state) as follower:
                await until(lambda: follower.delivered == 250)

    story(tell)
    assert [event["incident_id"] for event in receiver.events] == ["before"] + [f"away-{n}" for n in range(250)]


def test_only_what_was_asked_for_is_told(running_hub, yard_of, tmp_path):
    yard, receiver = yard_of(running_hub), Receiver()
    asked = {"level": "ALERT", "phases": ("opened",)}

    async def tell():
        async with listening(receiver) as url, following(running_hub, url, tmp_path / "s.json", **asked) as follower:
            for phase, level in (("opened", "WATCH"), ("opened", "CRITICAL"), ("closed", "CRITICAL")):
                await asyncio.to_thread(yard.happen, phase=phase, level=level)
            await until(lambda: follower.delivered == 3)

    story(tell)
    assert [(event["phase"], event["level"]) for event in receiver.events] == [("opened", "CRITICAL")]


def test_a_receiver_that_is_not_there_is_waited_for(running_hub, yard_of, tmp_path):
    yard, receiver = yard_of(running_hub), Receiver()

    async def tell():
        async with listening(Receiver()) as url:
            port_that_was = url
        async with following(running_hub, port_that_was, tmp_path / "state.json") as follower:
            await asyncio.to_thread(yard.happen)
            await until(lambda: follower.retries >= 2)
            assert (follower.delivered, follower.passed_over) == (0, 0)

    story(tell)
    assert receiver.came == []


def test_broken_bookmarks_are_a_sentence(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("[1, 2]")
    with pytest.raises(ValueError, match="expected bookmarks as JSON"):
        Bookmarks(path)


def test_a_secret_that_cannot_sign_is_told_at_the_start():
    with pytest.raises(ValueError, match="expected base64 after whsec_"):
        sign("whsec_not base64!", "", 0, b"")


def test_settings_want_somebody_to_tell():
    with pytest.raises(ValueError, match=r"integrations\.mqtt"):
        IntegrationsSettings()


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"])
def test_no_webhook_leads_to_where_clouds_keep_credentials(host):
    async def tell():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=open_checked)) as session:
            with pytest.raises(OSError, match="expected a receiver's IP address, got"):
                await session.post(f"http://{host}/latest/meta-data")

    story(tell)
