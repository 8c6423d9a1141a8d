"""Nothing that was read is ever unpickled or evaluated: looked for in the syntax tree of every file that is shipped."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("cloudshelf", "cloudshelf_jupyter") for path in sorted((ROOT / folder).rglob("*.py"))]
UNPICKLERS = {
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "shelve",
    "joblib",
    "multiprocessing",
    "jsonpickle",
}
# Where bytes become code, and why that is no object of a shelf.
ALLOWED = {
    "cloudshelf/environment/build.py": {"marshal"},  # writes the index
    "cloudshelf/importing/state.py": {"marshal"},  # the index that the user's own engine wrote, in a folder of theirs
    "cloudshelf/fetcher/environments.py": {"marshal"},  # the same
    "cloudshelf/environment/engine.py": {"marshal"},  # writes bytecode of our own modules
    "cloudshelf/session/in_place.py": {"marshal"},  # the same
    "cloudshelf/environment/examine.py": {"marshal"},  # the same
    "cloudshelf/environment/trees.py": {"marshal"},  # the same
    "cloudshelf/environment/audit.py": {"marshal"},  # the same, compared with one that is made anew
    "cloudshelf/environment/bytecode.py": {"marshal"},  # compared with what its source compiles to; nothing is run
    "cloudshelf/publisher/compiling.py": {"marshal"},  # bytecode that the publisher has just compiled
    "cloudshelf/importing/activate.py": {"exec"},  # .pth files of an environment, verified and in their places
    "cloudshelf_jupyter/profile_cell.py": {"exec", "eval"},  # the cell that the user runs
}


def found_in(tree: ast.AST) -> Iterator[str]:
    """Names of what turns bytes or text into objects or code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in ("eval", "exec"):
                yield called.id
            if isinstance(called, ast.Name) and called.id == "__import__" and node.args:
                yield str(getattr(node.args[0], "value", ""))
            if isinstance(called, ast.Attribute) and called.attr == "import_module" and node.args:
                yield str(getattr(node.args[0], "value", ""))
            if isinstance(called, ast.Attribute) and ast.unparse(called) in (
                "yaml.load",
                "yaml.unsafe_load",
                "yaml.full_load",
            ):
                yield ast.unparse(called)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_unpickles_or_evaluates_what_it_read(path: Path) -> None:
    dangerous = UNPICKLERS | {"marshal", "eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}
    found = dangerous & set(found_in(ast.parse(path.read_text())))
    allowed = ALLOWED.get(path.relative_to(ROOT).as_posix(), set())
    assert found <= allowed, (
        "nothing that was read from a shelf may become code; if this is something else, add why above"
    )


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "import marshal as m",
        "eval('1')",
        "__import__('dill')",
        "import importlib; importlib.import_module('shelve')",
        "yaml.load(x)",
        "def f():\n import joblib.x",
    ],
)
def test_what_is_looked_for_would_be_found(code: str) -> None:
    assert set(found_in(ast.parse(code))) & (UNPICKLERS | {"marshal", "eval", "yaml.load"})
