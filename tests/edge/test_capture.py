"""The capture thread: the newest frame wins, a camera fails alone, and no state is missed."""

import threading
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from aimonitor.common.clock import ManualClock, SystemClock
from aimonitor.edge import capture as capture_module
from aimonitor.edge.capture import Capture, Retry
from aimonitor.edge.pictures import ArrayPicture, JpegPicture
from aimonitor.edge.source import Arrival, SourceError
from aimonitor.edge.vitals import CameraStatus

QUICK = Retry(first_s=0.01, cap_s=0.02, offline_after_s=1000, stuck_after_s=20)
PATIENCE_S = 10.0

Script = Callable[[threading.Event], Iterator[Arrival]]


def picture(level: int = 100) -> ArrayPicture:
    """A ramp from black to `level`."""
    ramp = np.linspace(0, level, 16, dtype=np.uint8)
    return ArrayPicture(np.tile(ramp[None, :, None], (12, 1, 3)))


class Scripted:
    """A source that plays one script a connection; the last one again and again."""

    kind = "scripted"
    living = True

    def __init__(self, *scripts: Script) -> None:
        self.damaged = 0
        self.connections = 0
        self._scripts = scripts

    def arrivals(self, stop: threading.Event) -> Iterator[Arrival]:
        script = self._scripts[min(self.connections, len(self._scripts) - 1)]
        self.connections += 1
        return script(stop)


def give(*levels: int, then: Exception | None = None) -> Script:
    def script(stop: threading.Event) -> Iterator[Arrival]:
        for level in levels:
            yield Arrival(picture(level))
        if then is not None:
            raise then

    return script


def wait(stop: threading.Event) -> Iterator[Arrival]:
    stop.wait()
    yield from ()


class Watched:
    """A running capture and the states it announced."""

    def __init__(self, source, **options) -> None:
        self.states: list[str] = []
        self.statuses: list[CameraStatus] = []
        self._changed = threading.Condition()
        options = {"clock": SystemClock(), "retry": QUICK, **options}
        self.capture = Capture("yard", source, on_change=self._note, **options)

    def _note(self, status: CameraStatus) -> None:
        with self._changed:
            self.states.append(status.state)
            self.statuses.append(status)
            self._changed.notify_all()

    def until(self, happened: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(happened, PATIENCE_S), f"states so far: {self.states}"

    def __enter__(self):
        self.capture.start()
        return self

    def __exit__(self, *_):
        self.capture.close()


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.name.startswith("capture")]
    for thread in left:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), thread


