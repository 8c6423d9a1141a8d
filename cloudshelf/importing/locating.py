"""Which file of an environment a path means, for the functions that are replaced while files are missing."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .state import Environment

watched: list[Environment] = []  # those that have files missing
stubs: dict[str, tuple[Environment, str]] = {}  # by path: programs that are not there yet, but something in their place


class Replacements:
    """Functions of one module, under the names that they have there.

    Bound methods: in the body of somebody's class they behave as the built-in functions do (no ``self`` is put before),
    and they pickle as the name that they stand for.
    """

    __slots__ = ("_module",)

    def __init__(self, module: str) -> None:
        self._module = module

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__, (self._module,)


def locate(path: Any, dir_fd: int | None = None, cwd: Any = None) -> tuple[Environment, str] | None:
    """The environment that a path lies in, and its place there; None for every other path."""
    try:
        if isinstance(path, int):
            text = os.readlink(f"/proc/self/fd/{path}")
        else:
            text = os.fsdecode(os.curdir if path is None else path)
            if not text.startswith("/"):
                base = os.getcwd() if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")
                text = os.path.join(base, *(() if cwd is None else (os.fsdecode(cwd),)), text)
    except (OSError, TypeError, ValueError):
        return None
    for environment in watched:
        place = environment.place_of(text)
        if place is not None:
            ends = environment.behind_links(place)
            return (environment, place if ends is None else ends)
    return None


def bring(path: Any, dir_fd: int | None = None) -> bool:
    """Whether ``path`` is a file that was missing and now is there. Raises errors of ``cloudshelf.errors``."""
    found = locate(path, dir_fd)
    return found is not None and found[0].touch(found[1])


def look(path: Any, dir_fd: int | None = None) -> bool:
    """As ``bring``, for a program that opens such a file, or asks whether there is one: it may do so with many."""
    found = locate(path, dir_fd)
    return found is not None and found[0].look(found[1])


def bring_below(path: Any, dir_fd: int | None = None) -> None:
    """The file at ``path``, or every file below the folder there."""
    found = locate(path, dir_fd)
    if found is not None:
        found[0].touch_below(found[1], all_of_site=True)


def absent_names(path: Any) -> list[str]:
    """The files that a listing of ``path`` lacks."""
    found = locate(path)
    return [] if found is None else found[0].absent_names(found[1])


def settle(path: Any) -> None:
    """Where ``path`` is that of a stub, the program itself: a stub is not what one looks at."""
    if type(path) is not str:
        try:
            path = os.fsdecode(path)
        except TypeError:  # a descriptor
            return
    found = stubs.get(path)
    if found is not None:
        found[0].touch(found[1])
