"""The wiring diagram of the bot. `run` is the whole program; beside a hub it is one more task on the same loop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import aiohttp
import msgspec

from aimonitor.bot import gate
from aimonitor.bot.actions import Actions
from aimonitor.bot.answering import Answering
from aimonitor.bot.chat_keeper import ChatKeeper
from aimonitor.bot.courier import Courier
from aimonitor.bot.database import Database, DatabaseError
from aimonitor.bot.doorway import open_doorway
from aimonitor.bot.ears import Ears
from aimonitor.bot.exposition import Exposition
from aimonitor.bot.herald import Herald
from aimonitor.bot.hub_link import HubLink
from aimonitor.bot.incidents import IncidentDesk
from aimonitor.bot.memory import Memory
from aimonitor.bot.outbox import Outbox, Policy
from aimonitor.bot.people import PeopleDesk
from aimonitor.bot.polling import Polling
from aimonitor.bot.seal import Seal
from aimonitor.bot.settings import BotSettings
from aimonitor.bot.silence import SilenceWatch
from aimonitor.bot.site import Site
from aimonitor.bot.stills import Stills
from aimonitor.bot.telegram import Telegram
from aimonitor.bot.threshold import Tally
from aimonitor.bot.watchman import Watchman
from aimonitor.bot.webhook import PATH, UPDATE_LIMIT, Webhook
from aimonitor.common.clock import Clock, SystemClock
from aimonitor.common.tasks import first_of

log = logging.getLogger(__name__)

_TICK_S = 1.0
_RESTART_S = 60.0


class BotError(RuntimeError):
    """The bot cannot go on; the text says why and what to do. `final`: trying again will not help."""

    def __init__(self, words: str, *, final: bool) -> None:
        super().__init__(words)
        self.final = final


async def beside(settings: BotSettings, clock: Clock | None = None) -> None:
    """Run until cancelled, beside something that must go on: a wrong token ends it, everything else is waited out."""
    troubled = False
    while True:
        try:
            await run(settings, clock)
        except BotError as error:
            level = logging.DEBUG if troubled else logging.ERROR
            log.log(level, "the Telegram bot stopped: %s", error)
            if error.final:
                return
        except Exception:  # the top of a task: a fault of ours must not leave people untold until the hub's next start
            log.exception("the Telegram bot failed; it starts anew in %.0f s", _RESTART_S)
        troubled = True
        await asyncio.sleep(_RESTART_S)


async def run(settings: BotSettings, clock: Clock | None = None, policy: Policy | None = None) -> None:
    """Run until cancelled; raises BotError."""
    database = Database(settings.state)
    try:
        await database.open()
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                await _run(settings, clock or SystemClock(), database, session, policy)
        finally:
            await database.close()
    except gate.WrongTokenError as error:
        words = f"Telegram refuses the token ({error}); set TELEGRAM_TOKEN as @BotFather gave it"
        raise BotError(words, final=True) from None
    except DatabaseError as error:
        raise BotError(str(error), final=False) from None


async def _run(
    settings: BotSettings, clock: Clock, database: Database, session: aiohttp.ClientSession, policy: Policy | None
) -> None:
    """Wire what tells and what keeps, then what listens and answers, and let it all run."""
    telegram = Telegram(settings.api_base, settings.token.get_secret_value(), session)
    memory = Memory(database)
    await memory.load()
    seal = Seal(await memory.secret())
    herald = Herald(memory, clock, seal=seal, timezone=settings.timezone, language=settings.language)
    outbox = Outbox(database, herald.digest, policy)
    chats = ChatKeeper(herald)
    courier = Courier(
        telegram,
        outbox,
        clock,
        picture=memory.picture,
        gone=chats.gone,
        moved=chats.moved,
        repeated=herald.repeated,
    )
    herald.connect(outbox, courier.wake)
    await _converse(settings, herald, session, telegram, courier)


async def _converse(
    settings: BotSettings, herald: Herald, session: aiohttp.ClientSession, telegram: Telegram, courier: Courier
) -> None:
    memory, clock = herald.memory, herald.clock
    hub_token = settings.hub_token.get_secret_value() if settings.hub_token else ""
    hub = HubLink(settings.hub, hub_token, session, clock)
    site, silences = Site(), SilenceWatch(settings.silence_after_s)
    tally = Tally(settings.detections_threshold, settings.detections_window_s, settings.detections_counted)
    stills = Stills(hub, site, clock)
    incidents = IncidentDesk(herald, site, stills, tally, lesson_days=settings.lesson_days, clip_s=settings.clip_s)
    actions = Actions(settings, herald, site=site, hub=hub, stills=stills, incidents=incidents, tally=tally)
    people = PeopleDesk(herald, actions, telegram)
    watchman = Watchman(settings, herald, site=site, silences=silences, tally=tally, actions=actions)
    ears = Ears(hub, memory, clock, site=site, silences=silences, tally=tally, incidents=incidents)
    await actions.load()
    await watchman.load()
    await _admit(settings, memory, actions)
    await incidents.resume()
    answering = Answering(telegram, memory, people)
    await answering.begin()
    webhook = None
    if settings.webhook:
        webhook = Webhook(telegram, answering, settings.webhook, settings.token.get_secret_value())
    hearing = webhook or Polling(telegram, answering)
    exposition = Exposition(courier, herald.outbox, memory, answering, lambda: hub.connected)
    try:
        async with _doorway(settings, webhook, exposition):
            await first_of(courier.run(), hub.run(ears), ears.catch_up(), _tick(watchman), hearing.run())
    finally:
        await answering.close()
        await incidents.close()
        await stills.close()
        await actions.close()


@contextlib.asynccontextmanager
async def _doorway(settings: BotSettings, webhook: Webhook | None, exposition: Exposition) -> AsyncIterator[None]:
    """The bot's own server, where one is asked for; raises BotError when its port is taken."""
    async with contextlib.AsyncExitStack() as stack:
        if settings.listen_port is not None:
            called = (PATH, webhook.called) if webhook else None
            host, port = settings.listen_host, settings.listen_port
            try:
                await stack.enter_async_context(
                    open_doorway(host, port, called=called, metrics=exposition.text, limit=UPDATE_LIMIT)
                )
            except OSError as error:
                raise BotError(f"listen_port {port}: expected a free port, got: {error}", final=False) from None
        yield


async def _admit(settings: BotSettings, memory: Memory, actions: Actions) -> None:
    """The chats of the settings are owners; those that were and no longer are named are let out."""
    for chat in list(memory.chats.values()):
        if chat.fixed and chat.chat_id not in settings.chats:
            await memory.drop_chat(chat.chat_id)
    for chat_id in settings.chats:
        chat = memory.chats.get(chat_id) or actions.new_chat(chat_id)
        await memory.keep_chat(msgspec.structs.replace(chat, role="owner", fixed=True, blocked=False))


async def _tick(watchman: Watchman) -> None:
    while True:
        try:
            await watchman.tick()
        except DatabaseError:
            raise
        except Exception:  # the top of a task: one bad tick must not end the bot
            log.exception("a tick of the bot failed")
        await asyncio.sleep(_TICK_S)
