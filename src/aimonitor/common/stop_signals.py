"""How a program is asked to end, on each system."""

import signal
import sys

if sys.platform == "win32":
    # SIGBREAK is a console that is closed, and the one with which a program can ask another; SIGTERM is never sent.
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
else:
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
