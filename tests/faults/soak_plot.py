"""A soak as a picture: small multiples over one time axis, written as SVG by hand so that nothing is needed for it."""

from collections.abc import Callable, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from soak_gauge import Sample

_COLORS = ("#1f77b4", "#d95f02", "#1b9e77", "#7570b3", "#a6761d", "#e7298a")
_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _GAP = 960, 64, 16, 56, 130, 34
_PANELS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    ("resident memory, MiB", lambda sample: sample.rss_mib),
    ("descriptors", lambda sample: sample.descriptors),
    ("threads", lambda sample: sample.threads),
    ("asyncio tasks (hub)", lambda sample: sample.tasks),
    ("events so far", lambda sample: sample.events),
)


def draw(samples: Sequence[Sample], kills: Sequence[tuple[float, str]]) -> str:
    """The picture. `kills` are (seconds, name); a dotted line marks those of programs that are judged."""
    names = sorted({sample.name for sample in samples})
    colors = dict(zip(names, _COLORS, strict=False))
    end_s = max(sample.at_s for sample in samples)
    height = _TOP + len(_PANELS) * (_PANEL + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="15">{end_s / 60:.0f} minutes of ordinary life, sampled every 10 s; '
        "dotted: kill -9</text>",
    ]
    for number, name in enumerate(names):
        x = _LEFT + 150 * number
        parts.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{colors[name]}"/>')
        parts.append(f'<text x="{x + 17}" y="42">{escape(name)}</text>')
    for number, (title, value) in enumerate(_PANELS):
        shown = [sample for sample in samples if value(sample) > 0]
        top = _TOP + number * (_PANEL + _GAP) + 18
        parts += _panel(title, value, shown, top, end_s, colors)
        parts += [_kill(at_s, top, end_s, colors[name]) for at_s, name in kills if name in colors]
    return "\n".join([*parts, "</svg>\n"])


def _x(at_s: float, end_s: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at_s / end_s


def _kill(at_s: float, top: float, end_s: float, color: str) -> str:
    x = _x(at_s, end_s)
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + _PANEL}" stroke="{color}" stroke-dasharray="1 4"/>'


def _panel(
    title: str,
    value: Callable[[Sample], float],
    samples: Sequence[Sample],
    top: float,
    end_s: float,
    colors: dict[str, str],
) -> list[str]:
    highest = max((value(sample) for sample in samples), default=1) * 1.08
    parts = [f'<text x="{_LEFT}" y="{top - 4}">{escape(title)}</text>']
    for share in (0.0, 0.5, 1.0):
        y = top + _PANEL * (1 - share)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{highest * share:.0f}</text>')
    for minutes in range(0, int(end_s // 60) + 1, 15):
        x = _x(minutes * 60, end_s)
        parts.append(f'<text x="{x:.1f}" y="{top + _PANEL + 12}" text-anchor="middle" fill="#777">{minutes}</text>')
    ordered = sorted(samples, key=lambda sample: (sample.name, sample.pid, sample.at_s))
    for (name, _), life in groupby(ordered, key=lambda sample: (sample.name, sample.pid)):
        points = " ".join(
            f"{_x(each.at_s, end_s):.1f},{top + _PANEL * (1 - value(each) / highest):.1f}" for each in life
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colors[name]}" stroke-width="1.4"/>')
    return parts
