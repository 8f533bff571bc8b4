"""What is critical while the hub is away, told to Telegram by the edge itself.

A hub on a free plan sleeps, and the bot with it. An edge that has had no hub for a while therefore tells in plain text
what cannot wait; everything else does, for the hub gets every event later anyway, and its bot tells it then.
Of the Bot API it needs one method: https://core.telegram.org/bots/api#sendmessage.
"""

import asyncio
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import datetime

from aimonitor.common.backoff import delays
from aimonitor.common.clock import Clock
from aimonitor.contract.messages import Event
from aimonitor.edge.journal import Journal, JournalError

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_TIMEOUT_S = 10.0
_NEWS_S = 30.0
"""How much older than the hub's absence an event may be that the hub has not confirmed."""
_SHOWN = 10
_LONGEST_WAIT_S = 300.0
_REMEMBERED = 1000


class NotToldError(RuntimeError):
    """Telegram took the message for no chat; `after_s` is when to try again, where it said."""

    def __init__(self, words: str, after_s: float = 0.0) -> None:
        super().__init__(words)
        self.after_s = after_s


class Telegram:
    """One bot, and the chats to which it speaks. Nothing that it says of a failure has the token in it."""

    def __init__(self, token: str, chats: Sequence[int], api: str = "https://api.telegram.org") -> None:
        self._method = f"{api}/bot{token}/sendMessage"
        self._chats = tuple(chats)

    def send(self, text: str) -> None:
        """Send to every chat; raises NotToldError when none took it. Waits for the network: not for the loop."""
        failures = [failure for chat in self._chats if (failure := self._send(chat, text)) is not None]
        for failure in failures:
            log.warning("Telegram did not take what is critical: %s", failure)
        if len(failures) == len(self._chats):
            raise NotToldError("no chat was told", max((each.after_s for each in failures), default=0.0))

    def _send(self, chat: int, text: str) -> NotToldError | None:
        body = json.dumps({"chat_id": chat, "text": text}).encode()
        request = urllib.request.Request(self._method, body, {"content-type": "application/json"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S):
                return None
        except urllib.error.HTTPError as error:
            with error:
                return _refusal(chat, error.code, error.read(4096))
        except OSError as error:
            return NotToldError(f"chat {chat}: {getattr(error, 'reason', error)}")


def _refusal(chat: int, status: int, answer: bytes) -> NotToldError:
    try:
        said = json.loads(answer)
        words = str(said.get("description", ""))[:200]
        after_s = float(said.get("parameters", {}).get("retry_after", 0))
    except (ValueError, AttributeError, TypeError):
        words, after_s = "", 0.0
    return NotToldError(f"chat {chat}: {status} {words}", after_s)


class Distress:
    """Watches the journal while the hub is away; `run` it beside the uplink."""

    def __init__(
        self,
        journal: Journal,
        telegram: Telegram,
        connected: Callable[[], bool],
        clock: Clock,
        *,
        edge_id: str,
        patience_s: float,
    ) -> None:
        """`patience_s`: for how long the hub may be away before anything is told."""
        self._journal, self._telegram, self._connected, self._clock = journal, telegram, connected, clock
        self._edge_id, self._patience_s = edge_id, patience_s
        self._seen_at = clock.monotonic()
        self._read = journal.acked
        self._waiting: dict[str, Event] = {}
        self._told: dict[str, None] = {}
        self._next_at = float("-inf")
        self._waits = delays(first=5.0, cap=_LONGEST_WAIT_S)

    async def run(self) -> None:
        """Look once a second, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await asyncio.to_thread(self.step)
            except JournalError as error:
                log.warning("%s", error)

    def step(self) -> None:
        """What is due now. Raises JournalError."""
        now = self._clock.monotonic()
        if self._connected():
            self._seen_at, self._read = now, max(self._read, self._journal.acked)
            self._waiting.clear()  # the hub's bot tells it
            return
        away_s = now - self._seen_at
        if away_s < self._patience_s:
            return
        self._gather(self._clock.utc() - away_s - _NEWS_S)
        if self._waiting and now >= self._next_at:
            self._tell(now, away_s)

    def _gather(self, since_utc: float) -> None:
        """Take in what the journal has anew."""
        while events := self._journal.after(self._read):
            self._read = events[-1].seq
            for event in events:
                fresh = event.at >= since_utc and event.incident_id not in self._told
                if fresh and event.level == "CRITICAL" and event.phase != "closed":
                    self._waiting[event.incident_id] = event

    def _tell(self, now: float, away_s: float) -> None:
        try:
            self._telegram.send(_words(self._edge_id, away_s, list(self._waiting.values())))
        except NotToldError as error:
            self._next_at = now + max(error.after_s, next(self._waits))
            return
        self._told.update(dict.fromkeys(self._waiting))
        self._waiting.clear()
        self._waits = delays(first=5.0, cap=_LONGEST_WAIT_S)
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]


def _words(edge_id: str, away_s: float, events: Sequence[Event]) -> str:
    """The message; times are this machine's."""
    lines = [f"The hub has been away for {away_s / 60:.0f} min, so the edge {edge_id} tells it itself:"]
    for event in events[-_SHOWN:]:
        camera = event.source.partition("/")[2]
        at = datetime.fromtimestamp(event.at).astimezone()
        lines.append(f"{event.level} {at:%H:%M:%S} {camera}: {event.words or event.kind}"[:300])
    if len(events) > _SHOWN:
        lines.append(f"and {len(events) - _SHOWN} more")
    return "\n".join(lines)