@pytest.fixture
def never(no_thread_is_left):
    """An event that a stuck driver waits for, set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_frames_are_numbered_on_across_connections_and_carry_both_clocks():
    clock = ManualClock(monotonic=50.0, utc=1_700_000_000.0)
    source = Scripted(give(1, then=SourceError("it broke")), give(2, then=SourceError("again")), wait)
    with Watched(source, clock=clock, lockstep=True) as watched:
        first = watched.capture.frames.get(PATIENCE_S)
        second = watched.capture.frames.get(PATIENCE_S)
    assert (first.camera_id, first.frame_id, first.at, first.utc) == ("yard", 1, 50.0, 1_700_000_000.0)
    assert second.frame_id == 2


def test_the_newest_frame_wins_and_the_others_are_counted():
    released = threading.Event()

    def script(stop):
        for level in range(5):
            yield Arrival(picture(level))
        released.set()
        stop.wait()

    with Watched(Scripted(script)) as watched:
        assert released.wait(PATIENCE_S)
        frame = watched.capture.frames.get(PATIENCE_S)
        status = watched.capture.status()
    assert frame.frame_id == 5
    assert (status.frames, status.dropped) == (5, 4)


def test_in_lockstep_every_frame_is_taken_with_the_times_of_the_recording():
    def script(stop):
        for number in range(20):
            yield Arrival(picture(number), media_s=number / 10)

    clock = ManualClock(monotonic=7.0)
    with Watched(Scripted(script), clock=clock, lockstep=True) as watched:
        frames = []
        while (frame := watched.capture.frames.get(PATIENCE_S)) is not None:
            frames.append(frame)
        watched.until(lambda: bool(watched.states) and watched.states[-1] == "offline")
        assert watched.capture.frames.closed
        assert watched.statuses[-1].ended
    assert [frame.frame_id for frame in frames] == list(range(1, 21))
    assert [frame.at for frame in frames] == pytest.approx([7 + n / 10 for n in range(20)])


def test_a_broken_camera_is_tried_again_and_every_change_is_announced_once():
    source = Scripted(
        give(then=SourceError("refused")), give(then=SourceError("refused")), give(1, then=SourceError("cut")), wait
    )
    with Watched(source) as watched:
        watched.until(lambda: watched.states == ["offline", "live", "offline"])
        status = watched.capture.status()
    assert status.reconnects == 3
    assert watched.statuses[0].detail == "refused"
    assert watched.statuses[2].detail == "cut"


def test_what_only_a_person_can_mend_is_not_tried_again():
    source = Scripted(give(then=SourceError("no such file", retryable=False)))
    with Watched(source) as watched:
        watched.until(lambda: watched.states == ["offline"])
        assert watched.capture.frames.get(PATIENCE_S) is None
        assert watched.capture.frames.closed
    assert source.connections == 1
    assert watched.statuses[0].ended


def test_a_bug_in_a_source_is_survived_and_logged(caplog):
    source = Scripted(give(then=RuntimeError("oops")), give(1), wait)
    with Watched(source, retry=Retry(first_s=0.01, cap_s=0.01)) as watched:
        watched.until(lambda: "live" in watched.states)
    assert "unexpected error" in caplog.text


def test_the_rest_that_a_camera_needs_is_given(monkeypatch):
    pauses = []

    class Patient(threading.Event):
        def wait(self, timeout=None):
            if timeout is not None and timeout > 1:
                pauses.append(timeout)
                timeout = 0
            return super().wait(timeout)

    monkeypatch.setattr("aimonitor.edge.capture.threading.Event", Patient)
    with Watched(Scripted(give(then=SourceError("cut", rest_s=6.0)), give(1), wait)) as watched:
        watched.until(lambda: "live" in watched.states)
    assert pauses == [6.0]


def test_a_picture_that_does_not_decode_is_skipped_and_counted():
    whole = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    hollow = JpegPicture(whole[: whole.index(b"\xff\xda")] + b"\xff\xd9")

    def script(stop):
        yield Arrival(hollow)
        yield Arrival(JpegPicture(whole))
        stop.wait()

    with Watched(Scripted(script)) as watched:
        frame = watched.capture.frames.get(PATIENCE_S)
        assert frame.frame_id == 1
        assert watched.capture.status().damaged == 1


def test_silence_is_noticed_by_the_watchdog_while_the_reader_is_stuck(never):
    clock = ManualClock()
    given = threading.Event()

    def stuck(stop):
        yield Arrival(picture())
        given.set()
        never.wait()

    retry = Retry(first_s=0.01, offline_after_s=8, stuck_after_s=20)

    def again(stop):
        yield Arrival(picture())
        stop.wait()

    with Watched(Scripted(stuck, again), clock=clock, retry=retry) as watched:
        assert given.wait(PATIENCE_S)
        stuck_thread = watched.capture._thread
        clock.advance(3)
        watched.capture.check()
        clock.advance(6)
        watched.capture.check()
        assert watched.states == ["live", "delayed", "offline"]
        clock.advance(12)
        watched.capture.check()
        watched.until(lambda: watched.states[-1:] == ["live"])
        assert stuck_thread.is_alive()
        assert watched.capture.frames.get(PATIENCE_S).frame_id == 2
        assert watched.capture.status().reconnects == 1
        never.set()
        stuck_thread.join(PATIENCE_S)


def test_an_abandoned_reader_that_wakes_up_gives_nothing_more(never):
    clock = ManualClock()
    waiting = threading.Event()

    def stuck(stop):
        waiting.set()
        never.wait()
        yield Arrival(picture(1))

    with Watched(Scripted(stuck, wait), clock=clock) as watched:
        assert waiting.wait(PATIENCE_S)
        stuck_thread = watched.capture._thread
        clock.advance(30)
        watched.capture.check()
        never.set()
        stuck_thread.join(PATIENCE_S)
        assert watched.capture.status().frames == 0


def test_no_more_than_three_readers_are_ever_left_behind(never):
    clock = ManualClock()
    source = Scripted(lambda stop: iter(never.wait, object()))
    with Watched(source, clock=clock) as watched:
        for _ in range(10):
            clock.advance(30)
            watched.capture.check()
        assert len(watched.capture._abandoned) == 3
        assert source.connections == 4
        never.set()


def test_of_two_restarts_at_once_one_reader_is_left():
    class Counting(Scripted):
        reading = most = 0

        def arrivals(self, stop):
            self.reading += 1
            self.most = max(self.most, self.reading)
            try:
                yield Arrival(picture())
                stop.wait()
            finally:
                self.reading -= 1

    source = Counting(wait)
    with Watched(source) as watched:
        watched.until(lambda: watched.states[-1:] == ["live"])
        restarting = [threading.Thread(target=watched.capture.restart) for _ in range(8)]
        for thread in restarting:
            thread.start()
        for thread in restarting:
            thread.join(PATIENCE_S)
        assert watched.capture.frames.get(PATIENCE_S) is not None
    assert (source.reading, source.most) == (0, 1)


def test_a_restart_that_comes_with_the_end_starts_nothing_anew():
    source, ended = Scripted(wait), threading.Event()

    def slow_to_end(stop):
        stop.wait()
        ended.wait(PATIENCE_S)
        yield from ()

    source._scripts = (slow_to_end, wait)
    watched = Watched(source)
    watched.capture.start()
    restarting = threading.Thread(target=watched.capture.restart)
    restarting.start()
    closing = threading.Thread(target=watched.capture.close)
    closing.start()
    ended.set()
    for thread in (restarting, closing):
        thread.join(PATIENCE_S)
    watched.capture.restart()
    assert not watched.capture._thread.is_alive()


def test_a_person_who_restarts_again_and_again_is_told_what_hangs(never, monkeypatch):
    monkeypatch.setattr(capture_module, "_RESTART_WITHIN_S", 0.01)
    with Watched(Scripted(lambda stop: iter(never.wait, object()))) as watched:
        for _ in range(3):
            watched.capture.restart()
        with pytest.raises(SourceError, match="3 connections still hang in the driver"):
            watched.capture.restart()
        never.set()


def test_the_lens_is_judged_on_the_way():
    clock = ManualClock()

    def script(stop):
        for _ in range(30):
            clock.advance(0.5)
            yield Arrival(picture(3))

    with Watched(Scripted(script, wait), clock=clock, lockstep=True) as watched:
        while watched.capture.frames.get(PATIENCE_S) is not None:
            pass
    assert watched.states == ["live", "dark", "frozen", "offline"]


def test_recordings_are_never_called_frozen():
    clock = ManualClock()
    bright = np.tile(np.arange(0, 240, 15, dtype=np.uint8), (12, 1))[:, :, None].repeat(3, axis=2)

    def script(stop):
        for _ in range(60):
            clock.advance(0.5)
            yield Arrival(ArrayPicture(bright))

    source = Scripted(script, wait)
    source.living = False
    with Watched(source, clock=clock, lockstep=True) as watched:
        while watched.capture.frames.get(PATIENCE_S) is not None:
            pass
    assert watched.states == ["live", "offline"]


def test_closing_wakes_a_consumer_and_ends_the_thread():
    watched = Watched(Scripted(wait))
    watched.capture.start()
    got = []
    consumer = threading.Thread(target=lambda: got.append(watched.capture.frames.get()))
    consumer.start()
    watched.capture.close()
    consumer.join(PATIENCE_S)
    assert got == [None]
    watched.capture.close()


def test_a_restart_of_the_camera_is_counted():
    def script(stop):
        for device_s in (100.0, 100.1, 1.0, 1.1):
            yield Arrival(picture(), device_s=device_s)
        stop.wait()

    with Watched(Scripted(script), lockstep=True) as watched:
        for _ in range(4):
            watched.capture.frames.get(PATIENCE_S)
        assert watched.capture.status().reboots == 1


def test_a_camera_that_takes_no_commands_says_so():
    capture = Capture("yard", Scripted(wait), clock=ManualClock())
    with pytest.raises(SourceError, match="expected a camera that takes commands, got one of kind scripted"):
        capture.control("quality", "10")


def test_a_command_reaches_the_camera():
    source = Scripted(wait)
    source.control = lambda name, value: f"{name} is {value}"
    source.controls = ("quality",)
    assert Capture("yard", source, clock=ManualClock()).control("quality", "10") == "quality is 10"
