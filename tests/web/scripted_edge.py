"""An edge that speaks v2 and plays the coded scene: what a camera would do, told frame by frame."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import coded_scene
from msgspec.structs import replace as replace_fields
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from aimonitor.contract import codec, messages
from aimonitor.contract.overlays import Layout


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera and what is played on it. `level` and `score` are the risk that is told; `coded` as in coded_scene.

    thermal: a sensor looks the same way, and is told of with every frame while somebody asks for that
    """

    camera_id: str
    name: str
    score: float = 0.3
    level: str = "WATCH"
    coded: bool = False
    size: tuple[int, int] = (coded_scene.WIDTH, coded_scene.HEIGHT)
    thermal: bool = False
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Disorder:
    """How badly the two streams are shuffled: shares of frames whose picture or observation is left out."""

    lost_pictures: float = 0.0
    lost_observations: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edge says to a command."""

    ok: bool
    words: str


class ScriptedEdge:
    """Connects, plays, answers; comes back by itself. Use as a context manager: everything is stopped at its end."""

    def __init__(
        self,
        port: int,
        cameras: tuple[Camera, ...],
        *,
        edge_id: str = "house",
        fps: float = 6.0,
        disorder: Disorder | None = None,
        clock_ahead_s: float = 0.0,
        token: str = "",
    ) -> None:
        self.edge_id = edge_id
        self.fps = fps
        self.captured: dict[int, float] = {}
        self.commands: list[messages.Command] = []
        self.attentions: list[messages.Attention] = []
        self.thermograms = 0
        self.answers: dict[str, Answer | None] = {"snapshot": Answer(True, "the next frame comes with its picture")}
        """By the command's name; None: no answer at all."""
        self._port = port
        self._token = token
        self._cameras = {camera.camera_id: camera for camera in cameras}
        self._disorder = disorder or Disorder()
        self._ahead_s = clock_ahead_s
        self._frame_id = 0
        self._seq = 0
        self._journal: list[messages.Event] = []
        self._outgoing: list[messages.AnyMessage] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"edge {edge_id}")

    def __enter__(self) -> "ScriptedEdge":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def utc(self) -> float:
        """The edge's own clock."""
        return round(time.time() + self._ahead_s, 3)

    def play(self, camera_id: str, change: Callable[[Camera], Camera]) -> None:
        """Play a camera otherwise from the next frame on."""
        with self._lock:
            self._cameras[camera_id] = change(self._cameras[camera_id])

    def lay_out(self, layout: Layout) -> None:
        """Have these zones and lines from now on."""
        self.play(layout.source.partition("/")[2], lambda camera: replace(camera, layout=layout))
        self._say(layout)

    def set_risk(self, camera_id: str, score: float, level: str) -> None:
        self.play(camera_id, lambda camera: replace(camera, score=score, level=level))

    def say_state(
        self, camera_id: str, state: str, detail: str = "", *, armed: bool | None = None, controls: tuple[str, ...] = ()
    ) -> None:
        source, name = f"{self.edge_id}/{camera_id}", self._cameras[camera_id].name
        self._say(messages.Status(source, state, self.utc(), name, detail, armed=armed, controls=controls))

    def say_event(self, camera_id: str, incident_id: str, phase: str, **facts: object) -> messages.Event:
        """Journal an event and send it; after a reconnect it is sent again."""
        self._seq += 1
        at = self.utc()
        defaults: dict[str, object] = {"kind": "loitering", "level": "ALERT", "score": 0.7, "at": at, "opened_at": at}
        event = messages.Event(
            source=f"{self.edge_id}/{camera_id}",
            seq=self._seq,
            incident_id=incident_id,
            phase=phase,
            **{**defaults, **facts},  # type: ignore[arg-type]
        )
        self._journal.append(event)
        self._say(event)
        return event

    def _say(self, message: messages.AnyMessage) -> None:
        with self._lock:
            self._outgoing.append(message)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(OSError, WebSocketException, EOFError):
                self._converse()
            self._stopping.wait(0.2)

    def _converse(self) -> None:
        address = f"ws://127.0.0.1:{self._port}/ws/laptop"
        with connect(address, subprotocols=[messages.SUBPROTOCOL], proxy=None, compression=None) as socket:
            infos = tuple(
                messages.CameraInfo(camera.camera_id, camera.name, "sim") for camera in self._cameras.values()
            )
            hello = messages.Hello("scripted", self.edge_id, cameras=infos, journal_last=self._seq, token=self._token)
            socket.send(codec.encode(hello))
            for camera in self._cameras.values():
                source = f"{self.edge_id}/{camera.camera_id}"
                socket.send(codec.encode(messages.Status(source, "live", self.utc(), camera.name)))
                if camera.layout is not None:
                    socket.send(codec.encode(camera.layout))
            for event in self._journal:
                socket.send(codec.encode(event))
            self._play(socket)

    def _play(self, socket: ClientConnection) -> None:
        dice = random.Random(self._disorder.seed)
        due = time.monotonic()
        while not self._stopping.is_set():
            self._send_frame(socket, dice)
            with self._lock:
                outgoing, self._outgoing = self._outgoing, []
            for message in outgoing:
                socket.send(codec.encode(message))
            due = max(due + 1 / self.fps, time.monotonic() + 0.5 / self.fps)  # held up, it catches up as a camera can
            self._listen(socket, due)

    def _send_frame(self, socket: ClientConnection, dice: random.Random) -> None:
        self._frame_id += 1
        at = self.utc()
        self.captured[self._frame_id] = at
        for camera in list(self._cameras.values()):
            source = f"{self.edge_id}/{camera.camera_id}"
            said = coded_scene.observation(
                source, self._frame_id, at, score=camera.score, level=camera.level, coded=camera.coded
            )
            if camera.thermal:
                said = replace_fields(said, scene=replace_fields(said.scene, thermal_active=True))
                self._feel(socket, camera.camera_id, at)
            sendings: list[Callable[[], None]] = []
            if dice.random() >= self._disorder.lost_observations:
                sendings.append(lambda said=said: socket.send(codec.encode(said)))
            if dice.random() >= self._disorder.lost_pictures:
                jpeg = coded_scene.picture(self._frame_id, coded=camera.coded, size=camera.size)
                frame = coded_scene.frame(source, self._frame_id, at, jpeg, age_s=self.utc() - at)
                sendings.append(lambda frame=frame: socket.send(frame))
            dice.shuffle(sendings)
            for send in sendings:
                send()

    def _feel(self, socket: ClientConnection, camera_id: str, at: float) -> None:
        asked = [each.layers for each in self.attentions if each.camera_id == camera_id]
        if asked and "thermal" in asked[-1]:
            self.thermograms += 1
            felt = coded_scene.thermogram(f"{self.edge_id}/{camera_id}", self._frame_id, at)
            socket.send(codec.encode(felt))

    def _listen(self, socket: ClientConnection, until: float) -> None:
        """Answer what comes until the next frame is due."""
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            try:
                message = codec.decode(socket.recv(timeout=min(left, 0.2)))
            except TimeoutError:
                continue
            if isinstance(message, messages.Ping):
                socket.send(codec.encode(messages.Pong(message.sent_at, self.utc(), self.utc())))
            if isinstance(message, messages.Attention):
                self.attentions.append(message)
            if isinstance(message, messages.Command):
                self.commands.append(message)
                answer = self.answers.get(message.name, Answer(False, f"unknown command {message.name!r}"))
                if answer is not None:
                    socket.send(codec.encode(messages.CommandResult(message.command_id, answer.ok, answer.words)))
