"""`GET /api/statistics`: what cameras saw, hour by hour, for charts that reach back further than single seconds."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from aimonitor.hub import answers
from aimonitor.hub.identity.guard import VIEWER
from aimonitor.hub.rest import CameraName, EdgeName, SourceName, no
from aimonitor.hub.stores.base import StoreError
from aimonitor.hub.stores.hours import HOUR_S, Hour, HourQuery
from aimonitor.hub.switchboard import Switchboard
from aimonitor.hub.tally import METERS

_WEEK_S = 7 * 86_400
_MOST = 10_000

From = Annotated[int | None, Query(alias="from", ge=0, le=10**11, description="UTC seconds; a week before `to`")]
To = Annotated[int | None, Query(ge=0, le=10**11, description="UTC seconds, not included; now")]
Bucket = Annotated[Literal["hour"], Query(description="how much time goes into one line")]
Most = Annotated[int, Query(ge=1, le=_MOST, description="lines at most")]


class HourLine(answers.Answer):
    """One hour of one camera, from `at` on.

    seconds: for how long figures came; persons, vehicles: on average in those, `_max` the most at once; speed: on
    average while something moved, None when nothing did; incidents: that opened, `unusual` those told as unusual
    """

    at: int = Field(examples=[1709049600])
    source: str = Field(examples=["yard/gate"])
    seconds: int
    persons: float
    persons_max: int
    vehicles: float
    vehicles_max: int
    risk_max: float
    speed: float | None = None
    speed_unit: str | None = None
    incidents: int
    unusual: int


class Statistics(answers.Answer):
    """Lines in the order of time. `next_from` asks for those that follow, None when these are all."""

    bucket: str = "hour"
    start: int = Field(serialization_alias="from")
    to: int
    buckets: list[HourLine]
    next_from: int | None = None


class StatisticsDoor:
    """The endpoint."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def router(self) -> APIRouter:
        """The endpoint."""
        router = APIRouter()
        router.add_api_route(
            "/api/statistics",
            self.statistics,
            dependencies=[VIEWER],
            tags=["history"],
            summary="Persons, vehicles, speed and incidents, hour by hour",
            response_model=Statistics,
            responses={422: answers.refused("a parameter is wrong"), 503: answers.refused("the store is not readable")},
        )
        return router

    async def statistics(
        self,
        *,
        start: From = None,
        to: To = None,
        bucket: Bucket = "hour",
        edge: EdgeName = None,
        camera: CameraName = None,
        source: SourceName = None,
        limit: Most = _MOST,
    ) -> Response | Statistics:
        """Hours are those of UTC; an hour that is not over yet is told as far as it went."""
        if source is not None:
            edge, _, camera = source.partition("/")
        end = int(self._switchboard.clock.utc()) + 1 if to is None else to
        begin = end - _WEEK_S if start is None else start
        query = HourQuery(begin // HOUR_S * HOUR_S, end, limit + 1, edge, camera)
        try:
            hours = await self._switchboard.history.hours(query)
        except StoreError as error:
            return no(503, "statistics", "a readable store", str(error), "store_away")
        next_from = None
        if len(hours) > limit:  # whole hours only: the rest comes with the next page
            next_from = hours[limit].at if hours[limit].at > hours[0].at else hours[limit].at + HOUR_S
            hours = [hour for hour in hours[:limit] if hour.at < next_from]
        return Statistics(
            bucket=bucket, start=begin, to=end, buckets=[line(hour) for hour in hours], next_from=next_from
        )


def line(hour: Hour) -> HourLine:
    """An hour as it is told: averages instead of sums; metres where any were measured."""
    seconds = max(1, hour.seconds)
    metric = hour.speed_m_seconds > 0
    moved_s = hour.speed_m_seconds if metric else hour.speed_px_seconds
    total = hour.speed_m if metric else hour.speed_px
    return HourLine(
        at=hour.at,
        source=hour.source,
        seconds=hour.seconds,
        persons=round(hour.persons / seconds, 3),
        persons_max=hour.persons_max,
        vehicles=round(hour.vehicles / seconds, 3),
        vehicles_max=hour.vehicles_max,
        risk_max=round(hour.score_max, 3),
        speed=round(total / moved_s, 2) if moved_s else None,
        speed_unit=(METERS if metric else "px/s") if moved_s else None,
        incidents=hour.incidents,
        unusual=hour.unusual,
    )
