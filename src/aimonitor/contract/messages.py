"""The catalogue: every message of our own format (v2), who sends it to whom, and what it means.

Each is one JSON object with a `type`. A camera is named everywhere by its `source`, `<edge_id>/<camera_id>`, so that
the hub can relay a message without opening it again. Pictures are not here: they travel as binary (see `frames`).

    edge -> hub              Hello (first) · Cameras · Status · Layout · Observation · Delta · Thermogram · Event
                             CommandResult · Ping · Pong
    hub -> edge              Welcome (answers Hello) · Ack · Refill · Attention · Command · Ping · Pong · Refusal
    viewer -> hub            Subscribe · Seen · Command · Ping
    hub -> viewer            Welcome · Presence · Status · Layout · Observation · Thermogram · Event · Marked
                             CommandResult · Pong · Refusal
"""

from typing import Annotated

from msgspec import Meta, field

from aimonitor.contract.names import is_readable
from aimonitor.contract.overlays import Layout, Thermogram
from aimonitor.contract.vocabulary import (
    Body,
    Checksum,
    Count,
    Finite,
    Fraction,
    Identifier,
    Message,
    Name,
    Part,
    Pixels,
    Seconds,
    Sequence,
    Source,
    Text,
    Utc,
    Word,
)

SUBPROTOCOL = "aimonitor.v2"

# --- what a camera sees ---------------------------------------------------------------------------------------------


class Speed(Part, frozen=True):
    """How fast. `unit` is `px/s` until the camera is calibrated, then `m/s`; `error` is one standard deviation."""

    value: Finite
    unit: Word = "px/s"
    error: Finite = 0.0


class TrackView(Part, frozen=True):
    """One followed object as a viewer needs it. `box` is x1, y1, x2, y2 in fractions of the image."""

    track_id: Sequence
    label: Word
    box: tuple[Finite, Finite, Finite, Finite]
    score: Fraction = 0.0
    speed: Speed | None = None
    heading_deg: Finite | None = None
    age_s: Seconds = 0.0
    coasting: bool = False
    doing: tuple[Word, ...] = ()
    zones: tuple[Name, ...] = ()
    hottest_celsius: Finite | None = None
    risk: Fraction = 0.0


class Factor(Part, frozen=True):
    """One cause of the risk. The `contribution`s of all factors sum to the score. `words` explains in English."""

    cause: Word
    contribution: Finite
    words: Name = ""
    track_id: Sequence | None = None
    zone: Name = ""
    value: Finite | None = None


class RiskView(Part, frozen=True):
    """How worried to be, 0..1, its level (NORMAL, WATCH, ALERT, CRITICAL) and why."""

    score: Fraction
    level: Word
    factors: tuple[Factor, ...] = ()


class SceneView(Part, frozen=True):
    """The scene in figures. `thermal_active` means that a thermal sensor is alive, nothing else."""

    vehicles: Count = 0
    persons: Count = 0
    animals: Count = 0
    avg_speed: Speed = Speed(0.0)
    convoy_detected: bool = False
    thermal_active: bool = False


class Observation(Message, frozen=True, tag="observation"):
    """Everything that was understood of one frame; `frame_id` says which picture the boxes lie on."""

    source: Source
    frame_id: Sequence
    captured_at: Utc
    width: Pixels
    height: Pixels
    risk: RiskView
    scene: SceneView = SceneView()
    tracks: tuple[TrackView, ...] = ()
    fps: Finite = 0.0
    analyzed: bool = True
    dropped: Count = 0


Place = tuple[Sequence, int, int, int, int]
"""Track id and x1, y1, x2, y2 in thousandths of the image."""


