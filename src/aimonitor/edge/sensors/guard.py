"""How often a sensor may speak, and that it does not say the same thing twice."""

from collections import deque
from dataclasses import dataclass, field

from aimonitor.edge.sensors.received import Received
from aimonitor.edge.types import ThermalReading

RATE_LIMIT = 30
"""Readings of one sensor in a second."""

_SENSOR_LIMIT = 64


class SensorRefusedError(ValueError):
    """A good reading came at a bad time. `reason` is rate, replay or sensors."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(slots=True)
class _Sensor:
    times: deque[float] = field(default_factory=lambda: deque(maxlen=RATE_LIMIT))
    sequence: int = -1
    uptime_ms: int = -1
    heard_at: float = 0.0


class SensorGuard:
    """Admits readings: at most 30 a second and sensor, sequence forwards unless the sensor restarted.

    Sensors not heard for the longest are forgotten beyond 64. `refused` counts by reason. Owned by one thread.
    """

    def __init__(self) -> None:
        self._sensors: dict[str, _Sensor] = {}
        self.refused: dict[str, int] = {}

    def admit(self, sensor_id: str, received: Received, at: float) -> ThermalReading:
        """The reading, received at monotonic time `at`. Raises SensorRefusedError."""
        sensor = self._sensors.get(sensor_id)
        if sensor is None:
            sensor = self._introduce(sensor_id)
        sensor.heard_at = at
        times = sensor.times
        if len(times) == RATE_LIMIT and at - times[0] < 1.0 - 1e-6:
            raise self._refuse("rate", f"{sensor_id}: expected at most {RATE_LIMIT} readings a second")
        times.append(at)
        if received.sequence is not None:
            uptime_ms = received.uptime_ms if received.uptime_ms is not None else -1
            restarted = uptime_ms < sensor.uptime_ms
            if received.sequence <= sensor.sequence and not restarted:
                text = f"{sensor_id}: expected a sequence after {sensor.sequence}, got {received.sequence} again"
                raise self._refuse("replay", text)
            sensor.sequence, sensor.uptime_ms = received.sequence, uptime_ms
        return ThermalReading(sensor_id, at, received.celsius, received.ambient_celsius)

    def _introduce(self, sensor_id: str) -> _Sensor:
        if len(self._sensors) >= _SENSOR_LIMIT:
            quietest = min(self._sensors, key=lambda known: self._sensors[known].heard_at)
            del self._sensors[quietest]
        sensor = self._sensors[sensor_id] = _Sensor()
        return sensor

    def _refuse(self, reason: str, text: str) -> SensorRefusedError:
        self.refused[reason] = self.refused.get(reason, 0) + 1
        return SensorRefusedError(reason, text)
