"""For ``doctor``: whether the environments of this machine's cache are still what their locks say."""

from __future__ import annotations

import shlex
from pathlib import Path

from ..environment.examine import examine
from ..environment.seal import is_altered
from .common import Progress, Result

_NAMED = 3  # of what changed in one environment; the rest is counted


def environment_checks(cache: Path, progress: Progress) -> list[Result]:
    """A row for each environment into which something else wrote, or one row for all of them."""
    folder = cache / "environments"
    found = sorted(p for p in folder.iterdir() if not p.name.startswith(".")) if folder.is_dir() else []
    rows = []
    for i, path in enumerate(found):
        progress({"stage": "checking", "done": i, "total": len(found), "unit": "environments", "what": path.name})
        changes = examine(path)
        if changes:
            rows.append({"ok": False, "check": "environment", "found": _told(path, changes)})
    return rows or [{"ok": True, "check": "environments", "found": f"{len(found)}, each as its lock says"}]


def _told(path: Path, changes: list[str]) -> str:
    more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    said = f"Something else than cloudshelf wrote into {path}: {', '.join(changes[:_NAMED])}{more}. "
    if is_altered(path):
        return f"{said}Nothing new uses it; restart what does. It goes with: cloudshelf cache prune"
    return f"{said}To have it built anew: rm -r {shlex.quote(str(path))}"
