"""What is used besides: Redis, Telegram."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from aimonitor.doctor.finding import Case, Finding, failed, ok, skipped, warning

_TIMEOUT_S = 10.0
_START_REDIS = "start Redis, or correct REDIS_URL; without REDIS_URL the hub keeps its history in a file"


def redis(case: Case) -> Iterator[Finding]:
    """Whether Redis answers, keeps what it is given, and does not throw events away when it is full."""
    if not case.redis_url:
        yield skipped("REDIS_URL is not set: the hub keeps its history in a file")
        return
    try:
        from redis.exceptions import AuthenticationError, RedisError
    except ImportError:
        yield failed("REDIS_URL is set, but Redis' client is not installed", "pip install -r requirements_cloud.txt")
        return
    host = urlsplit(case.redis_url).netloc.rpartition("@")[2]
    try:
        facts = asyncio.run(_ask(case.redis_url))
    except AuthenticationError:
        yield failed(f"{host} refuses the password", "put the right one into REDIS_URL: redis://:password@host:6379/0")
    except (RedisError, OSError, ValueError) as error:
        yield failed(f"{host}: {str(error).strip() or type(error).__name__}", _START_REDIS)
    else:
        yield from _judge(host, facts)


async def _ask(url: str) -> Mapping[str, Any]:
    from aimonitor.hub.redis_address import connect

    client = connect(url)
    try:
        facts: Mapping[str, Any] = await client.info()
        return facts
    finally:
        await client.aclose()


def _judge(host: str, facts: Mapping[str, Any]) -> Iterator[Finding]:
    yield ok(f"{host}, version {facts.get('redis_version')}, {facts.get('used_memory_human')} used")
    if not facts.get("aof_enabled"):
        yield warning("it forgets what came since its last snapshot", "start it with --appendonly yes")
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        yield warning(f"when full it throws events away ({policy})", "set maxmemory-policy noeviction")


def telegram(case: Case) -> Iterator[Finding]:
    """Whether Telegram knows the bot. The token stands in the address, so no address is ever shown."""
    if not case.telegram_token:
        yield skipped("TELEGRAM_TOKEN is not set: nobody is told")
        return
    host = urlsplit(case.telegram_api).hostname
    try:
        with urllib.request.urlopen(
            f"{case.telegram_api}/bot{case.telegram_token}/getMe", timeout=_TIMEOUT_S
        ) as answer:
            me = json.load(answer)["result"]["username"]
    except urllib.error.HTTPError as error:
        if error.code in (401, 404):
            yield failed("Telegram does not know the token", "set TELEGRAM_TOKEN as @BotFather gave it")
        else:
            yield failed(f"{host} answers {error.code} {error.reason}", "try again in a minute")
    except (urllib.error.URLError, OSError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        yield failed(
            f"{host} cannot be reached: {reason}", "check that this machine reaches the internet, and its proxy"
        )
    except (ValueError, KeyError, TypeError):  # an address with a space in the token is a ValueError too
        yield failed(f"{host} does not answer as Telegram does", "check TELEGRAM_TOKEN and `api_base` in [bot]")
    else:
        yield ok(f"@{me} is known")
