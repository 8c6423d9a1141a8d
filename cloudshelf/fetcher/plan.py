"""What is brought when the first import of a project begins, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .environments import Environment
from .frames import Priority


def plan_begin(environment: Environment, project: int, *, background: bool) -> list[tuple[Priority, list[int]]]:
    """File numbers to ask for, in order: the profile; then what must be there before it is done; then the rest.

    With ``background``, everything else of the project and of what it depends on comes at last.

    A package begins with its own first files, then pulls in the projects that it uses; so the profiles of those come
    after the first frame of its own, and before the bulk of it. A used project's data comes with the rest of the
    import, because its own top-level module returns before ours does.
    """
    projects = environment.projects
    own = projects[project]
    used = [projects[number] for number in own["uses"]]
    profile = list(own["profile"])
    head = _first_frame(environment, profile)
    soon = _with_needs(
        environment,
        (
            *head,
            *own["wait"],
            *(number for other in used for number in (*other["profile"], *other["wait"])),
            *profile,
        ),
    )
    data = [number for each in (own, *used) for number in each["data"]]
    eager = [n for n in range(own["start"], own["eager"]) if not environment.is_idle(n)]
    plan = [(Priority.SOON, soon), (Priority.SOON, data), (Priority.REST, eager)]
    if background:
        plan.append((Priority.FILL, _plan_background(environment, project)))
    return plan


def _plan_background(environment: Environment, project: int) -> list[int]:
    """Everything else of a project and of what it depends on, idle files last.

    Idle files too: an environment that has all its files needs nothing of ours, neither hooks nor a fetcher, and gives
    to a compiler or an editor what an installed one would (docs/notes/2026-11-looking-by-path.md). A project is
    followed once; a failure forgets that, so that the next import tries again.
    """
    follow = [n for n in (project, *environment.projects[project].get("depends", ())) if n not in environment.followed]
    environment.followed.update(follow)
    numbers = [n for p in follow for n in range(environment.projects[p]["start"], environment.projects[p]["stop"])]
    return sorted(numbers, key=environment.is_idle)


def plan_fill(environment: Environment, *, everything: bool) -> list[int]:
    """All files, or all that are not idle, project by project."""
    return [n for n in range(len(environment)) if everything or not environment.is_idle(n)]


def _first_frame(environment: Environment, numbers: list[int]) -> list[int]:
    frames: Any = environment.first_frame
    first = next((frames[n] for n in numbers if frames[n] >= 0), -1)
    return [n for n in numbers if frames[n] == first] if first >= 0 else []


def _with_needs(environment: Environment, numbers: Iterable[int]) -> list[int]:
    """Each native file comes after the libraries that the loader will ask for."""

    def expanded() -> Iterator[int]:
        for number in numbers:
            yield from environment.needs.get(number, ())
            yield number

    return list(dict.fromkeys(expanded()))
