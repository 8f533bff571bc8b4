"""Containers for tests, where no registry of images can be reached: stand-ins built from Debian's packages.

One root folder, made by debootstrap, stands in for every base image of the Dockerfile and compose.yaml: it holds
Python, Nginx, Redis and OpenSSL as Debian has them, and in one variant this machine's Node, in another its Prometheus.
What is built and run on it is the real Dockerfile and the real compose.yaml; the base images alone are others.
"""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from aimonitor.models.cache import cache_dir

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("podman", "runc", "docker-compose", "debootstrap", "netavark", "aardvark-dns", "node", "npm", "tar")
_EXTRA_PATH = "/usr/sbin:/sbin:/usr/lib/podman"
_PACKAGES = "python3,python3-dev,python3-venv,ca-certificates,openssl,redis-server,nginx-light"
"""Python with its headers, as Python's own image has it: our wheel is compiled on it."""
_STAND_INS = {"PYTHON_IMAGE": "localhost/stand-in/debian", "NODE_IMAGE": "localhost/stand-in/node"}
_PROMETHEUS = "localhost/stand-in/prometheus"
_NAMES = Path("/run/containers/networks/aardvark-dns")
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
"""


def missing() -> str:
    """What this machine lacks to run containers, empty when nothing."""
    path = os.environ["PATH"] + ":" + _EXTRA_PATH
    absent = [program for program in NEEDED if shutil.which(program, path=path) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return "" if os.geteuid() == 0 else "root is needed for debootstrap and networks"


def run(*command: str | Path, timeout: float = 600, environ: Mapping[str, str] | None = None) -> str:
    """Run to the end, quietly and at low priority; the output, or an AssertionError that shows its end."""
    environ = {**os.environ, "PATH": os.environ["PATH"] + ":" + _EXTRA_PATH, **(environ or {})}
    done = subprocess.run(
        ["nice", "-n", "10", *map(str, command)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environ,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-3000:]}"
    return done.stdout


def base_archive() -> Path:
    """The stand-in's root folder as a tar file, made once and kept in the cache."""
    archive = cache_dir() / "tests" / f"stand-in-{zlib.crc32(_PACKAGES.encode()):08x}.tar"
    if archive.is_file():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    folder = archive.with_suffix(".new")
    shutil.rmtree(folder, ignore_errors=True)
    run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", folder, timeout=1200)
    for deb in (folder / "var/cache/apt/archives").glob("*.deb"):
        deb.unlink()
    (folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    (folder / "data").mkdir()
    os.chown(folder / "data", 999, 999)
    run("tar", "-C", folder, "-cf", archive.with_suffix(".part"), ".")
    archive.with_suffix(".part").replace(archive)
    shutil.rmtree(folder)
    return archive


def _is_resolved(name: str, server: str) -> bool:
    """Whether a name server answers within half a second when it is asked for the address of `name`."""
    head = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0)  # one question, recursion desired
    question = head + bytes([len(name)]) + name.encode() + struct.pack("!B2H", 0, 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        try:
            asking.sendto(question, (server, 53))
            return bool(asking.recv(512))
        except TimeoutError:
            return False


class Engine:
    """Podman with images and networks of its own, under one folder, and docker-compose that talks to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "podman.sock"
        (folder / "containers.conf").write_text(_CONTAINERS_CONF)
        self._environ = {"CONTAINERS_CONF": str(folder / "containers.conf"), "DOCKER_HOST": f"unix://{self._socket}"}
        self._options = ("--root", str(folder / "images"), "--runroot", str(folder / "run"))
        self._service: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self.names_silent = 0
        """How often the name server was found silent; see `_check_names`."""
        self._keepers = [threading.Thread(target=each) for each in (self._check_health, self._check_names)]

    def podman(self, *arguments: str | Path, timeout: float = 600) -> str:
        return run("podman", *self._options, *arguments, timeout=timeout, environ=self._environ)

    def compose(self, *arguments: str, profiles: str, settings: Mapping[str, str], timeout: float = 600) -> str:
        """docker-compose on the real compose.yaml and what tests add to it, in a project of the test's own."""
        images = dict.fromkeys(("NGINX_IMAGE", "REDIS_IMAGE"), _STAND_INS["PYTHON_IMAGE"])
        images["PROMETHEUS_IMAGE"] = _PROMETHEUS
        environ = {**self._environ, **images, "COMPOSE_PROFILES": profiles, **settings}
        files = ("-f", "compose.yaml", "-f", "tests/shipping/compose.tests.yaml")
        return run("docker-compose", "-p", "aimonitortest", *files, *arguments, timeout=timeout, environ=environ)

    def container(self, service: str) -> str:
        return f"aimonitortest_{service}_1"

    def inspect(self, service: str, what: str) -> str:
        return self.podman("inspect", "-f", "{{" + what + "}}", self.container(service)).strip()

    @contextlib.contextmanager
    def running(self) -> Iterator["Engine"]:
        """The engine's service while the block runs; afterwards nothing of it is left."""
        environ = {**os.environ, "PATH": os.environ["PATH"] + ":" + _EXTRA_PATH, **self._environ}
        log = (self._folder / "service.log").open("wb")
        command = ["podman", *self._options, "system", "service", "--time=0", f"unix://{self._socket}"]
        self._service = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        for each in self._keepers:
            each.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for each in self._keepers:
                each.join()
            self.podman("system", "reset", "--force")
            self._service.terminate()
            self._service.wait(20)
            log.close()

    def _check_health(self) -> None:
        """Podman leaves the timing of health checks to systemd; where that does not run, somebody else has to."""
        while not self._stopping.wait(1.0):
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                for name in self.podman("ps", "--quiet").split():
                    with contextlib.suppress(AssertionError):
                        self.podman("healthcheck", "run", name)

    def _check_names(self) -> None:
        """The name server of Debian 12's Podman (aardvark-dns 1.4) may forget a network when a container leaves it.

        It serves it again when it is told to read its files, which Docker's never needs.
        """
        while not self._stopping.wait(0.5):
            with contextlib.suppress(OSError, ValueError, IndexError):  # it comes and goes with the containers
                server = int((_NAMES / "aardvark.pid").read_text())
                for file in _NAMES.glob("aimonitortest_*"):
                    (address, *_), *known = (line.split() for line in file.read_text().splitlines())
                    name = known[0][2].split(",")[0]
                    if not any(_is_resolved(name, address.split(",")[0]) for _ in range(2)):
                        self.names_silent += 1
                        os.kill(server, signal.SIGHUP)

    def import_stand_ins(self) -> None:
        """The base images, and the same with this machine's Node."""
        archive = base_archive()
        self.podman("import", archive, _STAND_INS["PYTHON_IMAGE"])
        node, npm = shutil.which("node"), shutil.which("npm")
        assert node
        assert npm
        packages = Path(npm).resolve().parents[1]
        name = self.podman("create", _STAND_INS["PYTHON_IMAGE"], "true").strip()
        self.podman("cp", Path(node).resolve(), f"{name}:/usr/local/bin/node")
        self.podman("cp", packages, f"{name}:/usr/local/lib/npm")
        starter = self._folder / "npm"
        starter.write_text('#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n')
        starter.chmod(0o755)
        self.podman("cp", starter, f"{name}:/usr/local/bin/npm")
        changes = ["--change", "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt"]
        self.podman("commit", *changes, name, _STAND_INS["NODE_IMAGE"])
        self.podman("rm", name)

    def import_prometheus(self) -> bool:
        """The base image with this machine's Prometheus; False where there is none."""
        found = [shutil.which(name) for name in ("prometheus", "promtool")]
        if not all(found):
            return False
        name = "lent-prometheus"
        self.podman("run", "--name", name, _STAND_INS["PYTHON_IMAGE"], "install", "-d", "-o", "65534", "/prometheus")
        for program in map(str, found):
            self.podman("cp", program, f"{name}:/usr/local/bin/{Path(program).name}")
        self.podman("commit", name, _PROMETHEUS)
        self.podman("rm", name)
        return True

    def build(self, target: str) -> float:
        """Build one target of the real Dockerfile as compose.yaml names it; the seconds that it took."""
        started = time.monotonic()
        arguments = [part for name, image in _STAND_INS.items() for part in ("--build-arg", f"{name}={image}")]
        for path in ("/etc/ssl/certs", "/etc/pip.conf"):  # how this machine reaches its packages
            if Path(path).exists():
                arguments += ["--volume", f"{path}:{path}:ro"]
        options = ("--pull-never", "--format", "docker", "--isolation", "chroot", "--network", "host")
        self.podman(
            "build", *options, *arguments, "--target", target, "--tag", f"aimonitor-{target}", ".", timeout=1500
        )
        return time.monotonic() - started

    def size_mb(self, image: str) -> float:
        return int(self.podman("image", "inspect", "-f", "{{.Size}}", image)) / 1e6

    def added_mb(self, target: str) -> float:
        """What our layers add to the base image."""
        return self.size_mb(f"aimonitor-{target}") - self.size_mb(_STAND_INS["PYTHON_IMAGE"])
