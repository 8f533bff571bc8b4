"""What each arrival causes: the one place that knows edges, viewers, history and commands at once. No sockets here."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from aimonitor.common.clock import Clock
from aimonitor.contract import codec, founding, frames, messages
from aimonitor.contract.founding import FoundingMessage
from aimonitor.contract.jpeg import check_size
from aimonitor.contract.refusals import Code
from aimonitor.hub.attention import AttentionDesk
from aimonitor.hub.audience import Wish
from aimonitor.hub.audit import AuditTrail
from aimonitor.hub.cameras import Camera, Edge, EdgeLink
from aimonitor.hub.commands import Answer, Asked, CommandDesk
from aimonitor.hub.errands import Errands
from aimonitor.hub.history import History
from aimonitor.hub.journeys import AboutFrame
from aimonitor.hub.limits import POLICY_VIOLATION
from aimonitor.hub.metrics import Counters
from aimonitor.hub.relay import Relay, Viewer
from aimonitor.hub.roster import Roster, own_camera
from aimonitor.hub.stores.base import Mark, NewEvent, Sample, StoreError

log = logging.getLogger(__name__)

MISSED_HEARTBEATS = 3
EARLY_S = 0.05
"""A tick that comes so much too early for something still does it, for the next one is far."""
_POST_SILENCE_S = 15.0
"""A client that only posts is gone when it has posted nothing for so long."""


class NoteCommand(Protocol):
    """Who asked for which command of which camera, and whether it was done."""

    def __call__(self, who: str, name: str, source: str, *, ok: bool) -> None: ...


class Switchboard:
    """Joins the parts of the hub; every method is called on the event loop and returns at once."""

    def __init__(
        self,
        *,
        roster: Roster,
        relay: Relay,
        history: History,
        clock: Clock,
        counters: Counters,
        heartbeat_s: float,
        stalled_viewer_s: float,
    ) -> None:
        self.roster = roster
        self.relay = relay
        self.history = history
        self.clock = clock
        self.counters = counters
        self.heartbeat_s = heartbeat_s
        self.stalled_viewer_s = stalled_viewer_s
        self.commands = CommandDesk()
        self.errands = Errands()
        self._audit = AuditTrail()
        self.unasked: Callable[[str, messages.CommandResult], None] = lambda _edge_id, _result: None
        """Told of results that nobody here waits for: another hub may have asked."""
        self.tell_hubs: Callable[[str], None] = lambda _text: None
        """Told of lines that viewers of every hub should get, whosever edge they are about."""
        self.want_still: Callable[[str], None] = lambda _source: None
        """Told of sources whose newest picture somebody asked for: the camera may be at another hub."""
        self.tell_journey: Callable[[str, AboutFrame, float], None] | None = None
        """Told what came of a frame, and when (monotonic); None where no journeys are traced."""
        self.note_command: NoteCommand = lambda _who, _name, _source, *, ok: None
        """Told who asked for which command of which camera, and whether it was done."""
        self.guests: Callable[[], int] = lambda: 0
        """How many of the relay's viewers stand for another hub."""
        self._attention = AttentionDesk(relay.rung, relay.layers)

    @property
    def tick_s(self) -> float:
        """Twice a heartbeat and at least every second."""
        return min(1.0, self.heartbeat_s / 2)

    # --- edges come and go ------------------------------------------------------------------------------------------

    def edge_arrived(self, edge: Edge, link: EdgeLink | None) -> None:
        """`edge` has a connection (None: it posted)."""
        if edge.hub:  # it was at another hub's door until now
            # Later than what that hub says of it, whatever the clocks: that is told from a move back by its time.
            edge.hub, edge.since = "", max(self.clock.utc(), edge.since + 0.001)
            edge.links.clear()
        if link is not None:
            edge.links.append(link)
            self._attention.forget(edge)
        edge.heard_at = self.clock.monotonic()
        if not edge.online:
            edge.online, edge.since = True, self.clock.utc()
            edge.arrivals += 1
            self.counters.edges_connected += 1
            log.info("edge %s is online (%s)", edge.edge_id, edge.protocol)
        self.show_presence(edge)
        self.ask_attention(edge)

    def edge_left(self, edge: Edge, link: EdgeLink | None) -> None:
        """A connection of `edge` is gone; with the last one the edge is."""
        if link in edge.links:
            edge.links.remove(link)
        if edge.links or not edge.online:
            return
        edge.online, edge.since = False, self.clock.utc()
        log.info("edge %s is offline", edge.edge_id)
        self.show_presence(edge)
        if edge.protocol == "v1":
            for camera in edge:
                self._set_founding_state(camera, "offline")
        for answer in self.commands.edge_left(edge.edge_id):
            self._deliver(answer)
        self.errands.edge_left(edge.edge_id)
        self._attention.forget(edge)

    def show_presence(self, edge: Edge) -> None:
        """Tell viewers how `edge` is."""
        self.relay.show_all(f"presence {edge.edge_id}", codec.encode(edge.presence()))

    # --- what edges say ---------------------------------------------------------------------------------------------

    def status(self, edge: Edge, status: messages.Status, text: str) -> None:
        """A camera told how it is."""
        own_camera(edge, status.source).status = status
        self.relay.show_all(f"status {status.source}", text)

    def layout(self, edge: Edge, source: str, text: str) -> None:
        """A camera has other zones and lines."""
        own_camera(edge, source).layout_text = text
        self.relay.show_all(f"layout {source}", text)

    def thermogram(self, edge: Edge, source: str, text: str) -> None:
        """What a thermal sensor feels; kept by nobody."""
        own_camera(edge, source)
        self.relay.show_thermogram(source, text)

    def observation(self, edge: Edge, said: messages.Observation, text: str) -> None:
        """Figures came."""
        camera, at = own_camera(edge, said.source), self.clock.monotonic()
        self.counters.observations_in += 1
        camera.see_observation(said, text, at)
        self.relay.show_figures(said.source, text, at)
        if self.tell_journey is not None:
            self.tell_journey("hub figures", said, at)
        scene, risk = said.scene, said.risk
        if not edge.hub:
            second = int(self.clock.utc())
            self.history.sample(
                Sample(
                    second,
                    said.source,
                    risk.score,
                    risk.level,
                    scene.persons,
                    scene.vehicles,
                    said.fps,
                    scene.avg_speed.value,
                    scene.avg_speed.unit,
                )
            )
        if self.relay.founding_viewers and (pair := camera.pairing.observed(said, at)):
            self.relay.show_founding(said.source, pair.compose())

    def picture(self, edge: Edge, frame: bytes, at: float) -> str:
        """A binary frame came; returns its source. Raises ContractError, also for a picture that nobody should open."""
        header, jpeg_at = frames.decode_header(frame)
        check_size(frame, start=jpeg_at)
        camera = own_camera(edge, header.source)
        self.counters.frames_in += 1
        if edge.clock.offset_s is not None:
            self.counters.waits.under_way.add(self.clock.utc() - (header.captured_at - edge.clock.offset_s))
        camera.see_picture(header, frame, jpeg_at, at)
        self.relay.show_picture(header.source, header.frame_id, frame, at)
        if self.tell_journey is not None:
            self.tell_journey("hub picture", header, at)
        if self.relay.founding_viewers and (pair := camera.pairing.pictured(header, frame[jpeg_at:], at)):
            self.relay.show_founding(header.source, pair.compose())
        return header.source

    def founding(self, edge: Edge, message: FoundingMessage, text: str) -> Camera:
        """A founding message came; returns the camera that it is of."""
        at, utc = self.clock.monotonic(), self.clock.utc()
        camera = own_camera(edge, messages.source_of(edge.edge_id, founding.DEFAULT_CAMERA))
        self.counters.founding_in += 1
        self.counters.traffic.came(f"founding {camera.source}", text, at)
        edge.heard_at = at
        camera.see_founding(message, text, at)
        self._set_founding_state(camera, "live")
        self.relay.show_founding(camera.source, text)
        if self.relay.watched(camera.source):
            camera.translate()
            self.relay.show_figures(camera.source, camera.said_text, at)
            if camera.frame:
                self.relay.show_picture(camera.source, message.frame_id, camera.frame, at)
        scene = message.scene
        self.history.sample(
            Sample(
                int(utc),
                camera.source,
                message.risk_score,
                message.risk_level,
                scene.persons,
                scene.vehicles,
                message.fps,
                scene.avg_speed,
            )
        )
        self._note_level(edge, camera, message)
        return camera

    def _note_level(self, edge: Edge, camera: Camera, message: FoundingMessage) -> None:
        change = camera.levels.update(message)
        if change is None:
            return
        if edge.founding_seq is None:
            self.counters.events_refused += 1
            return
        edge.founding_seq += 1
        body = codec.encode(change.event(camera.source, edge.founding_seq))
        self.history.submit(NewEvent(founding_journal(edge), edge.founding_seq, camera.source, self.clock.utc(), body))

    def _set_founding_state(self, camera: Camera, state: str) -> None:
        if camera.status is None or camera.status.state != state:
            camera.status = messages.Status(camera.source, state, self.clock.utc())
            self.relay.show_all(f"status {camera.source}", codec.encode(camera.status))

    async def prepare_founding(self, edge: Edge) -> None:
        """Learn from the store how far the events of this founding edge are numbered."""
        if edge.founding_seq is None:
            try:
                have = await self.history.journal(founding_journal(edge))
            except StoreError as error:
                log.warning("risk levels of %s are not stored: %s", edge.edge_id, error)
            else:
                edge.founding_seq = have.highest

    def event_stored(self, event: NewEvent, is_new: bool) -> None:
        """The store has an event: tell its edge, and the viewers when it is news."""
        self.counters.waits.stored.add(self.clock.utc() - event.received_at)
        if is_new:
            self.relay.tell_all(event.body)
        edge = self.roster.get(event.journal)
        for link in edge.links if edge else ():
            link.stored(event.seq)

    def marked(self, mark: Mark) -> messages.Marked:
        """The store has a mark: tell the viewers of every hub."""
        incident = mark.incident
        said = messages.Marked(incident.source, incident.incident_id, mark.mark, mark.at, mark.by)
        text = codec.encode(said)
        self.relay.tell_all(text)
        self.tell_hubs(text)
        return said

    # --- what viewers say -------------------------------------------------------------------------------------------

    def subscribe(self, viewer: Viewer, wish: Wish) -> None:
        """A viewer wants something else from now on."""
        self.relay.want(viewer, wish)
        self.follow_viewers()

    def follow_viewers(self) -> None:
        """Tell the edges when viewers came, went or want something else."""
        if self.relay.changed:
            self.relay.changed = False
            for edge in self.roster:
                self.ask_attention(edge)

    def ask_attention(self, edge: Edge) -> None:
        """Tell `edge` what is asked of it, where that changed or is about to lapse."""
        if edge.links and edge.protocol == "v2":
            self._tell_attention(edge, self._attention.due(edge, self.clock.monotonic()))

    def _tell_attention(self, edge: Edge, due: Sequence[messages.Attention]) -> None:
        for attention in due:
            edge.links[-1].send(attention)

    def command(self, viewer: Viewer, command: messages.Command, who: str) -> None:
        """A viewer asks a camera to do something; the result is sent when it comes, or at once when it cannot."""
        self.counters.commands += 1
        edge_id = command.source.partition("/")[0]
        edge = self.roster.get(edge_id)
        if edge is None or not edge.links:
            self.refuse_command(viewer, command, who, f"{edge_id} is not connected", "edge_away")
            return
        numbered = self.commands.ask(viewer.viewer_id, command, self.clock.monotonic(), who=who)
        if numbered is None:
            self.refuse_command(viewer, command, who, "too many commands are under way; try again", "busy")
            return
        edge.links[-1].send(numbered)
        if edge.protocol == "v1":
            words = "sent; a founding client does not say what becomes of it"
            self.result(edge, messages.CommandResult(numbered.command_id, ok=True, words=words))

    def refuse_command(self, viewer: Viewer, command: messages.Command, who: str, words: str, why: Code) -> None:
        """Tell a viewer why nothing is done."""
        result = messages.CommandResult(command.command_id, ok=False, words=words, why=why)
        self._deliver(Answer(Asked(viewer.viewer_id, command, "", 0.0, who), result))

    def result(self, edge: Edge, result: messages.CommandResult) -> None:
        """An edge tells what became of a command."""
        answer = self.commands.answer(edge.edge_id, result)
        if answer is not None:
            self._deliver(answer)
        elif not self.errands.answer(edge.edge_id, result):
            self.unasked(edge.edge_id, result)

    def _deliver(self, answer: Answer) -> None:
        self.counters.commands_failed += not answer.result.ok
        self.history.submit(self._audit.entry(answer, self.clock.utc()))
        asked = answer.asked
        self.note_command(asked.who, asked.command.name, asked.command.source, ok=answer.result.ok)
        self.relay.tell(answer.asked.viewer_id, codec.encode(answer.result))

    # --- time passes ------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Whatever is due by now; called every `tick_s`."""
        at = self.clock.monotonic()
        self.relay.expire(at)
        for answer in self.commands.expired(at):
            self._deliver(answer)
        self._let_go_of_stalled(at)
        self.follow_viewers()
        for edge in list(self.roster):
            for link in tuple(edge.links):
                link.tick(at)
            if not edge.online:
                continue
            if edge.protocol == "v1":
                self._check_founding(edge, at)
            elif edge.links:
                self._tell_attention(edge, self._attention.renewal(edge, at))

    def _let_go_of_stalled(self, at: float) -> None:
        for viewer in self.relay.stalled(at, self.stalled_viewer_s):
            self.counters.viewers_stalled += 1
            self.relay.leave(viewer)
            viewer.hang_up(POLICY_VIOLATION, f"took nothing for {self.stalled_viewer_s:.0f} s")

    def _check_founding(self, edge: Edge, at: float) -> None:
        """A founding client has no heartbeat: when nothing comes its camera is delayed, or gone if it only posted."""
        if not edge.links and at - edge.heard_at > _POST_SILENCE_S:
            self.edge_left(edge, None)
        elif at - edge.heard_at > MISSED_HEARTBEATS * self.heartbeat_s:
            for camera in edge:
                self._set_founding_state(camera, "delayed")


def founding_journal(edge: Edge) -> str:
    """The numbering of an edge's founding events, apart from the numbers that the edge gives itself."""
    return f"{edge.edge_id}:v1"
