"""E-mail: one message for each incident, with what happened, why, and the still. SMTP as RFC 5321 says."""

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage

from aimonitor.hub_client import HubError, Picture, StoredEvent
from aimonitor.integrations.follower import RefusedError, RetryLaterError
from aimonitor.integrations.hub import Hub
from aimonitor.integrations.settings import MailSettings
from aimonitor.integrations.site import Site, at_least

_TIMEOUT_S = 20.0


def compose(event: StoredEvent, name: str, still: Picture | None, settings: MailSettings) -> EmailMessage:
    """The message. Its id is the incident's, so that servers recognize a second copy."""
    message = EmailMessage()
    subject = f"{event.level}: {event.kind.replace('_', ' ')} at {name}"
    message["Subject"] = "".join(each if each.isprintable() else " " for each in subject)[:200]
    message["From"], message["To"] = settings.sender, ", ".join(settings.to)
    message["Date"] = datetime.fromtimestamp(event.at, UTC)
    domain = settings.sender.rpartition("@")[2]
    message["Message-ID"] = f"<{event.source.replace('/', '.')}.{event.incident_id}.{event.seq}@{domain}>"
    when = datetime.fromtimestamp(event.at, UTC)
    lines = [event.words or event.kind.replace("_", " "), "", f"camera: {name} ({event.source})"]
    lines += [f"when: {when:%Y-%m-%d %H:%M:%S} UTC", f"risk: {event.score:.2f} {event.level}"]
    lines += [f"  {factor.contribution:+.2f} {factor.words or factor.cause}" for factor in event.factors]
    message.set_content("\n".join(lines) + "\n")
    if still is not None:
        message.add_attachment(still.jpeg, maintype="image", subtype="jpeg", filename="still.jpg")
    return message


class Mail:
    """A receiver of events that sends mail when an incident opens."""

    name = "mail"

    def __init__(self, settings: MailSettings, hub: Hub, site: Site) -> None:
        self._settings = settings
        self._hub = hub
        self._site = site

    async def deliver(self, event: StoredEvent) -> None:
        """Send it. Raises RetryLaterError or RefusedError."""
        if event.phase != "opened" or not at_least(event.level, self._settings.level):
            return
        try:
            still = await self._hub.picture(event.source)
        except HubError:
            still = None  # the news is worth more than its picture
        message = compose(event, self._site.name(event.source), still, self._settings)
        try:
            await asyncio.to_thread(self._send, message)
        except (smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
            if _is_final(error):
                raise RefusedError(str(error)) from None
            raise RetryLaterError(str(error)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise RetryLaterError(str(error) or type(error).__name__) from None

    def _send(self, message: EmailMessage) -> None:
        settings, context = self._settings, ssl.create_default_context()
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT_S)
        with server:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.username and settings.password:
                server.login(settings.username, settings.password.get_secret_value())
            server.send_message(message)


def _is_final(error: smtplib.SMTPException) -> bool:
    """5xx: this message will never be taken (RFC 5321 section 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500
