"""Which notebook is this kernel's? Nobody tells a kernel, so it asks its surroundings, the surest first.

1. VS Code's ``__vsc_ipynb_file__`` in the namespace.
2. ``JPY_SESSION_NAME``, which a Jupyter server gives to the kernels that it starts (not to what those start in turn).
3. ``CLOUDSHELF_NOTEBOOK``, which ``cloudshelf run --notebook FILE`` gives to whatever it starts.
4. papermill's ``PAPERMILL_INPUT_PATH`` (its option --inject-paths).
5. The command line of the program that started the kernel: ``papermill a.ipynb b.ipynb``, ``jupyter nbconvert a``.
6. The notebooks in the kernel's folder: jupyter-scheduler starts it where its copy lies.

From the last two only a notebook counts that has the cell which is running now; several with the same lock are one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from cloudshelf.errors import UsageError
from cloudshelf.notebooks import NOTEBOOK, Notebook, carriers, find_notebook, is_digest, only_one, read_notebook


def find_own_notebook(shell: Any, asked: str | bool = True) -> Notebook:
    """The notebook that ``%shelf sync --notebook [FILE | DIGEST]`` means. Raises UsageError when it cannot be told."""
    named = own_path(shell)
    if isinstance(asked, str):
        if is_digest(asked) and named is not None and named.is_file() and carriers([named], digest=asked):
            return read_notebook(named)
        return find_notebook(asked)
    if named is not None:
        if not named.is_file():
            raise UsageError(
                f"This kernel was started for {named}, which is not there. If it was renamed, name it: "
                "%shelf sync --notebook FILE.ipynb"
            )
        return read_notebook(named)
    cell = running_cell(shell)
    found = carriers(_of_command_line(os.getppid()), cell=cell) or carriers(
        sorted(Path.cwd().glob("*.ipynb")), cell=cell
    )
    return only_one(
        found,
        f"It cannot be told which notebook this is: none in {Path.cwd()} carries a lock and has this cell. "
        "Start it with: cloudshelf run --notebook FILE.ipynb -- COMMAND, or name it: %shelf sync --notebook FILE.ipynb",
    )


def own_path(shell: Any, environ: Mapping[str, str] | None = None) -> Path | None:
    """The path that somebody told this kernel, whether it is there or not; None where nobody did."""
    environ = os.environ if environ is None else environ
    told = shell.user_ns.get("__vsc_ipynb_file__")
    if isinstance(told, str) and told:
        return Path(told)
    session = environ.get("JPY_SESSION_NAME", "")
    if session.endswith(".ipynb") and not _is_inherited("JPY_SESSION_NAME", session):
        folder, name = os.path.split(session)
        return Path(folder, name.removeprefix("RTC:"))
    if environ.get(NOTEBOOK):
        return Path(environ[NOTEBOOK])
    injected = shell.user_ns.get("PAPERMILL_INPUT_PATH")
    return Path(injected) if isinstance(injected, str) and Path(injected).is_file() else None


def running_cell(shell: Any) -> str | None:
    """The source of the cell that is running; None when it is not kept, as ``store_history=False`` asks."""
    kept = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None) or [""]
    return str(kept[-1]) if "%shelf" in kept[-1] and "--notebook" in kept[-1] else None


def _is_inherited(name: str, value: str) -> bool:
    """Whether the process that started this one has the same value: ``!papermill`` in a notebook does."""
    try:
        return f"{name}={value}".encode() in Path(f"/proc/{os.getppid()}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _of_command_line(pid: int) -> list[Path]:
    """The notebooks that a process was started to run, from where it is or from where it began (papermill --cwd).

    What it writes is none of them, though an earlier run may have left a notebook there with an older lock.
    """
    place = Path(f"/proc/{pid}")
    try:
        words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
        variables = (place / "environ").read_bytes().split(b"\0")
        folders = [(place / "cwd").readlink(), *(Path(os.fsdecode(v[4:])) for v in variables if v.startswith(b"PWD="))]
    except OSError:
        return []
    inputs = [word for before, word in pairwise(words) if not before.startswith("--output")]
    names = [word if word.endswith(".ipynb") else f"{word}.ipynb" for word in inputs]  # nbconvert takes both
    found = [path for name in names for folder in folders if (path := folder / name).is_file()]
    is_papermill = any(word.rpartition("/")[2] == "papermill" for word in words[:3])
    return found[:1] if is_papermill else found  # the second one is what it writes
