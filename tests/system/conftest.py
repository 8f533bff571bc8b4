"""The running system: a hub and an edge as processes, on real footage with the real detector."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from programs import Program, answers, free_port, wait_until

from aimonitor.models import footage, store
from aimonitor.models.errors import FetchError


@pytest.fixture(scope="session")
def clip() -> Path:
    """Real footage of people and cars; fetched once into the user's cache, as `make run` does."""
    try:
        found = footage.resolve()
    except FetchError as error:
        pytest.skip(f"no sample footage: {error}")
    if found.name != "vtest.avi":
        pytest.skip(f"the footage with people cannot be reached, only {found.name}")
    return found


@pytest.fixture(scope="session")
def detector() -> str:
    """The detector that `make run` would use here."""
    try:
        return store.resolve("yolox-nano").name
    except FetchError as error:
        pytest.skip(f"no detector weights: {error}")


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium on this machine; `make system` installs it where it can")


class RunningSystem:
    """A hub and an edge."""

    def __init__(self, folder: Path, clip: Path, detector: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        hub = ["hub", "--port", str(self.port)]
        edge = ["edge", "--camera", str(clip), "--loop", "--detector", detector, "--edge-id", "yard"]
        self.hub = Program.aimonitor(*hub, log=folder / "hub.log", cwd=folder)
        self.edge = Program.aimonitor(
            *edge, "--hub", f"ws://127.0.0.1:{self.port}", log=folder / "edge.log", cwd=folder
        )

    def start(self) -> None:
        self.hub.start()
        wait_until(lambda: answers(f"{self.url}/health"), 30, self.hub.output, self.hub)
        self.edge.start()
        self.edge.await_line("connected to the hub", 60)

    def stop(self) -> None:
        self.edge.stop()
        self.hub.stop()


@pytest.fixture
def system(tmp_path, clip, detector):
    running = RunningSystem(tmp_path, clip, detector)
    try:
        running.start()
        yield running
    finally:
        running.stop()
