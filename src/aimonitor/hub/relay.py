"""Who gets what: one message made once, handed to everybody who wants it, and nobody waits for anybody."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from aimonitor.hub.audience import THERMAL, Audience, Audiences, Wish
from aimonitor.hub.courtesy import Courtesy
from aimonitor.hub.fan_out import CallSoon, FanOut, Row
from aimonitor.hub.metrics import Counters
from aimonitor.hub.outlet import LINE, Outlet
from aimonitor.hub.parcel import Parcel
from aimonitor.hub.sink import no_change
from aimonitor.hub.window import Window

_FIGURES_EVERY_S = 0.5
_SLACK_S = 0.05
"""A thinned picture this much too early still counts as due."""


@dataclass(eq=False, slots=True)
class Viewer:
    """One socket that watches. `founding` viewers get every camera's founding JSON and nothing else."""

    viewer_id: str
    address: str
    outlet: Outlet
    hang_up: Callable[[int, str], None]
    founding: bool = False
    shown_at: dict[str, float] = field(default_factory=dict)
    told_at: dict[str, float] = field(default_factory=dict)
    window: Window | None = None
    """There once the viewer has acknowledged a picture; until then it is sent every one that it takes."""


@dataclass(frozen=True, slots=True)
class _Seats:
    """The audience of a source as outlets: `free` take every picture, `windowed` as they acknowledge.

    `sparing` acknowledge, and want no pictures or few: theirs is a slow line, and they get figures twice a second.
    """

    made_for: Audience[Viewer]
    figures: Row
    sparing: tuple[Viewer, ...]
    thermal: Row
    free: Row
    windowed: tuple[tuple[Viewer, Window], ...]


