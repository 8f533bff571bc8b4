"""A camera's policy from afar: read, check, rehearse, put, go back, calibrate, ask what if."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from aimonitor.common.clock import Clock
from aimonitor.common.settings import SettingsError
from aimonitor.contract import setup
from aimonitor.edge import policy_text, recording
from aimonitor.edge.explain import explain
from aimonitor.edge.ground import CalibrationError, calibrate
from aimonitor.edge.ground_view import look_at
from aimonitor.edge.policy_store import PolicyStore
from aimonitor.edge.rehearsal import WARM_UP_S, Step, rehearse
from aimonitor.edge.setup_refusal import SetupError, alone, problems_of
from aimonitor.edge.setup_replay import compare, minutes, notes, told
from aimonitor.edge.types import Point, Size

_WHAT_IF_WARM_UP_S = 30.0
_BUSY = "another rehearsal is under way; try again in some seconds"
"""A replay takes seconds of a processor that cameras need: there is one at a time."""


@dataclass(frozen=True, slots=True)
class SetupCamera:
    """What of a camera can be set up. `scenes`: where they are recorded; `size`: of its newest picture, if any."""

    policy: PolicyStore
    scenes: Path | None
    size: Callable[[], Size | None]


class PolicyDesk:
    """Carries out the `setup.policy…`, `setup.calibration` and `setup.what_if` commands; blocks. Any thread.

    Methods take the camera, the body as it came and who asks. They raise SetupError, ContractError, SettingsError,
    StaleError or OSError.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._replaying = threading.Lock()

    def now(self, camera: SetupCamera, _body: str, _by: str) -> setup.PolicyNow:
        """The policy in force, and where it comes from."""
        store = camera.policy
        versions = [setup.Version(v.version, v.at, v.by[:120], v.words[:1000]) for v in store.versions()]
        return setup.PolicyNow(
            version=store.version,
            preset=store.policy.preset,
            policy=_raw(policy_text.whole(store.policy)),
            own=_raw(policy_text.own(store.policy)),
            defaults=_raw(policy_text.defaults()),
            versions=tuple(versions),
            trouble=store.trouble[:1000],
        )

    def check(self, camera: SetupCamera, body: str, _by: str) -> setup.Problems:
        """Everything that is wrong with a draft, or the policy that it makes over its preset."""
        draft = setup.read(setup.PolicyDraft, body)
        try:
            policy = camera.policy.check(_table(draft.policy))
        except SettingsError as error:
            return setup.Problems(problems_of(error))
        return setup.Problems((), policy_text.whole(policy))

    def put(self, camera: SetupCamera, body: str, by: str) -> setup.Kept:
        """Follow another policy."""
        put = setup.read(setup.PolicyPut, body)
        version = camera.policy.put(_table(put.policy), base=put.base, by=by, words=put.words)
        return setup.Kept(version, f"version {version} of the policy is followed")

    def rollback(self, camera: SetupCamera, body: str, by: str) -> setup.Kept:
        """Follow an earlier version again."""
        back = setup.read(setup.Rollback, body).version
        version = camera.policy.rollback(back, by=by)
        return setup.Kept(version, f"version {back} of the policy is followed again, as version {version}")

    def rehearse(self, camera: SetupCamera, body: str, _by: str) -> setup.Rehearsal:
        """The last minutes again, with the policy in force and with the draft."""
        wish = setup.read(setup.RehearsalWish, body)
        draft = camera.policy.check(_table(wish.policy))
        policy, end = camera.policy.policy, self._clock.utc()
        start = end - 60.0 * wish.minutes
        now: list[Step] = []
        then: list[Step] = []
        with alone(self._replaying, _BUSY):
            scenes = recording.between(_recorded(camera), start - WARM_UP_S, end)
            for as_is, as_if in rehearse(scenes, policy, draft):
                if as_is.utc >= start:
                    now.append(as_is)
                    then.append(as_if)
        return setup.Rehearsal(minutes(now), told(now), told(then), tuple(notes(policy, draft, now)))

    def what_if(self, camera: SetupCamera, body: str, _by: str) -> setup.WhatIf:
        """A recorded minute with other weights."""
        wish = setup.read(setup.WhatIfWish, body)
        risk = camera.policy.policy.risk()
        candidate = camera.policy.check({**policy_text.own(camera.policy.policy), "weights": wish.weights})
        instead = replace(risk, weights={**risk.weights, **{cause: candidate.weights[cause] for cause in wish.weights}})
        half_s = 30.0 * wish.minutes
        with alone(self._replaying, _BUSY):
            start = wish.at - half_s - _WHAT_IF_WARM_UP_S
            scenes = recording.between(_recorded(camera), start, wish.at + half_s)
            explained = [one for one in explain(scenes, risk, instead) if one.utc >= wish.at - half_s]
        if not explained:
            raise SetupError("missing", "nothing is recorded of that time: recordings of the oldest minutes go first")
        return compare(explained, risk.weight)

    def calibrate(self, camera: SetupCamera, body: str, _by: str) -> setup.CalibrationView:
        """Whether four corners and a length make a ground plane, and how exact it is."""
        wish = setup.read(setup.CalibrationWish, body)
        size = Size(wish.width, wish.height) if wish.width and wish.height else camera.size()
        if size is None:
            raise SetupError("missing", "width and height: there is no picture yet that tells its size")
        corners = [Point(*point) for point in wish.points]
        try:
            ground = calibrate(corners, wish.side_m, size, second_m=wish.second_m, click_px=wish.click_px)
        except CalibrationError as error:
            return setup.CalibrationView(ok=False, words=str(error), error={}, grid=(), calibration={})
        view = look_at(ground, corners)
        exact = {name: setup.Lengths(round(s.across, 4), round(s.along, 4)) for name, s in view.stretches.items()}
        grid = tuple(((round(a.x, 4), round(a.y, 4)), (round(b.x, 4), round(b.y, 4))) for a, b in view.grid)
        return setup.CalibrationView(
            ok=True, words=view.words, error=exact, grid=grid, calibration=_calibration(wish, size)
        )


def _recorded(camera: SetupCamera) -> Path:
    if camera.scenes is None:
        raise SetupError("missing", "this edge records nothing: `keep` is off in its settings")
    return camera.scenes


def _table(raw: msgspec.Raw) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise SettingsError("policy: expected JSON of ordinary depth, got something else") from None
    if not isinstance(said, dict):
        raise SettingsError(f"policy: expected an object, got {str(said)[:60]!r}")
    return said


def _raw(value: Mapping[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _calibration(wish: setup.CalibrationWish, size: Size) -> dict[str, Any]:
    table = {"corners": wish.points, "side_m": wish.side_m, "second_m": wish.second_m, "click_px": wish.click_px}
    return {key: value for key, value in table.items() if value is not None} | size._asdict()
