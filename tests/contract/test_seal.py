"""A message that must not be misread says so itself when it was damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.contract import codec, seal
from aimonitor.contract.errors import ContractError
from aimonitor.contract.messages import Ack, Event, Welcome

EVENT = Event("yard/gate", 1795294405173, "i-1", "loitering", "opened", 1.7e9, 1.7e9, words="Ворота, שער")


@pytest.mark.parametrize(
    "message", [EVENT, Ack(7), Welcome("hub", 1.0, acked_seq=5)], ids=lambda each: type(each).__name__
)
def test_a_sealed_message_is_accepted_after_its_journey(message):
    seal.verify(codec.decode(codec.encode(seal.seal(message))), required=True)


@given(st.data())
def test_a_changed_byte_is_noticed_or_harmless(data):
    sealed = seal.seal(EVENT)
    text = bytearray(codec.encode(sealed).encode())
    index = data.draw(st.integers(0, len(text) - 1))
    text[index] ^= 1 << data.draw(st.integers(0, 7))
    try:
        got = codec.decode(bytes(text))
        if isinstance(got, Event):
            seal.verify(got, required=True)
    except ContractError:
        return
    assert not isinstance(got, Event) or got == sealed


def test_a_missing_check_is_refused_only_where_it_was_promised():
    seal.verify(EVENT, required=False)
    with pytest.raises(ContractError, match=r"\$\.check"):
        seal.verify(EVENT, required=True)
