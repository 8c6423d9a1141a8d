"""The pins of this process as a lock that others can use: as text, in a file, by a name on the shelf."""

from __future__ import annotations

import os
import warnings
from typing import Any

from ..errors import ProjectMissing, Unsatisfiable, UsageError
from ..language.arguments import refuse_unwritable, write_text
from ..requirements.lock_text import lock_as_of, lock_pins
from .state import Progress, State


class Locking(State):
    """Locks of what is pinned."""

    def lock(self, path: str | os.PathLike[str] | None = None, *, name: str | None = None) -> str:
        """The pins of this process as the text of a pylock.toml; written to ``path`` when one is given.

        With ``name`` the shelf has it too, by that name. Warns of what it holds in another version than this process
        has loaded. Raises what ``complete_lock`` raises.
        """
        answer = self.complete_lock(path, name=name)
        for note in answer["notes"]:
            warnings.warn(note, stacklevel=2)
        return str(answer["lock"])

    def complete_lock(
        self,
        path: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        *,
        name: str | None = None,
        as_of: str | None = None,
    ) -> dict[str, Any]:
        """A lock that needs nothing of this kernel: ``lock`` (text), ``pins`` and ``notes``; written to ``path``.

        What the kernel provides is resolved from the shelf; all present pins stay if they can, but with ``as_of``
        everything is resolved as it was then. With ``name`` the shelf has the lock by that name (``named``). Raises
        Unsatisfiable when the shelf has nothing that fits, and then writes nothing.
        """
        with self._guard:
            if self._lock is None:
                raise UsageError("Nothing is pinned yet. Begin with: %shelf use pandas")
            answer: dict[str, Any] = {"lock": self._lock, "pins": lock_pins(self._lock), "notes": []}
            if as_of or self._provided.keys() - {pin["project"] for pin in answer["pins"]}:
                answer = self._resolve_alone(progress, parse_moment(as_of))
            if name is not None:
                if path is not None:
                    refuse_unwritable(path)
                args = {"shelf": self._needed_url(), "lock": answer["lock"], "lock_name": "What is pinned"}
                answer = answer | {"named": self._call("lock", args | {"name": name}, progress)["named"]}
            if path is not None:
                write_text(path, str(answer["lock"]))
            return answer

    def _resolve_alone(self, progress: Progress | None, as_of: str | None) -> dict[str, Any]:
        """This process's requirements, as they are resolved where nothing is loaded."""
        loaded = {project: str(facts["version"]) for project, facts in self._loaded().items()}
        args = {
            "shelf": self._needed_url(),
            "requirements": self._requirements,
            "preferred": None if as_of else self._lock,
            "as_of": as_of or lock_as_of(self._lock),
            "loaded": {},
            "running": loaded | self._provided,
            "variant": self._wanted_variant(),
        }
        try:
            return self._call("lock", args, progress)
        except (Unsatisfiable, ProjectMissing) as error:
            provided = ", ".join(f"{project} {version}" for project, version in sorted(self._provided.items()))
            raise Unsatisfiable(
                f"No lock was written: this kernel provides {provided}, which the shelf lacks, and without "
                f"this kernel the pins are not complete. {error}"
            ) from None

    def freeze(self, *, hashes: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """The pins as lines of a requirements.txt: ``text``, ``pins`` and ``notes``. Raises as ``complete_lock``."""
        from ..requirements.freezing import freeze_lock

        answer = self.complete_lock(progress=progress)
        return answer | {"text": freeze_lock(str(answer["lock"]), hashes=hashes)}


def parse_moment(text: str | None) -> str | None:
    """The moment that a person wrote, None for none. Raises UsageError."""
    from ..language.as_of import parse_moment as parse

    return parse(text) if text is not None else None
