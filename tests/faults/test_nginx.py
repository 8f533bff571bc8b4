"""F14: the Nginx that we ship in front of the hub is restarted, and its certificate exchanged."""

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from programs import free_port, wait_until
from rehearsal import HubProcess, a_fleet, play

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
EDGES = 50
TOKEN = "behind-nginx"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Authority:
    """Signs certificates for localhost."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
                      "-days", "2", "-subj", "/CN=a test's authority")  # fmt: skip
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")

    def _openssl(self, *words):
        subprocess.run(("openssl", *words), cwd=self.folder, check=True, capture_output=True)

    def issue(self):
        """A new certificate in place of the one before."""
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "privkey.pem", "-out", "request.pem",
                      "-subj", "/CN=localhost")  # fmt: skip
        self._openssl("x509", "-req", "-in", "request.pem", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
                      "-days", "1", "-extfile", "names", "-out", "fullchain.pem")  # fmt: skip


class Nginx:
    """With the configuration that we ship, but for places and ports."""

    def __init__(self, folder, hub_port):
        self.program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if self.program is None or shutil.which("openssl") is None:
            pytest.skip("needs nginx and openssl")
        self.port, self._folder = free_port(), folder
        text = CONFIG.read_text().replace("/tmp/", f"{folder}/").replace("/certificates/", f"{folder}/")
        text = text.replace("http://hubs:8000", f"http://127.0.0.1:{hub_port}").replace("/dev/stdout", "/dev/null")
        for shipped, here in (("8080", free_port()), ("8443", self.port)):
            text = text.replace(f"listen {shipped}", f"listen 127.0.0.1:{here}")
        (folder / "resolver.conf").write_text("")
        self._config = folder / "nginx.conf"
        self._config.write_text(f"daemon off;\n{text}")
        self.process = None

    def start(self):
        log = (self._folder / "nginx.log").open("ab")
        self.process = subprocess.Popen(
            [self.program, "-p", str(self._folder), "-c", str(self._config)], stdout=log, stderr=log
        )
        log.close()
        wait_until(self.certificate, 10, (self._folder / "nginx.log").read_text)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def certificate(self):
        try:
            return ssl.get_server_certificate(("localhost", self.port), timeout=2)
        except OSError:
            return ""


@pytest.fixture
def nginx(tmp_path, monkeypatch):
    hub = HubProcess(tmp_path, AIMONITOR_TOKENS=TOKEN)
    server = Nginx(tmp_path, hub.port)
    authority = server.authority = Authority(tmp_path)
    authority.issue()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    os.chmod(tmp_path, 0o755)
    hub.start()
    try:
        server.start()
        yield server
    finally:
        server.stop()
        hub.program.stop()


async def returned(fleet, since):
    """When each edge was connected again."""
    back = {}
    while len(back) < len(fleet.edges):
        await asyncio.sleep(0.01)
        for edge in fleet.edges:
            if edge.uplink.connected and edge.edge_id not in back:
                back[edge.edge_id] = time.monotonic() - since
    return sorted(back.values())


def test_nginx_is_reloaded_with_another_certificate_and_restarted(nginx, tmp_path, measured):
    async def story():
        found = {}
        plan = {"hub": f"wss://localhost:{nginx.port}/ws/laptop", "token": TOKEN, "edges": EDGES, "cameras": 1}
        fleet = a_fleet(tmp_path, 0, None, **plan, rate=0.0, fps=0.5)

        async def mischief():
            while not all(edge.uplink.connected for edge in fleet.edges):
                await asyncio.sleep(0.05)
            await asyncio.sleep(5)  # by now every edge was told how many neighbors it has
            before = await asyncio.to_thread(nginx.certificate)
            await asyncio.to_thread(nginx.authority.issue)
            nginx.reload()
            while await asyncio.to_thread(nginx.certificate) == before:
                await asyncio.sleep(0.05)
            await asyncio.sleep(2)
            found["lost"] = sum(not edge.uplink.connected for edge in fleet.edges)
            await asyncio.to_thread(nginx.stop)
            while any(edge.uplink.connected for edge in fleet.edges):
                await asyncio.sleep(0.01)
            await asyncio.to_thread(nginx.start)
            found["back"] = await returned(fleet, time.monotonic())

        await asyncio.wait_for(play(fleet, 60, mischief), 120)
        return found

    found = asyncio.run(story())
    back = found["back"]
    busiest = max(sum(1 for each in back if at <= each < at + 1) for at in back)
    measured("F14", "certificate exchanged, nginx reloaded: connections lost", "0", str(found["lost"]))
    measured("F14", f"nginx restarted: last of {EDGES} edges back", "<= 10 s", f"{back[-1]:.1f} s")
    measured("F14", "edges back in the busiest second, wherever it begins", f"<= {EDGES // 2}", str(busiest))
    assert found["lost"] == 0
    assert back[-1] <= 10
    assert busiest <= EDGES // 2
