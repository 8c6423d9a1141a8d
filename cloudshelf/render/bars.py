"""Progress events as bars."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from .ticker import Ticker

BRIEF = 28  # characters of what a bar says it works on


class Bars:
    """Progress events as tqdm bars, one a stage; ``bar`` is the tqdm class, loaded when the first event comes."""

    def __init__(self, bar: Callable[[], Any], *, delay: float = 0.3) -> None:
        self._load, self._bars = bar, dict[str, Any]()
        self._since = dict[str, float]()  # when each stage was heard of first
        self._ticker = Ticker(self.show, delay=delay)

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show ``event``, again every second until the next; work that ends within ``delay`` seconds shows nothing."""
        self._since.setdefault(str(event.get("stage", "")), time.time())
        self._ticker(event)

    def show(self, event: Mapping[str, Any]) -> None:
        """Show ``event`` now, and only now."""
        stage, done, total = str(event.get("stage", "")), event.get("done", 0), event.get("total") or None
        for other in [name for name, bar in self._bars.items() if name != stage and bar.total is None]:
            self._bars.pop(other).close()  # nobody knew how long it would be; it is over when another begins
        bar = self._bars.get(stage)
        if bar is None:
            if total is not None and done >= total:
                return
            bar = self._load()(desc=stage, total=total, leave=False, **_bar_format(str(event.get("unit", "")), total))
            bar.start_t = self._since.get(stage, time.time())  # tqdm's: what the time that is shown counts from
            self._bars[stage] = bar
        bar.total, bar.n = total, done
        bar.set_postfix_str(_brief(str(event.get("what") or "")), refresh=False)
        bar.refresh()

    def close(self, *, finished: bool = False) -> None:
        """Take the bars away; tqdm leaves one that is not full in red, as it should when nothing was ``finished``."""
        self._ticker.close()
        for bar in reversed(self._bars.values()):  # the lowest first: a terminal's cursor ends where it began
            if finished and bar.total:
                bar.n = bar.total
            bar.close()
        self._bars.clear()
        self._since.clear()


def _bar_format(unit: str, total: int | None) -> dict[str, Any]:
    """Bytes have a rate; how many projects or files there are in a second tells nobody anything."""
    if unit == "B":
        return {"unit": unit, "unit_scale": True}
    if total is None:
        return {"bar_format": "{desc}: {elapsed}{postfix}"}
    return {"bar_format": f"{{l_bar}}{{bar}}| {{n_fmt}} of {{total_fmt}} {unit} [{{elapsed}}{{postfix}}]"}


def _brief(what: str) -> str:
    """What is worked on, short enough for one line; a digest tells nobody anything."""
    if re.fullmatch(r"[0-9a-f]{32,}(\.\d+)?", what):
        return ""
    return what if len(what) <= BRIEF else f"{what[: BRIEF - 1]}…"
