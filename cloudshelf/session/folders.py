"""Where the files of a pinned project are: ``cloudshelf.path``."""

from __future__ import annotations

import os
from pathlib import Path

from ..environment.trees import trees_of
from ..errors import UsageError
from ..importing.state import Environment
from ..requirements.lock_text import normalize


def folder_of(environment: str | None, project: str) -> Path:
    """The folder of a plain tree, or of a wheel's top-level package; a module that is one file has none, so that file.

    Raises UsageError for a project that is not pinned in ``environment``, and for one that has no such place.
    """
    name = normalize(project)
    if environment is None:
        raise UsageError(f"Nothing is pinned here, so there is no folder of {name}. Begin with: %shelf use {name}")
    for tree in trees_of(Path(environment)):
        if tree.project == name:
            return tree.root
    opened = Environment(environment)
    facts = next((facts for facts in opened.projects if facts["name"] == name), None)
    if facts is None:
        raise UsageError(f"{name} is not pinned here. First: %shelf use {name}")
    site = os.path.relpath(opened.site, environment)
    modules = sorted(facts["modules"], key=lambda module: module.lower() != name.replace("-", "_"))
    for place in (f"{site}/{module.replace('.', '/')}" for module in modules):
        if place in opened.folders:
            return Path(environment, place)
        if opened.number_of(f"{environment}/{place}.py") >= 0:
            return Path(environment, f"{place}.py")
    raise UsageError(f"{name} has no module in Python's folder, so it has no folder of its own.")
