"""What the bot counts and knows, as Prometheus reads it. Labels are words of closed lists, never chats or cameras."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

import aimonitor
from aimonitor.bot.answering import Answering
from aimonitor.bot.courier import Courier
from aimonitor.bot.memory import Memory
from aimonitor.bot.outbox import Outbox


class Exposition(Collector):
    """Collects at the moment of asking; nothing is counted for its sake."""

    def __init__(
        self, courier: Courier, outbox: Outbox, memory: Memory, answering: Answering, connected: Callable[[], bool]
    ) -> None:
        self._courier = courier
        self._outbox = outbox
        self._memory = memory
        self._answering = answering
        self._connected = connected
        self._waiting = 0
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector):
            collector(registry=self._registry)
        self._registry.register(self)

    async def text(self) -> bytes:
        """The answer to Prometheus. Raises DatabaseError."""
        self._waiting = await self._outbox.waiting()
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not collect."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        courier, chats = self._courier, self._memory.chats.values()
        info = GaugeMetricFamily("aimonitor_bot_info", "1, with the version.", labels=["version"])
        info.add_metric([aimonitor.__version__], 1)
        yield info
        yield _gauge("hub_connected", "1 while the hub is connected.", self._connected())
        yield _gauge("waiting_messages", "Messages and edits that wait for Telegram.", self._waiting)
        yield _gauge("telegram_failing", "1 while Telegram cannot be reached.", courier.failing)
        yield _gauge("chats", "Chats that are allowed.", len(chats))
        yield _gauge("chats_blocked", "Chats that accept nothing any more.", sum(chat.blocked for chat in chats))
        sent = CounterMetricFamily("aimonitor_bot_sent", "What Telegram took.", labels=["kind"])
        sent.add_metric(["message"], courier.sent - courier.edited)
        sent.add_metric(["edit"], courier.edited)
        yield sent
        failed = CounterMetricFamily("aimonitor_bot_failed", "Attempts that failed.", labels=["reason"])
        failed.add_metric(["try_again"], courier.retried)
        failed.add_metric(["refused"], courier.refused)
        failed.add_metric(["chat_gone"], courier.gone_chats)
        yield failed
        words = "Updates from people that were taken."
        yield CounterMetricFamily("aimonitor_bot_updates", words, value=self._answering.taken)
        yield self._delays()

    def _delays(self) -> Metric:
        measured = self._courier.delays.read()
        words = "From the moment that a message was due to Telegram's answer; edits and digests not counted."
        family = HistogramMetricFamily("aimonitor_bot_telling_seconds", words)
        bounds = [f"{bound:g}" for bound in measured.bounds] + ["+Inf"]
        counts = map(float, (*measured.cumulative, measured.count))
        family.add_metric([], list(zip(bounds, counts, strict=True)), measured.sum)
        return family


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"aimonitor_bot_{name}", words, value=float(value))
