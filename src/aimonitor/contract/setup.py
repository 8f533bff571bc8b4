"""What is asked and answered when an edge is set up from afar: the JSON in `Command.body` and `CommandResult.body`.

    name of the command        body              answer (result ok)   changes something
    setup.policy               -                 PolicyNow
    setup.policy.check         PolicyDraft       Problems
    setup.policy.rehearse      RehearsalWish     Rehearsal
    setup.policy.put           PolicyPut         Kept                 yes
    setup.policy.rollback      Rollback          Kept                 yes
    setup.calibration          CalibrationWish   CalibrationView
    setup.what_if              WhatIfWish        WhatIf
    setup.cameras              -                 CameraList
    setup.cameras.put          CamerasPut        Kept                 yes
    setup.cameras.try          TryWish           Tried
    setup.cameras.found        -                 Found

A result that is not ok carries a `Refused`, or nothing. `Command.arguments["by"]` names the person who asks. Commands
about cameras go to any camera of the edge. An edge that is older answers that it does not know the command.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw

from aimonitor.contract import messages, strict
from aimonitor.contract.errors import ContractError
from aimonitor.contract.vocabulary import Finite, Fraction, Identifier, Name, Pixels, Sequence, Text, Utc, Word

PREFIX = "setup."
BODY_LIMIT = 100_000
"""Characters of a body, as `messages.Body` has it."""

UNKNOWN_COMMAND = "unknown command"
"""How the words of an edge begin that is too old for a command."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of what is asked; unknown fields are ignored."""


class Answer(msgspec.Struct, frozen=True):
    """Base of what is answered; every field is there."""


# --- for all of them ------------------------------------------------------------------------------------------------


ProblemCode = Literal[
    # one value, and the `limit` that it breaks
    "above", "at_least", "below", "at_most", "too_few", "too_many", "too_short", "too_long",
    # one value, otherwise
    "missing", "no_number", "malformed", "unknown", "unknown_timezone", "taken",
    # values that do not go together
    "no_length", "not_ascending", "no_ground", "no_alignment",
    # cameras
    "password_again", "not_from_afar", "own_settings", "camera_refused",
]  # fmt: skip
"""What is wrong with a field, in one word. For pages in other languages than English; words are only added."""


class Problem(Answer, frozen=True):
    """What is wrong where; `field` is a path such as `zones.Gate.polygon`, empty for the whole.

    code: one of ProblemCode, where there is one for it; limit: what a code is about that speaks of a limit
    """

    field: Text
    words: Text
    code: Word | None = None
    limit: Finite | None = None


class Problems(Answer, frozen=True):
    """Everything that is wrong; nothing when it is right, and then the whole `policy` that the draft makes."""

    problems: tuple[Problem, ...]
    policy: dict[str, Any] | None = None


class Refused(Answer, frozen=True):
    """Why not: `invalid` (the problems say what), `stale` (`version` is the newest), `missing`, `busy` or `off`."""

    why: Word
    problems: tuple[Problem, ...] = ()
    version: Sequence | None = None


class Kept(Answer, frozen=True):
    """It is so from now on, as this version."""

    version: Sequence
    words: Text = ""


# --- policy ---------------------------------------------------------------------------------------------------------


class Version(Answer, frozen=True):
    """One version of a policy: who made it, when, and in which words. `by` is `file` for an edit by hand."""

    version: Sequence
    at: Utc
    by: Name
    words: Text


class PolicyNow(Answer, frozen=True):
    """The policy in force.

    policy: the whole of it, preset included; own: what the file says over its preset
    defaults: what holds where the policy says nothing: `weights` by cause, `rules` and `thermal` by name
    trouble: why the file as it is now is not followed, empty when it is
    """

    version: Sequence
    preset: Word
    policy: Raw
    own: Raw
    defaults: Raw
    versions: tuple[Version, ...]
    trouble: Text = ""


class PolicyDraft(Question, frozen=True):
    """A policy as JSON, laid over the preset that it names; keys are those of the policy file."""

    policy: Raw


class PolicyPut(Question, frozen=True):
    """Follow this policy from now on; refused as stale unless `base` is the newest version."""

    policy: Raw
    base: Sequence
    words: Text = ""


class Rollback(Question, frozen=True):
    """Follow an earlier version again, as a new one; 0 is the preset alone."""

    version: Sequence


class RehearsalWish(Question, frozen=True):
    """What would this policy have done in the last minutes?"""

    policy: Raw
    minutes: Annotated[float, Meta(gt=0, le=60)] = 10.0


class Incident(Answer, frozen=True):
    """An incident that opened at `at`, and the highest level that it reached."""

    kind: Word
    zone: Name
    at: Utc
    level: Word
    words: Text


class Rehearsed(Answer, frozen=True):
    """What one policy did: incidents (the first 200), how many by zone and kind, the highest score, and its course."""

    incidents: tuple[Incident, ...]
    by_zone: dict[str, int]
    by_kind: dict[str, int]
    peak: Fraction
    course: tuple[tuple[Utc, Fraction], ...]


class Rehearsal(Answer, frozen=True):
    """The recorded minutes with the policy in force and with the candidate. `notes`: what a rehearsal cannot show."""

    minutes_recorded: float
    now: Rehearsed
    then: Rehearsed
    notes: tuple[Text, ...] = ()


