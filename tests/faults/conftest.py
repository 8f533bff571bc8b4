"""What the fault stories share: their folders on the path."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / part) for part in ("faults", "system")]
