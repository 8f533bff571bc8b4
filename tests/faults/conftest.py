"""What the fault stories share: a proxy that misbehaves on command, and programs that can be killed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
