"""The uplink against a hub of twenty lines: what is said, in which order, and what happens when the hub goes."""

import asyncio
import contextlib
from dataclasses import replace
from types import SimpleNamespace

import pytest
from websockets.asyncio.server import serve

from aimonitor.common.clock import SystemClock
from aimonitor.contract import codec, founding, frames, messages
from aimonitor.contract.overlays import Layout, Thermogram, ZoneView
from aimonitor.edge import event_feed
from aimonitor.edge.journal import Journal, JournalError
from aimonitor.edge.publisher import Shot
from aimonitor.edge.uplink import Address, TokenRefusedError, Uplink


class TinyHub:
    """Accepts one edge at a time and keeps what it says; `acks` says whether events are acknowledged."""

    def __init__(self, *, acks=True, speaks=True, refuses=False, founding_only=False, name="e"):
        self.heard = []
        self.pictures = []
        self.hellos = 0
        self.acks, self.speaks, self.refuses, self.founding_only = acks, speaks, refuses, founding_only
        self.socket = None
        self.name = name
        self.acked = 0

    async def handle(self, socket):
        self.socket = socket
        if self.founding_only:
            async for data in socket:
                self.heard.append(data)
            return
        async for data in socket:
            if isinstance(data, bytes):
                self.pictures.append(frames.decode_header(data))
                continue
            message = codec.decode(data)
            self.heard.append(message)
            await self.answer(socket, message)

    async def answer(self, socket, message):
        match message:
            case messages.Hello() if self.refuses:
                await socket.close(founding.WRONG_TOKEN, "wrong token")
            case messages.Hello():
                self.hellos += 1
                welcome = messages.Welcome("hub", 1.0, self.name, heartbeat_s=0.5, acked_seq=self.acked)
                await socket.send(codec.encode(welcome))
            case messages.Event(seq=seq) if self.acks:
                self.acked = seq
                await socket.send(codec.encode(messages.Ack(seq)))
            case messages.Ping(sent_at=sent_at) if self.speaks:
                await socket.send(codec.encode(messages.Pong(sent_at, 1.0, 1.0)))

    def events(self):
        return [message.seq for message in self.heard if isinstance(message, messages.Event)]


@contextlib.asynccontextmanager
async def at_work(hub, journal, port=0, silence_s=4.5):
    subprotocols = None if hub.founding_only else [messages.SUBPROTOCOL]
    async with serve(hub.handle, "127.0.0.1", port, subprotocols=subprotocols, close_timeout=0.5) as server:
        port = server.sockets[0].getsockname()[1]
        desk = SimpleNamespace(attentions=[], commands=[])

        async def obey(command):
            desk.commands.append(command)
            return messages.CommandResult(command.command_id, ok=True, words="done")

        uplink = Uplink(
            Address(f"ws://127.0.0.1:{port}/ws/laptop", "e", "secret", silence_s),
            cameras=[messages.CameraInfo("gate")],
            boot_id="b",
            journal=journal,
            clock=SystemClock(),
            attend=desk.attentions.append,
            command=obey,
        )
        running = asyncio.ensure_future(uplink.run())
        try:
            yield SimpleNamespace(uplink=uplink, running=running, desk=desk, server=server, port=port)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(condition, within=10.0):
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


def event(seq):
    return messages.Event(
        source="e/gate", seq=seq, incident_id="i", kind="person", phase="opened", at=1.0, opened_at=1.0
    )


TINY = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x78\x00\xa0\x01\x01\x11\x00\xff\xd9"


def shot(frame_id, jpeg=TINY):
    risk = messages.RiskView(0.1, "NORMAL")
    return Shot(messages.Observation("e/gate", frame_id, 1.0, 160, 120, risk), at=0.0, jpeg=jpeg)


@pytest.fixture
def journal(tmp_path):
    opened = Journal(tmp_path / "edge.sqlite3", SystemClock())
    yield opened
    opened.close()


def test_events_wait_in_the_journal_until_acknowledged_and_are_resent_after_a_cut(journal):
    async def story():
        stored = [journal.append(event).seq for _ in range(3)]
        hub = TinyHub(acks=False)
        async with at_work(hub, journal) as edge:
            await until(lambda: len(hub.events()) == 3)
            assert journal.acked == 0
            hub.acks = True
            await hub.socket.close()
            await until(lambda: journal.acked == stored[-1])
            assert hub.events() == stored * 2
            stored.append(journal.append(event).seq)
            edge.uplink.event_stored()
            await until(lambda: journal.acked == stored[-1])
            assert hub.events()[-1] == stored[-1]

    asyncio.run(story())


