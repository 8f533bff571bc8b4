"""What the bot knows of the cameras: the newest of everything that the hub said, nothing older."""

from collections import deque
from collections.abc import Iterator

from aimonitor.bot.seal import short_name
from aimonitor.contract import messages

_OBSERVATIONS = 32
"""Kept per camera, to find the boxes of a picture: 16 s at two a second."""


class Site:
    """Edges, cameras and the newest figures."""

    def __init__(self) -> None:
        self.edges: dict[str, messages.Presence] = {}
        self.statuses: dict[str, messages.Status] = {}
        self._observations: dict[str, deque[messages.Observation]] = {}

    def presence(self, said: messages.Presence) -> None:
        """An edge came or went."""
        self.edges[said.edge_id] = said

    def status(self, said: messages.Status) -> None:
        """How a camera is."""
        self.statuses[said.source] = said

    def observation(self, said: messages.Observation) -> None:
        """What a camera saw."""
        self._observations.setdefault(said.source, deque(maxlen=_OBSERVATIONS)).append(said)

    @property
    def sources(self) -> list[str]:
        """Every camera, by name."""
        declared = (
            messages.source_of(edge.edge_id, camera.camera_id)
            for edge in self.edges.values()
            for camera in edge.cameras
        )
        return sorted({*declared, *self.statuses, *self._observations})

    def find(self, words: str) -> str | None:
        """The camera meant by a source, an id, a name or a short name; None when that is not clear."""
        wanted = words.casefold().strip()
        exact = [source for source in self.sources if wanted in (source.casefold(), short_name(source).casefold())]
        loose = [source for source in self.sources if wanted in self._loose_names(source)]
        matches = exact or loose
        return matches[0] if len(matches) == 1 else None

    def _loose_names(self, source: str) -> tuple[str, str]:
        return source.partition("/")[2].casefold(), self.name(source).casefold()

    def name(self, source: str) -> str:
        """What people call a camera."""
        status = self.statuses.get(source)
        if status and status.name:
            return status.name
        edge_id, _, camera_id = source.partition("/")
        edge = self.edges.get(edge_id)
        named = next((camera.name for camera in edge.cameras if camera.camera_id == camera_id), "") if edge else ""
        return named or source

    def online(self, source: str) -> bool:
        """Whether the edge of a camera is connected to the hub."""
        edge = self.edges.get(source.partition("/")[0])
        return edge is not None and edge.online

    def age_s(self, source: str, at: float, utc: float) -> float:
        """How old at `utc` something is that has the time `at` on its edge's clock; 0 while nobody knows that clock."""
        edge = self.edges.get(source.partition("/")[0])
        offset_s = edge.clock_offset_s if edge else None
        return 0.0 if offset_s is None else utc - (at - offset_s)

    def state(self, source: str) -> str:
        """The state of a camera in the contract's words."""
        if not self.online(source):
            return "offline"
        status = self.statuses.get(source)
        return status.state if status else "live" if source in self._observations else "connecting"

    def newest(self, source: str) -> messages.Observation | None:
        """The newest figures of a camera."""
        seen = self._observations.get(source)
        return seen[-1] if seen else None

    def at(self, source: str, captured_at: float) -> messages.Observation | None:
        """The figures of the very frame that was captured at `captured_at`, None when they are not at hand."""
        return next((said for said in self.recent(source) if abs(said.captured_at - captured_at) < 0.0015), None)

    def recent(self, source: str) -> Iterator[messages.Observation]:
        """The figures at hand, newest first."""
        return reversed(self._observations.get(source, deque()))

    def track(self, source: str, track_ids: tuple[int, ...]) -> messages.TrackView | None:
        """The newest view of the first of `track_ids` that was seen lately."""
        views = (track for said in self.recent(source) for track in said.tracks if track.track_id in track_ids)
        return next(views, None)

    def labels(self, source: str, track_ids: tuple[int, ...]) -> tuple[str, ...]:
        """What those tracks are."""
        wanted = set(track_ids)
        return tuple(sorted({t.label for said in self.recent(source) for t in said.tracks if t.track_id in wanted}))
