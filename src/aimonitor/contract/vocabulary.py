"""The words of the messages: named values with their limits, and what every message and part of one is."""

from typing import Annotated

import msgspec
from msgspec import Meta

Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", title="Identifier")]
"""An edge_id or camera_id: fit for a URL, a metric label and a log line."""

Source = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", title="Source")
]
"""`<edge_id>/<camera_id>`, unique in a hub."""

Name = Annotated[str, Meta(max_length=120)]
"""Words for people, shown as text and never interpreted."""

Text = Annotated[str, Meta(max_length=1000)]
Body = Annotated[str, Meta(max_length=100_000)]
"""A JSON document, see `setup`: what the words of a command cannot carry. Empty when there is none."""

Word = Annotated[str, Meta(min_length=1, max_length=64)]
"""A value of an open vocabulary: readers must accept words that they do not know."""

Utc = Annotated[float, Meta(ge=0, le=1e11)]
"""Seconds since 1970-01-01 UTC on the sender's clock."""

Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Sequence = Annotated[int, Meta(ge=0, le=2**53)]
Checksum = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""See `seal`; 0 means none."""

Pixels = Annotated[int, Meta(ge=0, le=65_535)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Finite = Annotated[float, Meta(ge=-1e12, le=1e12)]


class Message(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Base of the catalogue: frozen, unknown fields ignored, fields at their default left out on the wire."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something inside a message."""
