"""The soak's own judgment: growth is found, warm-up and noise are not called growth, and a picture is drawn of it."""

import os
import random
from xml.etree import ElementTree

import pytest
from soak_gauge import JUDGED_S, WARM_UP_S, Log, Sample, judge, read
from soak_plot import draw


def life(name="hub", pid=1, begin=0.0, minutes=90.0, growth=0.0, **more):
    """Samples every 10 s of a process that warms up by 20 MiB and then grows by `growth` MiB in 10 minutes."""
    draw_lots = random.Random(pid)
    for number in range(int(minutes * 6)):
        at = number * 10.0
        rss = 60 + 20 * min(1.0, at / WARM_UP_S) + growth * at / 600 + draw_lots.uniform(-0.3, 0.3)
        yield Sample(begin + at, name, pid, rss, more.get("descriptors", lambda _: 20)(at), 5, 17, number)


def test_a_steady_life_is_flat_however_it_warmed_up():
    (verdict,) = judge(life())
    assert verdict.flat
    assert abs(verdict.rss_slope) < 0.1


@pytest.mark.parametrize(
    "sick",
    [life(growth=1.5), life(descriptors=lambda at: 20 + int(at / 240))],
    ids=["memory", "descriptors"],
)
def test_growth_is_found(sick):
    (verdict,) = judge(sick)
    assert not verdict.flat


def test_lives_are_judged_each_by_itself_and_short_ones_not_at_all():
    minutes = (WARM_UP_S + JUDGED_S) / 60
    lives = [*life(pid=1, minutes=minutes - 5), *life(pid=2, begin=4000, minutes=minutes + 5, growth=3)]
    assert [verdict.flat for verdict in judge(lives)] == [False]


def test_a_process_is_read(tmp_path):
    sample = read("this", os.getpid(), 1.0, tasks=2, events=3)
    assert sample.rss_mib > 10
    assert sample.descriptors > 2
    assert sample.threads >= 1
    log = Log(tmp_path / "soak.csv")
    log.note(sample)
    log.close()
    head, row = (tmp_path / "soak.csv").read_text().splitlines()
    assert head == "at_s,name,pid,rss_mib,descriptors,threads,tasks,events"
    assert row.startswith(f"1.0,this,{os.getpid()},")


def test_the_picture_has_a_line_for_each_life_and_a_mark_for_each_kill():
    samples = [*life("hub", 1, minutes=10), *life("hub", 2, begin=600, minutes=10), *life("bot", 3, minutes=20)]
    root = ElementTree.fromstring(draw(samples, [(600.0, "hub"), (300.0, "nobody that is shown")]))
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 5 * 3
    kills = [line for line in root.iter() if line.get("stroke-dasharray")]
    assert len(kills) == 5
