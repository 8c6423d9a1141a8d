"""Beside each promise of docs/security.md stands a test, and it is there."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text()
FILES = [*(ROOT / "tests").rglob("test_*.py")]
NAMES = {name for path in FILES for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(), re.M)}


def quoted() -> list[str]:
    """What stands between backticks, and is a test or a place of tests."""
    return [
        word
        for word in re.findall(r"`([^`\n]+)`", DOCUMENT)
        if re.match(r"(tests/|labextension/tests/|test_|…_)", word)
    ]


def is_there(word: str) -> bool:
    """``word`` is a path, a file's name or a test's, with … for what was left out."""
    path, _, name = word.partition("::")
    if name:
        return is_there(path) and is_there(name)
    if "/" in path:
        return (ROOT / path.rstrip("/")).exists()
    if path.endswith(".py"):
        return any(file.name == path for file in FILES)
    return any(fnmatchcase(known, path.replace("…", "*")) for known in NAMES)


def test_every_test_that_the_document_names_is_there() -> None:
    assert len(quoted()) > 150
    assert [word for word in quoted() if not is_there(word)] == []


def test_every_promise_in_a_table_has_its_test() -> None:
    """A row of a table whose head ends in "test" names one, or says that it is the row's before."""
    for table in re.findall(r"(?:^\|.*\n)+", DOCUMENT, re.M):
        head, _, *rows = table.splitlines()
        if head.rstrip(" |").rsplit("|", 1)[-1].strip() == "test":
            for row in rows:
                last = row.rstrip(" |").rsplit("|", 1)[-1]
                assert re.search(r"tests?[/_]|_….|\bsame\b", last), row
