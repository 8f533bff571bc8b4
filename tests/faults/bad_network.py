"""A TCP proxy on loopback that does to a connection what networks do: delay, cut, slice, corrupt, swallow."""

import asyncio
import contextlib
import random
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

SO_LINGER_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to each chunk, in both directions.

    delay_s: added to each chunk, in order; jitter_s spreads it
    slice_bytes: chunks are cut into pieces of this many bytes
    corrupt: share of the bytes that are changed
    blackhole: everything is swallowed, connections stay open
    bytes_per_s: rate limit of each direction
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    slice_bytes: int = 0
    corrupt: float = 0.0
    blackhole: bool = False
    bytes_per_s: float = 0.0


class BadNetwork:
    """Listens on `port` and forwards to `target_port`; that and `weather` may be changed at any moment."""

    def __init__(self, target_port: int, *, seed: int = 1) -> None:
        self.target_port = target_port
        self._random = random.Random(seed)
        self._streams: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.weather = Weather()
        self.host = "127.0.0.1"
        self.port = 0
        self.cuts = 0
        self.connections = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self.cut()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()

    def change(self, **weather: float | bool) -> None:
        self.weather = replace(self.weather, **weather)

    def cut(self) -> None:
        """Reset every connection (RST), in the middle of whatever is said."""
        for stream in tuple(self._streams):
            self.cuts += 1
            with contextlib.suppress(OSError, AttributeError):
                stream.get_extra_info("socket").setsockopt(1, 13, SO_LINGER_RESET)
            stream.transport.abort()
        self._streams.clear()

    async def _accept(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            near.transport.abort()
            return
        self._streams |= {near, far}
        for reader, writer in ((near_reader, far), (far_reader, near)):
            task = asyncio.ensure_future(self._forward(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(64 * 1024):
                for piece in self._pieces(data):
                    await self._carry(piece, writer)
        except OSError:
            pass
        finally:
            self._streams.discard(writer)
            writer.transport.abort() if self.weather.blackhole else writer.close()

    def _pieces(self, data: bytes) -> list[bytes]:
        size = self.weather.slice_bytes
        return [data[start : start + size] for start in range(0, len(data), size)] if size else [data]

    async def _carry(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        weather = self.weather
        if weather.delay_s or weather.jitter_s:
            await asyncio.sleep(max(0.0, weather.delay_s + self._random.uniform(-1, 1) * weather.jitter_s))
        if weather.bytes_per_s:
            await asyncio.sleep(len(piece) / weather.bytes_per_s)
        if self.weather.blackhole:
            return
        if weather.corrupt:
            spoilt = bytearray(piece)
            for index in range(len(spoilt)):
                if self._random.random() < weather.corrupt:
                    spoilt[index] ^= 1 << self._random.randrange(8)
            piece = bytes(spoilt)
        writer.write(piece)
        await writer.drain()


@contextlib.asynccontextmanager
async def bad_network(target_port: int, *, seed: int = 1) -> AsyncIterator[BadNetwork]:
    """A proxy that is closed at the end."""
    network = BadNetwork(target_port, seed=seed)
    await network.start()
    try:
        yield network
    finally:
        await network.close()
