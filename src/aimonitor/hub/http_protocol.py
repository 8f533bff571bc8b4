"""uvicorn's HTTP protocol with an end to its patience: uvicorn itself waits for ever for a head, a body and a reader.

The rule for bodies is that of Apache's mod_reqtimeout: some seconds, and one more for each so many bytes that came.
Nothing here starts a timer: `Patience` calls `sweep` every few seconds. It overrides callbacks of asyncio protocols
and of httptools, and uvicorn's constructor and `send_400_response` (held by a test; uvicorn is pinned).
"""

import asyncio
import math
from collections import deque
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from aimonitor.hub.courtesy import STATE, Courtesy
from aimonitor.hub.limits import Places, Stall
from aimonitor.hub.patience import Patience, Swept

HEAD_S = 10.0
"""Seconds from the connection, or the first byte of another request, to the end of its head."""
HEAD_LIMIT = 64 * 1024
"""Bytes of request line and headers."""
BODY_S = 10.0
BODY_BYTES_PER_S = 2_000
"""A body may take BODY_S seconds, and one more for each so many bytes of it."""
STALL_S = 30.0
"""Seconds for which a client may take nothing of what waits for it."""


class HttpProtocol(HttpToolsProtocol, Swept):
    """One HTTP connection, until it ends or becomes a WebSocket."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        places: Places,
        patience: Patience,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._places = places
        self._patience = patience
        self._address: str | None = None  # whose place is taken
        self._deadline = math.inf
        self._head = 0
        self._in_head = True
        self._stall = Stall(STALL_S)
        self._unanswered: deque[RequestResponseCycle] = deque()  # in the order of the questions, the last as well
        self._courtesy: Courtesy | None = app_state.get(STATE)
        self._ask()

    def _ask(self) -> None:
        """Somebody waits for an answer from now on."""
        if self._courtesy is not None:
            self._courtesy.asked()

    # --- asyncio ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._patience.often.join(self)
        self._deadline = self.loop.time() + HEAD_S
        address = self.client[0] if self.client else "?"
        problem = self._places.take(address)
        if problem is not None:
            self._refuse(503, problem)
            return
        self._address = address

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave_place()
        self._patience.often.leave(self)
        for cycle in self._unanswered:
            cycle.disconnected = True  # uvicorn tells only the last that was asked, and another may be writing
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline == math.inf and self._idle:
            self._deadline = self.loop.time() + HEAD_S  # empty lines before a request begin none
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_LIMIT and not self.transport.is_closing():
                self._refuse(431, f"expected at most {HEAD_LIMIT:,} bytes of headers")

    def sweep(self, at: float) -> None:
        """End the connection when it is too slow; `at` is the loop's time."""
        if self._stall.too_long(self.transport.get_write_buffer_size(), at):
            self.transport.abort()
        elif at > self._deadline and not self.transport.is_closing():
            self._refuse(408, "the request did not come in time")

    # --- httptools ----------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._ask()
        self._deadline = self.loop.time() + HEAD_S
        self._in_head, self._head = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > HEAD_LIMIT:
            raise ValueError(f"expected at most {HEAD_LIMIT:,} bytes of headers")  # answered by send_400_response
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        while self._unanswered and self._unanswered[0].response_complete:
            self._unanswered.popleft()
        cycle: RequestResponseCycle | None = self.cycle  # none where it becomes a WebSocket
        if cycle is not None:
            self._unanswered.append(cycle)
        self._in_head, self._head = False, 0
        self._deadline = self.loop.time() + BODY_S

    def on_body(self, body: bytes) -> None:
        self._deadline += len(body) / BODY_BYTES_PER_S
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._deadline = math.inf
        super().on_message_complete()

    # --- uvicorn ------------------------------------------------------------------------------------------------------

    def handle_websocket_upgrade(self) -> None:
        self._deadline = math.inf
        self._leave_place()  # from here on the doors count
        self._patience.often.leave(self)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        if self._head > HEAD_LIMIT:
            self._refuse(431, f"expected at most {HEAD_LIMIT:,} bytes of headers")
        else:
            super().send_400_response(msg)

    def _refuse(self, status: int, words: str) -> None:
        """Answer the request that is coming in, unless it has been answered, and close."""
        if self._in_head or not self.cycle.response_started:
            self.transport.write(refusal(status, words))
        self.transport.close()

    @property
    def _idle(self) -> bool:
        """Whether no request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn begins with None
        return cycle is None or cycle.response_complete

    def _leave_place(self) -> None:
        if self._address is not None:
            self._places.give_back(self._address)
            self._address = None


def refusal(status: int, words: str) -> bytes:
    """A whole answer for a connection that ends with it."""
    phrase = {408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}[status]
    body = words.encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
