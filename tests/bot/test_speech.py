"""Three languages that say the same, and values that cannot break a sentence."""

import dataclasses
import string
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimonitor.bot.speech import FSI, PDI, RLM, Speech, fit, isolate, plain, utf16_length, zone_of
from aimonitor.bot.words import CATALOGUES
from aimonitor.bot.words.catalogue import Catalogue
from aimonitor.bot.words.en import EN

FIELDS = [field.name for field in dataclasses.fields(Catalogue)]


def _holes(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", ["ru", "he"])
@pytest.mark.parametrize("field", FIELDS)
def test_every_sentence_is_there_with_the_same_holes(language, field):
    theirs, ours = getattr(CATALOGUES[language], field), getattr(EN, field)
    if isinstance(ours, Mapping):
        assert theirs.keys() == ours.keys()
        assert all(theirs.values())
    elif isinstance(ours, str):
        assert _holes(theirs) == _holes(ours)
        assert theirs
    else:
        assert len(theirs) == len(ours)


@pytest.mark.parametrize("language", ["ru", "he"])
def test_sentences_are_translated(language):
    same = [name for name in FIELDS if isinstance(getattr(EN, name), str)]
    same = [name for name in same if getattr(EN, name) == getattr(CATALOGUES[language], name)]
    letters = [
        name
        for name in same
        if any(c.isalpha() for c in "".join(t for t, *_ in string.Formatter().parse(getattr(EN, name))))
    ]
    assert letters == []


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(["en", "ru", "he"]))
def test_no_value_can_break_the_sentence_around_it(value, language):
    speech = Speech(language)
    text = speech.say(speech.words.edge_silent, name=value, time="12:00")
    assert text.count(FSI) == text.count(PDI) == 2
    assert "\n" not in text
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u0000\u001b\r")
    assert text.startswith(RLM) == (language == "he")


@settings(deadline=None)
@given(st.text(max_size=2000), st.integers(20, 500))
def test_fit_never_exceeds_its_limit_and_keeps_isolates_closed(text, limit):
    text = "\n".join(isolate(line) for line in text.split("a"))
    short = fit(text, limit)
    assert utf16_length(short) <= limit
    assert short.count(FSI) <= short.count(PDI) + 0
    assert fit("🔴" * 10, 20) == "🔴" * 10


def test_a_word_that_the_catalogue_does_not_know_stays_as_it_came():
    assert Speech("he").thing("time_travel\u202e") == "time travel"
    assert plain("a\r\n\tb") == "a b"


def test_each_moment_is_told_at_its_own_offset():
    berlin = Speech("en", zone_of("Europe/Berlin"))
    assert berlin.moment(1_782_900_000.0) == "2026-07-01 12:00:00"
    assert berlin.moment(1_798_714_800.0) == "2026-12-31 12:00:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (61, "1 min 1 s"),
        (660, "11 min"),
        (3700, "1 h 1 min"),
        (3600, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations(seconds, words):
    assert Speech("en").duration(seconds) == words
