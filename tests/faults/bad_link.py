"""A host of its own behind a link that loses, narrows or breaks: a network namespace, iptables and tc. Needs root."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOST, FAR, NEAR = "aimonitor-edge", "aim0", "aim1"
INSIDE = ("ip", "netns", "exec", HOST)
ADDRESS = "10.213.77.1"


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


def _needs(*programs):
    missing = [name for name in programs if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"a bad link needs root and {', '.join(missing or programs)}")


@contextlib.contextmanager
def bad_link(*, loss=0.0, kbit_s=0):
    """A namespace at the other end of a link that loses that share of the packets of each direction."""
    _needs("ip", "iptables", "tc")
    lose = ("-m", "statistic", "--mode", "random", "--probability", str(loss), "-j", "DROP")
    narrow = ("root", "tbf", "rate", f"{kbit_s}kbit", "burst", "16kb", "latency", "300ms")
    try:
        run("ip", "netns", "add", HOST)
        run("ip", "link", "add", FAR, "type", "veth", "peer", "name", NEAR, "netns", HOST)
        run("ip", "addr", "add", f"{ADDRESS}/30", "dev", FAR)
        run("ip", "link", "set", FAR, "up")
        run(*INSIDE, "ip", "addr", "add", "10.213.77.2/30", "dev", NEAR)
        run(*INSIDE, "ip", "link", "set", NEAR, "up")
        if loss:
            run(*INSIDE, "iptables", "-A", "INPUT", "-i", NEAR, *lose)
            run(*INSIDE, "iptables", "-A", "OUTPUT", "-o", NEAR, *lose)
        if kbit_s:
            run("tc", "qdisc", "add", "dev", FAR, *narrow)
            run(*INSIDE, "tc", "qdisc", "add", "dev", NEAR, *narrow)
    except subprocess.CalledProcessError as error:
        _remove()
        pytest.skip(f"no such link here: {error.stderr.decode().strip()}")
    try:
        yield
    finally:
        _remove()


def _remove():
    for command in (("ip", "link", "del", FAR), ("ip", "netns", "del", HOST)):
        subprocess.run(command, capture_output=True, check=False)


@contextlib.contextmanager
def black_hole(port):
    """No packet to or from a port of this machine arrives any more; nobody is told."""
    _needs("iptables")
    rules = [("INPUT", "-i", "lo", "-p", "tcp", f"--{end}port", str(port), "-j", "DROP") for end in "sd"]
    try:
        for rule in rules:
            run("iptables", "-I", *rule)
        yield
    finally:
        for rule in rules:
            subprocess.run(("iptables", "-D", *rule), capture_output=True, check=False)


@contextlib.contextmanager
def forwarded(port):
    """The hub listens on loopback only: pass our end of the link on to it."""
    code = (
        "import asyncio,sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from bad_network import BadNetwork\n"
        "async def main():\n"
        "    server = BadNetwork(int(sys.argv[3])); server.host = sys.argv[2]; server.port = int(sys.argv[3])\n"
        "    await server.start(); await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    relay = subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parent), ADDRESS, str(port)])
    try:
        yield
    finally:
        relay.kill()
        relay.wait()
