"""What others wrote does not move a terminal's cursor."""

from __future__ import annotations

import pytest

from cloudshelf.render import to_text
from cloudshelf.render.visible import visible

HARMFUL = ["\x1b[31mred", "new\nline", "a\rb", "bell\a", "turned\u202etxt", "\x9b31m", "\x7f"]


@pytest.mark.parametrize("name", HARMFUL)
def test_a_name_of_a_file_is_one_line_without_escapes(name: str) -> None:
    assert visible(name).isprintable()
    files = [{"path": f"data/opt/x/{name}", "size": 1, "kind": "d"}]
    page = to_text("ls", {"files": files, "project": "x", "version": "1", "wheels": []})
    assert all(line.isprintable() for line in page.split("\n"))
    assert len([line for line in page.split("\n") if "opt/x" in line]) == 1


def test_letters_of_all_scripts_stay() -> None:
    assert visible("größe 日本 العربية") == "größe 日本 العربية"
