"""How often we may speak: one message a second in a chat, twenty a minute in a group, 25 a second in all.

The Bot API's limits as its FAQ gives them (https://core.telegram.org/bots/faq). A second is counted from the answer to
one request until the next is sent, so that delays on the way can never bring two closer together. Pure; `at` is
monotonic seconds.
"""

from collections import defaultdict, deque

CHAT_EVERY_S = 1.0
GROUP_A_MINUTE = 20
ALL_A_SECOND = 25
_SLACK_S = 0.02


class Pace:
    """When the next message may go to each chat. A chat's messages go one after the other."""

    def __init__(self) -> None:
        self._free_at: dict[int, float] = {}
        self._group: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=GROUP_A_MINUTE))
        self._all: deque[float] = deque(maxlen=ALL_A_SECOND)
        self._all_free_at = float("-inf")

    def wait_s(self, chat_id: int, at: float) -> float:
        """Seconds until this chat may be sent something; 0 when it may now."""
        free_at = max(self._free_at.get(chat_id, at), self._all_free_at)
        if chat_id in self._group and len(self._group[chat_id]) == GROUP_A_MINUTE:
            free_at = max(free_at, self._group[chat_id][0] + 60.0 + _SLACK_S)
        if len(self._all) == ALL_A_SECOND:
            free_at = max(free_at, self._all[0] + 1.0)
        return max(0.0, free_at - at)

    def begin(self, at: float) -> None:
        """A request goes out."""
        self._all.append(at)

    def end(self, chat_id: int, at: float) -> None:
        """The answer to a request of this chat came, whatever it was."""
        self._free_at[chat_id] = max(self._free_at.get(chat_id, at), at + CHAT_EVERY_S + _SLACK_S)
        if chat_id < 0:
            self._group[chat_id].append(at)

    def pause(self, chat_id: int, seconds: float, at: float) -> None:
        """Telegram asks for a pause in this chat."""
        self._free_at[chat_id] = max(self._free_at.get(chat_id, at), at + seconds + _SLACK_S)

    def pause_all(self, seconds: float, at: float) -> None:
        """Nothing can be sent for a while."""
        self._all_free_at = max(self._all_free_at, at + seconds)
