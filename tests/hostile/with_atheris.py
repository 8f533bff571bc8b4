"""The same targets led by coverage, with atheris: `python tests/hostile/with_atheris.py TARGET -max_total_time=600`."""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aimonitor", "websockets"]):
    from targets import TARGETS


def main() -> None:
    """Fuzz one target until something breaks."""
    target = TARGETS[sys.argv[1]]
    folder = Path(tempfile.mkdtemp(prefix=f"aimonitor-fuzz-{sys.argv[1]}-"))
    for number, seed in enumerate(target.seeds):
        (folder / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:], str(folder)], target.play)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
