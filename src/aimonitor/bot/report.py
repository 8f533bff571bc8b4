"""The weekly report: alarms told, saved and missed."""

from aimonitor.bot.compose import Voice
from aimonitor.bot.memory import Memory
from aimonitor.bot.types import Content

WEEK_S = 7 * 86_400.0
REPORT_HOUR = 9


async def week_before(voice: Voice, memory: Memory, now: float) -> Content:
    """What became of the alarms of the seven days before `now` (UTC)."""
    deeds = await memory.deeds(now - WEEK_S, now + 1.0)
    missed = deeds.get("missed", 0)
    return Content(
        voice.say(
            voice.speech.words.report,
            start=voice.speech.moment(now - WEEK_S)[:10],
            end=voice.speech.moment(now)[:10],
            told=deeds.get("told", 0),
            acked=deeds.get("acked", 0),
            saved=max(0, deeds.get("demoted", 0) - missed),
            missed=missed,
        )
    )


def is_due(weekday: int, hour: int, week: str, reported: str) -> bool:
    """Whether the report of this week is still to come: on Monday from nine, or any later day of the week."""
    return week != reported and (weekday > 1 or hour >= REPORT_HOUR)
