"""Cameras and edges that do not exist, for tests and for anyone without hardware.

`esp32cam` serves what the usual ESP32-CAM firmwares serve (`firmware` has their exact bytes, `camera` their pictures),
with their faults: `python -m aimonitor.simulator.esp32cam --profile arduino3`.
"""
