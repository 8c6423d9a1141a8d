"""Whatever stands in the place of a name, a time or a number: one short message, the same exit code, nothing changed.

And what others wrote is shown as it is: no byte of it moves the cursor, colours a line, or forges one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.command.cli import main
from cloudshelf.recall.blocking import block
from cloudshelf.render import to_text
from cloudshelf.stores.opening import open_store
from cloudshelf.verbs import serve
from cloudshelf.visible import brief, visible
from tests.repository.shelves import publish

# Nothing of this is a project, or a version of one.
NO_PROJECT = ["", " ", "../x", "a/b", "-", "a b", "a\nb", "\x1b[31mx", "a\x00b", "\u00e9", "*", "x" * 5000, "\udcff"]
NO_PROJECT += ["$(id)", "'", "sha256:zz", "numpy==", "numpy==1==2", "numpy[x]", "numpy;x", "\uff4eumpy"]
LONG, COLOUR = "x" * 5000, "\x1b[31m"
NO_VALUE = {
    "rollback numpy --to": ["", "x", "1.5", "1e3", COLOUR, "9" * 5000],
    "log --last": ["", "x", "1.5", "-1", COLOUR, "9" * 5000],
    "collect --dry-run --grace": ["", "x", "7", "-1d", "7days", "1d1h", "\u0967d", "9999999d", COLOUR, LONG],
    "log --since": ["x", "2026-13-01", "yesterday", COLOUR, LONG],
    "log --before": ["x", "2026-13-01", "yesterday", COLOUR, LONG],
    "usage --since": ["x", "2026-13-01", "yesterday", COLOUR, LONG],
    "locks": ["../x", "a b", "a..b", "/", COLOUR, LONG],
    "settings usage-reports": ["", "a/b", COLOUR, LONG],
    "settings internal": ["", " ", "a/b", COLOUR, LONG],
    "settings publish-policy": ["", "no/such/file", COLOUR, LONG],
    "settings request-url": ["", "x", COLOUR, LONG],
    "settings contact": ["", " ", COLOUR, LONG],
}
OF_PROJECTS = ("yank", "unyank", "default", "rollback", "log", "verify", "usage", "collect", "unblock")
CASES = [
    *([verb, word] for verb in OF_PROJECTS for word in NO_PROJECT),
    *(["purge", word, "--reason", "r", "--yes"] for word in NO_PROJECT),
    *(["block", word, "--reason", "r"] for word in NO_PROJECT),
    *([*line.split(), word] for line, words in NO_VALUE.items() for word in words),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    serve("init", {"shelf": (folder / "shelf").as_uri()}, lambda event: None)
    store = open_store((folder / "shelf").as_uri())
    publish(store, "numpy", "1.0")
    publish(store, "numpy", "2.0")
    return folder


@pytest.fixture
def shelf(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("CLOUDSHELF_CACHE", str(folder / "cache"))
    monkeypatch.setenv("CLOUDSHELF_URL", (folder / "shelf").as_uri())
    monkeypatch.delenv("CLOUDSHELF_TRUST", raising=False)
    monkeypatch.chdir(folder)
    return folder / "shelf"


def content(shelf: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(shelf.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("words", CASES, ids=lambda words: ascii(" ".join(words))[:60])
def test_what_cannot_be_meant_is_one_short_message_and_changes_nothing(
    shelf: Path, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    before = content(shelf)
    assert main(words) == 2
    said = capfd.readouterr()
    assert said.out == "" and said.err.startswith("cloudshelf: ") and len(said.err) < 700
    assert all(character.isprintable() or character == "\n" for character in said.err)
    assert "Traceback" not in said.err and "damaged" not in said.err
    assert content(shelf) == before


FORGED = "fine\n2026-11-01T00:00:00Z  numpy  ada@host  publish 9.0\x1b[2K\x1b]0;x\x07\u202e\x9b31m"


def test_what_somebody_wrote_of_themselves_forges_no_line_and_obeys_no_terminal(tmp_path: Path) -> None:
    url = tmp_path.as_uri()
    serve("init", {"shelf": url}, lambda event: None)
    block(open_store(url), ["torch==1"], reason="x\x1b[31mred", by=FORGED)
    for verb in ("log", "blocks"):
        lines = to_text(verb, serve(verb, {"shelf": url}, lambda event: None)).split("\n")
        assert all(line.isprintable() for line in lines)
        assert not [line for line in lines if line.startswith("2026-11-01T00:00:00Z")]
        assert any("publish 9.0" in line for line in lines)  # it is shown, as what it is


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u00fc \u4e2d \U0001f600", "plain \u00fc \u4e2d \U0001f600"),
        ("two\nlines\tand", "two\nlines\tand"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\rb", "a\\rb"),
        ("\u202eabc", "\\u202eabc"),
        ("a\u00a0b", "a b"),
        ("\udcff", "\\udcff"),
    ],
)
def test_only_what_is_not_seen_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_message_repeats_no_more_than_it_takes() -> None:
    assert brief("x" * 100) == "x" * 60 + "\u2026" and brief("a\nb") == "a\\nb"
