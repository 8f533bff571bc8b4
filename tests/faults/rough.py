"""A client without manners: raw sockets that say what no library would."""

import os
import re
import socket
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "hub"))

from hub_peers import BINARY, CLOSE, CONT, PING, TEXT, ws_frame

__all__ = ["BINARY", "CLOSE", "CONT", "PING", "TEXT", "ws_frame"]

PATIENCE_S = 20.0


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S)


def knock(port: int, path: str = "/ws", protocol: str = "") -> socket.socket:
    """A WebSocket after its handshake."""
    wire = connect(port)
    offered = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    wire.sendall(
        (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{offered}"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        assert byte, f"no handshake: {head!r}"
        head += byte
    assert head.startswith(b"HTTP/1.1 101"), head
    return wire


def send_as_taken(wire: socket.socket, data: bytes) -> None:
    """Send what the other side takes before it hangs up."""
    try:
        wire.sendall(data)
    except OSError:
        return


def close_code(wire: socket.socket) -> int:
    """Read on until the hub says that it closes, and hang up; the code that it gave, 1006 when it gave none."""
    data, code = b"", None
    try:
        while code is None and (piece := wire.recv(65_536)):
            data, code = _skip_frames(data + piece)
    except ConnectionError:
        pass
    finally:
        wire.close()
    return 1006 if code is None else code


def _skip_frames(data: bytes) -> tuple[bytes, int | None]:
    """What follows the whole frames in `data`, and the code of a close frame among them."""
    while len(data) >= 2:
        opcode, length, at = data[0] & 15, data[1], 2
        if length == 126:
            length, at = int.from_bytes(data[2:4]), 4
        elif length == 127:
            length, at = int.from_bytes(data[2:10]), 10
        if len(data) < at + length:
            break
        if opcode == CLOSE:
            return b"", int.from_bytes(data[at : at + 2]) if length >= 2 else 1005
        data = data[at + length :]
    return data, None


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0


def read_to_end(wire: socket.socket) -> bytes:
    data = b""
    try:
        while piece := wire.recv(65_536):
            data += piece
    except ConnectionError:
        pass
    return data


def memory_mib(pid: int | None = None) -> float:
    """What a process has in memory now."""
    status = Path(f"/proc/{pid or os.getpid()}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
