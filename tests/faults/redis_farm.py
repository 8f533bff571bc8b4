"""Redis servers on free ports of this machine: one; a primary with replicas and sentinels; a cluster of six."""

import contextlib
import shutil
import socket
import subprocess
import time

import pytest
from programs import free_port

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def program(name="redis-server"):
    found = shutil.which(name) or shutil.which(name.replace("redis", "valkey"))
    if found is None:
        pytest.skip(f"no {name} on this machine; `make system` installs it where it can")
    return found


def ask(port, *words):
    """One command; the answer as text, without what the protocol adds to it, or an empty one when nobody is there."""
    command = [program("redis-cli"), "-p", str(port), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout.strip()


def await_answer(port, words, wanted, within=30):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        answer = ask(port, *words)
        if wanted in answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{' '.join(words)} of {port}: expected {wanted!r} within {within} s, got {answer!r}")


def cut_off(primary, replicas):
    """From now on nothing reaches the replicas: their connections are closed, and they are refused new ones."""
    for replica in replicas:
        ask(replica.port, "config", "set", "masterauth", "a password that the primary does not have")
    ask(primary.port, "client", "kill", "type", "replica")


def let_back(replicas):
    for replica in replicas:
        ask(replica.port, "config", "set", "masterauth", "")


class RedisProcess:
    """A Redis with its append-only file, that can be killed and started again."""

    def __init__(self, folder, *options, port=None):
        folder.mkdir(exist_ok=True)
        self.port = port or free_port()
        self.folder = folder
        self.options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
        self.options += ["--appendonly", "yes", "--appendfsync", "everysec", *options]
        self.process = None

    def start(self):
        self.process = subprocess.Popen([program(), *self.options], **QUIET)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("redis-server did not start")

    def kill(self):
        self.process.kill()
        self.process.wait(10)


class Watched:
    """A primary, two replicas, and three sentinels that make one of these the primary when it dies."""

    NAME = "yard"

    def __init__(self, folder):
        self.nodes = [RedisProcess(folder / "primary")]
        following = ["--replicaof", "127.0.0.1", str(self.nodes[0].port), "--repl-diskless-sync-delay", "0"]
        self.nodes += [RedisProcess(folder / f"replica{number}", *following) for number in (1, 2)]
        self.sentinels = [free_port() for _ in range(3)]
        self._folder = folder
        self._watching = []

    def start(self):
        for node in self.nodes:
            node.start()
        for node in self.nodes[1:]:
            await_answer(node.port, ("info", "replication"), "master_link_status:up")
        for port in self.sentinels:
            config = self._folder / f"sentinel{port}.conf"
            config.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {self._folder}\n"
                f"sentinel monitor {self.NAME} 127.0.0.1 {self.nodes[0].port} 2\n"
                f"sentinel down-after-milliseconds {self.NAME} 1500\nsentinel failover-timeout {self.NAME} 5000\n"
            )
            self._watching.append(subprocess.Popen([program(), str(config), "--sentinel"], **QUIET))
        for port in self.sentinels:
            await_answer(port, ("sentinel", "master", self.NAME), "num-other-sentinels\n2")
            await_answer(port, ("sentinel", "master", self.NAME), "num-slaves\n2")

    @property
    def url(self):
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{port}" for port in self.sentinels) + f"/{self.NAME}"

    def primary(self):
        """The node that the sentinels name now."""
        port = ask(self.sentinels[-1], "sentinel", "get-master-addr-by-name", self.NAME).split()[-1:]
        return next((node for node in self.nodes if [str(node.port)] == port), None)

    def replicas(self):
        return [node for node in self.nodes if node is not self.primary()]

    def await_failover(self, dead):
        """Return when another node is the primary and says so."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            found = self.primary()
            if found not in (None, dead) and "role:master" in ask(found.port, "info", "replication"):
                return
            time.sleep(0.05)
        raise AssertionError("no failover within 40 s")

    def stop(self):
        for process in self._watching:
            process.kill()
            process.wait(10)
        for node in self.nodes:
            node.kill()


class Clustered:
    """Three primaries with a replica each."""

    KEY = "{aimonitor}"

    def __init__(self, folder):
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"]
        self.nodes = []
        for number in range(6):
            bus = ["--cluster-port", str(free_port()), "--cluster-config-file", f"nodes{number}.conf"]
            self.nodes.append(RedisProcess(folder / f"node{number}", *options, *bus))

    def start(self):
        for node in self.nodes:
            node.start()
        places = [f"127.0.0.1:{node.port}" for node in self.nodes]
        command = [program("redis-cli"), "--cluster", "create", *places, "--cluster-replicas", "1", "--cluster-yes"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        for node in self.nodes:
            await_answer(node.port, ("cluster", "info"), "cluster_state:ok")
            await_answer(node.port, ("cluster", "info"), "cluster_known_nodes:6")
        for node in self.replicas():
            await_answer(node.port, ("info", "replication"), "master_link_status:up")

    @property
    def url(self):
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:3])

    def _shard(self):
        """The ports of the primary and the replica that have our slot, as a living node knows them."""
        asked = next(node for node in reversed(self.nodes) if node.process.poll() is None)
        slot = int(ask(asked.port, "cluster", "keyslot", self.KEY))
        words = ask(asked.port, "cluster", "nodes").splitlines()
        named = {line.split()[0]: line.split() for line in words}
        for name, (_, address, flags, *_rest) in ((name, fields) for name, fields in named.items()):
            for span in named[name][8:]:
                first, _, last = span.partition("-")
                if "master" in flags and "fail" not in flags.replace("fail?", "") and int(first) <= slot <= int(last):
                    followers = [fields[1] for fields in named.values() if fields[3] == name]
                    return _port(address), [_port(each) for each in followers]
        return None, []

    def primary(self):
        port, _ = self._shard()
        return next((node for node in self.nodes if node.port == port), None)

    def replicas(self):
        _, ports = self._shard()
        return [node for node in self.nodes if node.port in ports]

    def await_failover(self, dead):
        """Return when another node has the slot and the cluster says that all is well."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            found = self.primary()
            if found not in (None, dead) and "cluster_state:ok" in ask(found.port, "cluster", "info"):
                return
            time.sleep(0.05)
        raise AssertionError("no failover within 40 s")

    def stop(self):
        for node in self.nodes:
            node.kill()


def _port(address):
    return int(address.partition("@")[0].rpartition(":")[2])
