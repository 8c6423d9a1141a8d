"""TOML that people write, or that is called so."""

from __future__ import annotations

import tomllib
from typing import Any

from ..errors import UsageError

_MOST_DOTS = 1000  # in a line; a key of n parts takes n² of tomllib's memory


def load_toml(text: str, source: str, kind: str = "TOML") -> dict[str, Any]:
    """The table in ``text``. Raises UsageError that says why ``source`` is not ``kind``."""
    try:
        if any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
            raise UsageError(f"{source} is not {kind}: a line of it has more than {_MOST_DOTS} dots.")
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is not {kind}: {error}.") from None
    except RecursionError:
        raise UsageError(f"{source} is not {kind}: it is nested too deeply.") from None
