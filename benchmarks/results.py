"""What was measured, piece by piece: kept in a file, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from benchmarks.stage import ROOT


def begin(path: Path, *, resume: bool, facts: dict[str, Any]) -> dict[str, Any]:
    """Empty results with ``facts`` of this run, or those in ``path`` with which to go on."""
    empty: dict[str, Any] = {"versions": {}, "rows": [], "facts": {}, "counts": {}, "parts": {}, "measured": {}}
    if resume and path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return empty | found | facts
    return empty | facts


def earlier_rows(folder: Path) -> list[dict[str, Any]]:
    """Rows of all races in ``folder``: whatever they are of, they tell how long something takes."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [row for each in found for row in each.get("rows", ())]  # the panel's figures lie there too, without races


def forget(results: dict[str, Any], piece: str, links: Collection[str]) -> None:
    """Remove a workload over ``links``, or a part: it is about to be measured anew.

    All of a link, whoever is to run: figures are compared within a workload and a link, so they are of one run.
    """
    results["rows"] = [row for row in results["rows"] if row["workload"] != piece or row["link"] not in links]
    for kind in ("facts", "counts", "parts", "measured"):
        results[kind].pop(piece, None)


_PARTLY = ", in part"


def note(results: dict[str, Any], piece: str, *, whole: bool = True) -> None:
    """A workload or a part was measured: when, and of which commit; not ``whole`` when somebody was left out."""
    when = f"{time.strftime('%Y-%m-%d', time.gmtime())} {_commit()}".strip()
    results["measured"][piece] = when if whole else when + _PARTLY


def is_complete(results: dict[str, Any], piece: str) -> bool:
    """Whether a run that goes on has nothing to do for ``piece``."""
    return not results["measured"].get(piece, _PARTLY).endswith(_PARTLY)


def _commit() -> str:
    """The commit that is checked out, with "+" when files differ from it; nothing outside of a clone."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"], cwd=ROOT, capture_output=True, text=True
    )
    return described.stdout.strip()
