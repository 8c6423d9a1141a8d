"""``%shelf use?`` is ``%shelf use --help``: IPython alone would look for a Python object of the name ``use``."""

from __future__ import annotations

import re
from typing import Any

_ASKED = re.compile(r"\s*%shelf\s+(?P<verb>[A-Za-z][\w-]*)\s*\?{1,2}\s*")


def ask_for_help(lines: list[str]) -> list[str]:
    """A cell whose only line is such a question, as the line it means; any other cell as it is."""
    found = _ASKED.fullmatch("".join(lines))
    return [f"%shelf {found['verb']} --help\n"] if found else lines


def install(shell: Any) -> None:
    uninstall(shell)
    shell.input_transformers_cleanup.append(ask_for_help)


def uninstall(shell: Any) -> None:
    shell.input_transformers_cleanup[:] = [t for t in shell.input_transformers_cleanup if t is not ask_for_help]
