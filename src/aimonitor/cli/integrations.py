"""`aimonitor integrations`: Home Assistant over MQTT, webhooks, e-mail."""

import argparse

from aimonitor.cli.options import Commands, add_common

_EPILOG = """\
settings, in aimonitor.toml:
  [integrations]                     hub = "http://127.0.0.1:8000"
  [integrations.mqtt]                host = "broker", username, password; Home Assistant finds the cameras by itself
  [[integrations.webhook]]           url = "https://…", secret = "whsec_…" (Standard Webhooks), level = "ALERT"
  [integrations.mail]                host, username, password, sender, to = ["me@example.org"], level = "ALERT"

docs/guide/integrations.md tells the rest"""


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(
        "integrations",
        help="tell other systems: Home Assistant over MQTT, webhooks, e-mail",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--hub", metavar="URL", help="address of the hub (default: http://127.0.0.1:8000)")
    add_common(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run until stopped."""
    import asyncio
    import contextlib
    import signal

    from aimonitor.common import log, settings
    from aimonitor.integrations import app
    from aimonitor.integrations.settings import IntegrationsSettings

    log.configure(verbose=chosen.verbose)
    read = settings.load(IntegrationsSettings, "integrations", path=chosen.config, overrides={"hub": chosen.hub})

    async def until_stopped() -> None:
        main = asyncio.current_task()
        if main is not None:
            with contextlib.suppress(NotImplementedError):  # Windows: the process just ends
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main.cancel)
        await app.run(read)

    # The MQTT library watches its own socket, which Windows' usual loop cannot.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(until_stopped())
    return 0
