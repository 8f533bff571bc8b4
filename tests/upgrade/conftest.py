"""Programs under test and their histories, as the fault stories have them."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("faults", "system")]
