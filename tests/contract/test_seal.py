"""A message that must not be misread says so itself when it was damaged."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.contract import codec, seal
from aimonitor.contract.errors import ContractError
from aimonitor.contract.messages import Ack, Event, Hello, Welcome

EVENT = Event("yard/gate", 1795294405173, "i-1", "loitering", "opened", 1.7e9, 1.7e9, words="Ворота, שער")


@pytest.mark.parametrize(
    "message",
    [EVENT, Ack(7), Welcome("hub", 1.0, acked_seq=5), Hello("edge", "yard", journal_first=1, journal_last=9)],
    ids=lambda each: type(each).__name__,
)
def test_a_sealed_message_is_accepted_after_its_journey(message):
    text = codec.encode(seal.seal(message))
    for way in (text, text.encode()):
        seal.verify(codec.decode(way), way, required=True)


def test_a_field_that_we_do_not_know_yet_does_not_break_the_seal():
    """A newer edge adds fields: the older hub ignores them and still knows that the message is whole."""
    plain = codec.encode(EVENT)[:-1] + ',"weather":"rain \\",\\"check\\":3"}'
    text = f'{plain[:-1]},"check":{zlib.crc32(plain.encode())}}}'
    seal.verify(codec.decode(text), text, required=True)


@given(st.data())
def test_a_changed_byte_is_noticed_or_harmless(data):
    sealed = seal.seal(EVENT)
    text = bytearray(codec.encode(sealed).encode())
    index = data.draw(st.integers(0, len(text) - 1))
    text[index] ^= 1 << data.draw(st.integers(0, 7))
    try:
        got = codec.decode(bytes(text))
        if isinstance(got, Event):
            seal.verify(got, bytes(text), required=True)
    except ContractError:
        return
    assert not isinstance(got, Event) or got == sealed


def test_a_missing_check_is_refused_only_where_it_was_promised():
    seal.verify(EVENT, codec.encode(EVENT), required=False)
    with pytest.raises(ContractError, match=r"\$\.check"):
        seal.verify(EVENT, codec.encode(EVENT), required=True)
