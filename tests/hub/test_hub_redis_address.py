"""What REDIS_URL may say, and what is said of one that cannot be used."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as LostError

from aimonitor.hub.redis_address import PREFIX, SCHEMES, RedisAddress, RedisAddressError, connect
from aimonitor.hub.redis_primary import Slot, Watched
from aimonitor.hub.stores import FACTORIES


@pytest.mark.parametrize(
    ("url", "replicas", "cluster"),
    [
        ("redis://127.0.0.1:6379/0", 0, False),
        ("rediss://user:word@host:6380/1?replicas=2", 2, False),
        ("redis+sentinel://one:26379,two:26379/yard?replicas=1", 1, False),
        ("rediss+cluster://:word@one,two:7001", 0, True),
    ],
)
def test_an_address_is_taken_apart(url, replicas, cluster):
    address = RedisAddress.parse(url)
    assert (address.replicas, address.cluster) == (replicas, cluster)
    assert "replicas" not in address.split.query
    asyncio.run(address.connect().aclose())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://host", "expected one of redis://"),
        ("redis+sentinel://:secret@host:26379", "name-of-the-primary, got no name"),
        ("redis+sentinel://:secret@host:26379/a b", "name-of-the-primary, got a b"),
        ("redis+cluster://:secret@host:port", "expected host:port,host:port, got 'host:port'"),
        ("redis://:secret@host?replicas=many", "expected replicas=0 to 5, got 'many'"),
    ],
)
def test_one_that_cannot_be_used_says_what_was_expected_and_not_the_password(url, words):
    with pytest.raises(RedisAddressError) as refused:
        connect(url)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_every_scheme_is_one_of_a_store():
    assert set(SCHEMES) <= FACTORIES.keys()


@pytest.mark.parametrize(
    ("primary", "words"),
    [
        (Watched("yard", [("127.0.0.1", 1), ("127.0.0.1", 2)], socket_connect_timeout=1), "none of 2 sentinels"),
        (Slot(PREFIX, [("127.0.0.1", 1)], socket_connect_timeout=1), "no node of the cluster says who has slot"),
    ],
)
def test_when_nobody_knows_the_primary_that_is_said(primary, words):
    with pytest.raises(LostError, match=words):
        asyncio.run(primary.find())
