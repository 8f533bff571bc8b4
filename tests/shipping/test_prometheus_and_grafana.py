"""What operators are given: rules that fire when they should, and dashboards on which no panel is empty."""

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from programs import Program, answers, free_port, wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
TOKEN = "a token for the test"


def tool(name):
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"no {name} on this machine; it comes with the package prometheus")
    return program


def promtool(*arguments):
    result = subprocess.run([tool("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_rules_and_configuration_are_well_formed():
    promtool("check", "rules", *RULES)
    promtool("check", "config", "--syntax-only", DEPLOY / "prometheus" / "prometheus.yml")


def test_alerts_fire_when_they_should_and_only_then():
    promtool("test", "rules", DEPLOY / "prometheus" / "tests" / "rules_test.yml")


def test_every_alert_is_rehearsed():
    alerts = re.findall(r"alert: (\w+)", (DEPLOY / "prometheus" / "rules" / "alerts.yml").read_text())
    rehearsed = (DEPLOY / "prometheus" / "tests" / "rules_test.yml").read_text()
    assert alerts
    assert [alert for alert in alerts if f"alertname: {alert}" not in rehearsed] == []


def panels(path):
    return json.loads(path.read_text())["panels"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_whole(path):
    board = json.loads(path.read_text())
    datasource = (DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    taken = set()
    for panel in board["panels"]:
        assert f"uid: {panel['datasource']['uid']}\n" in datasource
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells


def test_dashboards_and_rules_ask_only_for_what_is_recorded_or_shown():
    recorded = set(re.findall(r"record: (\S+)", "".join(path.read_text() for path in RULES)))
    asked = "".join(path.read_text() for path in [*RULES, *DASHBOARDS])
    assert set(re.findall(r"\baimonitor:\w+:\w+", asked)) == recorded | set()


class Stage:
    """A hub, simulated edges, a real edge, and a Prometheus that watches them."""

    def __init__(self, folder):
        self.folder = folder
        self.hub_port, self.edge_port, self.port = str(free_port()), str(free_port()), free_port()
        self.hub_url = f"ws://127.0.0.1:{self.hub_port}/ws/laptop"

    def hub(self):
        environ = {"AIMONITOR_HUB_METRICS_TOKEN": TOKEN}
        return self._program("hub", "hub", "--port", self.hub_port, environ=environ)

    def fleet(self):
        arguments = ("simulate", "--hub", self.hub_url, "--edges", "3", "--cameras", "2", "--rate", "5", "--fps", "2")
        return self._program("fleet", *arguments)

    def edge(self):
        film = self.folder / "moving.avi"
        writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*"MJPG"), 5, (160, 120))
        for number in range(50):
            picture = np.full((120, 160, 3), 40, np.uint8)
            picture[40:80, 2 * number : 2 * number + 30] = 220
            writer.write(picture)
        writer.release()
        film_settings = ("--camera", str(film), "--loop", "--detector", "motion:", "--edge-id", "real")
        return self._program("edge", "edge", *film_settings, "--hub", self.hub_url, "--metrics-port", self.edge_port)

    def prometheus(self):
        """The configuration that is shipped, with the addresses of the test and a faster pace."""
        text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        token = self.folder / "token"
        token.write_text(TOKEN)
        for shipped, here in (
            ("/run/aimonitor/metrics_token", str(token)),
            ("rules/*.yml", str(DEPLOY / "prometheus" / "rules" / "*.yml")),
            ("dns_sd_configs:", "static_configs:"),
            (
                "{names: [hubs], type: A, port: 8000, refresh_interval: 10s}",
                f"{{targets: ['127.0.0.1:{self.hub_port}']}}",
            ),
            ("127.0.0.1:9101", f"127.0.0.1:{self.edge_port}"),
            ("scrape_interval: 10s", "scrape_interval: 1s"),
            ("scrape_timeout: 5s", "scrape_timeout: 1s"),
            ("evaluation_interval: 10s", "evaluation_interval: 1s"),
        ):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        config = self.folder / "prometheus.yml"
        config.write_text(text)
        options = (f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'tsdb'}")
        listen = f"--web.listen-address=127.0.0.1:{self.port}"
        return Program(tool("prometheus"), *options, listen, log=self.folder / "prometheus.log", cwd=self.folder)

    def ask(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from None

    def _program(self, name, *arguments, environ=None):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return Program.aimonitor(*arguments, log=folder / "log", cwd=folder, environ=environ)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_panel_is_empty_on_a_running_system(tmp_path):
    tool("prometheus")
    stage = Stage(tmp_path)
    with stage.hub() as hub:
        wait_until(lambda: answers(f"http://127.0.0.1:{stage.hub_port}/health"), 30, hub.output, hub)
        with stage.fleet() as fleet, stage.edge() as edge, stage.prometheus() as prometheus:
            wait_until(lambda: answers(f"http://127.0.0.1:{stage.port}/-/ready"), 30, prometheus.output, prometheus)
            wait_until(lambda: all_up(stage), 60, lambda: json.dumps(stage.ask("targets")), prometheus)
            wait_until(lambda: not empty_panels(stage), 90, lambda: "\n".join(empty_panels(stage)), prometheus)
            assert fleet.process.poll() is None
            assert edge.process.poll() is None
            problems = [
                (rule["name"], rule.get("lastError"))
                for group in stage.ask("rules")["groups"]
                for rule in group["rules"]
                if rule["health"] == "err"
            ]
            assert problems == []
            firing = {
                alert["labels"]["alertname"] for alert in stage.ask("alerts")["alerts"] if alert["state"] == "firing"
            }
            assert firing == set()


def all_up(stage):
    """Hub and edge are read; there is no bot here."""
    targets = stage.ask("targets")["activeTargets"]
    return {target["labels"]["job"] for target in targets if target["health"] == "up"} >= {"hub", "edge"}


def empty_panels(stage):
    """Title and query of every panel that would show nothing."""
    now = time.time()
    empty = []
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "20s")
                query = query.replace("$source", ".*").replace("$instance", ".*")
                found = stage.ask("query", query=query, time=now)["result"]
                if not any(series["value"][1] != "NaN" for series in found):
                    empty.append(f"{path.stem}: {panel['title']}: {query}")
    return empty
