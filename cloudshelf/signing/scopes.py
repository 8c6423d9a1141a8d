"""Which names a key may sign for: what an object is, and the most exact pattern of a root document that means it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..codecs.names import is_lock_name, is_normalized, normalize
from ..codecs.trust import Root
from ..errors import UsageError

_KINDS = {"head": ("projects", "project"), "lock-head": ("locks", "name"), "recall": ("recall", "")}


class Subject(NamedTuple):
    """What an object decides: a project, a named lock, or what is blocked."""

    role: str
    name: str

    def __str__(self) -> str:
        return {"projects": f"the head of {self.name}", "locks": f"the lock {self.name}"}.get(
            self.role, "the list of what is blocked"
        )

    @property
    def remembered_as(self) -> str:
        """The name by which the highest sequence is remembered (seen_heads.py)."""
        return {"projects": self.name, "locks": f"lock:{self.name.replace('/', ':')}"}.get(self.role, f"{self.role}:")


def subject_of(payload: Mapping[str, Any]) -> Subject | None:
    """What the object that says ``payload`` decides; None for a kind that is not signed so.

    The kind and the name are in the signed line: what was signed for one project is nothing for another, and a lock's
    head is no project's.
    """
    role, field = _KINDS.get(str(payload.get("kind")), ("", ""))
    return Subject(role, str(payload.get(field, "")) if field else "") if role else None


def pattern_for(root: Root, subject: Subject) -> str | None:
    """The most exact pattern that means ``subject``: its own name, else the longest beginning; None for none."""
    patterns = root.roles[subject.role]
    if subject.name in patterns and not subject.name.endswith("*"):
        return subject.name
    fitting = [p for p in patterns if p.endswith("*") and subject.name.startswith(p[:-1])]
    return max(fitting, key=len, default=None)


def keys_for(root: Root, subject: Subject) -> tuple[str, ...]:
    """The ids of the keys that may sign ``subject``: those of the most exact pattern, and no others."""
    pattern = pattern_for(root, subject)
    return root.roles[subject.role][pattern] if pattern is not None else ()


def check_pattern(role: str, text: str) -> str:
    """The pattern that a person typed: a name, or the beginning of names with * behind. Raises UsageError."""
    begin, star = text.removesuffix("*"), text.endswith("*")
    if role == "recall":
        return "*"
    if role == "locks":
        if is_lock_name(begin.removesuffix("/") if star else text) or text == "*":
            return text
        raise UsageError(f"{text!r} is no name of a lock, such as team/2026q4 or 'team/*'.")
    name = normalize(begin)
    if text == "*" or is_normalized(name) or (star and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-", name)):
        return f"{name}*" if star else name
    raise UsageError(f"{text!r} is no project, such as pandas or 'ours-*'.")
