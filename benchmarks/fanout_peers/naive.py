"""The loop that everybody writes first: FastAPI, and `await send` to each viewer in turn."""

import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
viewers: set[WebSocket] = set()


@app.websocket("/pub")
async def publish(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        data = await socket.receive_bytes()
        for viewer in list(viewers):
            await viewer.send_bytes(data)


@app.websocket("/ws")
async def watch(socket: WebSocket) -> None:
    await socket.accept()
    viewers.add(socket)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        viewers.discard(socket)


uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", ws_per_message_deflate=False, backlog=4096)
