// node `ws`: the most used WebSocket server there is.
const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", perMessageDeflate: false, backlog: 4096 });
const viewers = new Set();
server.on("connection", (socket, request) => {
  if (request.url === "/pub") {
    socket.on("message", (data) => { for (const viewer of viewers) viewer.send(data, { binary: true }); });
    return;
  }
  viewers.add(socket);
  socket.on("close", () => viewers.delete(socket));
});
