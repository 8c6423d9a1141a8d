"""Our lines in a configuration file of IPython: putting them in, and taking them out again. Text in, text out.

They stand between two marks, like conda's in a shell's profile, so that everything else in the file stays a person's.
``extra_extensions`` and not ``extensions``: who sets a list of extensions in a profile replaces that of the system.
"""

from __future__ import annotations

import re

from .errors import UsageError

BEGIN = "# >>> cloudshelf enable >>>"
END = "# <<< cloudshelf enable <<<"
_BLOCK = re.compile(rf"^{re.escape(BEGIN)}\n.*?^{re.escape(END)}\n?", re.DOTALL | re.MULTILINE)


def enabled_text(text: str, *, zero_step: bool | None = None, shelf: str | None = None, lock: str | None = None) -> str:
    """``text`` of ipython_config.py with our lines: the extension loads in every kernel that can import it.

    ``zero_step``, ``shelf`` and ``lock`` set those traits; None leaves them to the user. Raises UsageError for marks
    that somebody has edited.
    """
    lines = ["import importlib.util", 'if importlib.util.find_spec("cloudshelf"):']
    lines += ["    c = get_config()", '    c.InteractiveShellApp.extra_extensions.append("cloudshelf")']
    lines += [f"    c.CloudShelf.zero_step = {zero_step}"] if zero_step is not None else []
    lines += [f"    c.CloudShelf.url = {shelf!r}"] if shelf else []
    lines += [f"    c.CloudShelf.lock = {lock!r}"] if lock else []
    block = "\n".join([BEGIN, *lines, END]) + "\n"
    _check_marks(text)
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: block, text)
    return f"{text.rstrip()}\n\n{block}" if text.strip() else block


def disabled_text(text: str) -> str:
    """``text`` without our lines. Raises UsageError for marks that somebody has edited."""
    _check_marks(text)
    return f"{_BLOCK.sub('', text).rstrip()}\n".removeprefix("\n")


def _check_marks(text: str) -> None:
    found = [line for line in text.splitlines() if line in (BEGIN, END)]
    if found not in ([], [BEGIN, END]):
        raise UsageError(f"The lines {BEGIN} and {END} do not stand there once, in this order; remove them by hand.")
