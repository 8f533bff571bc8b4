"""The limit's loop in Python, without a server around: the least that any Python server must cost."""

import os
import selectors
import socket
import sys

ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def spread(frame: bytes, viewers: list[int]) -> None:
    write = os.write
    for viewer in viewers:
        try:
            write(viewer, frame)
        except OSError:  # full: whoever wants whole frames must not ask for them here
            continue


def take(came: bytes, viewers: list[int]) -> bytes:
    """Send on the publisher's frames, which are masked with zeros and shorter than 64 KiB; returns what is left."""
    while len(came) > 8:
        length, header = came[1] & 0x7F, 6
        if length == 126:
            length, header = int.from_bytes(came[2:4], "big"), 8
        if len(came) < header + length:
            break
        if came[0] == 0x82:
            spread(b"\x82\x7e" + length.to_bytes(2, "big") + came[header : header + length], viewers)
        came = came[header + length :]
    return came


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    viewers: list[int] = []
    publisher, came = None, b""
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                line = listener.accept()[0]
                line.setblocking(False)
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(line, selectors.EVENT_READ)
                continue
            line = key.fileobj
            data = line.recv(65_536)
            if not data:
                selector.unregister(line)
                if line.fileno() in viewers:
                    viewers.remove(line.fileno())
                line.close()
            elif line is publisher:
                came = take(came + data, viewers)
            elif data.startswith(b"GET"):
                line.send(ANSWER)
                if data.startswith(b"GET /pub"):
                    publisher = line
                else:
                    viewers.append(line.fileno())


main()
