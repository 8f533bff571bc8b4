"""The hub and the way to it: address, TLS, health, WebSocket."""

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from aimonitor.doctor.finding import Case, Finding, failed, ok, skipped, warning

_TIMEOUT_S = 10.0
_SOON_DAYS = 14
_START_HUB = "start it (`aimonitor hub --host 0.0.0.0`), or give the right address: --hub URL, or `hub` in [edge]"
_STARTING = "a hub on a free plan wakes up within a minute: try again; if it stays, look at the log of hub and proxy"
_OTHER = "see that the address is the hub's and not another program's: its /health answers with a status"


def hub(case: Case) -> Iterator[Finding]:
    """Whether the hub answers, and is well."""
    started = time.monotonic()
    try:
        with urllib.request.urlopen(f"{case.hub}/health", timeout=_TIMEOUT_S) as answer:
            health = json.load(answer)
            landed = answer.geturl()
    except urllib.error.HTTPError as error:
        step = _STARTING if error.code in (502, 503, 504) else _OTHER
        yield failed(f"{case.hub}/health answers {error.code} {error.reason}", step)
        return
    except (urllib.error.URLError, OSError) as error:
        yield _unreachable(case.hub, error)
        return
    except ValueError:
        yield failed(f"{case.hub}/health answers, but not as a hub does", _OTHER)
        return
    took_ms = (time.monotonic() - started) * 1000
    if not isinstance(health, dict) or "status" not in health:
        yield failed(f"{case.hub}/health answers, but not as a hub does", _OTHER)
        return
    if health["status"] != "ok":
        yield failed(
            f"the hub is {health['status']}: {health.get('detail') or 'it does not say why'}", "mend that there"
        )
    else:
        edges, viewers = health.get("edges"), health.get("viewers")
        yield ok(f"{case.hub}, version {health.get('version')}, {took_ms:.0f} ms, {edges} edges, {viewers} viewers")
    if urlsplit(landed).scheme != urlsplit(case.hub).scheme:
        yield warning(f"{case.hub} leads on to https", "give the address with wss:// (or https://) at once")


def _unreachable(address: str, error: Exception) -> Finding:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    host = urlsplit(address).hostname
    if isinstance(reason, socket.gaierror):
        return failed(f"the name {host} is not known", "check its spelling, and that this machine is on the network")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return failed(f"{host} is not trusted: {reason.verify_message}", "see what the check `tls` says")
    if isinstance(reason, ssl.SSLError):
        return failed(f"{address} does not speak TLS", "use ws:// (or http://) for a hub without a certificate")
    if isinstance(reason, ConnectionRefusedError):
        return failed(f"{address}: nobody listens there", _START_HUB)
    if isinstance(reason, TimeoutError):
        return failed(f"{address} does not answer", "check the firewall on the way and that the machine is on")
    return failed(f"{address} cannot be reached: {reason}", _START_HUB)


def token(case: Case) -> Iterator[Finding]:
    """Offer an empty message: a hub that knows the token complains of the message, another one of the token.

    To the hub a wrong token is a guess, of which it allows few: not a check to be made again and again.
    """
    request = urllib.request.Request(f"{case.hub}/api/data", data=b"{}", method="POST")
    request.add_header("Content-Type", "application/json")
    if case.edge_token:
        request.add_header("Authorization", f"Bearer {case.edge_token}")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S):
            code = 200
    except urllib.error.HTTPError as error:
        code = error.code
    except (urllib.error.URLError, OSError):
        yield skipped("not tried: the hub cannot be reached")
        return
    if code == 422 and case.edge_token:
        yield ok("the hub takes the token of this edge")
    elif code == 429:
        yield failed("too many wrong tokens came from this address", "wait a minute, then give the right one")
    elif code in (401, 403) and case.edge_token:
        yield failed("the hub refuses the token", f"get another one: aimonitor pair --hub {case.hub}")
    elif code in (401, 403):
        yield warning("the hub wants a token from its edges", f"get one: aimonitor pair --hub {case.hub}")
    elif code == 422:
        yield ok("the hub wants no token, and none is set")
    else:
        yield warning(f"the hub answers {code} to an empty message, where 401 or 422 is expected", _OTHER)


def tls(case: Case) -> Iterator[Finding]:
    """Whether the certificate is trusted, names the hub, and for how long."""
    parts = urlsplit(case.hub)
    host = parts.hostname or ""
    if parts.scheme == "http":
        if _at_home(host):
            yield skipped("the hub is on this machine or network and uses no TLS")
        else:
            yield warning(
                f"{case.hub} is not encrypted", "put TLS before it, see docs/guide/deployment.md, then use wss://"
            )
        return
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, parts.port or 443), _TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            version, certificate = secured.version(), secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield failed(f"the certificate is not trusted: {error.verify_message}", _certificate_advice(error))
        return
    except ssl.SSLError as error:
        yield failed(f"no TLS there: {error.reason or error}", "is it a plain http port? Then use ws://")
        return
    except OSError as error:
        yield _unreachable(case.hub, error)
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    said = f"{version}, certificate until {ends:%Y-%m-%d} ({days} days)"
    if days < _SOON_DAYS:
        yield warning(said, "renew it, or see why its renewal does not happen by itself")
    else:
        yield ok(said)


def _at_home(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home", ".internal"))


def _certificate_advice(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == 10:
        return "it has expired, or this machine's clock is wrong: renew it, or see the check `clock`"
    if error.verify_code in (18, 19, 20, 21):
        return "for a certificate of your own making, SSL_CERT_FILE=fullchain.pem makes this machine trust it"
    if error.verify_code in (62, 64):
        return "use the name that the certificate was made for, or make it anew for this one (DOMAIN in compose)"
    return "get one from a public authority, see docs/guide/deployment.md"
