"""Every sentence of the bot, as a template; `{names}` are filled by `Speech.say`, which isolates each value."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language."""

    name: str
    units: tuple[str, str, str, str]
    levels: Mapping[str, str]
    states: Mapping[str, str]
    things: Mapping[str, str]
    commands: Mapping[str, str]
    roles: Mapping[str, str]

    # an incident
    head: str
    what: str
    what_in: str
    why: str
    going_on: str
    ended: str
    stale_picture: str
    acked: str
    snoozed: str
    taught: str
    maybe_repeated: str
    late: str

    # buttons
    ack: str
    ack_all: str
    snooze: str
    unsnooze: str
    mute_hour: str
    not_threat: str
    threat: str
    live: str
    more_fps: str
    arm: str
    disarm: str
    more: str
    forget: str

    # digests and notices
    digest: str
    digest_more: str
    learned_today: str
    edge_silent: str
    edge_back: str
    camera_silent: str
    camera_back: str
    hub_silent: str
    hub_back: str
    was_silent: str
    crossing: str
    muted_over: str
    chat_gone: str

    # answers
    welcome: str
    not_allowed: str
    paired: str
    pair_code: str
    wrong_code: str
    help: str
    unknown_command: str
    not_your_role: str
    stale_button: str
    done: str
    failed: str
    no_hub: str
    no_cameras: str
    which_camera: str
    no_such_camera: str
    cameras: str
    camera_line: str
    offline_since: str
    snapshot: str
    snapshot_failed: str
    risk: str
    risk_unknown: str
    risk_nothing: str
    history: str
    history_none: str
    history_line: str
    phases: Mapping[str, str]
    status: str
    status_armed: str
    status_disarmed: str
    status_muted: str
    counts: str
    stats: str
    muted: str
    unmuted: str
    mute_usage: str
    armed: str
    disarmed: str
    language: str
    rules: str
    rules_usage: str
    all_cameras: str
    never: str
    learned: str
    learned_none: str
    lesson_line: str
    forgotten: str
    faster: str
    report: str
