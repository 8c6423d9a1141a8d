"""What children of this process inherit: variables that our .pth reads in them (subprocess_hook), and those with which
they find the environment's commands, headers and libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ..environment.variables import entered, left

ENVIRONMENT = "CLOUDSHELF_ENVIRONMENT"  # the active environment
PROVIDED = "CLOUDSHELF_PROVIDED"  # "NAME==VERSION …": what it lacks because this process has it


def tell_children(environment: str | None, provided: Mapping[str, str]) -> None:
    """Children inherit: our .pth reads the variable, and PATH and its like lead into the environment.

    The interpreter's own folder stays in front of its scripts, so that ``!python`` is this kernel's Python, which
    inherits, and so that uv, which installs into the first Python on PATH if that is a venv, never finds the
    environment. No PYTHONPATH: files would be missing where nothing brings them.
    """
    told = dict(os.environ)
    told.pop(PROVIDED, None)
    if before := told.pop(ENVIRONMENT, None):
        told = left(told, before)
    if environment is not None:
        own = str(Path(sys.executable).parent)
        path = told.get("PATH", os.defpath).split(os.pathsep)
        told = entered({**told, "PATH": os.pathsep.join(p for p in path if p != own)}, environment)
        told |= {"PATH": f"{own}{os.pathsep}{told['PATH']}", ENVIRONMENT: environment}
        if provided:
            told[PROVIDED] = " ".join(f"{project}=={version}" for project, version in sorted(provided.items()))
    for name in os.environ.keys() - told.keys():
        del os.environ[name]
    for name, value in told.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