class Delta(Message, frozen=True, tag="delta"):
    """An observation as what changed since that of frame `base` (see `delta`); edge to hub only.

    None means unchanged. `moved` tracks are elsewhere, `changed` ones new or different, `gone` ones no longer there.
    """

    source: Source
    base: Sequence
    frame_id: Sequence
    captured_at: Utc
    risk: RiskView | None = None
    scene: SceneView | None = None
    moved: tuple[Place, ...] = ()
    changed: tuple[TrackView, ...] = ()
    gone: tuple[Sequence, ...] = ()
    fps: Finite | None = None
    dropped: Count | None = None
    skipped: bool = False


class Status(Message, frozen=True, tag="status"):
    """How a camera is. `state`: connecting, live, delayed, frozen, dark, covered, blurred, offline; `since` when.

    armed: whether new incidents are news; controls: the commands that this camera can carry out; rung: how closely it
    is told of now, within the budget (see `Attention`). None and empty from an edge that does not say.
    """

    source: Source
    state: Word
    since: Utc
    name: Name = ""
    detail: Text = ""
    width: Pixels = 0
    height: Pixels = 0
    fps: Finite = 0.0
    armed: bool | None = None
    controls: tuple[Word, ...] = ()
    rung: Word | None = None


class Event(Message, frozen=True, tag="event"):
    """Something happened: opened once, updated, closed once. Kept until acknowledged; (edge, `seq`) is unique.

    All messages of one incident carry the same `incident_id`; `phase` is opened, updated or closed.
    """

    source: Source
    seq: Annotated[int, Meta(ge=1, le=2**53)]
    incident_id: Identifier
    kind: Word
    phase: Word
    at: Utc
    opened_at: Utc
    level: Word = "NORMAL"
    score: Fraction = 0.0
    words: Text = ""
    factors: tuple[Factor, ...] = ()
    track_ids: tuple[Sequence, ...] = ()
    zone: Name = ""
    frame_id: Sequence = 0
    check: Checksum = 0


COMMAND_KIND = "command"
"""The kind of the events by which a hub remembers who asked what of a camera: no incidents."""


class Marked(Message, frozen=True, tag="marked"):
    """A person judged an incident: `mark` is acknowledged, not_a_threat or threat. A later mark replaces it."""

    source: Source
    incident_id: Identifier
    mark: Word
    at: Utc
    by: Name = ""


# --- the connection -------------------------------------------------------------------------------------------------


class CameraInfo(Part, frozen=True):
    """A camera that an edge has. `kind` is the scheme of its source: file, http+mjpeg, rtsp, usb, sim."""

    camera_id: Identifier
    name: Name = ""
    kind: Word = "file"

    def __post_init__(self) -> None:
        if not is_readable(self.name):
            raise ValueError("Expected a name of letters, marks, numbers, punctuation and symbols of any script")


class Hello(Message, frozen=True, tag="hello"):
    """The first message of an edge. `boot_id` is new at every start; the journal range is what it can still resend.

    sealed: it and its events carry a checksum, and it wants one in what acknowledges them
    trouble: why events are not safe on the edge, in words; empty when they are
    """

    software: Word
    edge_id: Identifier
    token: Annotated[str, Meta(max_length=256)] = ""
    boot_id: Word = "-"
    cameras: Annotated[tuple[CameraInfo, ...], Meta(max_length=64)] = ()
    journal_first: Sequence = 0
    journal_last: Sequence = 0
    sealed: bool = False
    trouble: Text = ""
    check: Checksum = 0


class Cameras(Message, frozen=True, tag="cameras"):
    """The cameras that an edge has from now on: some were added, removed or renamed since its Hello."""

    cameras: Annotated[tuple[CameraInfo, ...], Meta(max_length=64)]


class Welcome(Message, frozen=True, tag="welcome"):
    """The hub's answer. An edge uses the `edge_id` given here and resends events after `acked_seq`.

    spread_s: after this connection ends, wait a random time up to this long before coming back; a hub with many edges
    asks for it, so that they do not all knock at once
    """

    software: Word
    at: Utc
    edge_id: Annotated[str, Meta(max_length=64)] = ""
    heartbeat_s: Seconds = 2.0
    acked_seq: Sequence = 0
    commands: tuple[Word, ...] = ()
    spread_s: Seconds = 0.0
    check: Checksum = 0


