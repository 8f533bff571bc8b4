"""What each track is doing, and what all of them do together.

Reading order: `site` (zones, lines and rules: the settings), `place` (where and how fast, with an error bar), `held`
(true for long enough), `zones`, `lines`, `followed` (what is remembered of a track), `actions` (what one does),
`belongings`, `groups` and `convoy` (several), `analyzer` (the stage). Distances are metres once the camera is
calibrated; until then pixels, compared with the rules through the object's own height.
"""

from aimonitor.edge.behavior.analyzer import BehaviorAnalyzer
from aimonitor.edge.behavior.site import Line, Rules, Site, Zone

__all__ = ["BehaviorAnalyzer", "Line", "Rules", "Site", "Zone"]
