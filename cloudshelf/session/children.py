"""What children of this process inherit: variables that our .pth reads in them (subprocess_hook), and PATH."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = "CLOUDSHELF_ENVIRONMENT"  # the active environment
PROVIDED = "CLOUDSHELF_PROVIDED"  # "NAME==VERSION …": what it lacks because this process has it


def tell_children(environment: str | None, provided: Mapping[str, str]) -> None:
    """Children inherit: our .pth reads the variable, and PATH leads to the environment's scripts.

    The interpreter's own folder stays in front of them, so that ``!python`` is this kernel's Python, which inherits,
    and so that uv, which installs into the first Python on PATH if that is a venv, never finds the environment.
    """
    before = os.environ.pop(ENVIRONMENT, None)
    path = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if not before or p != f"{before}/bin"]
    os.environ.pop(PROVIDED, None)
    if environment is not None:
        os.environ[ENVIRONMENT] = environment
        if provided:
            os.environ[PROVIDED] = " ".join(f"{project}=={version}" for project, version in sorted(provided.items()))
        own = str(Path(sys.executable).parent)
        path = [own, f"{environment}/bin", *(p for p in path if p != own)]
    os.environ["PATH"] = os.pathsep.join(path)
