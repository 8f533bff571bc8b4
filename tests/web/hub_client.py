"""Somebody else with the hub's REST interface: a browser elsewhere, or an edge that wants to come in."""

import json
import urllib.error
import urllib.request
from typing import Any


class HubClient:
    """Asks with JSON; keeps the cookie that it is given."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._cookie = ""

    def ask(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        """Status and answer; None when it has no body."""
        data = None if method in ("GET", "DELETE") else json.dumps(body).encode()
        headers = {"content-type": "application/json", "cookie": self._cookie, "origin": self._url}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=70) as response:
                status, raw = response.status, response.read()
                self._cookie = response.headers.get("set-cookie", self._cookie).partition(";")[0]
        except urllib.error.HTTPError as error:
            with error:
                status, raw = error.code, error.read()
        return status, json.loads(raw) if raw else None

    def must(self, method: str, path: str, **body: Any) -> Any:
        """The answer to what is not refused."""
        status, answer = self.ask(method, path, **body)
        assert status < 300, (status, answer)
        return answer