class Presence(Message, frozen=True, tag="presence"):
    """An edge came or went, for viewers. `clock_offset_s` is edge clock minus hub clock, where measured.

    protocol: how it speaks: v1 (founding: no results of commands, no set-up) or v2; trouble: as in its Hello
    """

    edge_id: Identifier
    online: bool
    since: Utc
    cameras: tuple[CameraInfo, ...] = ()
    clock_offset_s: Finite | None = None
    protocol: Word = "v2"
    trouble: Text = ""


class Ping(Message, frozen=True, tag="ping"):
    """Are you there, and what time is it? `sent_at` comes back unchanged."""

    sent_at: Utc


class Pong(Message, frozen=True, tag="pong"):
    """The answer: four times make an NTP-style offset and delay."""

    sent_at: Utc
    received_at: Utc
    replied_at: Utc


class Refusal(Message, frozen=True, tag="refusal"):
    """A message was not accepted: which field, what was expected, what came."""

    field: Text
    expected: Text
    got: Text


# --- events and attention -------------------------------------------------------------------------------------------


class Ack(Message, frozen=True, tag="ack"):
    """The hub has stored every event of this edge up to and including `seq`."""

    seq: Sequence
    check: Checksum = 0


class Refill(Message, frozen=True, tag="refill"):
    """The hub lacks the events after `after_seq` up to and including `until_seq`, and asks for them again."""

    after_seq: Sequence
    until_seq: Sequence


Layers = Annotated[tuple[Word, ...], Meta(max_length=16)]
"""What is wanted besides figures and pictures: `thermal`, the thermograms. Unknown ones are ignored."""


class Attention(Message, frozen=True, tag="attention"):
    """How closely a camera is watched now: `rung` is metadata, thumbnail, slow or full. Lapses after `lease_s`."""

    camera_id: Identifier
    rung: Word
    lease_s: Seconds = 15.0
    layers: Layers = ()


class Subscribe(Message, frozen=True, tag="subscribe"):
    """What a viewer wants from now on; replaces what it wanted before. Must be renewed within `lease_s`."""

    sources: Annotated[tuple[Source, ...], Meta(max_length=256)] = ()
    rung: Word = "full"
    lease_s: Seconds = 30.0
    everything: bool = False
    layers: Layers = ()


class Seen(Message, frozen=True, tag="seen"):
    """A viewer has drawn this frame; the hub sends the next only to those who keep up."""

    source: Source
    frame_id: Sequence


# --- commands -------------------------------------------------------------------------------------------------------


class Command(Message, frozen=True, tag="command"):
    """Do something: `name` such as snapshot, arm, disarm, frame_size, quality, led, fps, watch, restart.

    body: what a command whose name starts with `setup.` is about; those come from the hub alone, for an admin
    """

    command_id: Identifier
    source: Source
    name: Word
    arguments: dict[str, str] = field(default_factory=dict)
    timeout_s: Seconds = 10.0
    body: Body = ""


class CommandResult(Message, frozen=True, tag="command_result"):
    """What became of a command. `body` is the answer to a `setup.` command, or why there is none (`setup.Refused`).

    why: one word for a failure, as the codes of refusals by HTTP; for pages in other languages than English
    """

    command_id: Identifier
    ok: bool
    words: Text = ""
    body: Body = ""
    why: Word | None = None


AnyMessage = (
    Hello | Welcome | Presence | Status | Observation | Delta | Event | Ack | Refill | Attention | Subscribe | Seen
    | Command | CommandResult | Ping | Pong | Refusal | Marked | Cameras | Layout | Thermogram
)  # fmt: skip
"""Every message of the catalogue."""


def source_of(edge_id: str, camera_id: str) -> str:
    """Name a camera across the hub."""
    return f"{edge_id}/{camera_id}"
