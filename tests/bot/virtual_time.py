"""An event loop whose clock is moved by the loop itself: whoever sleeps is woken at once, and nothing waits in vain.

Sockets and worker threads are real. Time stands still while either has something to do.
"""

import asyncio
import selectors


class _Selector(selectors.DefaultSelector):
    def __init__(self):
        super().__init__()
        self.now = 1000.0
        self.busy = 0

    def select(self, timeout=None):
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self.busy or timeout is None:
            return super().select(0.05)
        ready = super().select(0)
        if not ready:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self):
        return self._virtual.now

    def run_in_executor(self, executor, func, *args):
        self._virtual.busy += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._done)
        return future

    async def shutdown_default_executor(self, _timeout=None):
        """Wait for the worker threads however long: Python 3.12 gives them 300 s, which pass at once here."""
        await super().shutdown_default_executor()

    def _done(self, _future):
        self._virtual.busy -= 1


class LoopClock:
    """The loop's time as both clocks; a story starts on 2023-11-14, a Tuesday, at 22:30 UTC."""

    def __init__(self, start=1_700_000_000.0):
        self._start = start

    def monotonic(self):
        return asyncio.get_running_loop().time()

    def utc(self):
        return self._start + asyncio.get_running_loop().time()


def play(story):
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
