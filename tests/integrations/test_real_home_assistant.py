"""A real Home Assistant finds the cameras by itself, shows their figures and stills, and knows when we are gone.

Wants `hass` on the path, or its place in AIMONITOR_TEST_HASS (a virtual environment with Python 3.13, homeassistant,
home-assistant-frontend and what its manifests of mqtt, camera and frontend ask for).
"""

import json
import os
import shutil
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from hub_peers import frame, jpeg, said

from aimonitor.contract import messages

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from programs import Program, free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class HomeAssistant:
    """Its REST interface, as the owner of a fresh installation."""

    def __init__(self, folder, program):
        self.port, self._token = free_port(), ""
        self.url = f"http://127.0.0.1:{self.port}"
        settings = folder / "settings"
        settings.mkdir()
        http = f"http:\n  server_host: 127.0.0.1\n  server_port: {self.port}\n"
        (settings / "configuration.yaml").write_text(f"{http}api:\nconfig:\nonboarding:\nauth:\nmqtt:\n")
        self.program = Program(program, "-c", str(settings), "--skip-pip", log=folder / "hass.log", cwd=folder)

    def ask(self, path, data=None, *, form=False):
        """The body of an answer; None while it is not there."""
        body = None
        headers = {"content-type": "application/x-www-form-urlencoded" if form else "application/json"}
        if data is not None:
            body = (urllib.parse.urlencode(data) if form else json.dumps(data)).encode()
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers), timeout=10) as answer:
                return answer.read()
        except (urllib.error.URLError, OSError):
            return None

    def move_in(self, broker_port):
        """Become its owner, and tell it where the broker is."""
        wait_until(lambda: self.ask("/api/onboarding"), 120, self.program.output, self.program)
        client = f"{self.url}/"
        user = {"client_id": client, "name": "o", "username": "o", "password": "owner-of-all", "language": "en"}
        code = json.loads(self.ask("/api/onboarding/users", user))["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        self._token = json.loads(self.ask("/auth/token", grant, form=True))["access_token"]
        flows = "/api/config/config_entries/flow"
        flow = json.loads(self.ask(flows, {"handler": "mqtt"}))["flow_id"]
        done = json.loads(self.ask(f"{flows}/{flow}", {"broker": "127.0.0.1", "port": broker_port}))
        assert done["type"] == "create_entry", done

    def states(self):
        every = json.loads(self.ask("/api/states") or b"[]")
        return {one["entity_id"]: one["state"] for one in every if "the_gate" in one["entity_id"]}


def test_home_assistant_finds_the_camera_and_knows_when_we_are_gone(running_hub, broker, yard_of, tmp_path):
    program = os.environ.get("AIMONITOR_TEST_HASS") or shutil.which("hass")
    if program is None:
        pytest.skip("no Home Assistant: `hass` is not on the path, and AIMONITOR_TEST_HASS is not set")
    (tmp_path / "aimonitor.toml").write_text(
        f'[integrations]\nhub = "{running_hub.url}"\n[integrations.mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n'
    )
    home = HomeAssistant(tmp_path, program)
    ours = Program.aimonitor("integrations", log=tmp_path / "ours.log", cwd=tmp_path)
    expected = {
        "sensor.the_gate_risk": "74",
        "sensor.the_gate_risk_level": "ALERT",
        "sensor.the_gate_reasons": "loitering 47 s in Gate",
        "sensor.the_gate_persons": "2",
        "sensor.the_gate_vehicles": "4",
        "sensor.the_gate_state": "live",
        "binary_sensor.the_gate_persons_present": "on",
        "binary_sensor.the_gate_problem": "off",
        "camera.the_gate_still": "idle",
    }
    with home.program, ours:
        home.move_in(broker.port)
        yard = yard_of(running_hub)
        yard.say(messages.Status("yard/gate", "live", 1.0, name="The gate"))
        risk = messages.RiskView(0.74, "ALERT", (messages.Factor("loitering", 0.74, "loitering 47 s in Gate"),))
        yard.say(said(risk=risk, scene=messages.SceneView(persons=2, vehicles=4)), frame(picture=jpeg(320, 240)))
        # The test's edge answers no pings: it lives on by what it says.
        wait_until(lambda: alive(yard) and home.states() == expected, 60, lambda: str(home.states()))
        wait_until(lambda: alive(yard) and home.ask("/api/camera_proxy/camera.the_gate_still") == jpeg(320, 240), 30)
        ours.stop(number=signal.SIGKILL)
        wait_until(
            lambda: alive(yard) and set(home.states().values()) == {"unavailable"}, 30, lambda: str(home.states())
        )
        ours.start()
        wait_until(lambda: alive(yard) and home.states() == expected, 30, lambda: str(home.states()))


def alive(yard):
    """A sign of life of the edge."""
    yard.say(messages.Ping(1.0))
    return True
