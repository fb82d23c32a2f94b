"""Rate and latency over time as an SVG: a line for the rate, dots for the answers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, GAP = 800, 180, 70, 30, 50

Point = tuple[float, float]


def draw(path: Path, title: str, rates: Sequence[Point], latencies: Sequence[Point]) -> None:
    """Write a chart of items a second and one of seconds an answer, both over the seconds since the start."""
    end = max((moment for moment, _ in (*rates, *latencies)), default=1) or 1
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + LEFT + 20}" height="{2 * (HEIGHT + GAP) + TOP}" '
            'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        ),
        f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>',
        *_chart(TOP, "stored a second", end, rates, line=True),
        *_chart(TOP + HEIGHT + GAP, "ms to the answer", end, [(at, value * 1000) for at, value in latencies]),
        "</svg>",
    ]
    path.write_text("\n".join(parts))


def _chart(top: float, name: str, end: float, points: Sequence[Point], *, line: bool = False) -> list[str]:
    most = max((value for _, value in points), default=1) or 1
    places = [(LEFT + at / end * WIDTH, top + HEIGHT * (1 - value / most)) for at, value in points]
    parts = [
        f'<path d="M{LEFT},{top}v{HEIGHT}h{WIDTH}" fill="none" stroke="black"/>',
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most:,.0f}</text>',
        f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>',
        f'<text x="{LEFT + 6}" y="{top + 10}">{escape(name)}</text>',
        f'<text x="{LEFT + WIDTH}" y="{top + HEIGHT + 16}" text-anchor="end">{end:.0f} s</text>',
    ]
    if line:
        parts.append(
            f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" stroke="#1565c0"/>'
        )
    else:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5" fill="#c62828"/>' for x, y in places]
    return parts
