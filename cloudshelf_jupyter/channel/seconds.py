"""What importing each project took, from the timeline of imports (importing/timeline.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloudshelf.importing import timeline


class Seconds:
    """Sums, per project, that grow with the timeline: every import is looked at once."""

    def __init__(self) -> None:
        self._last: Any = None  # of the imports that were looked at
        self._imports: dict[tuple[str, int], list[tuple[float, float]]] = {}  # project, thread → those in no other one

    def of_projects(self, owners: Mapping[str, str]) -> dict[str, float]:
        """Seconds by project, what it imported of others included. ``owners``: the project of each top-level module."""
        for thread, module, begun, ended, environment, number in self._new():
            if environment is not None and number >= 0:
                project = environment.projects[environment.project_of(number)]["name"]
            else:  # seen by somebody who records all of them, in an environment that was complete
                project = owners.get(module) or owners.get(module.partition(".")[0])
            if project is not None:
                self._add(self._imports.setdefault((project, thread), []), begun, ended)
        sums: dict[str, float] = {}
        for (project, _), imports in self._imports.items():
            sums[project] = sums.get(project, 0.0) + sum(ended - begun for begun, ended in imports)
        return {project: round(seconds, 6) for project, seconds in sums.items()}

    def _new(self) -> Iterator[Any]:
        """What was added since the last time, in its order; of what fell out at the other end, nothing."""
        spans = list(timeline.spans)
        first = len(spans)
        while first and spans[first - 1] is not self._last:
            first -= 1
        if spans:
            self._last = spans[-1]
        return iter(spans[first:])

    @staticmethod
    def _add(imports: list[tuple[float, float]], begun: float, ended: float) -> None:
        """An import ends after those that happened within it, and takes their place."""
        while imports and imports[-1][0] >= begun:
            imports.pop()
        imports.append((begun, ended))
