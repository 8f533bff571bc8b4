"""Which edges and cameras there are, and which of them are here now. Bounded; the longest absent is forgotten first."""

from collections.abc import Iterable, Iterator

from aimonitor.contract import messages
from aimonitor.contract.errors import ContractError
from aimonitor.hub.cameras import CAMERAS_PER_EDGE, Camera, Edge, camera_id_of


class RosterFullError(Exception):
    """There are as many edges online as the hub takes."""


class Roster:
    """All edges by id."""

    def __init__(self, max_edges: int) -> None:
        self._max_edges = max_edges
        self._edges: dict[str, Edge] = {}

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._edges.values())

    def __len__(self) -> int:
        return len(self._edges)

    def get(self, edge_id: str) -> Edge | None:
        return self._edges.get(edge_id)

    def edge(self, edge_id: str, utc: float) -> Edge:
        """The edge with this id, made when it is new; raises RosterFullError."""
        edge = self._edges.get(edge_id)
        if edge is None:
            if len(self._edges) >= self._max_edges:
                self._forget_one()
            edge = self._edges[edge_id] = Edge(edge_id, utc)
        return edge

    def _forget_one(self) -> None:
        absent = [edge for edge in self._edges.values() if not edge.online]
        if not absent:
            raise RosterFullError(f"expected at most {self._max_edges} edges")
        del self._edges[min(absent, key=lambda edge: edge.since).edge_id]

    def has_online(self, journal: str) -> bool:
        """Whether the edge is here whose events are numbered by `journal` (`founding_journal` among them)."""
        edge = self._edges.get(journal.partition(":")[0])
        return edge is not None and edge.online

    def camera(self, source: str) -> Camera | None:
        """The camera with this source, None when nobody has told of it."""
        edge = self._edges.get(source.partition("/")[0])
        return edge.cameras.get(camera_id_of(source)) if edge else None

    def name_of(self, source: str) -> str:
        """What its owner calls a camera; empty when nobody has told."""
        camera = self.camera(source)
        return camera.info.name if camera else ""

    def cameras(self) -> Iterator[Camera]:
        for edge in self._edges.values():
            yield from edge

    @property
    def online(self) -> int:
        return sum(edge.online for edge in self._edges.values())


def own_camera(edge: Edge, source: str) -> Camera:
    """The camera of `edge` that `source` names, made when it is new.

    Raises ContractError when the source is another edge's or one camera too many.
    """
    edge_id, _, camera_id = source.partition("/")
    if edge_id != edge.edge_id:
        raise ContractError("$.source", f"{edge.edge_id}/<camera_id>", repr(source))
    camera = edge.cameras.get(camera_id)
    if camera is None:
        if len(edge.cameras) >= CAMERAS_PER_EDGE:
            raise ContractError("$.source", f"at most {CAMERAS_PER_EDGE} cameras of one edge", repr(source))
        camera = edge.cameras[camera_id] = Camera(source, messages.CameraInfo(camera_id))
    return camera


def declare(edge: Edge, cameras: Iterable[messages.CameraInfo]) -> None:
    """Note the cameras that an edge says it has; ones that it no longer names are forgotten."""
    declared = {info.camera_id: info for info in cameras}
    for camera_id in edge.cameras.keys() - declared.keys():
        del edge.cameras[camera_id]
    for camera_id, info in declared.items():
        camera = edge.cameras.get(camera_id)
        if camera is None:
            edge.cameras[camera_id] = Camera(messages.source_of(edge.edge_id, camera_id), info)
        else:
            camera.info = info
