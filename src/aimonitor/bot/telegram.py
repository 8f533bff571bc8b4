"""The Bot API by HTTP (https://core.telegram.org/bots/api): the only file that knows how Telegram speaks.

Written on aiohttp and not on a framework: the bot needs eight methods, and has to know of every failure whether the
message may have been delivered. Texts go without parse_mode, so that no name can be markup.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp
import msgspec

from aimonitor.bot import gate
from aimonitor.bot.speech import CAPTION_LIMIT, TEXT_LIMIT, fit, plain
from aimonitor.bot.types import Card, Keyboard

R = TypeVar("R")

_UPDATES = ["message", "callback_query", "my_chat_member"]
_ANSWER_LIMIT = 180
_TIMEOUT_S = 20.0
_UPLOAD_TIMEOUT_S = 60.0


class _Parameters(msgspec.Struct):
    retry_after: float = 0.0
    migrate_to_chat_id: int = 0


class _Reply(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""
    error_code: int = 0
    parameters: _Parameters | None = None


class _User(msgspec.Struct):
    id: int = 0
    is_bot: bool = False
    first_name: str = ""
    username: str = ""
    language_code: str = ""


class _Chat(msgspec.Struct):
    id: int
    type: str = "private"


class _Message(msgspec.Struct):
    message_id: int
    chat: _Chat
    sender: _User | None = msgspec.field(name="from", default=None)
    text: str = ""


class _Callback(msgspec.Struct):
    id: str
    sender: _User = msgspec.field(name="from")
    message: _Message | None = None
    data: str = ""


class _Member(msgspec.Struct):
    status: str = ""


class _Membership(msgspec.Struct):
    chat: _Chat
    new_chat_member: _Member = msgspec.field(default_factory=_Member)


class _Update(msgspec.Struct):
    update_id: int
    message: _Message | None = None
    callback_query: _Callback | None = None
    my_chat_member: _Membership | None = None


class _Number(msgspec.Struct):
    update_id: int


class Telegram:
    """A Gate. `base` is the address of a Bot API server; the token is part of every URL and of nothing else."""

    def __init__(self, base: str, token: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{base.rstrip('/')}/bot{token}/"
        self._session = session

    async def me(self) -> str:
        return _result("getMe", await self._call("getMe", {}), _User).username

    async def call_me_at(self, address: str, secret: str) -> None:
        """Have updates posted there, one at a time and with `secret`; empty: have them wait to be asked for."""
        if not address:
            await self._call("deleteWebhook", {})
            return
        fields = {"url": address, "secret_token": secret, "max_connections": 1, "allowed_updates": _UPDATES}
        await self._call("setWebhook", fields)

    async def updates(self, after: int, wait_s: float) -> list[gate.Update]:
        fields = {
            "offset": after + 1,
            "timeout": int(wait_s),
            "allowed_updates": _UPDATES,
        }
        raw = await self._call("getUpdates", fields, timeout_s=wait_s + 15)
        try:
            return [read_update(one) for one in _result("getUpdates", raw, list[msgspec.Raw])]
        except ValueError as error:
            raise gate.UnsureError(f"getUpdates: expected updates with numbers, got one without: {error}") from None

    async def send(self, card: Card, text: str, picture: bytes) -> int:
        fields: dict[str, Any] = {"chat_id": card.chat_id, "reply_markup": _markup(card.content.keyboard)}
        if card.content.silent:
            fields["disable_notification"] = True
        if card.content.reply_to:
            fields["reply_parameters"] = {"message_id": card.content.reply_to, "allow_sending_without_reply": True}
        if picture:
            fields["caption"] = fit(text, CAPTION_LIMIT)
            kind = _kind(picture)
            raw = await self._call("sendAnimation" if kind == "animation" else "sendPhoto", fields, {kind: picture})
        else:
            fields |= {"text": fit(text, TEXT_LIMIT), "link_preview_options": {"is_disabled": True}}
            raw = await self._call("sendMessage", fields)
        return _result("a message", raw, _Message).message_id

    async def edit(self, card: Card, text: str, picture: bytes) -> None:
        fields: dict[str, Any] = {
            "chat_id": card.chat_id,
            "message_id": card.message_id,
            "reply_markup": _markup(card.content.keyboard),
        }
        try:
            if picture:
                media = {"type": _kind(picture), "media": "attach://still", "caption": fit(text, CAPTION_LIMIT)}
                await self._call("editMessageMedia", fields | {"media": media}, {"still": picture})
            elif card.sent_picture:
                await self._call("editMessageCaption", fields | {"caption": fit(text, CAPTION_LIMIT)})
            else:
                fields |= {"text": fit(text, TEXT_LIMIT), "link_preview_options": {"is_disabled": True}}
                await self._call("editMessageText", fields)
        except gate.RefusedError as error:
            if "not modified" not in str(error):
                raise

    async def answer(self, press_id: str, words: str) -> None:
        await self._call("answerCallbackQuery", {"callback_query_id": press_id, "text": fit(words, _ANSWER_LIMIT)})

    async def offer_commands(self, commands: Mapping[str, str], language: str = "") -> None:
        """Tell clients which commands there are, so that they complete them."""
        listed = [{"command": name, "description": words} for name, words in commands.items()]
        await self._call("setMyCommands", {"commands": listed, "language_code": language})

    async def _call(
        self,
        method: str,
        fields: Mapping[str, Any],
        files: Mapping[str, bytes] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> msgspec.Raw:
        """One call; raises GateError, made anew, because the errors of aiohttp contain the URL and so the token."""
        body: Any = dict(fields)
        if files:
            body = aiohttp.FormData()
            for name, value in fields.items():
                body.add_field(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, data in files.items():
                suffix = "gif" if _kind(data) == "animation" else "jpeg"
                body.add_field(name, data, filename=f"{name}.{suffix}", content_type=f"image/{suffix}")
            timeout_s = _UPLOAD_TIMEOUT_S
        how = {"data": body} if files else {"json": body}
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=10)
        try:
            async with self._session.post(self._url + method, timeout=timeout, **how) as response:
                status, text = response.status, await response.read()
        except aiohttp.ClientConnectorError:
            raise gate.UnreachableError(f"{method}: no connection to the Bot API") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise gate.UnsureError(f"{method}: no answer ({type(error).__name__})") from None
        return _read(method, status, text)


def _read(method: str, status: int, text: bytes) -> msgspec.Raw:
    """The result in an answer; raises the GateError that it amounts to."""
    try:
        reply = msgspec.json.decode(text, type=_Reply)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if status >= 500 or status == 429:
            raise gate.UnreachableError(f"{method}: the Bot API answered {status}") from None
        raise gate.UnsureError(f"{method}: expected an answer of the Bot API, got {status}, not JSON") from None
    if reply.ok:
        return reply.result
    why = f"{method}: {plain(reply.description, 200)}"
    parameters = reply.parameters or _Parameters()
    code = reply.error_code or status
    lost = any(words in reply.description for words in ("chat not found", "PEER_ID_INVALID", "chat_write_forbidden"))
    if code == 429:
        raise gate.BusyError(max(1.0, parameters.retry_after))
    if parameters.migrate_to_chat_id:
        raise gate.ChatMovedError(parameters.migrate_to_chat_id)
    if code in (401, 404):
        raise gate.WrongTokenError(f"{code}: expected a valid token, got one that Telegram does not know")
    if code == 403 or lost:
        raise gate.ChatGoneError(why)
    if code == 409:
        raise gate.ConflictError(why)
    if code >= 500:
        raise gate.UnreachableError(why)
    raise gate.RefusedError(why)


def _result(method: str, raw: msgspec.Raw, kind: type[R]) -> R:
    """What a call that was carried out gave; raises UnsureError for something else, because it was carried out."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise gate.UnsureError(f"{method}: expected a result of the Bot API, got another: {error}") from None


