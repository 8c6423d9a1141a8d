"""What a program will import first is read from it, and no program is harmed by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.command.program import first_imports


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        (["-c", "import a.b; from c import d, e"], ["a.b", "c", "c.d", "c.e"]),
        (["-Ic", "import a"], ["a"]),
        (["-W", "ignore", "-X", "dev", "-m", "a.b", "-c"], ["a.b"]),
        (["-Wignore", "-Ima"], ["a"]),
        (["--check-hash-based-pycs", "always", "-c", "import a"], ["a"]),
        (["-c", "try:\n    import a\nexcept ImportError:\n    import b"], ["a"]),
        (["-c", "if x:\n    import a\ndef f():\n    import b\nfrom . import c\nfrom d import *"], ["d"]),
        (["-c", "import a\nimport a"], ["a"]),
        (["-c", "this is no program"], []),
        (["-c", "x = '\\d'; import a"], ["a"]),
        (["-c"], []),
        (["no/such/script.py"], []),
        (["-"], []),
        ([], []),
    ],
)
def test_the_outermost_imports_of_what_python_runs(words: list[str], modules: list[str]) -> None:
    assert first_imports("/environment/bin/python", words) == modules
    assert first_imports("/environment/bin/python3.11", words) == modules


def test_a_script_is_read_whatever_its_encoding(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_bytes("# coding: latin-1\nx = 'ä'\nimport a\n".encode("latin-1"))
    assert first_imports("python", [str(script), "-c", "import b"]) == ["a"]


def test_a_console_script_is_a_program_too(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text("#!/environment/bin/python\nimport sys\nfrom a.cli import main\nsys.exit(main())\n")
    assert first_imports(str(script), []) == ["sys", "a.cli", "a.cli.main"]


@pytest.mark.parametrize("text", [b"#!/bin/sh\nimport a\n", b"\x7fELF\nimport a\n", b"import a\n"])
def test_of_another_program_nothing_is_known(tmp_path: Path, text: bytes) -> None:
    script = tmp_path / "tool"
    script.write_bytes(text)
    assert first_imports(str(script), []) == []