def test_a_hub_that_lost_its_store_gets_again_what_it_asks_for(journal):
    async def story():
        stored = [journal.append(event).seq for _ in range(250)]
        hub = TinyHub()
        async with at_work(hub, journal):
            await until(lambda: journal.acked == stored[-1])
            hub.heard.clear()
            await hub.socket.send(codec.encode(messages.Refill(stored[9], stored[219])))
            await until(lambda: len(hub.events()) == 240)
            assert hub.events() == stored[10:]

    asyncio.run(story())


def test_events_are_numbered_above_all_that_the_hub_has_of_a_journal_before_this_one(journal):
    """A new disk in a machine whose clock lags: the hub would take these events for others that it has."""

    async def story(hub):
        hub.acked = journal.last + 1_000_000
        above = hub.acked
        for _ in range(3):
            journal.append(event)
        async with at_work(hub, journal):
            await until(lambda: len(hub.events()) == 3)
            first = hub.events()[0]
            assert first > above
            assert hub.events() == [first, first + 1, first + 2]
            await until(lambda: journal.acked == journal.last)

    asyncio.run(story(TinyHub()))


def test_a_journal_that_cannot_be_read_costs_no_picture_and_its_events_come_later(journal, monkeypatch, caplog):
    async def story(hub):
        stored = journal.append(event).seq
        broken = {"after": True}
        plain = journal.after

        def after(*arguments):
            if broken["after"]:
                raise JournalError("journal: could not read events: disk I/O error")
            return plain(*arguments)

        monkeypatch.setattr(journal, "after", after)
        monkeypatch.setattr(event_feed, "_RETRY_S", 0.01)
        async with at_work(hub, journal) as edge:
            await until(lambda: edge.uplink.connected)
            for number in range(1, 4):
                edge.uplink.offer("gate", shot(number))
                await until(lambda number=number: len(hub.pictures) == number)
            assert hub.hellos == 1
            assert [each.levelname for each in caplog.records if "disk I/O" in each.message] == ["ERROR"]
            broken["after"] = False
            await until(lambda: hub.events() == [stored])

    asyncio.run(story(TinyHub()))


def test_an_event_that_is_stored_while_the_journal_is_found_empty_is_said_at_once(journal, monkeypatch):
    async def story(hub):
        plain, stored = journal.after, []

        def after(*arguments):
            found = plain(*arguments)
            if not stored:
                stored.append(journal.append(event).seq)
            return found

        monkeypatch.setattr(journal, "after", after)
        async with at_work(hub, journal):
            await until(lambda: hub.events() == stored != [])

    asyncio.run(story(TinyHub()))


def test_the_hub_hears_that_events_are_in_memory_alone_when_that_begins(journal):
    async def story(hub):
        async with at_work(hub, journal) as edge:
            await until(lambda: edge.uplink.connected)
            journal.trouble = "journal x: gone; events are kept in memory alone"
            await until(lambda: hub.hellos == 2)
        hellos = [each.trouble for each in hub.heard if isinstance(each, messages.Hello)]
        assert hellos == ["", journal.trouble]

    asyncio.run(story(TinyHub()))


def test_a_message_that_was_refused_is_said_again(journal):
    async def story():
        stored = [journal.append(event).seq for _ in range(3)]
        hub = TinyHub(acks=False)
        async with at_work(hub, journal):
            await until(lambda: len(hub.events()) == 3)
            await hub.socket.send(codec.encode(messages.Refusal("$", "a JSON message", "noise")))
            await until(lambda: hub.events() == stored * 2)

    asyncio.run(story())


def test_the_newest_picture_wins_and_its_figures_come_first(journal):
    async def story():
        hub = TinyHub()
        async with at_work(hub, journal) as edge:
            for frame_id in (1, 2, 3):
                edge.uplink.offer("gate", shot(frame_id))
            await until(lambda: hub.pictures)
            assert edge.uplink.dropped == 2
            assert [header.frame_id for header, _ in hub.pictures] == [3]
            said = [message for message in hub.heard if isinstance(message, messages.Observation)]
            assert [message.frame_id for message in said] == [3]

    asyncio.run(story())


def test_it_comes_back_to_a_hub_that_was_restarted_and_says_its_last_status_again(journal):
    async def story():
        status = messages.Status("e/gate", "live", 1.0)
        first = TinyHub()
        async with at_work(first, journal) as edge:
            edge.uplink.say(status)
            await until(lambda: status in first.heard)
            edge.server.close()
            await edge.server.wait_closed()
            await until(lambda: not edge.uplink.connected)
            second = TinyHub()
            async with serve(second.handle, "127.0.0.1", edge.port, subprotocols=[messages.SUBPROTOCOL]):
                await until(lambda: status in second.heard, within=3.5)

    asyncio.run(story())


