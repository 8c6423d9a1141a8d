"""``%shelf browse``: a widget that lists the shelf, filters, shows details, and pins. ipywidgets load for it alone.

What takes time runs in one thread, so the kernel goes on; widgets may be set from any thread. Everything is a standard
control with a label: Tab goes from one to the next, arrows choose, Enter presses, and the theme colours them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cloudshelf import render
from cloudshelf.errors import NoShelf, ShelfError, UsageError
from cloudshelf.requirements.lock_text import project_of
from cloudshelf.session import Session

from .worker import Worker

MOST = 500  # projects in the list; a filter finds the others
WIDTH, HEIGHT = "26em", "22em"  # of the controls, and of the details, which scroll


class Browser:
    """The browser's state and its widget, ``box``."""

    def __init__(self, session: Session, words: Sequence[str] = ()) -> None:
        import ipywidgets as widgets

        self._session = session
        self._projects: list[dict[str, Any]] = []
        self._worker = Worker("cloudshelf-browse")
        self.filter = widgets.Text(
            value=" ".join(words), description="Filter", placeholder="name, module or summary", continuous_update=True
        )
        self.projects = widgets.Select(description="Project", rows=10, options=())
        self.version = widgets.Dropdown(description="Version", options=(), disabled=True)
        self.use = widgets.Button(description="Use", icon="check", tooltip="pin this version here", disabled=True)
        self.details = widgets.HTML()
        self.status = widgets.HTML()
        for control in (self.filter, self.projects, self.version):
            control.layout.width = "98%"
        self.use.layout.margin = "2px 2px 2px 92px"  # beneath the controls, whose labels take the space before it
        self.details.layout = widgets.Layout(flex="1 1 0", min_width="0", max_height=HEIGHT, overflow="auto")
        left = widgets.VBox([self.filter, self.projects, self.version, self.use])
        left.layout = widgets.Layout(flex=f"0 0 {WIDTH}", overflow="hidden")
        self.box = widgets.VBox([widgets.HBox([left, self.details]), self.status])
        self.filter.observe(lambda change: self._list(), "value")
        self.projects.observe(lambda change: self._choose(change["new"]), "value")
        self.version.observe(lambda change: self._describe(change["new"]), "value")
        self.use.on_click(lambda button: self._use())
        self._do("Reading the shelf …", self._read)

    def _read(self) -> str:
        self._projects = self._session.call("ls", {})["projects"]
        self._list()
        return "" if self._projects else "The shelf is empty. Begin with: cloudshelf publish pandas"

    def _list(self) -> None:
        """The projects that have every word of the filter somewhere; the first one is chosen."""
        words = self.filter.value.lower().split()
        found = [row["project"] for row in self._projects if all(word in _text_of(row) for word in words)]
        if tuple(found[:MOST]) != tuple(self.projects.options):
            before = self.projects.value
            self.projects.options = found[:MOST]
            self.projects.value = before if before in found[:MOST] else found[0] if found else None
        more = f"; the first {MOST} are listed" if len(found) > MOST else ""
        self._say(f"{len(found)} of {len(self._projects)} projects{more}.")

    def _choose(self, project: str | None) -> None:
        """The chosen project's versions; its default stands in front, and is described."""
        self.use.disabled = self.version.disabled = True
        self.version.options = ()
        self.details.value = ""
        if project is not None:
            self._do(f"Reading {project} …", lambda: self._read_versions(project))

    def _read_versions(self, project: str) -> str:
        if self.projects.value != project:
            return ""
        rows = self._session.call("ls", {"project": project})["versions"]
        if self.projects.value != project:
            return ""
        chosen = next((row["version"] for row in rows if row["default"]), rows[0]["version"] if rows else None)
        self.version.options = [(_version_label(row), row["version"]) for row in rows]
        self.version.value = chosen
        self.version.disabled = self.use.disabled = chosen is None
        return ""

    def _describe(self, version: str | None) -> None:
        project = self.projects.value
        if project and version:
            self._do(f"Reading {project} {version} …", lambda: self._read_details(project, version))

    def _read_details(self, project: str, version: str) -> str:
        if self._is_chosen(project, version):
            shown = self._session.call("show", {"project": f"{project}=={version}"})
            if self._is_chosen(project, version):
                self.details.value = render.to_html("show", shown)
        return ""

    def _is_chosen(self, project: str, version: str) -> bool:
        """Whether it still is: somebody may have gone on while the shelf answered."""
        return bool((self.projects.value, self.version.value) == (project, version))

    def _use(self) -> None:
        if self.projects.value and self.version.value:
            wanted = f"{self.projects.value}=={self.version.value}"
            self.use.disabled = True
            self._do(f"Pinning {wanted} …", lambda: self._pin(wanted))

    def _pin(self, wanted: str) -> str:
        try:
            done = render.to_text("use", self._session.use(wanted))
        finally:
            self.use.disabled = False
        modules = next((row["modules"] for row in self._projects if row["project"] == project_of(wanted)), ())
        top = next((name for name in modules if not name.startswith("_")), None)
        return f"{done}\nNow: import {top}" if top else done

    def _do(self, doing: str, job: Callable[[], str]) -> None:
        """Have ``job`` done; its answer, or the error's message, is said."""

        def work() -> None:
            try:
                self._say(doing)
                self._say(job())
            except (ShelfError, OSError) as error:
                self._say(f"cloudshelf: {error}")
            except Exception as error:  # a browser that says nothing any more would look as if it still worked
                self._say(f"cloudshelf: {type(error).__name__}: {error}")

        self._worker.do(work)

    def _say(self, message: str) -> None:
        self.status.value = render.to_html("browse", {"message": message}) if message else ""


def open_browser(session: Session, words: Sequence[str] = ()) -> None:
    """Display a browser of the session's shelf. Raises UsageError without ipywidgets, NoShelf without a shelf."""
    if not session.url:
        raise NoShelf()
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        raise UsageError(
            "browse needs ipywidgets, which is not installed here: pip install ipywidgets. "
            "Without it: %shelf ls, %shelf search WORD, %shelf show PROJECT"
        ) from None
    from IPython.display import display

    display(Browser(session, words).box)  # type: ignore[no-untyped-call]


def _text_of(row: dict[str, Any]) -> str:
    """What a filter looks at."""
    return " ".join([row["project"], row["summary"] or "", *row["modules"]]).lower()


def _version_label(row: dict[str, Any]) -> str:
    marks = [word for word, holds in (("default", row["default"]), ("yanked", row["yanked"] is not None)) if holds]
    return f"{row['version']} ({', '.join(marks)})" if marks else str(row["version"])
