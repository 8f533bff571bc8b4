"""What others want of a camera's analysis: said from any thread, followed from the next frame on."""

from aimonitor.common.mailbox import Latest
from aimonitor.contract import messages
from aimonitor.edge.policy import SitePolicy
from aimonitor.edge.publisher import Hold, Publisher
from aimonitor.edge.stages import CameraStages


class Wishes:
    """The newest of each wish counts: another policy, attention, a limit or a hold of pictures, one picture now."""

    def __init__(self) -> None:
        self.policy: Latest[SitePolicy] = Latest()
        self.attention: Latest[messages.Attention] = Latest()
        self.fps_limit: Latest[float] = Latest()
        self.hold: Latest[Hold] = Latest()
        self.picture: Latest[bool] = Latest()

    def fulfil(self, stages: CameraStages, publisher: Publisher, now: float) -> None:
        """Tell the stages and the publisher what has come since the last frame; `now` is monotonic."""
        if (policy := self.policy.get(0)) is not None:
            stages.adopt(policy)
        if (attention := self.attention.get(0)) is not None:
            publisher.attend(attention, now)
        if (fps := self.fps_limit.get(0)) is not None:
            publisher.ladder.limit(fps)
        if (hold := self.hold.get(0)) is not None:
            publisher.ladder.hold(hold)
        if self.picture.get(0):
            publisher.ladder.show_next()
