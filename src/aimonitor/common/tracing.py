"""The journey of single frames as OpenTelemetry traces, for whoever runs a collector; nothing is loaded otherwise.

Edge and hub need not tell each other of a trace: its ids and whether it is followed at all come from what every
message about a frame says anyway, its source, number and time. A trace begins with the span `frame` of the edge.
"""

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

log = logging.getLogger(__name__)

_NS = 1_000_000_000


class TracingError(ValueError):
    """Traces were asked for and cannot be sent; one line that says what to do."""


class Journey(msgspec.Struct, frozen=True):
    """The trace of one frame. `span_id` is that of its first span, which all others are children of."""

    trace_id: int
    span_id: int

    @classmethod
    def of(cls, source: str, frame_id: int, captured_at: float) -> "Journey":
        """The same on every program that hears of the frame; `captured_at` in UTC seconds, taken to the millisecond."""
        digest = hashlib.blake2b(f"{source} {frame_id} {captured_at:.3f}".encode(), digest_size=24).digest()
        return cls(int.from_bytes(digest[:16], "big") or 1, int.from_bytes(digest[16:], "big") or 1)

    def is_among(self, share: float) -> bool:
        """Whether it is one of the `share` (0..1) of all that are followed."""
        return (self.trace_id & 0xFFFFFFFF) < share * 2**32


class Step(msgspec.Struct, frozen=True):
    """A part of a journey, from and to in UTC seconds."""

    name: str
    began_at: float
    ended_at: float


Facts = Mapping[str, str | int | float]
"""What a collector shows beside a step."""


class Tracer(Protocol):
    def follows(self, journey: Journey) -> bool:
        """Whether this journey is one of those that are told."""
        ...

    def tell(self, journey: Journey, steps: Sequence[Step], attributes: Facts, *, first: bool) -> None:
        """Report steps of a journey; `first`: steps[0] is its beginning, and the rest lie within it. Never waits."""
        ...

    def close(self) -> None:
        """Send what waits, within a few seconds."""
        ...


class Untraced:
    """Follows nothing."""

    def follows(self, journey: Journey) -> bool:
        return False

    def tell(self, journey: Journey, steps: Sequence[Step], attributes: Facts, *, first: bool) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


def open_tracer(address: str, share: float, program: str) -> Tracer:
    """What sends traces to an OTLP/HTTP collector, `http://127.0.0.1:4318`; an empty address follows nothing.

    program: the name under which a collector shows it. Raises TracingError when the packages are missing.
    """
    if not address:
        return Untraced()
    try:
        return _Collected(address, share, program)
    except ImportError:
        raise TracingError("traces: needs the OpenTelemetry packages: pip install 'aimonitor[traces]'") from None


class _Collected:
    """Sends through OpenTelemetry's own SDK, in its own thread; what a collector does not take is dropped."""

    def __init__(self, address: str, share: float, program: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # a collector that is away is no news every second
        self._ids: Any = _given_ids()
        resource = Resource.create({"service.name": program})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{address.rstrip('/')}/v1/traces", timeout=3)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self._tracer = self._provider.get_tracer("aimonitor")
        self._share = share
        self._lock = threading.Lock()

    def follows(self, journey: Journey) -> bool:
        return journey.is_among(self._share)

    def tell(self, journey: Journey, steps: Sequence[Step], attributes: Facts, *, first: bool) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

        beginning = SpanContext(journey.trace_id, journey.span_id, is_remote=True, trace_flags=TraceFlags(1))
        below = set_span_in_context(NonRecordingSpan(beginning), Context())
        with self._lock:
            for place, step in enumerate(steps):
                is_root = first and place == 0
                self._ids.given = journey if is_root else None
                span = self._tracer.start_span(
                    step.name,
                    Context() if is_root else below,
                    attributes=dict(attributes) if place == 0 else None,
                    start_time=int(step.began_at * _NS),
                )
                span.end(int(step.ended_at * _NS))
            self._ids.given = None

    def close(self) -> None:
        self._provider.shutdown()


def _given_ids() -> Any:  # noqa: ANN401 - OpenTelemetry is optional
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class GivenIds(RandomIdGenerator):
        """Random ids, but for a span that begins a journey."""

        given: Journey | None = None

        def generate_span_id(self) -> int:
            return self.given.span_id if self.given else super().generate_span_id()

        def generate_trace_id(self) -> int:
            return self.given.trace_id if self.given else super().generate_trace_id()

    return GivenIds()
