"""The one connection to the hub: outwards only, so that it works behind NAT; it comes back by itself.

Threads hand in what is to be said (`offer`, `say`, `event_stored`); the event loop says it. Order on the wire: status
and results, then events (until the hub acknowledges them), then the newest picture and figures of each camera.
Nothing here queues pictures: each camera has one slot for a shot with a picture and one for figures alone.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI, WebSocketException

import aimonitor
from aimonitor.common import backoff
from aimonitor.common.clock import Clock
from aimonitor.common.mailbox import Latest, Outbox
from aimonitor.common.tasks import first_of
from aimonitor.common.websocket_client import HubConnection
from aimonitor.contract import codec, founding, messages, seal
from aimonitor.contract.errors import ContractError
from aimonitor.contract.overlays import Layout
from aimonitor.edge.budget import Budget, BudgetLimits
from aimonitor.edge.event_feed import EventFeed
from aimonitor.edge.journal import Journal
from aimonitor.edge.publisher import Shot
from aimonitor.edge.retelling import Retelling

log = logging.getLogger(__name__)

Command = Callable[[messages.Command], Awaitable[messages.CommandResult]]
Attend = Callable[[messages.Attention], None]

_HANDSHAKE_S = 8.0
_WRITE_BUFFER = 32 * 1024  # small, so that what waits is the newest and not a queue in the transport
_OPEN_S = 4.0  # SYNs leave after 0, 1 and 3 s: with _RETRY_CAP_S one comes within 3 s of the end of a black hole
_RETRY_CAP_S = 1.0
_SPREAD_CAP_S = 10.0
_CHECK_EVERY_S = 0.25
_REFUSED_RETRY_S = 30.0
_FOUNDING_HEARTBEAT_S = 2.0


class TokenRefusedError(ConnectionError):
    """The hub does not know our token, or knows it as another edge's."""


class SilentHubError(ConnectionError):
    """The connection stands but nothing comes: a black hole on the way."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the hub is and who we are to it."""

    url: str
    edge_id: str
    token: str = ""
    silence_s: float = 4.0


class _Slots:
    """The newest shot with a picture and the newest figures of one camera."""

    def __init__(self) -> None:
        self.picture: Latest[Shot] = Latest()
        self.figures: Latest[Shot] = Latest()


