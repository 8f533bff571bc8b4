"""Who gets what: one message made once, handed to everybody who wants it, and nobody waits for anybody."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aimonitor.hub.audience import Audiences, Wish
from aimonitor.hub.outlet import Outlet
from aimonitor.hub.parcel import Parcel

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


class Relay:
    """All viewers and what they want. `changed` is set when what is asked of the edges may have changed."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._viewers: dict[str, Viewer] = {}
        self._ours: tuple[Viewer, ...] = ()
        self._founding: tuple[Viewer, ...] = ()
        self._audiences: Audiences[Viewer] = Audiences()
        self.changed = False

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(tuple(self._viewers.values()))

    @property
    def founding_viewers(self) -> int:
        return len(self._founding)

    # --- viewers ----------------------------------------------------------------------------------------------------

    def join(self, address: str, outlet: Outlet, hang_up: Callable[[int, str], None], *, founding: bool) -> Viewer:
        """A new viewer; a founding one watches everything fully from the start."""
        viewer = Viewer(f"v{next(self._ids)}", address, outlet, hang_up, founding)
        self._viewers[viewer.viewer_id] = viewer
        self._sort()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Send nothing more to `viewer`."""
        self._viewers.pop(viewer.viewer_id, None)
        self._audiences.remove(viewer)
        self._sort()

    def _sort(self) -> None:
        self._ours = tuple(viewer for viewer in self._viewers.values() if not viewer.founding)
        self._founding = tuple(viewer for viewer in self._viewers.values() if viewer.founding)
        self.changed = True

    def want(self, viewer: Viewer, wish: Wish) -> None:
        """Replace what `viewer` wants."""
        if self._audiences.set(viewer, wish):
            self.changed = True

    def expire(self, at: float) -> None:
        """Forget the wishes that were not renewed in time."""
        for viewer in self._audiences.expired(at):
            self._audiences.remove(viewer)
            self.changed = True

    def rung(self, source: str) -> str:
        """How closely `source` is watched now."""
        return "full" if self._founding else self._audiences.rung(source)

    # --- messages ---------------------------------------------------------------------------------------------------

    def watched(self, source: str) -> bool:
        """Whether any viewer of ours wants to know of `source`."""
        return bool(self._audiences.of(source).figures)

    def tell(self, viewer_id: str, text: str) -> None:
        """One line to one viewer, if it is still there."""
        viewer = self._viewers.get(viewer_id)
        if viewer is not None:
            viewer.outlet.say(Parcel(text))

    def tell_all(self, text: str) -> None:
        """One line to every viewer of ours."""
        parcel = Parcel(text)
        for viewer in self._ours:
            viewer.outlet.say(parcel)

    def show_presence(self, edge_id: str, text: str) -> None:
        """How an edge is to every viewer of ours; the newest wins."""
        parcel, slot = Parcel(text), f"presence {edge_id}"
        for viewer in self._ours:
            viewer.outlet.put(slot, parcel)

    def show_status(self, source: str, text: str) -> None:
        """The status of a camera to every viewer of ours; the newest wins."""
        parcel, slot = Parcel(text), f"status {source}"
        for viewer in self._ours:
            viewer.outlet.put(slot, parcel)

    def show_figures(self, source: str, text: str) -> None:
        """An observation to those who watch `source`."""
        parcel, slot = Parcel(text), f"figures {source}"
        for viewer in self._audiences.of(source).figures:
            viewer.outlet.put(slot, parcel)

    def show_picture(self, source: str, frame: bytes, at: float) -> None:
        """A picture to those who want every one, and to the others when theirs is due."""
        parcel, slot = Parcel(frame), f"picture {source}"
        audience = self._audiences.of(source)
        for viewer in audience.full:
            viewer.outlet.put(slot, parcel)
        for viewer, every_s in audience.thinned:
            if at - viewer.shown_at.get(source, float("-inf")) >= every_s - _SLACK_S:
                viewer.shown_at[source] = at
                viewer.outlet.put(slot, parcel)

    def show_founding(self, source: str, text: str) -> None:
        """A founding message to every founding viewer."""
        parcel, slot = Parcel(text), f"founding {source}"
        for viewer in self._founding:
            viewer.outlet.put(slot, parcel)
