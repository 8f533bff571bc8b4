"""The made-up Telegram as a service. `GET /said` tells when it was asked who it is, and what was said."""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[1] / "bot"))

from fake_telegram import FakeTelegram


async def main():
    telegram = FakeTelegram()

    async def said(_request):
        starts = [at for at, method, _ in telegram.calls if method == "getMe"]
        ago_s = asyncio.get_running_loop().time() - starts[-1] if starts else None
        texts = [message.text for message in telegram.messages]
        return web.json_response({"starts": len(starts), "last_start_ago_s": ago_s, "texts": texts})

    app = web.Application(client_max_size=20 * 2**20)
    app.router.add_post("/bot{token}/{method}", telegram._handle)
    app.router.add_get("/said", said)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 8081).start()
    await asyncio.Event().wait()


asyncio.run(main())
