"""An observation as what changed since the one before: figures twice a second for the traffic of a chat.

Both sides remember the last observation of each source on a connection, as `apply` made it. `difference` says what
is new, places in whole thousandths of the image. A delta names the frame that it
stands on; one that stands on another is of no use and is skipped, until the next whole observation.
"""

import msgspec

from aimonitor.contract.messages import Delta, Observation, RiskView, SceneView, Speed, TrackView

_THOUSANDTHS = 1000
_SCORE_STEP = 0.02
_FPS_STEP = 1.0


def difference(base: Observation, new: Observation) -> Delta:
    """What is to be said so that who has `base` has what matters of `new`.

    How fast and how sure each track is, and changes of the risk that nobody would notice, wait for the next whole one.
    """
    before = {track.track_id: track for track in base.tracks}
    moved, changed = [], []
    for track in new.tracks:
        known = before.get(track.track_id)
        place = _place(track)
        if known is None or _lasting(known) != _lasting(track):
            changed.append(_snap(track))
        elif place != _place(known):
            moved.append((track.track_id, *place))
    return Delta(
        source=new.source,
        base=base.frame_id,
        frame_id=new.frame_id,
        captured_at=new.captured_at,
        risk=new.risk if _is_news(base.risk, new.risk) else None,
        scene=None if _counts(new.scene) == _counts(base.scene) else new.scene,
        moved=tuple(moved),
        changed=tuple(changed),
        gone=tuple(sorted(before.keys() - {track.track_id for track in new.tracks})),
        fps=None if abs(new.fps - base.fps) < _FPS_STEP else new.fps,
        dropped=None if new.dropped == base.dropped else new.dropped,
        skipped=not new.analyzed,
    )


def apply(base: Observation, delta: Delta) -> Observation | None:
    """The observation that `delta` tells of; None when it does not stand on `base`."""
    if delta.base != base.frame_id or delta.source != base.source:
        return None
    tracks = {track.track_id: track for track in base.tracks if track.track_id not in delta.gone}
    for track_id, x1, y1, x2, y2 in delta.moved:
        known = tracks.get(track_id)
        if known is not None:
            tracks[track_id] = msgspec.structs.replace(known, box=_box(x1, y1, x2, y2))
    tracks |= {track.track_id: track for track in delta.changed}
    return msgspec.structs.replace(
        base,
        frame_id=delta.frame_id,
        captured_at=delta.captured_at,
        risk=delta.risk or base.risk,
        scene=delta.scene or base.scene,
        tracks=tuple(tracks.values()),
        fps=base.fps if delta.fps is None else delta.fps,
        dropped=base.dropped if delta.dropped is None else delta.dropped,
        analyzed=not delta.skipped,
    )


def _is_news(before: RiskView, now: RiskView) -> bool:
    """Whether a person would see the difference: another level or cause, or a score that moved."""
    causes = [(factor.cause, factor.track_id, factor.zone) for factor in before.factors]
    same = causes == [(factor.cause, factor.track_id, factor.zone) for factor in now.factors]
    return not same or before.level != now.level or abs(before.score - now.score) >= _SCORE_STEP


def _counts(scene: SceneView) -> SceneView:
    return msgspec.structs.replace(scene, avg_speed=Speed(0.0))


def _lasting(track: TrackView) -> TrackView:
    """What rarely changes of a track: everything but where it is, how old, how sure and how exactly fast."""
    return msgspec.structs.replace(
        track, box=(0.0, 0.0, 0.0, 0.0), age_s=0.0, speed=None, score=0.0, heading_deg=None, risk=0.0
    )


def _place(track: TrackView) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(edge * _THOUSANDTHS) for edge in track.box)
    return x1, y1, x2, y2


def _box(x1: int, y1: int, x2: int, y2: int) -> tuple[float, float, float, float]:
    return x1 / _THOUSANDTHS, y1 / _THOUSANDTHS, x2 / _THOUSANDTHS, y2 / _THOUSANDTHS


def _snap(track: TrackView) -> TrackView:
    return msgspec.structs.replace(track, box=_box(*_place(track)))
