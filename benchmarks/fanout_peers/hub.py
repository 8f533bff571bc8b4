"""Our own hub as it ships, with room for the benchmark's viewers."""

import sys

from aimonitor.hub import serve
from aimonitor.hub.settings import HubSettings

serve.run(
    HubSettings(
        port=int(sys.argv[1]), history_path=":memory:", max_connections=20_000, max_connections_per_address=20_000
    )
)
