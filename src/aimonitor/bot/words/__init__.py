"""What the bot says, in each language; a test compares the catalogues."""

from collections.abc import Mapping

from aimonitor.bot.types import LanguageCode
from aimonitor.bot.words.catalogue import Catalogue
from aimonitor.bot.words.en import EN
from aimonitor.bot.words.he import HE
from aimonitor.bot.words.ru import RU

CATALOGUES: Mapping[LanguageCode, Catalogue] = {"en": EN, "ru": RU, "he": HE}
