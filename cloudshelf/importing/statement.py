"""The import that is under way, as the frames of importlib know it."""

from __future__ import annotations

import _frozen_importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_bootstrap: Any = _frozen_importlib  # no stub tells of its private functions
REAL_IMPORT = _bootstrap._find_and_load_unlocked.__code__


def import_target(module: str) -> str:
    """What is imported after ``module``, whose import that has begun: a.b.c in ``import a.b.c``; or "".

    The import system imports a parent in a call below the one for the module that was asked for.
    """
    found = ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not REAL_IMPORT:
        frame = frame.f_back
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        if frame.f_code is REAL_IMPORT and str(frame.f_locals.get("name", "")).startswith(f"{module}."):
            found = frame.f_locals["name"]
        frame = frame.f_back
    return found
