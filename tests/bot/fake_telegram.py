"""A Bot API server that fits in a test: it keeps messages as clients would see them, and misbehaves when told to."""

import asyncio
import contextlib
import itertools
import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field

from aiohttp import web

TOKEN = "123456789:" + "Abc_def-" * 5


@dataclass
class Message:
    chat_id: int
    message_id: int
    raw: str
    photo: bytes = field(default=b"", repr=False)
    buttons: dict = field(default_factory=dict, repr=False)
    silent: bool = False
    reply_to: int = 0
    edits: int = 0
    at: float = 0.0

    @property
    def text(self):
        """What a person reads: without the marks that keep directions apart."""
        return re.sub("[\u2066-\u2069\u200f]", "", self.raw)


@dataclass
class Fault:
    """What to do instead of the next call of `method`: answer `status`, `drop` the line, be `slow`.

    after: the call is carried out first, and only its answer is lost
    """

    method: str
    status: int = 0
    retry_after: float = 0
    description: str = "a fault"
    drop: bool = False
    slow_s: float = 0.0
    after: bool = False
    parameters: dict = field(default_factory=dict)


class FakeTelegram:
    def __init__(self):
        self.messages: list[Message] = []
        self.calls: list[tuple[float, str, int]] = []
        self.refused = Counter()
        self.faults: deque[Fault] = deque()
        self.always: dict[str, Fault] = {}
        self.every_tenth_is_429 = False
        self.answers: list[str] = []
        self.commands: dict[str, list] = {}
        self.webhook: dict | None = None
        self.token = TOKEN
        self._updates: list[dict] = []
        self._update_ids = itertools.count(1)
        self._message_ids = itertools.count(1)
        self._new = asyncio.Event()
        self._attempts = 0

    # --- what a test does -------------------------------------------------------------------------------------------

    def say(self, chat_id, text, *, name="Dana", language="en", kind="private", **more):
        message = {
            "message_id": next(self._message_ids),
            "date": 0,
            "chat": {"id": chat_id, "type": kind},
            "from": {"id": 7, "is_bot": False, "first_name": name, "language_code": language},
            "text": text,
        }
        self.update(message=message | more)

    def press(self, message, words, *, name="Dana", chat_id=None):
        data = next(data for text, data in message.buttons.items() if words in text)
        self.press_data(chat_id or message.chat_id, message.message_id, data, name=name)

    def press_data(self, chat_id, message_id, data, *, name="Dana"):
        press = {
            "id": str(next(self._update_ids)),
            "from": {"id": 7, "is_bot": False, "first_name": name},
            "message": {"message_id": message_id, "date": 0, "chat": {"id": chat_id, "type": "private"}},
            "chat_instance": "1",
            "data": data,
        }
        self.update(callback_query=press)

    def update(self, **content):
        self._updates.append({"update_id": next(self._update_ids), **content})
        self._new.set()

    def texts(self, chat_id):
        return [message.text for message in self.messages if message.chat_id == chat_id]

    def last(self, chat_id, words=""):
        return next(m for m in reversed(self.messages) if m.chat_id == chat_id and words in m.text)

    def closest_s(self, chat_id):
        """The shortest time between two messages or edits in a chat, whatever became of them."""
        times = [at for at, method, chat in self.calls if chat == chat_id and method.startswith(("send", "edit"))]
        return min((b - a for a, b in itertools.pairwise(times)), default=float("inf"))

    # --- the server -------------------------------------------------------------------------------------------------

    async def start(self):
        app = web.Application(client_max_size=20 * 2**20)
        app.router.add_post("/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self):
        self._new.set()
        await self._runner.cleanup()

    async def _handle(self, request):
        method = request.match_info["method"]
        fields, files = await _read(request)
        chat_id = int(fields.get("chat_id", 0))
        self.calls.append((asyncio.get_running_loop().time(), method, chat_id))
        if request.match_info["token"] != self.token:
            return self._no(401, "Unauthorized")
        fault = self._next_fault(method)
        if fault is not None and not fault.after:
            return await self._fail(request, fault)
        answer = await getattr(self, re.sub("([A-Z])", r"_\1", f"_{method}").lower())(fields, files)
        if fault is not None:
            return await self._fail(request, fault)
        return answer

    def _next_fault(self, method):
        if self.every_tenth_is_429 and method.startswith(("send", "edit")):
            self._attempts += 1
            if self._attempts % 10 == 0:
                return Fault(method, 429, retry_after=2, description="Too Many Requests: retry after 2")
        if method in self.always:
            return self.always[method]
        if self.faults and method.startswith(self.faults[0].method):
            return self.faults.popleft()
        return None

    async def _fail(self, request, fault):
        self.refused[fault.status] += 1
        if fault.slow_s:
            await asyncio.sleep(fault.slow_s)
        if fault.drop or fault.slow_s:
            request.transport.abort()
            return web.Response()
        parameters = dict(fault.parameters)
        if fault.retry_after:
            parameters["retry_after"] = fault.retry_after
        return self._no(fault.status, fault.description, parameters)

    def _no(self, status, description, parameters=None):
        body = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        return web.json_response(body, status=status)

    def _ok(self, result=True):
        return web.json_response({"ok": True, "result": result})

    async def _get_me(self, fields, files):
        return self._ok({"id": 1, "is_bot": True, "first_name": "Monitor", "username": "monitor_bot"})

    async def _set_my_commands(self, fields, files):
        self.commands[fields["language_code"]] = fields["commands"]
        return self._ok()

    async def _delete_webhook(self, fields, files):
        self.webhook = None
        return self._ok()

    async def _set_webhook(self, fields, files):
        self.webhook = fields
        return self._ok()

    async def _get_updates(self, fields, files):
        if self.webhook:
            return self._no(409, "Conflict: can't use getUpdates method while webhook is active")
        self._updates = [one for one in self._updates if one["update_id"] >= fields["offset"]]
        if not self._updates:
            self._new.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), fields["timeout"])
        return self._ok(self._updates)

    async def _send_message(self, fields, files):
        return self._keep(fields, fields["text"], 4096)

    async def _send_photo(self, fields, files):
        return self._keep(fields, fields["caption"], 1024, files["photo"])

    async def _send_animation(self, fields, files):
        return self._keep(fields, fields["caption"], 1024, files["animation"])

    async def _edit_message_text(self, fields, files):
        return self._change(fields, fields["text"], 4096)

    async def _edit_message_caption(self, fields, files):
        return self._change(fields, fields["caption"], 1024)

    async def _edit_message_media(self, fields, files):
        gif = files["still"].startswith(b"GIF8")
        if fields["media"]["type"] != ("animation" if gif else "photo"):
            return self._no(400, "Bad Request: wrong type of the media")
        return self._change(fields, fields["media"]["caption"], 1024, files["still"])

    async def _answer_callback_query(self, fields, files):
        self.answers.append(fields["text"])
        return self._ok()

    def _keep(self, fields, text, limit, photo=b""):
        if complaint := _complaint(fields, text, limit):
            return self._no(400, complaint)
        message = Message(
            chat_id=int(fields["chat_id"]),
            message_id=next(self._message_ids),
            raw=text,
            photo=photo,
            buttons=_buttons(fields),
            silent=bool(fields.get("disable_notification")),
            reply_to=fields.get("reply_parameters", {}).get("message_id", 0),
            at=asyncio.get_running_loop().time(),
        )
        self.messages.append(message)
        return self._ok(
            {"message_id": message.message_id, "date": 0, "chat": {"id": message.chat_id, "type": "private"}}
        )

    def _change(self, fields, text, limit, photo=b""):
        wanted = int(fields["chat_id"]), int(fields["message_id"])
        message = next((m for m in self.messages if (m.chat_id, m.message_id) == wanted), None)
        if message is None:
            return self._no(400, "Bad Request: message to edit not found")
        if complaint := _complaint(fields, text, limit):
            return self._no(400, complaint)
        if (message.raw, message.buttons) == (text, _buttons(fields)) and not photo:
            return self._no(400, "Bad Request: message is not modified")
        message.raw, message.buttons = text, _buttons(fields)
        message.photo = photo or message.photo
        message.edits += 1
        return self._ok(
            {"message_id": message.message_id, "date": 0, "chat": {"id": message.chat_id, "type": "private"}}
        )


def _complaint(fields, text, limit):
    if "parse_mode" in fields:
        return "this double expects texts without markup"
    if not text or len(text) > limit:
        return f"Bad Request: text must be 1 to {limit} characters, got {len(text)}"
    too_long = [data for data in _buttons(fields).values() if not 1 <= len(data.encode()) <= 64]
    return "Bad Request: BUTTON_DATA_INVALID" if too_long else ""


def _buttons(fields):
    rows = fields.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


async def _read(request):
    if request.content_type == "application/json":
        return await request.json(), {}
    fields, files = {}, {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = value.file.read()
            value.file.close()
        else:
            try:
                fields[name] = json.loads(value)
            except ValueError:
                fields[name] = value
    return fields, files
