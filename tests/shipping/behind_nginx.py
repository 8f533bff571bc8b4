"""Nginx as deploy/ has it, with TLS, before a server of this machine."""

import contextlib
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from programs import Program, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Front:
    """Where visitors come, and what they have to trust."""

    port: int
    certificate: Path

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def status(self, path: str = "/health", timeout: float = 5.0) -> int:
        """The status of an answer; 0 for none."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout, context=self.trust) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@contextlib.contextmanager
def nginx(folder: Path, hub_port: int) -> Iterator[Front]:
    """The real configuration, with a hub at `hub_port`, other ports and folders; skips where there is no Nginx."""
    program, openssl = shutil.which("nginx", path=_PATH), shutil.which("openssl")
    if program is None or openssl is None:
        pytest.skip("nginx and openssl are needed")
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    https, http = free_port(), free_port()
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
    for before, after in (
        ("listen 8080", f"listen 127.0.0.1:{http}"),
        ("listen 8443", f"listen 127.0.0.1:{https}"),
        ("http://hubs:8000", f"http://127.0.0.1:{hub_port}"),
        ("include /tmp/resolver.conf;", ""),
        ("/tmp/", f"{folder}/"),
        ("/certificates/", f"{folder}/"),
        ("worker_processes auto", "worker_processes 1"),
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / "nginx.conf").write_text(text)
    front = Front(https, certificate)
    arguments = ("-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;")
    with Program(program, *arguments, log=folder / "nginx.log", cwd=folder) as running:
        wait_until(lambda: front.status() > 0, 20, running.output, running)
        yield front
