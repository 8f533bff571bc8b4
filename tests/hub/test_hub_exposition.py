"""`/metrics`: what operators see of the hub, and that no crowd of names can swell it."""

import re
import shutil
import subprocess

import httpx
import pytest
from hub_peers import event, frame, said, wait_until
from prometheus_client.parser import text_string_to_metric_families

from aimonitor.common.clock import ManualClock
from aimonitor.contract import messages
from aimonitor.hub.courtesy import Courtesy
from aimonitor.hub.exposition import LABELS, Exposition
from aimonitor.hub.history import History
from aimonitor.hub.limits import Places
from aimonitor.hub.metrics import Counters
from aimonitor.hub.relay import Relay
from aimonitor.hub.roster import Roster, own_camera
from aimonitor.hub.stores import Keep, make_store
from aimonitor.hub.switchboard import Switchboard


def read(text):
    """{(name, labels as sorted pairs): value} of a page of metrics."""
    return {
        (sample.name.removeprefix("aimonitor_hub_"), *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(hub, **options):
    answer = httpx.get(hub.url + "/metrics", **options)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def pure_hub(clock):
    counters = Counters()
    relay = Relay(counters, lambda work: work(), Courtesy(clock))
    history = History(make_store(":memory:", Keep()), clock, counters, lambda _event, _new: None)
    board = Switchboard(
        roster=Roster(2_000),
        relay=relay,
        history=history,
        clock=clock,
        counters=counters,
        heartbeat_s=2.0,
        stalled_viewer_s=10.0,
    )
    return board, Exposition(board, Places(100, 100), clock)


def page(exposition, accept=""):
    return exposition.answer(accept)[0].decode()


def test_what_happened_is_what_is_shown(running_hub, edge, viewer):
    yard = edge(running_hub, cameras=("gate",))
    viewer(running_hub)
    yard.say(messages.Status("yard/gate", "frozen", 1.0))
    yard.say(said(scene=messages.SceneView(persons=3, vehicles=2), risk=messages.RiskView(0.75, "CRITICAL"), fps=9.5))
    yard.say(frame())
    yard.say(event(1))
    yard.say(event(1))
    wait_until(lambda: running_hub.counters.events_stored + running_hub.counters.events_duplicate == 2)
    shown = scrape(running_hub)
    gate = ("source", "yard/gate")
    assert shown["frames_total",] == 1
    assert shown["observations_total",] == 1
    assert shown["events_total", ("outcome", "stored")] == 1
    assert shown["events_total", ("outcome", "duplicate")] == 1
    assert shown["event_store_seconds_count",] == 2
    assert shown["edges_online",] == 1
    assert shown["edge_online", ("edge", "yard")] == 1
    assert shown["viewers", ("protocol", "v2")] == 1
    assert shown["camera_state", ("edge", "yard"), gate, ("state", "frozen")] == 1
    assert (shown["camera_persons", gate], shown["camera_vehicles", gate]) == (3, 2)
    assert shown["camera_risk_score", gate] == 0.75
    assert shown["camera_fps", gate] == 9.5
    assert 0 <= shown["camera_picture_age_seconds", gate] < 30
    assert shown["traffic_messages_total", ("direction", "in"), ("kind", "picture")] == 1
    assert shown["camera_traffic_bytes_total", ("direction", "in"), gate] > 0
    assert shown["store_ready",] == 1
    assert "process_resident_memory_bytes" in {key[0] for key in shown}


def test_an_edge_that_comes_back_is_counted(running_hub, edge):
    for _ in range(3):
        yard = edge(running_hub)
        yard.socket.close()
        wait_until(lambda: not running_hub.app.state.switchboard.roster.get("yard").online)
    shown = scrape(running_hub)
    assert shown["edge_reconnects_total", ("edge", "yard")] == 2
    assert shown["edge_online", ("edge", "yard")] == 0
    assert shown["camera_state", ("edge", "yard"), ("source", "yard/gate"), ("state", "offline")] == 1


def test_waits_are_measured_with_the_edges_own_clock():
    clock = ManualClock(utc=1_700_000_000.0)
    board, exposition = pure_hub(clock)
    yard = board.roster.edge("yard", 0.0)
    board.picture(yard, frame(), 0.0)  # its clock is not known yet: not measured
    from aimonitor.hub.clock_offset import Measurement

    yard.clock.add(Measurement(offset_s=-5.0, delay_s=0.01))  # captured at 1_700_000_005 by our clock
    clock.advance(5.2)
    board.picture(yard, frame(), 0.0)
    shown = read(page(exposition))
    assert shown["picture_transit_seconds_count",] == 1
    assert shown["picture_transit_seconds_sum",] == pytest.approx(0.2)
    assert shown["picture_transit_seconds_bucket", ("le", "0.1")] == 0
    assert shown["picture_transit_seconds_bucket", ("le", "0.25")] == 1


def crowd(board, edges, cameras):
    for number in range(edges):
        edge = board.roster.edge(f"e{number}", 0.0)
        board.edge_arrived(edge, None)
        for which in range(cameras):
            source = f"e{number}/c{which}"
            figures = said(
                source, scene=messages.SceneView(persons=1), risk=messages.RiskView(which / cameras, "WATCH")
            )
            own_camera(edge, source).see_observation(figures, "", 0.0)
            board.counters.traffic.came(f"figures {source}", b"x" * 94, 0.0)


def test_ten_thousand_cameras_are_five_hundred_and_the_rest():
    clock = ManualClock()
    board, exposition = pure_hub(clock)
    crowd(board, 1000, 10)
    clock.advance(7)
    text = page(exposition)
    shown = read(text)
    sources = {dict(key[1:]).get("source") for key in shown} - {None}
    assert len(sources) == LABELS + 1
    assert len({dict(key[1:]).get("edge") for key in shown} - {None}) == LABELS + 1
    rest = ("source", "other")
    assert shown["camera_persons", rest] == 10_000 - LABELS
    assert shown["camera_risk_score", rest] == 0.9
    assert shown["camera_picture_age_seconds", rest] == 7
    assert shown["camera_state", ("edge", "other"), rest, ("state", "live")] == 10_000 - LABELS
    assert shown["camera_traffic_bytes_total", ("direction", "in"), rest] == (10_000 - LABELS) * 100
    assert shown["edge_online", ("edge", "other")] == 500
    assert text.count("\n") < 12_000


def test_a_state_that_nobody_knows_is_no_label_of_its_own():
    board, exposition = pure_hub(ManualClock())
    crowd(board, 1, 1)
    edge = board.roster.get("e0")
    board.status(edge, messages.Status("e0/c0", 'sleepy" } 1\n', 0.0), "")
    shown = read(page(exposition))
    assert shown["camera_state", ("edge", "e0"), ("source", "e0/c0"), ("state", "other")] == 1


def promtool(text):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool on this machine; it comes with the package prometheus")
    return subprocess.run([program, "check", "metrics"], input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("edges", "cameras"), [(0, 0), (2, 2), (1000, 10)])
def test_promtool_has_nothing_to_say(edges, cameras, measured):
    board, exposition = pure_hub(ManualClock())
    crowd(board, edges, cameras)
    text = page(exposition)
    result = promtool(text)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    if edges == 1000:
        sources = {dict(key[1:]).get("source") for key in read(text)} - {None}
        measured("B14", "metrics of 10,000 cameras: labels, complaints of promtool", f"<= {LABELS} and the rest, 0",
                 f"{len(sources) - 1} and the rest, 0")  # fmt: skip


def test_every_counter_of_the_hub_is_shown():
    """Who adds a counter need not think of this page."""
    board, exposition = pure_hub(ManualClock())
    counters = board.counters.snapshot()
    for number, name in enumerate(counters, 1000):
        setattr(board.counters, name, number)
    shown = set(read(page(exposition)).values())
    assert shown >= set(range(1000, 1000 + len(counters)))


def test_open_metrics_for_who_prefers_it(running_hub):
    answer = httpx.get(running_hub.url + "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_without_a_token_only_this_machine_may_read(running_hub):
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        answer = httpx.get(running_hub.url + "/metrics", headers={header: "203.0.113.9"})
        assert answer.status_code == 401, header
        assert "aimonitor" not in answer.text


def test_with_a_token_whoever_has_it_may_read(start_hub):
    hub = start_hub(metrics_token="one-two-three")
    url = hub.url + "/metrics"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"authorization": "Bearer wrong"}).status_code == 401
    right = {"authorization": "Bearer one-two-three", "x-forwarded-for": "203.0.113.9"}
    assert re.search(r"^aimonitor_hub_edges_online 0\.0$", httpx.get(url, headers=right).text, re.MULTILINE)
