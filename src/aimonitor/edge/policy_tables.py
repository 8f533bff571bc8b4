"""The tables of a policy file, each with its limits."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from aimonitor.common.settings import Settings
from aimonitor.edge.fusion import Alignment
from aimonitor.edge.ground import CalibrationError, Ground, calibrate
from aimonitor.edge.policy_errors import fault, unknown_word
from aimonitor.edge.risk_policy import NEWS, WEIGHTS
from aimonitor.edge.types import Level, Point, Size

Fraction = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=0.99)]
Corner = tuple[Fraction, Fraction]
Meters = Annotated[float, Field(gt=0, le=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")]
"""A span of the day, `HH:MM-HH:MM`, the end not included."""


class ZonePolicy(Settings):
    """`[zones.<name>]`"""

    polygon: Annotated[tuple[Corner, ...], Field(min_length=3, max_length=64)]
    kind: Literal["zone", "mask"] = "zone"
    labels: frozenset[str] = frozenset()
    restricted: bool = False
    no_stopping: bool = False
    direction_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    loiter_after_s: Annotated[float, Field(gt=0)] | None = None
    crowd_at: Annotated[int, Field(ge=1)] | None = None


class LinePolicy(Settings):
    """`[lines.<name>]`; `in` is from left to right for one who looks from `start` to `end`."""

    start: Corner
    end: Corner
    labels: frozenset[str] = frozenset()
    allowed: Literal["both", "in", "out"] = "both"

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start == self.end:
            raise fault("no_length", "expected a line with two different ends")
        return self


class CalibrationPolicy(Settings):
    """`[calibration]`: a rectangle on the ground; see `aimonitor.edge.ground`."""

    corners: Annotated[tuple[Corner, ...], Field(min_length=4, max_length=4)]
    side_m: Meters
    second_m: Meters | None = None
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    click_px: Annotated[float, Field(gt=0)] = 2.0

    @model_validator(mode="after")
    def _makes_a_plane(self) -> Self:
        try:
            self.ground()
        except CalibrationError as error:
            raise fault("no_ground", str(error)) from None
        return self

    def ground(self) -> Ground:
        """The ground plane. Raises CalibrationError."""
        corners, size = [Point(*corner) for corner in self.corners], Size(self.width, self.height)
        return calibrate(corners, self.side_m, size, second_m=self.second_m, click_px=self.click_px)


class AlignmentPolicy(Settings):
    """`[thermal_alignment]`: the same places in the thermal picture and in the camera's, three at least."""

    thermal: Annotated[tuple[Corner, ...], Field(min_length=3)]
    image: Annotated[tuple[Corner, ...], Field(min_length=3)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        try:
            self.alignment()
        except ValueError as error:
            raise fault("no_alignment", str(error)) from None
        return self

    def alignment(self) -> Alignment:
        """From the thermal picture to the camera's. Raises ValueError when the points do not say."""
        return Alignment.fit([Point(*one) for one in self.thermal], [Point(*one) for one in self.image])


class HoursPolicy(Settings):
    """`[hours]`: times of day at the site. `timezone` is an IANA name, or `local` for the machine's own."""

    timezone: str = "local"
    night: Clock = "22:00-06:00"
    known: tuple[Clock, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name != "local":
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise fault("unknown_timezone", "expected `local` or an IANA name such as Europe/Athens") from None
        return name


class LevelsPolicy(Settings):
    """`[levels]`: scores from which a level holds, and time constants of the score."""

    watch: Fraction = 0.25
    alert: Fraction = 0.50
    critical: Fraction = 0.75
    margin: Annotated[float, Field(ge=0, le=0.5)] = 0.06
    rise_s: Annotated[float, Field(gt=0, le=60)] = 0.4
    fall_s: Annotated[float, Field(gt=0, le=600)] = 8.0

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if not self.watch < self.alert < self.critical:
            got = f"{self.watch}, {self.alert}, {self.critical}"
            raise fault("not_ascending", f"expected watch < alert < critical, got {got}")
        return self


class EventsPolicy(Settings):
    """`[events]`: what opens an incident."""

    news: frozenset[str] = NEWS
    level: Level = "ALERT"
    open_after_s: Annotated[float, Field(ge=0, le=60)] = 0.5
    close_after_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    update_every_s: Annotated[float, Field(ge=1, le=3600)] = 10.0

    @field_validator("news")
    @classmethod
    def _are_causes(cls, news: frozenset[str]) -> frozenset[str]:
        for cause in sorted(news - WEIGHTS.keys()):
            raise fault("unknown", unknown_word(cause, WEIGHTS))
        return news
