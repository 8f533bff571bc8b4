"""The images, built once for all tests that run containers."""

from dataclasses import dataclass

import containers
import pytest

TARGETS = ("hub", "bot", "edge", "cloud")


@dataclass(frozen=True)
class Images:
    """`aimonitor-hub` and the others, of this source, and the seconds that each took."""

    engine: containers.Engine
    built_s: dict[str, float]


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    problem = containers.missing()
    if problem:
        pytest.skip(f"needs an engine that runs containers: {problem}")
    with containers.Engine(tmp_path_factory.mktemp("engine")).running() as engine:
        engine.import_stand_ins()
        yield Images(engine, {target: engine.build(target) for target in TARGETS})
