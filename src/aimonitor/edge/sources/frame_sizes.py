"""Frame sizes of the ESP32 camera driver, by name, because their numbers changed four times.

`framesize_t` in esp32-camera's `driver/include/sensor.h` was renumbered in 2019, twice in 2020 and in November 2024,
and nothing that a camera says tells which of them it has. So a driver is recognized by what it does: a number that is
in force and the size of a picture taken with it leave only some tables, and a picture is taken after every change.
"""

from collections.abc import Iterable, Mapping

from aimonitor.edge.types import Size

SIZES: Mapping[str, Size] = {
    "96X96": Size(96, 96),
    "QQVGA": Size(160, 120),
    "QQVGA2": Size(128, 160),
    "128X128": Size(128, 128),
    "QCIF": Size(176, 144),
    "HQVGA": Size(240, 176),
    "240X240": Size(240, 240),
    "QVGA": Size(320, 240),
    "320X320": Size(320, 320),
    "CIF": Size(400, 296),
    "HVGA": Size(480, 320),
    "VGA": Size(640, 480),
    "SVGA": Size(800, 600),
    "XGA": Size(1024, 768),
    "HD": Size(1280, 720),
    "SXGA": Size(1280, 1024),
    "UXGA": Size(1600, 1200),
}

Driver = tuple[str, ...]
"""Names in the order of their numbers."""

DRIVERS: Mapping[str, Driver] = {
    "2024-11 and later": (
        "96X96", "QQVGA", "128X128", "QCIF", "HQVGA", "240X240", "QVGA", "320X320", "CIF", "HVGA", "VGA", "SVGA",
        "XGA", "HD", "SXGA", "UXGA",
    ),
    "2020-03 to 2024-10": (
        "96X96", "QQVGA", "QCIF", "HQVGA", "240X240", "QVGA", "CIF", "HVGA", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA",
    ),
    "2020-01 to 2020-03": (
        "96X96", "QQVGA", "QQVGA2", "QCIF", "HQVGA", "240X240", "QVGA", "CIF", "VGA", "SVGA", "XGA", "SXGA", "UXGA",
    ),
    "2019-12": (
        "96X96", "QQVGA", "QQVGA2", "QCIF", "HQVGA", "QVGA", "CIF", "VGA", "SVGA", "XGA", "SXGA", "UXGA",
    ),
    "before 2019-12": (
        "QQVGA", "QQVGA2", "QCIF", "HQVGA", "QVGA", "CIF", "VGA", "SVGA", "XGA", "SXGA", "UXGA",
    ),
}  # fmt: skip


def consistent(drivers: Iterable[Driver], number: int, size: Size) -> list[Driver]:
    """Those of `drivers` in which `number` means pictures of `size`."""
    return [driver for driver in drivers if 0 <= number < len(driver) and SIZES[driver[number]] == size]


def number_of(drivers: Iterable[Driver], name: str) -> int | None:
    """The number of `name` in all of `drivers`; None when they disagree, or one of them does not have it."""
    numbers = {driver.index(name) if name in driver else None for driver in drivers}
    return numbers.pop() if len(numbers) == 1 else None


def telling_number(drivers: list[Driver]) -> int | None:
    """A number that every one of `drivers` has and that means different sizes: the one with the smallest pictures.

    Setting it tells them apart without the risk of a number that a driver does not have, which it would not check.
    """
    best: tuple[int, int] | None = None
    for number in range(min(map(len, drivers), default=0)):
        sizes = {SIZES[driver[number]] for driver in drivers}
        if len(sizes) > 1:
            cost = max(size.width * size.height for size in sizes)
            best = min(best or (cost, number), (cost, number))
    return best[1] if best else None
