"""`GET /api/course`: risk, persons and vehicles over a span of time, thinned by the hub to what a chart can show."""

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from aimonitor.hub import answers
from aimonitor.hub.identity.guard import VIEWER
from aimonitor.hub.rest import CameraName, EdgeName, SourceName, no
from aimonitor.hub.stores.base import StoreError
from aimonitor.hub.stores.course import CourseQuery, Step
from aimonitor.hub.stores.hours import HOUR_S
from aimonitor.hub.switchboard import Switchboard

_LONGEST_S = 366 * 86_400

From = Annotated[int | None, Query(alias="from", ge=0, le=10**11, description="UTC seconds; an hour before `to`")]
To = Annotated[int | None, Query(ge=0, le=10**11, description="UTC seconds, not included; now")]
Points = Annotated[int, Query(ge=10, le=1000, description="steps of each camera at most")]


class CameraCourse(answers.Answer):
    """The steps of one camera in which figures came, oldest first, as columns of the same length.

    at: where each begins; seconds: with figures in it; risk, persons, vehicles: the highest in it
    """

    source: str = Field(examples=["yard/gate"])
    at: list[int] = Field(examples=[[1709049600, 1709049612]])
    seconds: list[int] = Field(examples=[[12, 3]])
    risk: list[float] = Field(examples=[[0.1, 0.74]])
    persons: list[int] = Field(examples=[[0, 2]])
    vehicles: list[int] = Field(examples=[[1, 1]])


class Course(answers.Answer):
    """`step_s` is how long a step is; `from` was brought to the beginning of one."""

    start: int = Field(serialization_alias="from")
    to: int
    step_s: int
    cameras: list[CameraCourse]


class CourseDoor:
    """The endpoint."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def router(self) -> APIRouter:
        """The endpoint."""
        router = APIRouter()
        router.add_api_route(
            "/api/course",
            self.course,
            dependencies=[VIEWER],
            tags=["history"],
            summary="Risk, persons and vehicles over time, the highest of each step",
            response_model=Course,
            responses={422: answers.refused("a parameter is wrong"), 503: answers.refused("the store is not readable")},
        )
        return router

    async def course(
        self,
        *,
        start: From = None,
        to: To = None,
        points: Points = 300,
        edge: EdgeName = None,
        camera: CameraName = None,
        source: SourceName = None,
    ) -> Response | Course:
        """From the figures of single seconds over a day (three hours without SQLite), else from whole hours."""
        if source is not None:
            edge, _, camera = source.partition("/")
        end = int(self._switchboard.clock.utc()) + 1 if to is None else to
        begin = end - HOUR_S if start is None else start
        if not 0 < end - begin <= _LONGEST_S:
            return no(422, "from", f"at most {_LONGEST_S:,} s before `to`", str(begin))
        history = self._switchboard.history
        step_s = step_of(end - begin, points, fine=end - begin <= history.fine_s)
        query = CourseQuery(begin // step_s * step_s, end, step_s, edge, camera)
        try:
            steps = await history.course(query)
        except StoreError as error:
            return no(503, "course", "a readable store", str(error), "store_away")
        return Course(start=query.start, to=end, step_s=step_s, cameras=_columns(steps))


def step_of(span_s: int, points: int, *, fine: bool) -> int:
    """The shortest step that makes at most `points` of the span, wherever it begins; of whole hours unless `fine`."""
    least = 1 if fine else HOUR_S
    return max(1, -(-span_s // (least * (points - 1)))) * least


def _columns(steps: list[Step]) -> list[CameraCourse]:
    return [
        CameraCourse(
            source=source,
            at=[each.at for each in mine],
            seconds=[each.seconds for each in mine],
            risk=[round(each.score_max, 3) for each in mine],
            persons=[each.persons_max for each in mine],
            vehicles=[each.vehicles_max for each in mine],
        )
        for source, group in groupby(steps, key=lambda each: each.source)
        for mine in [list(group)]
    ]
