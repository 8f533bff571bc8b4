"""The made-up Telegram as a service. `GET /said` tells when it was asked who it is, and what was said.

Times are of the monotonic clock, which all containers of a machine share.
"""

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
        texts = [message.text for message in telegram.messages]
        return web.json_response({"starts": starts, "texts": texts})

    app = web.Application(client_max_size=20 * 2**20)
    app.router.add_post("/bot{token}/{method}", telegram._handle)
    app.router.add_get("/said", said)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 8081).start()
    await asyncio.Event().wait()


asyncio.run(main())