def test_cameras_that_are_exchanged_while_the_hub_says_welcome_are_told(journal):
    class Thoughtful(TinyHub):
        async def answer(self, socket, message):
            if isinstance(message, messages.Hello):
                self.edge.uplink.declare([messages.CameraInfo("gate"), messages.CameraInfo("door")])
            await super().answer(socket, message)

    async def story(hub):
        async with at_work(hub, journal) as hub.edge:
            await until(lambda: any(isinstance(each, messages.Cameras) for each in hub.heard))
        [told] = [each for each in hub.heard if isinstance(each, messages.Cameras)]
        assert [camera.camera_id for camera in told.cameras] == ["gate", "door"]

    asyncio.run(story(Thoughtful()))


def test_what_lasts_is_said_again_once_and_only_of_cameras_that_are_there(journal):
    async def story():
        zone = ZoneView("Gate", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
        hub = TinyHub()
        async with at_work(hub, journal) as edge:
            for layout in (Layout("e/gate"), Layout("e/gate", (zone,)), Layout("e/shed")):
                edge.uplink.say(layout)
            await until(lambda: Layout("e/shed") in hub.heard)
            edge.uplink.declare([messages.CameraInfo("gate")])
            hub.heard.clear()
            await hub.socket.close()
            await until(lambda: hub.hellos == 2 and any(isinstance(said, messages.Ping) for said in hub.heard))
            assert [said for said in hub.heard if isinstance(said, Layout)] == [Layout("e/gate", (zone,))]

    asyncio.run(story())


def test_a_thermogram_goes_before_the_frame_that_it_belongs_to(journal):
    async def story():
        hub = TinyHub()
        felt = Thermogram("e/gate", 3, 1.0, 2, 1, 20.0, 30.0, bytes([0, 254]))
        async with at_work(hub, journal) as edge:
            await until(lambda: edge.uplink.connected)
            edge.uplink.offer("gate", replace(shot(3), thermogram=felt))
            await until(lambda: hub.pictures)
            kinds = (Thermogram, messages.Observation)
            assert [type(said) for said in hub.heard if isinstance(said, kinds)] == [*kinds]

    asyncio.run(story())


def test_a_hub_that_falls_silent_is_left_and_tried_anew(journal):
    async def story():
        hub = TinyHub(speaks=False)
        async with at_work(hub, journal, silence_s=1.0):
            await until(lambda: hub.hellos >= 2, within=5)

    asyncio.run(story())


@pytest.mark.parametrize("founding_only", [False, True], ids=["v2", "founding"])
def test_a_hub_that_takes_nothing_any_more_is_left_while_pictures_want_to_go_out(journal, founding_only):
    """A black hole: the socket stands, and what is written stays in it."""
    large = TINY[:-2] + b"\x00" * 400_000 + TINY[-2:]

    async def story(hub):
        async with at_work(hub, journal, silence_s=1.0) as edge:
            await until(lambda: edge.uplink.connected and hub.socket is not None)
            deaf = hub.socket
            deaf.transport.pause_reading()

            def still_there():
                edge.uplink.offer("gate", shot(1, large))
                return hub.socket is deaf

            await until(lambda: not still_there(), within=15.0)

    asyncio.run(story(TinyHub(founding_only=founding_only)))


def test_a_refused_token_ends_an_edge_that_was_never_welcome(journal):
    async def story():
        async with at_work(TinyHub(refuses=True), journal) as edge:
            with pytest.raises(TokenRefusedError):
                await asyncio.wait_for(edge.running, 5)

    asyncio.run(story())


def test_a_token_of_another_edge_says_whose_it_is(journal):
    async def story():
        async with at_work(TinyHub(name="shop"), journal) as edge:
            with pytest.raises(TokenRefusedError, match="belongs to the edge 'shop', and this one is called 'e'"):
                await asyncio.wait_for(edge.running, 5)

    asyncio.run(story())


def test_attention_and_commands_reach_the_edge_and_the_result_goes_back(journal):
    async def story():
        hub = TinyHub()
        async with at_work(hub, journal) as edge:
            await until(lambda: hub.hellos)
            attention = messages.Attention("gate", "full", 10.0)
            await hub.socket.send(codec.encode(attention))
            await hub.socket.send('{"type":"from_a_newer_hub","x":1}')
            await hub.socket.send(codec.encode(messages.Command("c1", "e/gate", "snapshot")))
            await until(lambda: messages.CommandResult("c1", ok=True, words="done") in hub.heard)
            assert edge.desk.attentions == [attention]

    asyncio.run(story())


def test_a_founding_hub_gets_the_token_and_then_founding_messages(journal):
    async def story():
        hub = TinyHub(founding_only=True)
        async with at_work(hub, journal) as edge:
            await until(lambda: edge.uplink.connected)
            edge.uplink.offer("gate", shot(5))
            await until(lambda: len(hub.heard) == 2)
            assert hub.heard[0] == "secret"
            message = founding.parse(hub.heard[1])
            assert (message.frame_id, founding.picture(message)) == (5, TINY)
            assert edge.desk.attentions[0].rung == "full"

    asyncio.run(story())
