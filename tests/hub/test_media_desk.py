"""What is fetched from edges, when the hub ends."""

import asyncio
import types

import pytest

from aimonitor.common.clock import SystemClock
from aimonitor.common.tasks import end
from aimonitor.hub.media_desk import MediaDesk
from aimonitor.hub.media_store import MediaFile, MediaKeep, MediaName, MediaStore

NAME = MediaName("yard", "gate", "i-1", MediaFile.CLIP)


def test_what_is_on_its_way_when_the_hub_ends_is_given_up(tmp_path):
    class NeverAnswers:
        counters = types.SimpleNamespace(media_asked=0)
        roster = types.SimpleNamespace(get=lambda _: types.SimpleNamespace(protocol="v2"))
        asked = asyncio.Event()

        @property
        def errands(self):
            return self

        async def ask(self, *_):
            self.asked.set()
            await asyncio.Event().wait()

    async def story():
        board = NeverAnswers()
        desk = MediaDesk(MediaStore(tmp_path, MediaKeep(), SystemClock()), board, wait_s=60.0)
        running, getting = asyncio.create_task(desk.run()), asyncio.create_task(desk.get(NAME))
        await board.asked.wait()
        await end([running])
        with pytest.raises(asyncio.CancelledError):
            await getting
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert not asyncio.run(story())
