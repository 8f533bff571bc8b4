"""What the REST endpoints answer, for the OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aimonitor.contract.refusals import Code


class Answer(BaseModel, defer_build=True):
    """Ready when it is used first: most are there for the document alone."""


class Health(Answer):
    """`ok`, or `degraded` with the reason: the hub relays but cannot store, or an edge cannot."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "ok", "detail": "", "version": "0.1.0", "uptime_s": 12.3, "edges": 1, "viewers": 2}
        }
    )
    status: str
    detail: str = ""
    version: str
    uptime_s: float
    edges: int
    viewers: int


class CameraStatus(Answer):
    """One camera. `age_s` is the time since anything came from it, `rung` how closely it is watched now.

    armed, controls: as its edge says; None and empty from one that does not
    layout: another one with every change of its zones and lines (`GET /api/layout/…`); empty where there are none
    """

    source: str
    name: str = ""
    kind: str = ""
    state: str
    fps: float = 0.0
    width: int = 0
    height: int = 0
    age_s: float | None = None
    risk_score: float | None = None
    risk_level: str | None = None
    rung: str
    armed: bool | None = None
    controls: list[str] = []
    layout: str = ""


class EdgeStatus(Answer):
    """One edge. `clock_offset_s` is its clock minus the hub's; `trouble` says why its events are not safe on it."""

    edge_id: str
    online: bool
    since: float
    protocol: str
    software: str = ""
    clock_offset_s: float | None = None
    trouble: str = ""
    cameras: list[CameraStatus]


class ViewerCount(Answer):
    """How many watch: `v2` our own format, `v1` the founding one."""

    total: int
    v1: int
    v2: int


class TrafficLine(Answer):
    """Bytes under one heading since the start; `direction` is seen from the hub."""

    direction: str
    kind: str
    source: str
    messages: int
    bytes: int


class UplinkForecast(Answer):
    """An edge's uplink: the rate of up to the last hour, and what it comes to in 30 days."""

    edge_id: str
    bytes_per_s: float
    month_bytes: float


class TrafficReceipt(Answer):
    """What was sent and received, WebSocket framing included, TLS and TCP not."""

    lines: list[TrafficLine]
    uplinks: list[UplinkForecast]


class HubStatus(Answer):
    """Everything about the hub at this moment. `counters` are totals since the start."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0.1.0",
                "at": 1709049201.123,
                "uptime_s": 12.3,
                "edges": [
                    {
                        "edge_id": "yard",
                        "online": True,
                        "since": 1709049189.5,
                        "protocol": "v2",
                        "software": "aimonitor-0.1.0",
                        "clock_offset_s": -0.0125,
                        "cameras": [
                            {"source": "yard/gate", "state": "live", "fps": 9.8, "age_s": 0.05, "risk_score": 0.74,
                             "risk_level": "ALERT", "rung": "full"},
                        ],
                    }
                ],
                "viewers": {"total": 2, "v1": 0, "v2": 2},
                "connections": 3,
                "max_connections": 100,
                "events": 41,
                "traffic": {
                    "lines": [
                        {"direction": "in", "kind": "picture", "source": "yard/gate", "messages": 9, "bytes": 54000},
                    ],
                    "uplinks": [{"edge_id": "yard", "bytes_per_s": 1250.0, "month_bytes": 3240000000}],
                },
                "counters": {"frames_in": 1234},
            }
        }
    )  # fmt: skip
    version: str
    at: float
    uptime_s: float
    edges: list[EdgeStatus]
    viewers: ViewerCount
    connections: int
    max_connections: int
    events: int
    traffic: TrafficReceipt
    counters: dict[str, int]


class HistoryEvent(Answer):
    """An event as it was stored: the fields of the contract's Event, and `id` and `received_at` of the hub.

    `mark`, `marked_by` and `marked_at` are there when a person marked the incident.
    """

    model_config = ConfigDict(extra="allow")
    id: int
    received_at: float
    source: str
    mark: str | None = None
    marked_by: str | None = None
    marked_at: float | None = None


class HistorySample(Answer):
    """The figures of a camera in one second."""

    at: int
    source: str
    score: float
    level: str
    persons: int
    vehicles: int
    fps: float
    speed: float = 0.0
    speed_unit: str = "px/s"


class HistoryPage(Answer):
    """A page of events, newest first, and the newest samples.

    `next_before` asks for the next page of events, `next_samples_before` (as `samples_before`) for that of samples.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "events": [
                    {"id": 41, "received_at": 1709049201.2, "type": "event", "source": "yard/gate", "seq": 42,
                     "incident_id": "i-42", "kind": "intrusion", "phase": "opened", "at": 1709049201.123,
                     "opened_at": 1709049200.5, "level": "ALERT", "score": 0.74},
                ],
                "samples": [
                    {"at": 1709049201, "source": "yard/gate", "score": 0.74, "level": "ALERT", "persons": 2,
                     "vehicles": 4, "fps": 9.8},
                ],
                "next_before": 41,
            }
        }
    )  # fmt: skip
    events: list[HistoryEvent]
    samples: list[HistorySample]
    next_before: int | None
    next_samples_before: int | None = None


class Accepted(Answer):
    """A founding message was taken."""

    accepted: bool = True
    source: str = Field(examples=["default/default"])
    frame_id: int = Field(examples=[1234])


class Marked(Answer):
    """What is kept of an incident's mark; `at` is the hub's time."""

    type: str = Field(examples=["marked"])
    source: str = Field(examples=["yard/gate"])
    incident_id: str = Field(examples=["20260101T101010.123Z-1"])
    mark: str = Field(examples=["acknowledged"])
    at: float = Field(examples=[1767262230.5])
    by: str = Field("", examples=["Dana"])


class Problem(Answer):
    """Which field was wrong, what was expected there and what came; `code` is the same in short, for programs."""

    code: Code = Field(examples=["invalid"])
    field: str = Field(examples=["$.risk_score"])
    expected: str = Field(examples=["a number"])
    got: str = Field(examples=['"high"'])


class Refused(Answer):
    """An answer that is not 2xx."""

    error: Problem


_REF = "#/components/schemas/{model}"
REFUSAL = {"application/json": {"schema": {"$ref": _REF.format(model="Refused")}}}
"""What a refusal is, by name: of a model, FastAPI would keep a validator for each of two hundred entries."""


def refused(description: str) -> dict[str, Any]:
    """An OpenAPI entry for a refusal."""
    return {"description": description, "content": REFUSAL}


def refusal_schemas() -> dict[str, Any]:
    """`Refused` and what it is made of, by name, for OpenAPI."""
    schema = Refused.model_json_schema(ref_template=_REF)
    return {**schema.pop("$defs"), "Refused": schema}
