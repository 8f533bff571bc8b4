"""Names that people give: any script and any emoji, but nothing that acts on the text around it."""

import unicodedata

_JOINERS = frozenset("\u200c\u200d\u200e\u200f")
"""Persian words and emoji are written with the first two, Hebrew and Arabic among numbers with the marks."""

_WRITING = frozenset("LMNPS")
"""General categories (Unicode Standard, 4.5): letters, marks, numbers, punctuation, symbols."""


def is_readable(name: str) -> bool:
    """Whether `name` has only characters that are written, blanks and joiners.

    No line ends, no terminal escapes, no overrides of the direction (U+202E and its kin), nothing unassigned.
    """
    return all(
        unicodedata.category(each)[0] in _WRITING or unicodedata.category(each) == "Zs" or each in _JOINERS
        for each in name
    )
