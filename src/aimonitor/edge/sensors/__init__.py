"""Thermal sensors: what they send, made into readings.

Reading order: `received` (what a reading is made of, and why one is refused), `thermal1` (our documented format),
`hobby` (the formats of firmwares that exist), `decode` (which of them is it), `guard` (rate and replay), `cptv`
(recordings), then the ways in: `receiver` (sensors that send to us), `pull` (sensors that are asked), `mqtt`.
"""

from aimonitor.edge.sensors.decode import decode
from aimonitor.edge.sensors.guard import SensorGuard
from aimonitor.edge.sensors.received import Received, ThermalFormatError

__all__ = ["Received", "SensorGuard", "ThermalFormatError", "decode"]
