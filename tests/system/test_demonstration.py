"""`aimonitor simulate --scene demo` against a running hub, as a user starts it."""

import json
import subprocess
import sys
import urllib.request

import pytest
from programs import Program, answers, free_port, wait_until


@pytest.mark.timeout(120)
def test_the_demonstration_plays_against_a_hub_and_says_what_it_sent(tmp_path):
    port = free_port()
    with Program.aimonitor("hub", "--port", str(port), log=tmp_path / "hub.log", cwd=tmp_path):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 30)
        command = [sys.executable, "-m", "aimonitor", "simulate", "--scene", "demo", "--seconds", "14"]
        command += ["--hub", f"ws://127.0.0.1:{port}/ws/laptop", "--state", str(tmp_path / "stage")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["edge"] == "demo"
        assert report["accepted"] > 0
        assert report["acknowledged"] == report["accepted"]
        assert "warm" in report["incidents"], "the thermal sensor was heard"
        assert "Road: convoy" in done.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/history?limit=500", timeout=10) as answer:
            kept = json.load(answer)["events"]
        assert len(kept) == report["accepted"]
        assert {event["source"].partition("/")[0] for event in kept} == {"demo"}
