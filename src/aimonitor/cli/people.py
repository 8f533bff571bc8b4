"""`aimonitor hub users` and `aimonitor hub tokens`: who may come in, from a shell on the hub's machine.

They work on the hub's own records, whether it runs or not; a running hub follows within a few seconds.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aimonitor.hub.identity.desk import Identity

Work = Callable[["Identity", argparse.Namespace], Awaitable[None]]
ROLES = ("viewer", "operator", "admin")

_USERS = """\
examples:
  aimonitor hub users add Dana --role admin        asks for the password, or reads it from a pipe
  aimonitor hub users passwd Dana
  aimonitor hub users list"""
_TOKENS = """\
examples:
  aimonitor hub tokens add --edge yard             for the edge `yard`; shown this once
  aimonitor hub tokens add --role viewer --label "wall display"
  aimonitor hub tokens revoke 3f9a0c1b2d4e

An edge gets its token more easily by itself: aimonitor pair --hub URL"""


def add_to(hub: argparse.ArgumentParser) -> None:
    """Add the commands below `aimonitor hub`."""
    groups = hub.add_subparsers(title="commands", metavar="users|tokens")
    raw = argparse.RawDescriptionHelpFormatter
    users = groups.add_parser("users", help="who may sign in", epilog=_USERS, formatter_class=raw)
    commands = users.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _command(commands, "list", "everybody who may sign in", _list_users)
    add = _command(commands, "add", "let somebody in", _add_user, "name")
    add.add_argument("--role", choices=ROLES, default="viewer", help="what they may do (default: %(default)s)")
    role = _command(commands, "role", "let somebody do more or less", _change_role, "name")
    role.add_argument("role", choices=ROLES)
    _command(commands, "passwd", "another password; signs out everywhere", _change_password, "name")
    _command(commands, "remove", "let somebody in no more", _remove_user, "name")
    tokens = groups.add_parser("tokens", help="tokens of edges and programs", epilog=_TOKENS, formatter_class=raw)
    commands = tokens.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _command(commands, "list", "all tokens, without their secrets", _list_tokens)
    add = _command(commands, "add", "a new token, shown this once", _add_token)
    whose = add.add_mutually_exclusive_group(required=True)
    whose.add_argument("--edge", metavar="ID", help="the edge that it speaks for")
    whose.add_argument("--role", choices=ROLES, help="what the program may do that has it")
    add.add_argument("--label", default="", help="what it is for")
    _command(commands, "revoke", "make a token worthless", _revoke_token, "token_id")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    words: str,
    work: Work,
    *arguments: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words)
    for argument in arguments:
        command.add_argument(argument)
    command.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: ./aimonitor.toml)")
    command.set_defaults(run=lambda chosen: _run(work, chosen))
    return command


def _run(work: Work, chosen: argparse.Namespace) -> int:
    """Do `work` with the identity that the hub's settings name."""
    from aimonitor.common.clock import SystemClock
    from aimonitor.hub import settings
    from aimonitor.hub.identity.desk import Identity
    from aimonitor.hub.identity.roles import Refused

    read = settings.read(chosen.config)
    if read.identity_address == ":memory:":
        raise ValueError(
            "this hub keeps nobody: its history_path is :memory:; "
            "set AIMONITOR_ADMIN_PASSWORD and AIMONITOR_TOKENS where it runs"
        )

    async def act() -> None:
        identity = Identity(read.model_copy(update={"host": "127.0.0.1"}), SystemClock())
        await identity.open()
        try:
            await work(identity, chosen)
        finally:
            await identity.close()

    try:
        asyncio.run(act())
    except Refused as refused:
        raise ValueError(str(refused)) from None
    return 0


async def _list_users(identity: "Identity", _: argparse.Namespace) -> None:
    for person in identity.people.all():
        print(f"{person.role:<9} {_when(person.last_seen_at):<17} {person.name}")


async def _add_user(identity: "Identity", chosen: argparse.Namespace) -> None:
    from aimonitor.hub.identity.roles import Role

    person = await identity.people.add(chosen.name, Role(chosen.role), _ask_password())
    _note(identity, "add_user", f"{person.name}, {person.role}")
    print(f"{person.name} may sign in as {person.role}")


async def _change_role(identity: "Identity", chosen: argparse.Namespace) -> None:
    from aimonitor.hub.identity.roles import Role

    person = await identity.people.change(chosen.name, role=Role(chosen.role))
    _note(identity, "change_user", f"{person.name}, role {person.role}")
    print(f"{person.name} is {person.role} now")


async def _change_password(identity: "Identity", chosen: argparse.Namespace) -> None:
    person = await identity.people.change(chosen.name, password=_ask_password())
    _note(identity, "change_user", f"{person.name}, password")
    print(f"{person.name} has another password, and is signed out everywhere")


async def _remove_user(identity: "Identity", chosen: argparse.Namespace) -> None:
    person = await identity.people.remove(chosen.name)
    _note(identity, "remove_user", person.name)
    print(f"{person.name} may no longer sign in")


async def _list_tokens(identity: "Identity", _: argparse.Namespace) -> None:
    for token in identity.tokens.all():
        whose = f"@{token.role}" if token.role else token.edge_id or "any edge"
        print(f"{token.token_id:<15} {whose:<20} {_when(token.last_used_at):<17} {token.label}")


async def _add_token(identity: "Identity", chosen: argparse.Namespace) -> None:
    from aimonitor.hub.identity.roles import Role
    from aimonitor.hub.identity.tokens import check_edge_id

    role = Role(chosen.role) if chosen.role else None
    if chosen.edge is not None:
        check_edge_id(chosen.edge)
    label = chosen.label or chosen.edge or chosen.role
    token, text = await identity.tokens.make(label, edge_id=chosen.edge, role=role)
    _note(identity, "make_token", f"{token.token_id}, {label}")
    print(text)


async def _revoke_token(identity: "Identity", chosen: argparse.Namespace) -> None:
    token = await identity.tokens.revoke(chosen.token_id)
    _note(identity, "revoke_token", f"{token.token_id}, {token.label}")
    print(f"{token.label} is let in no more")


def _note(identity: "Identity", did: str, what: str) -> None:
    import getpass

    identity.trail.note(f"{getpass.getuser()} (shell)", did, what, "done")


def _ask_password() -> str:
    """Typed twice without being shown, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    import getpass

    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise ValueError("expected the same password twice, got two")
    return password


def _when(at: float | None) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%MZ}" if at else "never"
