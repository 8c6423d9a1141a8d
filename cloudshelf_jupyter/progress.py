"""Progress in a notebook: one line of HTML with its text twin, that is replaced as work goes on and empty at its end.

No widgets: it works where ipywidgets is not, and a saved notebook keeps nothing of it.
"""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cloudshelf.quantities import count, seconds, size
from cloudshelf.render.bars import Bars
from cloudshelf.session import Session

DELAY = 0.8  # seconds; what ends before leaves no empty output in a notebook
OFTEN = 0.2  # seconds between two pictures of one bar


class NotebookBar:
    """What Bars needs of tqdm, as a display of IPython's."""

    def __init__(self, *, desc: str, total: float | None = None, unit: str = "", **_tqdm: Any) -> None:
        self.desc, self.total, self.unit = desc, total, unit
        self.n: float = 0
        self.start_t = time.time()
        self._what, self._shown = "", 0.0
        self._handle: Any = None

    def set_postfix_str(self, what: str, *, refresh: bool = True) -> None:
        self._what = what

    def refresh(self) -> None:
        if time.monotonic() - self._shown >= OFTEN:
            self._shown = time.monotonic()
            self._put(self.line(), self._html())

    def close(self) -> None:
        """Nothing of it stays to be seen."""
        if self._handle is not None:
            self._put("", "")

    def line(self) -> str:
        """``fetch: numpy, 12 MB of 40 MB, 3.1 s``."""
        amount = size if self.unit == "B" else _number
        much = f"{amount(self.n)} of {amount(self.total)}" if self.total else amount(self.n) if self.n else ""
        unit = self.unit if much and self.unit != "B" else ""
        words = [self._what, f"{much} {unit}".strip(), seconds(time.time() - self.start_t)]
        return f"{self.desc}: {', '.join(word for word in words if word)}"

    def _html(self) -> str:
        value = f'value="{self.n:.0f}" max="{self.total:.0f}"' if self.total else ""
        label = html.escape(self.desc, quote=True)
        return f'<div><progress aria-label="{label}" {value}></progress> {html.escape(self.line())}</div>'

    def _put(self, text: str, markup: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text, "text/html": markup}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def _number(amount: float) -> str:
    return f"{amount:.0f}"


def bar_class(shell: Any) -> Callable[..., Any]:
    """How this front end shows a bar: as a display in a kernel, as tqdm does it in a terminal; TQDM_DISABLE: not."""
    disabled = os.environ.get("TQDM_DISABLE", "0") not in ("", "0")
    if getattr(shell, "kernel", None) is not None and not disabled:
        return NotebookBar
    from tqdm import tqdm

    return partial(tqdm, disable=disabled)


class ImportProgress:
    """What an import waits for, when it waits longer than a second: ``importing.client`` calls it once a second."""

    def __init__(self, bars: Bars, session: Session) -> None:
        self._bars, self._session = bars, session

    def __call__(self, environment: str, numbers: Sequence[int]) -> None:
        """Files with ``numbers`` are still missing; none: they are there, or will not come."""
        if not numbers:
            self._session.tell_progress("import", None)
            self._bars.close(finished=True)
            return
        from cloudshelf.session.in_place import environment_rows

        rows = environment_rows(environment)
        first = 0
        for row in rows:  # of the file that was asked for first
            first += row["files"]
            if numbers[0] < first:
                event = {
                    "stage": f"importing {row['project']}",
                    "done": row["fetched"],
                    "total": row["bytes"],
                    "unit": "B",
                    "what": f"waiting for {count(len(numbers), 'file')}",
                }
                self._session.tell_progress("import", event)
                self._bars.show(event)
                return


def show_imports(progress: ImportProgress | None) -> None:
    """From now on imports of this process say what they wait for; None: no longer."""
    from cloudshelf.importing import client

    client.waiting = progress
