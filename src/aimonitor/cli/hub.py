"""`aimonitor hub`: relay, history, dashboard."""

import argparse

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
examples:
  aimonitor hub                                    on this machine only, http://127.0.0.1:8000
  aimonitor hub --host 0.0.0.0 --port 8080         for the local network
  PORT=10000 CORS_ORIGINS=https://example.org aimonitor hub

founding variables: PORT, WEBSOCKET_MAX_CONNECTIONS, CORS_ORIGINS, REDIS_URL; tokens of the edges:
AIMONITOR_HUB_TOKENS="yard:long-secret,shop:other-secret" """


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "hub",
        help="run the hub: relays to many viewers, keeps history, serves the dashboard",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--host", help="address to listen on (default: 127.0.0.1, this machine only)")
    command.add_argument("--port", type=int, help="port to listen on (default: 8000)")
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Serve until stopped."""
    from aimonitor.common import log
    from aimonitor.hub import serve, settings

    log.configure(verbose=chosen.verbose)
    overrides = {"host": chosen.host, "port": chosen.port}
    serve.run(settings.read(chosen.config, overrides=overrides))
    return 0
