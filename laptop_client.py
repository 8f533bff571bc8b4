"""The edge, by its founding name: `python laptop_client.py` is `aimonitor edge`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))  # a checkout works without being installed

from aimonitor.cli import main

if __name__ == "__main__":
    sys.exit(main(["edge", *sys.argv[1:]]))
