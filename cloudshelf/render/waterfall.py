"""A timeline of imports as rows, and rows as a picture: in text, and as SVG in the colours of the page around it.

What ``importing.timeline`` recorded comes in. Standard library only.
"""

from __future__ import annotations

import html
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

MOST = 30  # rows of a picture
WORTH = 0.02  # of the longest row: less is seen by nobody
CELLS = 40  # characters of a bar
WAITING, RUNNING = "░", "█"
_PARTS = "▏▎▍▌▋▊▉█"
_WIDTH, _LABEL, _ROW, _CHARACTER, _NOTE = 800, 260, 18, 7.3, 120  # of the SVG's own coordinates
RUNNING_COLOUR = "var(--jp-brand-color1,#4285c8)"  # JupyterLab's theme's; elsewhere one that is seen on light and dark
WAITING_COLOUR = "var(--jp-warn-color1,#d98c1f)"

Row = Mapping[str, Any]


class Span(NamedTuple):
    """One import: on which thread, of what, when, and where its file came from."""

    thread: int
    module: str
    begun: float
    ended: float
    source: str
    number: int  # of the file in its environment; -1 where none is known


def read_rows(timeline: Mapping[str, Any], last: int = 0) -> list[dict[str, Any]]:
    """One row a module, in the order in which they were imported: module, depth, start, seconds, waited, files, source.

    ``start`` counts from the first row; pauses between imports that nobody waited for are left out. ``waited`` are the
    seconds, and ``files`` the number of files, that the module and what it imports waited for. ``last`` keeps that
    many imports of the outermost level; 0 keeps all.
    """
    waits = _Waits(timeline["waits"])
    trees = [_without_repeats(tree) for tree in _trees([Span(*span) for span in timeline["spans"]])]
    rows: list[dict[str, Any]] = []
    shift = 0.0
    for tree in trees[-last:]:
        outermost = tree[0][1]
        for depth, span in tree:
            waited, files = waits.within(span)
            rows.append(
                {
                    "module": span.module,
                    "depth": depth,
                    "start": round(shift + span.begun - outermost.begun, 6),
                    "seconds": round(span.ended - span.begun, 6),
                    "waited": round(waited, 6),
                    "files": files,
                    "source": span.source,
                }
            )
        shift += outermost.ended - outermost.begun
    return rows


def total_seconds(rows: Iterable[Row]) -> float:
    """Seconds of all imports; what a module imports is within its own."""
    return sum(float(row["seconds"]) for row in rows if not row["depth"])


def worth_showing(rows: Sequence[Row]) -> list[Row]:
    """The longest rows, in their order: at most MOST."""
    least = WORTH * max((row["seconds"] for row in rows), default=0.0)
    longest = sorted((i for i, row in enumerate(rows) if row["seconds"] >= least), key=lambda i: -rows[i]["seconds"])
    return [rows[i] for i in sorted(longest[:MOST])]


def bar(row: Row, first: float, whole: float) -> str:
    """The row's bar as characters: light for what it waited, which is drawn first, full for what it ran."""
    scale = CELLS / whole if whole else 0.0
    begin = int((row["start"] - first) * scale)
    length = row["seconds"] * scale
    waiting = round(row["waited"] * scale)
    full = WAITING * waiting + RUNNING * (int(length) - waiting)
    return " " * min(begin, CELLS - 1) + (full or _PARTS[min(int(length * 8), 7)])