class WhatIfWish(Question, frozen=True):
    """Other weights by cause, for the recorded `minutes` around `at`."""

    at: Utc
    minutes: Annotated[float, Meta(gt=0, le=10)] = 1.0
    weights: dict[str, Annotated[float, Meta(ge=0, le=0.99)]] = {}


class Course(Answer, frozen=True):
    """The score over time, and its highest."""

    course: tuple[tuple[Utc, Fraction], ...]
    peak: Fraction


class FactorChange(Answer, frozen=True):
    """What a cause contributed at the moment of the highest score, and what it would have."""

    cause: Word
    now: Finite
    then: Finite


class WhatIf(Answer, frozen=True):
    """The course as it was and as it would have been. `weights` are those in force, of the causes that took part."""

    now: Course
    then: Course
    peak_at: Utc
    factors: tuple[FactorChange, ...]
    weights: dict[str, float]


# --- calibration ----------------------------------------------------------------------------------------------------

Corner = tuple[Fraction, Fraction]
Meters = Annotated[float, Meta(gt=0, le=10_000)]


class CalibrationWish(Question, frozen=True):
    """The corners of a rectangle on the ground, in order around it, in fractions of the image.

    side_m: from the first corner to the second; second_m: from the second to the third, where it was measured
    width, height: of the picture in pixels; 0 takes those of the newest picture; click_px: how exact the corners are
    """

    points: Annotated[tuple[Corner, ...], Meta(min_length=4, max_length=4)]
    side_m: Meters
    second_m: Meters | None = None
    width: Pixels = 0
    height: Pixels = 0
    click_px: Annotated[float, Meta(gt=0, le=100)] = 2.0


class Lengths(Answer, frozen=True):
    """One standard deviation of lengths at a place in the picture, relative: across the view and along it."""

    across: Finite
    along: Finite


class CalibrationView(Answer, frozen=True):
    """Whether the points make a ground plane, how exact it is, and a grid of lines one metre apart to draw.

    error: by place (near, middle, far), where there is ground; grid: lines in fractions of the image
    calibration: the table of the policy; empty when it is not ok
    """

    ok: bool
    words: Text
    error: dict[str, Lengths]
    grid: tuple[tuple[tuple[Finite, Finite], ...], ...]
    calibration: dict[str, Any]


# --- cameras --------------------------------------------------------------------------------------------------------


class CameraEntry(Question, frozen=True):
    """One camera as the edge is told of it. A password reads `***`, and stays as it was where that comes back."""

    id: Identifier
    source: Annotated[str, Meta(min_length=1, max_length=1000)]
    name: Name = ""
    loop: bool = False
    preset: Word = "home"
    policy: Text | None = None
    thermal: Text = ""
    thermal_token: Text = ""
    frame_size: Word | None = None
    quality: Annotated[int, Meta(ge=4, le=63)] | None = None


class CameraList(Answer, frozen=True):
    """The cameras now. `words` says whether changes outlast a restart of the edge, and if not, why."""

    version: Sequence
    cameras: tuple[CameraEntry, ...]
    words: Text = ""


class CamerasPut(Question, frozen=True):
    """Have exactly these cameras from now on; refused as stale unless `base` is the version of the list now."""

    cameras: Annotated[tuple[CameraEntry, ...], Meta(min_length=1, max_length=64)]
    base: Sequence


class TryWish(Question, frozen=True):
    """Open a camera once and say how it is; `***` stands for the password of a camera that the edge has."""

    source: Annotated[str, Meta(min_length=1, max_length=1000)]


class Tried(Answer, frozen=True):
    """How the camera is."""

    ok: bool
    words: Text
    width: Pixels = 0
    height: Pixels = 0
    fps: Finite = 0.0


class FoundCamera(Answer, frozen=True):
    """A camera in the edge's network; `address` is empty when only its manual knows the path."""

    host: Name
    port: Pixels
    what: Text
    address: Text
    advice: Text


class Found(Answer, frozen=True):
    """What was found in which networks."""

    networks: tuple[Name, ...]
    cameras: tuple[FoundCamera, ...]


Said = TypeVar("Said", bound=msgspec.Struct)

QUESTIONS = (PolicyDraft, PolicyPut, Rollback, RehearsalWish, WhatIfWish, CalibrationWish, CamerasPut, TryWish)
ANSWERS = (
    PolicyNow, Problems, Rehearsal, Kept, CalibrationView, WhatIf, CameraList, Tried, Found, Refused,
)  # fmt: skip


def read(kind: type[Said], body: bytes | str) -> Said:
    """A body as `kind`. Raises ContractError (TooLargeError above BODY_LIMIT)."""
    return strict.decode(msgspec.json.Decoder(kind), body or b"{}", limit=BODY_LIMIT)


def write(said: msgspec.Struct) -> str:
    """A body. Raises ContractError when it is too large."""
    text = msgspec.json.encode(said).decode("utf-8")
    if len(text) > BODY_LIMIT:
        raise ContractError("body", f"at most {BODY_LIMIT:,} characters", f"{len(text):,}")
    return text


def is_setup(command: messages.Command) -> bool:
    """Whether a command is one of these."""
    return command.name.startswith(PREFIX)
