"""A real hub with an edge at its door, and what the integrations are tried against."""

import contextlib
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1] / "hub"))

from hub_peers import Peer, wait_until

from aimonitor.contract import messages


class Yard:
    """An edge with some cameras."""

    def __init__(self, peer):
        self.peer = peer
        self._seq = 0

    def say(self, *said):
        for each in said:
            self.peer.say(each)

    def happen(self, phase="opened", level="ALERT", source="yard/gate", incident="i1", **fields):
        """Something happens; returns when the hub has stored it."""
        self._seq += 1
        fields = {"at": 1.7e9, "opened_at": 1.7e9, "words": "loitering 47 s in Gate", "score": 0.74, **fields}
        self.say(messages.Event(source, self._seq, incident, "loitering", phase, level=level, **fields))
        self.peer.hear(messages.Ack, lambda ack: ack.seq >= self._seq)


@pytest.fixture
def yard_of():
    with contextlib.ExitStack() as sockets:

        def arrive(hub, *cameras, edge_id="yard"):
            options = {"compression": None, "ping_interval": None, "close_timeout": 1}
            url = hub.ws("/ws/laptop")
            peer = Peer(sockets.enter_context(connect(url, subprotocols=[messages.SUBPROTOCOL], **options)))
            peer.say(messages.Hello("test", edge_id, cameras=cameras or (messages.CameraInfo("gate", "The gate"),)))
            peer.hear(messages.Welcome)
            return Yard(peer)

        yield arrive


class Broker:
    """A real Mosquitto on a free port, which can be killed and started again."""

    def __init__(self, program, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._program = program
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def listens():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False

        wait_until(listens)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def broker(tmp_path):
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("no mosquitto on this machine")
    server = Broker(program, tmp_path)
    server.start()
    yield server
    server.stop()