def _kind(picture: bytes) -> str:
    """What Telegram calls a picture of this sort."""
    return "animation" if picture.startswith(b"GIF8") else "photo"


def _markup(keyboard: Keyboard) -> dict[str, Any]:
    rows = [[{"text": fit(button.text, 64), "callback_data": button.data} for button in row] for row in keyboard]
    return {"inline_keyboard": [row for row in rows if row]}


def read_update(raw: msgspec.Raw | bytes) -> gate.Update:
    """An update in our words; whatever is not as expected is skipped, but its number counts.

    Raises ValueError when there is not even a number.
    """
    try:
        one = msgspec.json.decode(raw, type=_Update)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return gate.Other(msgspec.json.decode(raw, type=_Number).update_id)
    match one:
        case _Update(callback_query=_Callback(message=_Message() as message) as press):
            name = plain(press.sender.first_name or press.sender.username, 40)
            return gate.Pressed(one.update_id, message.chat.id, name, message.message_id, press.id, press.data)
        case _Update(message=_Message(sender=_User(is_bot=False) as sender) as message) if message.text:
            name = plain(sender.first_name or sender.username, 40)
            private = message.chat.type == "private"
            return gate.Said(one.update_id, message.chat.id, private, name, sender.language_code, message.text)
        case _Update(my_chat_member=_Membership() as member):
            here = member.new_chat_member.status not in ("left", "kicked")
            return gate.Joined(one.update_id, member.chat.id, here)
    return gate.Other(one.update_id)
