"""``%%shelf profile``: the rest of the cell runs while every import is recorded, installed modules' too."""

from __future__ import annotations

import ast
import time
from typing import Any

from cloudshelf.session import Session


def profile_cell(shell: Any, session: Session, cell: str) -> dict[str, Any]:
    """Run ``cell`` in the user's namespace, and return what its imports took. What the cell raises is raised."""
    from cloudshelf.importing import recording

    begun = time.perf_counter()
    recording.begin()
    try:
        _run(shell, cell)
    finally:
        recording.end()
    return session.profile(0, since=begun)


def _run(shell: Any, cell: str) -> None:
    """As the cell itself would run, under the name that it has in tracebacks; its last expression is shown."""
    text = shell.transform_cell(cell)
    name = shell.compile.cache(text, shell.execution_count, raw_code=cell)
    tree = shell.compile.ast_parse(text, filename=name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(shell.compile(tree, name, "exec"), shell.user_ns)
    if last is not None:
        shell.displayhook(eval(shell.compile(ast.Expression(last.value), name, "eval"), shell.user_ns))
