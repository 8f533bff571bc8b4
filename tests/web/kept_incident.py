"""What an edge keeps of an incident on the coded scene, written by the edge's own clip store and sent to the hub."""

import tempfile
import urllib.request
from pathlib import Path

import coded_scene

from aimonitor.edge.clips import Clip, ClipStore, Kept, Labelled
from aimonitor.edge.types import Box

FPS = 5.0
BEFORE = 15
"""Pictures before the one in which the incident opened."""


def clip(incident_id: str, opened_at: float, *, pictures: int = 40, coded: bool = True) -> Clip:
    """Eight seconds at five pictures a second; frame ids count from 1."""
    shots = tuple(_shot(number, opened_at + (number - 1 - BEFORE) / FPS, coded=coded) for number in range(1, pictures))
    return Clip(incident_id, "loitering", "loitering 47 s in Gate", shots[BEFORE], shots)


def _shot(frame_id: int, utc: float, *, coded: bool) -> Kept:
    tracks = tuple(
        Labelled(walker.track_id, walker.label, Box(*walker.box(frame_id))) for walker in coded_scene.WALKERS
    )
    if coded:
        tracks = (Labelled(7, "dog", Box(*coded_scene.coded_box(frame_id))),)
    jpeg = coded_scene.picture(frame_id, coded=coded)
    return Kept(utc, utc, frame_id, coded_scene.WIDTH, coded_scene.HEIGHT, jpeg, tracks)


def send(hub_url: str, source: str, kept: Clip) -> None:
    """Write the clip as an edge does and hand its files to the hub."""
    with tempfile.TemporaryDirectory() as folder:
        written = ClipStore(Path(folder), headroom_bytes=0).save(kept, boxes_jpeg=kept.opening.jpeg)
        assert written is not None, "expected room for a clip"
        for file in written.iterdir():
            address = f"{hub_url}api/media/{source}/{kept.incident_id}/{file.name}"
            request = urllib.request.Request(address, data=file.read_bytes(), method="PUT")
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 201
