"""Mailboxes are bounded, follow their policy, and count what they drop."""

import threading

import pytest

from aimonitor.common.mailbox import Latest, Outbox


def test_the_newest_wins_and_the_replaced_are_counted():
    box: Latest[int] = Latest()
    for item in (1, 2, 3):
        box.put(item)
    assert box.get(0) == 3
    assert box.get(0) is None
    assert box.overwritten == 2


def test_a_waiting_taker_is_woken_by_a_put_and_by_close():
    box: Latest[int] = Latest()
    taken: list[int | None] = []
    first = threading.Event()

    def take() -> None:
        taken.append(box.get(10))
        first.set()
        taken.append(box.get(60))

    taker = threading.Thread(target=take)
    taker.start()
    box.put(7)
    assert first.wait(10)
    box.close()
    taker.join(5)
    assert not taker.is_alive()
    assert taken == [7, None]


def test_nothing_enters_a_closed_box():
    box: Latest[int] = Latest()
    box.close()
    box.put(1)
    assert box.closed
    assert box.get(0) is None


def test_a_full_outbox_drops_the_oldest_and_counts_it():
    box: Outbox[int] = Outbox(2)
    for item in (1, 2, 3):
        box.put(item)
    assert box.dropped == 1
    assert box.take_all() == [2, 3]
    assert len(box) == 0


def test_an_outbox_tells_after_each_put():
    told = []
    box: Outbox[int] = Outbox(2, lambda: told.append(len(box)))
    box.put(1)
    box.put(2)
    assert told == [1, 2]


def test_an_outbox_without_room_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Outbox(0)
