"""The hub's REST interface as it is kept in docs/ref/openapi.json: `python -m aimonitor.hub.reference`."""

import json
import sys

from aimonitor.hub.app import create_app
from aimonitor.hub.settings import HubSettings


def text() -> str:
    """The OpenAPI document."""
    document = create_app(HubSettings.model_validate({"history_path": ":memory:"})).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
