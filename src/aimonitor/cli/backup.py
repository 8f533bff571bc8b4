"""`aimonitor backup` and `aimonitor restore`."""

import argparse
import os
import sys
from pathlib import Path

from aimonitor.cli.options import Commands, add_common

_BACKUP_EPILOG = """\
examples:
  aimonitor backup /mnt/usb/monday.zip             while everything runs
  aimonitor backup shared.zip --without-secrets    to show it to somebody

In it: settings, policies with their versions, the hub's history, people and tokens, the edge's journal and what it has
learned, the bot's memory. Not in it: pictures and clips of incidents, and what a hub keeps in Redis. Run it in the
folder where the programs run, or give --config."""

_RESTORE_EPILOG = """\
examples:
  aimonitor restore /mnt/usb/monday.zip            into an empty place
  aimonitor restore /mnt/usb/monday.zip --force    what is there is put aside as *.before-restore

Stop the programs first. Everything is checked before anything is written; the programs bring a backup of an older
version forward when they start. Events that an edge had not delivered when the backup was made are sent again."""


def add_to(commands: Commands) -> None:
    """Add both commands to the command line."""
    raw = argparse.RawDescriptionHelpFormatter
    words = "write settings, policies and all that is remembered into one file, while everything runs"
    backup = commands.add_parser("backup", help=words, epilog=_BACKUP_EPILOG, formatter_class=raw)
    backup.add_argument("file", type=Path, metavar="FILE", help="the backup, such as monday.zip")
    backup.add_argument("--without-secrets", action="store_true", help="leave out sign-ins, tokens and passwords")
    backup.add_argument("--force", action="store_true", help="replace FILE if it is there")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser(
        "restore", help="put a backup where its settings say", epilog=_RESTORE_EPILOG, formatter_class=raw
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="what `aimonitor backup` wrote")
    restore.add_argument("--force", action="store_true", help="put aside what is there")
    restore.set_defaults(run=_restore)
    for command in (backup, restore):
        add_common(command)


def _backup(chosen: argparse.Namespace) -> int:
    from aimonitor.common.clock import SystemClock
    from aimonitor.upkeep.backup import back_up

    if chosen.file.exists() and not chosen.force:
        raise ValueError(f"{chosen.file} is there already: choose another name, or give --force")
    secrets = not chosen.without_secrets
    manifest = back_up(chosen.file, chosen.config, os.environ, SystemClock(), secrets=secrets)
    for member in manifest.members:
        print(f"{member.size / 1000:10.1f} kB  {member.name}")
    held = "keep it as safe as a password" if secrets else "without secrets"
    print(f"{chosen.file}: {len(manifest.members)} files, {chosen.file.stat().st_size / 1000:.1f} kB; {held}")
    return 0


def _restore(chosen: argparse.Namespace) -> int:
    from aimonitor.common.clock import SystemClock
    from aimonitor.upkeep.restore import restore

    manifest, written = restore(chosen.file, chosen.config, os.environ, SystemClock(), force=chosen.force)
    for path in written:
        print(path)
    print(f"restored {len(written)} files of {manifest.made_at}, made by {manifest.made_by}")
    if not manifest.secrets:
        print("it holds no secrets: set tokens and passwords again (`aimonitor config check`)", file=sys.stderr)
    return 0
