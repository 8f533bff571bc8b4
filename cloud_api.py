"""Founding door to the hub: `python cloud_api.py`, or `uvicorn cloud_api:app`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))  # a checkout works without being installed

from aimonitor.cli import hub, main

if __name__ == "__main__":
    raise SystemExit(main(["hub", *sys.argv[1:]]))

app = hub.application()
