"""E-mail against a small SMTP server that answers as told."""

import asyncio
import contextlib
import email
import email.policy

import aiohttp
import pytest
from hub_peers import frame, jpeg, wait_until

from aimonitor.common.clock import SystemClock
from aimonitor.contract import messages
from aimonitor.hub_client import StoredEvent
from aimonitor.integrations.follower import RefusedError, RetryLaterError
from aimonitor.integrations.hub import Hub
from aimonitor.integrations.mail import Mail
from aimonitor.integrations.settings import MailSettings
from aimonitor.integrations.site import Site


class Post:
    """SMTP as far as it takes to hand over a message (RFC 5321); `refuse` answers a verb differently."""

    def __init__(self, refuse=None):
        self.refuse = refuse or {}
        self.letters = []

    async def serve(self, reader, writer):
        def answer(text):
            writer.write(text.encode() + b"\r\n")

        answer("220 post")
        while line := await reader.readline():
            verb = line.decode().split()[0].upper()
            if verb in self.refuse:
                answer(self.refuse[verb])
            elif verb == "DATA":
                answer("354 go on")
                letter = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append(email.message_from_bytes(letter[:-5], policy=email.policy.default))
                answer(self.refuse.get("END", "250 taken"))
            elif verb == "QUIT":
                answer("221 bye")
            else:
                answer("250 fine")
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def event(**fields):
    told = {"at": 1.7e9, "opened_at": 1.7e9, "level": "ALERT", "score": 0.74, "words": "loitering 47 s in Gate"}
    told |= {"phase": "opened", **fields}
    factors = (messages.Factor("loitering", 0.6, "loitering 47 s in Gate"), messages.Factor("night", 0.14, ""))
    return StoredEvent("yard/gate", 7, "i1", "loitering", factors=factors, id=7, **told)


def deliver(hub, post, *events, **settings):
    async def story():
        server = await asyncio.start_server(post.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        given = {"host": "127.0.0.1", "port": port, "security": "none"}
        given |= {"sender": "eye@example.org", "to": ["me@example.org"], **settings}
        async with server, aiohttp.ClientSession() as session:
            link = Hub(hub.url, "", session, Site(), SystemClock())
            mail = Mail(MailSettings(**given), link, Site())
            for each in events:
                await mail.deliver(each)

    asyncio.run(story())


def test_an_incident_is_one_letter_with_its_reasons_and_its_still(running_hub, yard_of):
    yard, post = yard_of(running_hub), Post()
    yard.say(frame(picture=jpeg(320, 240)))
    wait_until(lambda: running_hub.counters.frames_in == 1)
    deliver(running_hub, post, event(), event(phase="updated"), event(phase="closed"), event(level="WATCH"))
    (letter,) = post.letters
    assert letter["subject"] == "ALERT: loitering at yard/gate"
    assert letter["message-id"] == "<yard.gate.i1.7@example.org>"
    text = letter.get_body().get_content()
    assert "loitering 47 s in Gate" in text
    assert "+0.14 night" in text
    (still,) = letter.iter_attachments()
    assert (still.get_content_type(), still.get_content()) == ("image/jpeg", jpeg(320, 240))


def test_without_a_picture_the_news_goes_all_the_same(running_hub):
    post = Post()
    deliver(running_hub, post, event())
    assert [list(letter.iter_attachments()) for letter in post.letters] == [[]]


def test_no_header_can_be_smuggled_in(running_hub):
    post = Post()
    smuggler = StoredEvent("yard/gate", 7, "i1", "x\r\nBcc: all@example.org", "opened", 1.7e9, 1.7e9, level="ALERT")
    deliver(running_hub, post, smuggler)
    (letter,) = post.letters
    assert letter["bcc"] is None
    assert "Bcc: all@example.org" in letter["subject"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"RCPT": "550 nobody here"}, RefusedError),
        ({"END": "554 no spam"}, RefusedError),
        ({"MAIL": "553 not you"}, RefusedError),
        ({"RCPT": "450 later"}, RetryLaterError),
        ({"END": "451 later"}, RetryLaterError),
        ({"EHLO": "421 busy", "HELO": "421 busy"}, RetryLaterError),
    ],
)
def test_for_now_and_for_ever_are_told_apart(running_hub, answers, expected):
    with pytest.raises(expected):
        deliver(running_hub, Post(answers), event())


def test_a_server_that_cannot_encrypt_gets_nothing(running_hub):
    post = Post()
    with pytest.raises(RetryLaterError):
        deliver(running_hub, post, event(), security="starttls")
    assert post.letters == []
