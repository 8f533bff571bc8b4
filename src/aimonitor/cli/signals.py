"""How programs are told to stop."""

import signal
from types import FrameType

from aimonitor.common.stop_signals import STOP_SIGNALS


def stop_at_sigterm() -> None:
    """Let SIGTERM, with which services are stopped, do what Ctrl-C does; process 1 of a container would ignore it."""
    for number in STOP_SIGNALS:
        if number != signal.SIGINT:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job: SIGINT would do nothing
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
