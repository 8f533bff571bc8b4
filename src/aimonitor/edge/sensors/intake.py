"""Where every way in ends: bytes of a sensor become a reading, or are refused and counted."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from aimonitor.common.clock import Clock
from aimonitor.edge.sensors.decode import decode
from aimonitor.edge.sensors.guard import SensorGuard, SensorRefusedError
from aimonitor.edge.sensors.received import ThermalFormatError
from aimonitor.edge.types import ThermalReading

log = logging.getLogger(__name__)

Deliver = Callable[[ThermalReading], None]

_SAY_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the owner says of a sensor's messages: the format's name, and the unit of those that do not name theirs."""

    format_name: str = "auto"
    unit: str = "C"


class Intake:
    """Decodes, admits and delivers readings; `accepted` and `refused` count them. Owned by the event loop.

    What is wrong with a sensor is said in the log, once a minute at most: many of them cannot be answered.
    """

    def __init__(self, deliver: Deliver, clock: Clock) -> None:
        self._deliver = deliver
        self._clock = clock
        self._guard = SensorGuard()
        self.accepted = 0
        self.refused = 0
        self._said_at = float("-inf")
        self._said = 0

    def take(
        self, sensor_id: str, data: bytes, dialect: Dialect | None = None, *, is_text: bool | None = None
    ) -> ThermalReading:
        """Deliver one message. Raises ThermalFormatError or SensorRefusedError, counted."""
        dialect = dialect or Dialect()
        try:
            received = decode(data, format_name=dialect.format_name, unit=dialect.unit, is_text=is_text)
            reading = self._guard.admit(sensor_id, received, self._clock.monotonic())
        except (ThermalFormatError, SensorRefusedError) as error:
            self.refused += 1
            self._say(sensor_id, error)
            raise
        self.accepted += 1
        self._deliver(reading)
        return reading

    def try_take(
        self, sensor_id: str, data: bytes, dialect: Dialect | None = None, *, is_text: bool | None = None
    ) -> bool:
        """The same for senders that cannot be answered: False when the message was refused."""
        try:
            self.take(sensor_id, data, dialect, is_text=is_text)
        except (ThermalFormatError, SensorRefusedError):
            return False
        return True

    def _say(self, sensor_id: str, error: ValueError) -> None:
        at = self._clock.monotonic()
        if at - self._said_at >= _SAY_EVERY_S:
            count, self._said, self._said_at = self.refused - self._said, self.refused, at
            log.warning("thermal sensor %s: messages refused: %d, the last one because of %s", sensor_id, count, error)
