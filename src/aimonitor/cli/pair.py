"""`aimonitor pair`: let the hub admit this edge. Nobody types a secret."""

import argparse
import json
import os
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aimonitor.cli.options import Commands, add_common

_TIMEOUT_S = 10.0
_EPILOG = """\
examples:
  aimonitor pair --hub https://hub.example.org
  aimonitor pair --hub http://192.168.1.5:8000 --edge-id yard

Scan the code with a phone, or type it into the dashboard (set-up, pairing), and say yes. The token that the hub then
gives goes into the settings file, which afterwards only its owner may read."""


class PairingError(RuntimeError):
    """The hub did not let this edge in; the text says why."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "pair",
        help="let a hub admit this edge: shows a code, waits for a yes, keeps the token",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--hub", required=True, metavar="URL", help="address of the hub, as in a browser")
    command.add_argument("--edge-id", help="name of this edge at the hub (default: as set, else this machine's name)")
    command.add_argument("--name", default="", help="what the person who says yes is shown")
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Ask, show the code, wait, write."""
    import tomllib

    from aimonitor.common.settings import load
    from aimonitor.edge.settings import EdgeSettings

    hub, path = _http(chosen.hub), _settings_file(chosen.config)
    if path.exists():
        tomllib.loads(path.read_text(encoding="utf-8"))  # rather now than after somebody has said yes
        edge_id = chosen.edge_id or load(EdgeSettings, "edge", path=path).edge_id
    else:
        edge_id = chosen.edge_id or EdgeSettings().edge_id
    status, asked = _post(hub, "/api/pairings", {"edge_id": edge_id, "name": chosen.name or edge_id})
    if status != HTTPStatus.CREATED:
        raise PairingError(_refusal(hub, status, asked))
    _show(hub + asked["approve_path"], asked["code"], asked["expires_s"])
    given = _wait(hub, asked)
    _write(path, {"hub": _websocket(hub), "edge_id": given["edge_id"], "token": given["token"]})
    print(f"\nThe hub knows this edge as {given['edge_id']}. Its token is in {path}; start it: aimonitor edge")
    return 0


def _wait(hub: str, asked: dict[str, Any]) -> dict[str, str]:
    """Ask again every few seconds until somebody has said yes or no."""
    ends = time.monotonic() + asked["expires_s"]
    while time.monotonic() < ends:
        time.sleep(asked["interval_s"])
        try:
            status, answer = _post(hub, "/api/pairings/claim", {"device_secret": asked["device_secret"]})
        except OSError as error:
            print(f"the hub does not answer ({error}); trying again", file=sys.stderr)
            continue
        if status == HTTPStatus.OK:
            return {"edge_id": answer["edge_id"], "token": answer["token"]}
        if status == HTTPStatus.GONE:
            denied = answer.get("state") == "denied"
            raise PairingError("somebody said no" if denied else "nobody said yes in time; run it again")
        if status not in (HTTPStatus.ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            raise PairingError(_refusal(hub, status, answer))
    raise PairingError("nobody said yes in time; run it again")


def _show(address: str, code: str, expires_s: int) -> None:
    import segno

    if sys.stdout.isatty():
        segno.make(address, error="m").terminal(compact=True)
    print(f"\n  code: {code}\n  link: {address}\n")
    print(
        f"Open the link as an admin of the hub, compare the code, say yes; within {expires_s // 60} minutes.",
        flush=True,
    )


def _post(hub: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of an answer; raises OSError when there is none, PairingError when it is no hub's."""
    import urllib.error
    import urllib.request

    headers = {"content-type": "application/json"}
    request = urllib.request.Request(hub + path, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise PairingError(f"{hub} answers {status}, but not as a hub does; is that its address?")
    return status, read


def _refusal(hub: str, status: int, answer: dict[str, Any]) -> str:
    error = answer.get("error")
    if status == HTTPStatus.NOT_FOUND or not isinstance(error, dict):
        return f"{hub} answers {status} to a request for pairing; is it a hub, and new enough?"
    return f"{hub}: {error.get('field')}: expected {error.get('expected')}, got {error.get('got')}"


def _settings_file(path: Path | None) -> Path:
    """The edge's settings file, which need not be there yet."""
    from aimonitor.common.settings import DEFAULT_FILE, FILE_VARIABLE

    return path or Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)


def _write(path: Path, values: dict[str, str]) -> None:
    """Put `values` into [edge] of the file, comments kept; from before on only its owner may read it."""
    import tomllib

    from aimonitor.common.files import write_atomically
    from aimonitor.edge.toml_text import rewrite

    text = ""
    if path.exists():
        path.chmod(0o600)
        text = path.read_text(encoding="utf-8")
    said = tomllib.loads(text)
    write_atomically(path, rewrite(text, {**said, "edge": {**said.get("edge", {}), **values}}).encode())


def _http(address: str) -> str:
    """The hub's address as a browser has it, from any form in which people give it."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"--hub: expected an address such as https://hub.example.org, got {address!r}")
    return f"{scheme}://{parts.netloc}{parts.path.removesuffix('/ws/laptop').rstrip('/')}"


def _websocket(hub: str) -> str:
    return f"ws{hub.removeprefix('http')}/ws/laptop"