class Relay:
    """All viewers and what they want. `changed` is set when what is asked of the edges may have changed."""

    def __init__(self, counters: Counters, call_soon: CallSoon, courtesy: Courtesy) -> None:
        self._counters = counters
        self.courtesy = courtesy
        self._fan_out = FanOut(counters, call_soon, courtesy)
        self._ids = itertools.count(1)
        self._viewers: dict[str, Viewer] = {}
        self._stalling: set[Viewer] = set()
        """Those for whom something has waited; most may have taken it since."""
        self._ours: Row | None = Row()
        self._founding: Row | None = Row()
        self._founding_count = 0
        self._audiences: Audiences[Viewer] = Audiences()
        self._seats: dict[str, _Seats] = {}
        self.changed = False

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def founding_viewers(self) -> int:
        return self._founding_count

    # --- viewers ----------------------------------------------------------------------------------------------------

    def join(self, address: str, outlet: Outlet, hang_up: Callable[[int, str], None], *, founding: bool) -> Viewer:
        """A new viewer; a founding one watches everything fully from the start."""
        viewer = Viewer(f"v{next(self._ids)}", address, outlet, hang_up, founding)
        self._viewers[viewer.viewer_id] = viewer
        outlet.sink.on_change = self._fan_out.note_change
        outlet.on_stall = partial(self._stalling.add, viewer)
        self._founding_count += founding
        self._forget_outlets()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Send nothing more to `viewer`."""
        if self._viewers.pop(viewer.viewer_id, None) is not None:
            viewer.outlet.on_stall = no_change
            self._stalling.discard(viewer)
            self._founding_count -= viewer.founding
            self._audiences.remove(viewer)
            self._forget_outlets()

    def _forget_outlets(self) -> None:
        self._ours = self._founding = None
        self.changed = True

    def want(self, viewer: Viewer, wish: Wish) -> None:
        """Replace what `viewer` wants."""
        if viewer.viewer_id in self._viewers and self._audiences.set(viewer, wish):
            self.changed = True

    def seen(self, viewer: Viewer, source: str, frame_id: int, at: float) -> None:
        """`viewer` has drawn a picture; the first time it says so, it gets a window instead of everything."""
        if viewer.window is None:
            viewer.window = Window()
            self._seats.clear()
        for due, parcel in viewer.window.seen(source, frame_id, at):
            self._let_go(viewer, viewer.window, due, parcel)

    def stalled(self, at: float, longest_s: float) -> list[Viewer]:
        """The viewers whose socket has taken nothing for longer than that although something waits."""
        late = []
        for viewer in tuple(self._stalling):
            since = viewer.outlet.stalled_since
            if since is None:
                self._stalling.remove(viewer)
            elif at - since > longest_s:
                late.append(viewer)
        return late

    def expire(self, at: float) -> None:
        """Forget the wishes that were not renewed in time."""
        for viewer in self._audiences.expired(at):
            self._audiences.remove(viewer)
            self.changed = True

    def rung(self, source: str) -> str:
        """How closely `source` is watched now."""
        return "full" if self._founding_count else self._audiences.rung(source)

    def layers(self, source: str) -> tuple[str, ...]:
        """What is wanted of `source` besides figures and pictures."""
        return (THERMAL,) if self._audiences.of(source).thermal else ()

    # --- messages ---------------------------------------------------------------------------------------------------

    def watched(self, source: str) -> bool:
        """Whether any viewer of ours wants to know of `source`."""
        return bool(self._audiences.of(source).figures)

    def tell(self, viewer_id: str, text: str) -> None:
        """One line to one viewer, if it is still there."""
        viewer = self._viewers.get(viewer_id)
        if viewer is not None:
            parcel = Parcel(text)
            self._counters.sent(LINE, len(parcel.wire), viewer.outlet.say(parcel))

    def tell_all(self, text: str) -> None:
        """One line to every viewer of ours."""
        parcel = Parcel(text)
        written = sum(outlet.say(parcel) for outlet in self._outlets())
        self._counters.sent(LINE, len(parcel.wire), written)

    def show_all(self, slot: str, text: str) -> None:
        """One text to every viewer of ours; the newest in `slot` wins."""
        self._fan_out.send(slot, self._outlets(), Parcel(text))

    def show_figures(self, source: str, text: str, at: float) -> None:
        """An observation to those who watch `source`; to those who cannot keep up with the next picture."""
        seats, slot = self._seated(source), f"figures {source}"
        if not seats.made_for.figures:
            return
        parcel = Parcel(text)
        if seats.figures.outlets:
            self._fan_out.send(slot, seats.figures, parcel)
        for viewer, window in seats.windowed:
            if window.lets_by(source, parcel):
                self._put(viewer, slot, parcel)
        for viewer in seats.sparing:
            if at - viewer.told_at.get(source, float("-inf")) >= _FIGURES_EVERY_S - _SLACK_S:
                viewer.told_at[source] = at
                self._put(viewer, slot, parcel)

    def show_thermogram(self, source: str, text: str) -> None:
        """A thermogram to those who want to see heat."""
        thermal = self._seated(source).thermal
        if thermal:
            self._fan_out.send(f"thermogram {source}", thermal, Parcel(text))

    def show_picture(self, source: str, frame_id: int, frame: bytes, at: float) -> None:
        """A picture to those who want every one, and to the others when theirs is due."""
        seats, slot = self._seated(source), f"picture {source}"
        parcel = Parcel(frame)
        if seats.free.outlets:
            self._fan_out.send(slot, seats.free, parcel)
        for viewer, window in seats.windowed:
            if window.offer(source, frame_id, parcel, at):
                self._let_go(viewer, window, source, parcel)
            else:
                self._counters.messages_held += 1
        for viewer, every_s in seats.made_for.thinned:
            if at - viewer.shown_at.get(source, float("-inf")) >= every_s - _SLACK_S:
                viewer.shown_at[source] = at
                self._put(viewer, slot, parcel)

    def _let_go(self, viewer: Viewer, window: Window, source: str, picture: Parcel) -> None:
        """A picture whose turn has come, and before it the figures that waited with it."""
        figures = window.figures(source)
        if figures is not None:
            self._put(viewer, f"figures {source}", figures)
        self._put(viewer, f"picture {source}", picture)

    def _put(self, viewer: Viewer, slot: str, parcel: Parcel) -> None:
        self._counters.sent(slot, len(parcel.wire), viewer.outlet.put(slot, parcel))

    def show_founding(self, source: str, text: str) -> None:
        """A founding message to every founding viewer."""
        if self._founding is None:
            self._founding = Row([viewer.outlet for viewer in self._viewers.values() if viewer.founding])
        if self._founding:
            self._fan_out.send(f"founding {source}", self._founding, Parcel(text))

    def _outlets(self) -> Row:
        if self._ours is None:
            self._ours = Row([viewer.outlet for viewer in self._viewers.values() if not viewer.founding])
        return self._ours

    def _seated(self, source: str) -> _Seats:
        """The outlets for a source; made again when its audience is another one."""
        audience = self._audiences.of(source)
        seats = self._seats.get(source)
        if seats is None or seats.made_for is not audience:
            seats = _Seats(
                audience,
                Row([viewer.outlet for viewer in audience.figures if viewer.window is None]),
                _sparing(audience),
                Row([viewer.outlet for viewer in audience.thermal]),
                Row([viewer.outlet for viewer in audience.full if viewer.window is None]),
                tuple((viewer, viewer.window) for viewer in audience.full if viewer.window is not None),
            )
            if audience.figures:
                self._seats[source] = seats
            else:
                self._seats.pop(source, None)
        return seats


def _sparing(audience: Audience[Viewer]) -> tuple[Viewer, ...]:
    full = frozenset(audience.full)
    return tuple(viewer for viewer in audience.figures if viewer.window is not None and viewer not in full)
