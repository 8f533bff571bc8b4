"""A fleet that ends leaves nothing behind that happened and was not sent."""

import asyncio
import threading

from aimonitor.common.clock import SystemClock
from aimonitor.simulator.fleet import Fleet, FleetPlan, Tape


def test_what_a_thread_is_still_writing_when_a_fleet_ends_is_counted(tmp_path):
    hub = "ws://127.0.0.1:9/ws/laptop"  # nobody is there: what happens waits
    plan = FleetPlan(hub=hub, edges=1, cameras=1, rate=1000.0, fps=1.0, state=tmp_path)
    fleet = Fleet(plan, Tape(160, 120, (b"",), ((),)), SystemClock(), None)
    (edge,) = fleet.edges
    writes, may_go_on, happen = threading.Event(), threading.Event(), edge.happen

    def slowly(camera_id):
        writes.set()
        may_go_on.wait(10)
        return happen(camera_id)

    edge.happen = slowly

    async def story():
        playing = asyncio.ensure_future(edge.run())
        await asyncio.to_thread(writes.wait, 10)
        playing.cancel()
        asyncio.get_running_loop().call_later(0.2, may_go_on.set)
        await asyncio.gather(playing, return_exceptions=True)
        return edge.waiting

    try:
        assert asyncio.run(story()) == 1
    finally:
        may_go_on.set()
        fleet.close()