def draw_svg(rows: Sequence[Row], notes: Sequence[str], facts: Sequence[str]) -> str:
    """The rows as SVG: modules, bars with their ``notes``, and ``facts`` when the pointer rests on one."""
    first, whole = _extent(rows)
    scale = (_WIDTH - _LABEL) / whole if whole else 0.0
    texts, running, waiting, hints = _legend()
    for i, (row, note, fact) in enumerate(zip(rows, notes, facts, strict=True), 1):
        y, x = i * _ROW, _LABEL + (row["start"] - first) * scale
        indent = 10 * min(row["depth"], 8)
        label = _end_of(row["module"], int((_LABEL - indent) / _CHARACTER))
        texts.append(f'<text x="{indent}" y="{y + 13}">{html.escape(label)}</text>')
        end = x + row["seconds"] * scale
        place = f'x="{end + 5:.1f}"' if end < _WIDTH - _NOTE else f'x="{x - 5:.1f}" text-anchor="end"'
        texts.append(f'<text {place} y="{y + 13}" opacity="0.7">{html.escape(note)}</text>')
        running.append(_rect(x, y + 3, max(row["seconds"] * scale, 1.0), _ROW - 6))
        if row["waited"] * scale >= 0.5:
            waiting.append(_rect(x, y + 3, row["waited"] * scale, _ROW - 6))
        hints.append(f"<g><title>{html.escape(fact)}</title>{_rect(0, y, _WIDTH, _ROW)}</g>")
    height = _ROW * (len(rows) + 1)
    return (
        f'<svg role="img" aria-label="Waterfall of imports" viewBox="0 0 {_WIDTH} {height}" width="100%"'
        f' style="max-width:{_WIDTH}px;display:block" xmlns="http://www.w3.org/2000/svg">'
        f'<g style="font:12px monospace;fill:currentColor">{"".join(texts)}</g>'
        f'<g style="fill:{RUNNING_COLOUR}">{"".join(running)}</g>'
        f'<g style="fill:{WAITING_COLOUR}">{"".join(waiting)}</g>'
        f'<g fill="transparent">{"".join(hints)}</g></svg>'
    )


def _end_of(module: str, most: int) -> str:
    """The last names tell more than the first."""
    return module if len(module) < most else f"…{module[2 - most :]}"


def _legend() -> tuple[list[str], list[str], list[str], list[str]]:
    """The first line: texts, running, waiting, hints."""
    texts = [f'<text x="{x}" y="13">{word}</text>' for x, word in ((16, "waited for files"), (166, "ran"))]
    return texts, [_rect(150, 3, 12, _ROW - 6)], [_rect(0, 3, 12, _ROW - 6)], []


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'


def _extent(rows: Sequence[Row]) -> tuple[float, float]:
    """Where the picture begins, and how long it is, in seconds."""
    first = min((row["start"] for row in rows), default=0.0)
    return first, max((row["start"] + row["seconds"] for row in rows), default=0.0) - first


def draw_bars(rows: Sequence[Row]) -> list[str]:
    first, whole = _extent(rows)
    return [bar(row, first, whole) for row in rows]


def _trees(spans: list[Span]) -> list[list[tuple[int, Span]]]:
    """Each import of the outermost level with what it imported: (depth, span), a parent before its children."""
    trees: list[list[tuple[int, Span]]] = []
    open_in: dict[int, list[Span]] = {}  # by thread, the outermost first
    tree_of: dict[int, list[tuple[int, Span]]] = {}
    for span in sorted(spans, key=lambda s: (s.begun, -s.ended)):
        stack = open_in.setdefault(span.thread, [])
        while stack and span.begun >= stack[-1].ended:
            stack.pop()
        if not stack:
            tree_of[span.thread] = []
            trees.append(tree_of[span.thread])
        tree_of[span.thread].append((len(stack), span))
        stack.append(span)
    return trees


def _without_repeats(tree: list[tuple[int, Span]]) -> list[tuple[int, Span]]:
    """An import that was seen twice, by ``recording`` and by its loader, once: the loader knows where it came from."""
    kept: list[tuple[int, Span]] = []
    removed: list[int] = []  # depths of repeats that enclose what comes now
    path: list[int] = []  # of the place in ``kept`` of each open span, by its depth in ``tree``
    for depth, span in tree:
        del path[depth:]
        removed = [each for each in removed if each < depth]
        parent = path[depth - 1] if depth else -1
        if depth and kept[parent][1].module == span.module:
            level, outer = kept[parent]
            kept[parent] = level, outer._replace(source=span.source, number=span.number)
            removed.append(depth)
            path.append(parent)
            continue
        path.append(len(kept))
        kept.append((depth - len(removed), span))
    return kept


class _Waits:
    """Who waited, by thread and time; looked up by bisection, because torch has 2,000 modules and as many waits."""

    def __init__(self, waits: Iterable[Sequence[Any]]) -> None:
        self._of: dict[int, list[tuple[float, float, int]]] = {}
        for thread, begun, ended, files in sorted(waits, key=lambda wait: wait[1]):
            self._of.setdefault(thread, []).append((begun, ended - begun, files))

    def within(self, span: Span) -> tuple[float, int]:
        """Seconds and files that were waited for during ``span``."""
        of = self._of.get(span.thread, [])
        during = of[bisect_left(of, (span.begun,)) : bisect_right(of, (span.ended,))]
        return sum(took for _, took, _ in during), sum(files for _, _, files in during)