class Uplink:
    """Keeps one connection to the hub while `run` runs. `connected`, `sent_bytes` and `reconnects` are for status."""

    def __init__(
        self,
        address: Address,
        *,
        cameras: Sequence[messages.CameraInfo],
        boot_id: str,
        journal: Journal,
        clock: Clock,
        attend: Attend,
        command: Command,
        budget: Budget | None = None,
    ) -> None:
        self._address = address
        self._cameras = tuple(cameras)
        self._boot_id = boot_id
        self._journal = journal
        self._events = EventFeed(journal, clock)
        self._clock = clock
        self._attend = attend
        self._command = command
        self._budget = budget or Budget(BudgetLimits(), clock.monotonic())
        self._slots = {camera.camera_id: _Slots() for camera in cameras}
        self._outbox: Outbox[messages.AnyMessage] = Outbox(1000, self._wake_up)
        self._lasting: dict[tuple[type, str], messages.Status | Layout] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._heard_at = 0.0
        self._spread_s = 0.0
        self._hub_seals = False
        self._told_trouble = ""
        self._retelling = Retelling()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connected = False
        self.welcomed = False
        self.sent_bytes = 0
        self.reconnects = 0

    # --- from any thread --------------------------------------------------------------------------------------------

    def offer(self, camera_id: str, shot: Shot) -> None:
        """Hand in what is to be said of a frame; it replaces an older one of the same kind that still waits."""
        slots = self._slots.get(camera_id)
        if slots is None:  # the camera has just been removed
            return
        (slots.picture if shot.jpeg else slots.figures).put(shot)
        self._wake_up()

    def declare(self, cameras: Sequence[messages.CameraInfo]) -> None:
        """Have exactly these cameras from now on, and tell the hub. Called on the loop."""
        self._cameras = tuple(cameras)
        known = self._slots
        self._slots = {camera.camera_id: known.get(camera.camera_id) or _Slots() for camera in cameras}
        ours = {messages.source_of(self._address.edge_id, camera_id) for camera_id in self._slots}
        self._lasting = {key: each for key, each in self._lasting.items() if each.source in ours}
        if self.connected:
            self._outbox.put(messages.Cameras(self._cameras))

    def say(self, message: messages.Status | Layout | messages.CommandResult) -> None:
        """Hand in a message that is worth sending late; what lasts (status, layout) is said again on reconnect."""
        if not isinstance(message, messages.CommandResult):
            self._lasting[type(message), message.source] = message
            if not self.connected:
                return
        self._outbox.put(message)

    def event_stored(self) -> None:
        """Tell that the journal holds something new."""
        self._wake_up()

    @property
    def dropped(self) -> int:
        """Shots that were replaced before they could be sent."""
        return sum(slots.picture.overwritten + slots.figures.overwritten for slots in self._slots.values())

    def _wake_up(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    # --- on the loop ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises TokenRefusedError when the hub refuses the token before it ever accepted us, and ValueError for an
        address that is none; every other failure is waited out.
        """
        self._loop = asyncio.get_running_loop()
        waits = backoff.delays(first=0.2, cap=_RETRY_CAP_S)
        failures = 0
        while True:
            try:
                await self._converse()
            except TokenRefusedError:
                if not self.welcomed:
                    raise
                log.warning("the hub at %s refuses our token now; trying again every 30 s", self._address.url)
                await asyncio.sleep(_REFUSED_RETRY_S)
            except InvalidURI as error:
                words = f"hub address {self._address.url!r}: expected ws://host:port/ws/laptop: {error}"
                raise ValueError(words) from None
            except (OSError, TimeoutError, WebSocketException, ContractError) as error:
                if self.connected:
                    waits, failures = backoff.delays(first=0.2, cap=_RETRY_CAP_S), 0
                level = logging.WARNING if failures == 0 else logging.DEBUG
                log.log(level, "no connection to the hub at %s: %s; trying again", self._address.url, _reason(error))
                failures += 1
            finally:
                was_connected, self.connected = self.connected, False
            self.reconnects += 1
            await asyncio.sleep(self._pause_s(next(waits), was_connected=was_connected))

    def _pause_s(self, wait_s: float, *, was_connected: bool) -> float:
        """Seconds until the next attempt, for an edge among many that lost the same hub.

        A random moment within the spread that the hub asked for, then again and again after one whole spread: whenever
        the hub is back, the edges come to it evenly.
        """
        return wait_s + random.uniform(0.0, self._spread_s) if was_connected else max(wait_s, self._spread_s)

    async def _converse(self) -> None:
        """One connection from beginning to end; returns or raises when it is over."""
        async with connect(
            self._address.url,
            create_connection=HubConnection,
            subprotocols=[messages.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            open_timeout=_OPEN_S,
            happy_eyeballs_delay=0.25,  # RFC 8305: where a name stands for several hubs, one that is gone costs no wait
            close_timeout=1,
            ping_interval=None,
            max_size=codec.TEXT_LIMIT,
            write_limit=_WRITE_BUFFER,
            user_agent_header=f"aimonitor/{aimonitor.__version__}",
        ) as socket:
            self._heard_at = self._clock.monotonic()
            if socket.subprotocol is None:
                await self._speak_founding(socket)
            else:
                heartbeat_s = await self._greet(socket)
                beating = (self._ping(socket, heartbeat_s), self._mind_silence(socket, heartbeat_s))
                await first_of(self._listen(socket), self._speak(socket), *beating)

    async def _greet(self, socket: ClientConnection) -> float:
        """Hello and Welcome; returns the heartbeat in seconds."""
        self._told_trouble = self._journal.trouble[:1000]
        hello = messages.Hello(
            software=f"aimonitor-{aimonitor.__version__}",
            edge_id=self._address.edge_id,
            token=self._address.token,
            boot_id=self._boot_id,
            cameras=self._cameras,
            journal_first=self._journal.first,
            journal_last=self._journal.last,
            sealed=True,
            trouble=self._told_trouble,
        )
        await self._send(socket, codec.encode(seal.seal(hello)))
        try:
            data = await asyncio.wait_for(socket.recv(), _HANDSHAKE_S)
            answer = codec.decode(data)
        except ConnectionClosed as error:
            raise _refused(error) from None
        if not isinstance(answer, messages.Welcome):
            raise ContractError("$.type", "welcome", type(answer).__name__)
        seal.verify(answer, data, required=False)
        if answer.edge_id not in ("", self._address.edge_id):
            raise TokenRefusedError(
                f"the token belongs to the edge {answer.edge_id!r}, and this one is called {self._address.edge_id!r}: "
                f"start it with --edge-id {answer.edge_id}, or give it its own token"
            )
        self._hub_seals = answer.check != 0
        self._spread_s = min(_SPREAD_CAP_S, answer.spread_s)
        await self._events.begin(answer.acked_seq)
        self._begin_again(hello)
        self.connected = self.welcomed = True
        self._wake.set()
        log.info("connected to the hub at %s as %s", self._address.url, answer.edge_id or self._address.edge_id)
        return max(0.5, answer.heartbeat_s)

    def _begin_again(self, hello: messages.Hello) -> None:
        """What was meant for the connection before is nobody's any more; what lasts is said anew."""
        self._retelling.begin()
        self._outbox.take_all()
        if self._cameras != hello.cameras:  # they were exchanged while the hub thought about its Welcome
            self._outbox.put(messages.Cameras(self._cameras))
        for each in self._lasting.values():
            self._outbox.put(each)

    async def _listen(self, socket: ClientConnection) -> None:
        async for data in socket:
            self._heard_at = self._clock.monotonic()
            match codec.decode(data):
                case messages.Ack(seq=seq) as ack:
                    seal.verify(ack, data, required=self._hub_seals)
                    await self._events.acknowledge(seq)
                    self._wake.set()
                case messages.Welcome(spread_s=spread_s):
                    self._spread_s = min(_SPREAD_CAP_S, spread_s)
                case messages.Refill(after_seq=seq):
                    self._rewind(seq)
                case messages.Attention() as attention:
                    self._attend(attention)
                case messages.Command() as command:
                    obeying = asyncio.ensure_future(self._obey(command))
                    self._tasks.add(obeying)
                    obeying.add_done_callback(self._tasks.discard)
                case messages.Ping(sent_at=sent_at):
                    now = self._clock.utc()
                    await self._send(socket, codec.encode(messages.Pong(sent_at, now, now)))
                case messages.Refusal(field=field, expected=expected, got=got):
                    log.error("the hub refused a message of ours: %s: expected %s, got %s", field, expected, got)
                    self._rewind(self._events.acked_seq)
                case _:
                    pass
        raise ConnectionError(f"the hub closed the connection ({socket.close_code} {socket.close_reason})")

    async def _speak(self, socket: ClientConnection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            for message in self._outbox.take_all():
                await self._send(socket, codec.encode(message))
            await self._events.send(lambda event: self._send(socket, codec.encode(seal.seal(event))))
            for slots in self._slots.values():
                for shot in (slots.picture.get(0), slots.figures.get(0)):
                    if shot is not None:
                        await self._send_shot(socket, shot)

    def _rewind(self, seq: int) -> None:
        self._events.rewind(seq)
        self._wake.set()

    async def _send_shot(self, socket: ClientConnection, shot: Shot) -> None:
        if shot.thermogram is not None:
            await self._send(socket, codec.encode(shot.thermogram))
        await self._send(socket, codec.encode(self._retelling.words(shot)))
        if shot.jpeg:
            await self._send(socket, shot.frame(self._clock.monotonic()))

    async def _ping(self, socket: ClientConnection, heartbeat_s: float) -> None:
        while True:
            await self._send(socket, codec.encode(messages.Ping(self._clock.utc())))
            self._wake.set()  # whoever stored an event and died before it told has told now
            await asyncio.sleep(heartbeat_s)

    async def _mind_silence(self, socket: ClientConnection, heartbeat_s: float) -> None:
        """Let go of a connection on which nothing comes. Says nothing itself: what is said may wait for ever there."""
        while True:
            silent_s = self._clock.monotonic() - self._heard_at
            if silent_s > max(self._address.silence_s, 2 * heartbeat_s):
                socket.transport.abort()  # no goodbye: nobody would hear it
                raise SilentHubError(f"nothing heard from the hub for {silent_s:.1f} s")
            if self._journal.trouble[:1000] != self._told_trouble:
                raise ConnectionError(f"the hub is to know at once: {self._journal.trouble}")
            await asyncio.sleep(_CHECK_EVERY_S)

    async def _obey(self, command: messages.Command) -> None:
        self.say(await self._command(command))

    async def _speak_founding(self, socket: ClientConnection) -> None:
        """The hub knows only the founding format: token first, then a JSON message for every frame with a picture."""
        log.info("the hub at %s speaks the founding format; sending every frame", self._address.url)
        self._told_trouble = self._journal.trouble[:1000]
        if self._address.token:
            await self._send(socket, self._address.token)
        self.connected = self.welcomed = True
        beating = (self._ping_founding(socket), self._mind_silence(socket, _FOUNDING_HEARTBEAT_S))
        await first_of(self._listen_founding(socket), self._push_founding(socket), *beating)

    async def _ping_founding(self, socket: ClientConnection) -> None:
        """A founding hub says nothing by itself, but its WebSocket answers pings (RFC 6455, 5.5.2)."""
        while True:
            answered = await socket.ping()
            await answered
            self._heard_at = self._clock.monotonic()
            await asyncio.sleep(_FOUNDING_HEARTBEAT_S)

    async def _listen_founding(self, socket: ClientConnection) -> None:
        async for _ in socket:
            self._heard_at = self._clock.monotonic()
        raise _refused(ConnectionClosed(socket.protocol.close_rcvd, socket.protocol.close_sent, None))

    async def _push_founding(self, socket: ClientConnection) -> None:
        for camera_id in self._slots:
            self._attend(messages.Attention(camera_id, "full", lease_s=1e6))
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._outbox.take_all()
            for slots in self._slots.values():
                slots.figures.get(0)
                shot = slots.picture.get(0)
                if shot is not None:
                    message = founding.from_observation(shot.observation)
                    await self._send(socket, founding.compose(message, shot.jpeg).decode("ascii"))

    async def _send(self, socket: ClientConnection, data: str | bytes) -> None:
        self.sent_bytes += len(data)
        self._budget.spend(len(data), self._clock.monotonic(), self._clock.utc())
        await socket.send(data)


def _refused(error: ConnectionClosed) -> ConnectionError:
    if error.rcvd is not None and error.rcvd.code == founding.WRONG_TOKEN:
        return TokenRefusedError(
            "the hub refused the token; `aimonitor pair --hub <address>` gets one, or set AIMONITOR_EDGE_TOKEN to the "
            "one that the hub has for this edge"
        )
    return ConnectionError(f"the hub closed the connection ({error})")


def _reason(error: BaseException) -> str:
    words = str(error) or type(error).__name__
    return f"the server there answered {words}" if isinstance(error, InvalidHandshake) else words
