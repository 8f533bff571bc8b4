"""What the hub itself asks of an edge: a command whose result is for the hub and for no viewer."""

import asyncio
import itertools

from aimonitor.contract import messages
from aimonitor.hub.cameras import Edge


class EdgeAwayError(ConnectionError):
    """The edge is not connected, or did not answer in time."""


class Errands:
    """Commands under way, each awaited by who gave it. Lives on the event loop."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._pending: dict[str, tuple[str, asyncio.Future[messages.CommandResult]]] = {}

    async def ask(
        self, edge: Edge, source: str, name: str, arguments: dict[str, str], timeout_s: float, *, body: str = ""
    ) -> messages.CommandResult:
        """Give a command and wait for its result. Raises EdgeAwayError."""
        if not edge.links:
            raise EdgeAwayError(f"{edge.edge_id} is not connected")
        number = f"e{next(self._numbers)}"
        answer: asyncio.Future[messages.CommandResult] = asyncio.get_running_loop().create_future()
        self._pending[number] = edge.edge_id, answer
        edge.links[-1].send(messages.Command(number, source, name, arguments, timeout_s, body))
        try:
            return await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            raise EdgeAwayError(f"{edge.edge_id} did not answer within {timeout_s:g} s") from None
        finally:
            del self._pending[number]

    def edge_left(self, edge_id: str) -> None:
        """Whoever waits for this edge need not wait any longer."""
        for asked, waiting in self._pending.values():
            if asked == edge_id and not waiting.done():
                waiting.set_exception(EdgeAwayError(f"{edge_id} went offline before it answered"))

    def answer(self, edge_id: str, result: messages.CommandResult) -> bool:
        """A result came from `edge_id`; False when it is of no errand."""
        asked, waiting = self._pending.get(result.command_id, ("", None))
        if waiting is None or asked != edge_id:
            return False
        if not waiting.done():
            waiting.set_result(result)
        return True
