"""A hub of a hundred lines: viewers by WebSocket, history and stills by REST, and a camera that obeys."""

import asyncio
import contextlib
import io
import json

from aiohttp import WSMsgType, web
from PIL import Image

from aimonitor.contract import codec, frames, messages


def jpeg(color=(90, 120, 150), size=(160, 120)):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


class FakeHub:
    def __init__(self, clock, *, cameras=("gate",), edge="yard"):
        self.clock = clock
        self.edge = edge
        self.cameras = {f"{edge}/{camera}": messages.CameraInfo(camera, f"Camera {camera}") for camera in cameras}
        self.pictures = {source: (jpeg(), clock.utc() - 60.0) for source in self.cameras}
        self.obeys = True
        self.stored = []
        self.commands = []
        self.wishes = []
        self.seq = 0
        self.frame = 0
        self.history_asked = 0
        self._sockets = []
        self._filming = []
        self.online = True
        self.tracks = ()

    async def start(self, port=0):
        app = web.Application()
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/api/history", self._history)
        app.router.add_get("/api/snapshot/{edge}/{camera}.jpg", self._snapshot)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def stop(self):
        for task in self._filming:
            task.cancel()
        await asyncio.gather(*self._filming, return_exceptions=True)
        for socket in list(self._sockets):
            await socket.close()
        await self._runner.cleanup()

    # --- what a test does -------------------------------------------------------------------------------------------

    async def say(self, *said):
        for message in said:
            for socket in list(self._sockets):
                with contextlib.suppress(ConnectionError):
                    await socket.send_str(codec.encode(message))

    def presence(self, *, online=True):
        self.online = online
        return messages.Presence(self.edge, online, self.clock.utc(), tuple(self.cameras.values()), 0.0)

    def status(self, state="live", source=None):
        return messages.Status(source or next(iter(self.cameras)), state, self.clock.utc())

    def observation(self, source=None, tracks=None, score=0.4, captured_at=None):
        self.frame += 1
        return messages.Observation(
            source or next(iter(self.cameras)),
            self.frame,
            captured_at or round(self.clock.utc(), 3),
            160,
            120,
            messages.RiskView(score, "WATCH", (messages.Factor("loitering", score, "loitering 47 s in Gate"),)),
            messages.SceneView(persons=1),
            self.tracks if tracks is None else tracks,
            fps=5.0,
        )

    def event(self, incident="i1", phase="opened", *, kind="loitering", level="ALERT", source=None, **fields):
        self.seq += 1
        fields = {"opened_at": round(self.clock.utc(), 3), "score": 0.5, "zone": "Gate"} | fields
        factors = (messages.Factor("loitering", 0.35, "loitering 47 s"), messages.Factor("night", 0.15, "at night"))
        return messages.Event(
            source=source or next(iter(self.cameras)),
            seq=self.seq,
            incident_id=incident,
            kind=kind,
            phase=phase,
            at=fields.pop("at", round(self.clock.utc(), 3)),
            level=level,
            factors=factors,
            **fields,
        )

    async def happen(self, *events):
        """Events are stored, and told to those who watch."""
        for event in events:
            self.stored.append(event)
            await self.say(event)

    # --- the server -------------------------------------------------------------------------------------------------

    async def _socket(self, request):
        socket = web.WebSocketResponse(protocols=[messages.SUBPROTOCOL])
        await socket.prepare(request)
        await socket.send_str(codec.encode(messages.Welcome("hub", self.clock.utc())))
        await socket.send_str(codec.encode(self.presence(online=self.online)))
        self._sockets.append(socket)
        try:
            async for data in socket:
                if data.type is WSMsgType.TEXT:
                    await self._take(socket, codec.decode(data.data))
        finally:
            self._sockets.remove(socket)
        return socket

    async def _take(self, socket, message):
        match message:
            case messages.Subscribe():
                self.wishes.append(message)
                if message.rung in ("slow", "full"):
                    self._filming.append(asyncio.create_task(self._film(socket, message)))
            case messages.Ping(sent_at=sent_at):
                await socket.send_str(codec.encode(messages.Pong(sent_at, 1.0, 1.0)))
            case messages.Command(command_id=number, source=source, name=name):
                self.commands.append((source, name))
                ok = self.obeys and name == "snapshot"
                words = "it comes" if ok else f"unknown command {name!r}; this edge knows snapshot"
                await socket.send_str(codec.encode(messages.CommandResult(number, ok, words)))
                if ok:
                    said = self.observation(source)
                    self.pictures[source] = (jpeg(), said.captured_at)
                    await self.say(said)

    async def _film(self, socket, wish):
        """Pictures and their figures, a second apart, as long as the wish lasts."""
        with contextlib.suppress(ConnectionError):
            for _ in range(int(wish.lease_s)):
                said = self.observation(wish.sources[0])
                await self.say(said)
                header = frames.FrameHeader(said.source, said.frame_id, said.captured_at, 160, 120)
                await socket.send_bytes(frames.encode(header, jpeg((self.frame * 9 % 255, 90, 120))))
                await asyncio.sleep(1.0)

    async def _history(self, request):
        self.history_asked += 1
        limit, before = int(request.query["limit"]), int(request.query.get("before", 10**9))
        rows = [
            {"id": number, "received_at": event.at, **json.loads(codec.encode(event))}
            for number, event in enumerate(self.stored, 1)
            if number < before
        ]
        page = rows[::-1][:limit]
        older = page[-1]["id"] if len(page) == limit and page[-1]["id"] > 1 else None
        return web.json_response({"events": page, "samples": [], "next_before": older})

    async def _snapshot(self, request):
        await asyncio.sleep(0)
        found = self.pictures.get(f"{request.match_info['edge']}/{request.match_info['camera']}")
        if found is None:
            return web.json_response({"error": {}}, status=404)
        return web.Response(body=found[0], content_type="image/jpeg", headers={"x-captured-at": f"{found[1]:.3f}"})
