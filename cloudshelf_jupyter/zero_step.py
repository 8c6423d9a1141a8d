"""``import polars`` in the user's own cell, when nobody provides it: the shelf's default is pinned and imported.

A finder at the end of ``sys.meta_path``. It answers only when the statement stands in a cell: never inside libraries
(their optional imports must stay optional), never for Tab, never for a mere ``importlib.util.find_spec``.
An outage raises the shelf's own error, which is no ImportError.
"""

from __future__ import annotations

import _imp
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import Any

from cloudshelf.render.bars import Bars
from cloudshelf.session import Session

FORGET = 30.0  # seconds for which "not on the shelf" is remembered


class ZeroStepFinder:
    """``say`` shows one line to the user, ``bars`` makes what shows progress; ``namespace`` is the globals of cells."""

    def __init__(
        self,
        session: Session,
        namespace: dict[str, Any],
        say: Callable[[str], None],
        bars: Callable[[], Bars] | None = None,
    ) -> None:
        self._session, self._namespace, self._say, self._bars = session, namespace, say, bars
        self._busy = threading.local()
        self._absent: dict[tuple[str, str], float] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec, after pinning its project; None when it is not ours to find. Raises ShelfError."""
        if path is not None and not _is_namespace(fullname.rpartition(".")[0]):
            return None
        wanted = wanted_by_cell(sys._getframe(1), self._namespace)
        url = self._session.url if wanted and not getattr(self._busy, "now", False) else None
        if wanted is None or url is None or self._is_absent(url, wanted):
            return None
        self._busy.now = True
        try:
            with _others_may_import():
                pinned = self._pin(url, wanted)
            return pinned and PathFinder.find_spec(fullname, path)
        finally:
            self._busy.now = False

    def _is_absent(self, url: str, module: str) -> bool:
        return time.monotonic() - self._absent.get((url, module), -FORGET) < FORGET

    def _pin(self, url: str, module: str) -> Any:
        bars = self._bars() if self._bars else None
        try:
            if bars is not None:
                bars({"stage": f"looking for {module}"})
            found = self._session.find_module(module)
            project = found.get("project")
            result = self._session.use(project, progress=bars) if project else {}
        finally:
            if bars is not None:
                bars.close()
        if not project:
            self._absent[url, module] = time.monotonic()
            if found.get("denied"):
                self._say(f"Which project brings {module} is not told to you. If you know: %shelf use PROJECT")
            if name := found.get("namesake"):
                self._say(f"{name} is on the shelf, but brings no Python module {module}: %shelf show {name}")
            elif found.get("suggestions"):
                self._say(f"{module} is not on the shelf. Did you mean {' or '.join(found['suggestions'])}?")
            return None
        version = next((p["version"] for p in result["pins"] if p["project"] == project), found.get("version"))
        others = sum(1 for c in result.get("changes", ()) if c.get("version") and c["project"] != project)
        more = f", with {others} other{'s' if others > 1 else ''}" if others else ""
        keep = f"Keep it with: %shelf use {project}=={version}"
        self._say(f"{project} {version}, the shelf's default, is pinned now{more}. {keep}")
        return True


@contextlib.contextmanager
def _others_may_import() -> Iterator[None]:
    """Without the one lock of all imports, which is held while a finder is asked (importlib._bootstrap._find_spec).

    What takes seconds must not hold it: every import of every other thread would wait, and where we wait for one of
    those (it shows progress, or a panel), for ever. The lock of the module itself stays held.
    """
    try:
        _imp.release_lock()
    except RuntimeError:  # another thread's: who asks us does not hold it
        yield
        return
    try:
        yield
    finally:
        _imp.acquire_lock()


def wanted_by_cell(frame: FrameType | None, namespace: dict[str, Any]) -> str | None:
    """The dotted name that an import statement in a cell asks for; None when the importer is anybody else.

    Between the statement and a finder stand importlib's own frames (and ``importlib.import_module``'s); the outermost
    ``_find_and_load`` has the whole name in its local ``name``.
    """
    wanted = None
    while frame is not None and _is_importlib(frame):
        if frame.f_code.co_name == "_find_and_load":
            wanted = frame.f_locals.get("name")
        frame = frame.f_back
    if frame is None or wanted is None or frame.f_globals is not namespace:
        return None
    return str(wanted) if is_cell(frame.f_code.co_filename) else None


def _is_importlib(frame: FrameType) -> bool:
    """Whether a frame is importlib's, or of what stands for it while imports are recorded, which has its file name."""
    name = str(frame.f_globals.get("__name__", ""))
    return name.startswith(("importlib", "_frozen_importlib")) or frame.f_code.co_filename.startswith("<frozen import")


def is_cell(filename: str) -> bool:
    """Whether code of this name is a cell: ipykernel's temporary file name, or IPython's. A Tab's code is neither."""
    return "ipykernel_" in filename or filename.startswith("<ipython-")


def _is_namespace(parent: str) -> bool:
    module = sys.modules.get(parent)
    return module is not None and getattr(module, "__file__", None) is None and hasattr(module, "__path__")


def install(finder: ZeroStepFinder) -> None:
    """Last in line: whatever else can provide a module does."""
    uninstall()
    sys.meta_path.append(finder)


def uninstall() -> None:
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, ZeroStepFinder)]
