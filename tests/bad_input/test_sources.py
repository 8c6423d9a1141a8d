"""Files of requirements that are wrong, or ask for what no shelf has: one message that names the line."""

from __future__ import annotations

import os
import re

import pytest

from .conftest import User

Files = dict[str, str | bytes]
SECRET = "canary-secret"

CASES: list[tuple[str, Files, list[str], int, tuple[str, ...]]] = [
    ("not there", {}, ["-r", "r.txt"], 2, ("r.txt cannot be read", "No such file")),
    ("a folder", {"r.txt/x": ""}, ["-r", "r.txt"], 2, ("r.txt cannot be read", "directory")),
    ("no text", {"r.txt": b"\xff\xfa\x00\x81"}, ["-r", "r.txt"], 2, ("r.txt is not text",)),
    ("a wheel", {"a.whl": b"PK\x03\x04\x81"}, ["-r", "a.whl"], 2, ("a.whl is not text",)),
    ("a notebook", {"n.ipynb": "{}"}, ["-r", "n.ipynb"], 2, ("is a notebook",)),
    ("a URL", {}, ["-r", f"https://me:{SECRET}@x.example/r.txt"], 2, ("https://x.example/r.txt is a URL", "download")),
    ("itself", {"r.txt": "-r r.txt\n"}, ["-r", "r.txt"], 2, ("r.txt includes itself (r.txt line 1)",)),
    (
        "a circle",
        {"r.txt": "-c c.txt", "c.txt": "\n-r r.txt"},
        ["-r", "r.txt"],
        2,
        ("r.txt includes itself (c.txt line 2)",),
    ),
    ("nested, not there", {"r.txt": "badone\n-c c.txt"}, ["-r", "r.txt"], 2, ("c.txt cannot be read (r.txt line 2)",)),
    (
        "all that is wrong at once",
        {"r.txt": f"-e .\nbadone\n--frob\nx @ https://me:{SECRET}@x.example/x.whl\n./x.whl\nbadone=>1\n"},
        ["-r", "r.txt"],
        2,
        (
            "Nothing was changed",
            "r.txt line 1: -e .",
            "line 3: --frob",
            "line 4: x @ https://x",
            "line 5",
            "line 6: badone=>1",
        ),
    ),
    ("a variable", {"r.txt": "badone==${NO_SUCH_ONE}"}, ["-r", "r.txt"], 2, ("r.txt line 1", "NO_SUCH_ONE is not set")),
    (
        "an extra in a constraint",
        {"c.txt": "badone[x]<2"},
        ["-c", "c.txt", "--with", "badone"],
        2,
        ("c.txt line 1", "no extras"),
    ),
    (
        "no constraints",
        {"c.yml": "dependencies: []"},
        ["-c", "c.yml", "--with", "badone"],
        2,
        ("c.yml is no file of constraints",),
    ),
    (
        "a conflict",
        {"c.txt": "badone<1"},
        ["-c", "c.txt", "--with", "badone"],
        1,
        ("badone<1: the constraint badone<1",),
    ),
    (
        "a wrong hash",
        {"r.txt": f"badone==1.0 --hash=sha256:{'0' * 64}"},
        ["-r", "r.txt"],
        4,
        ("badone-1.0-py3-none-any.whl has sha256", "r.txt line 1 does not admit", "cloudshelf show badone==1.0"),
    ),
    ("half a hash", {"r.txt": "badone==1.0 --hash=sha256:12ab"}, ["-r", "r.txt"], 4, ("does not admit",)),
    ("another hash", {"r.txt": "badone==1.0 --hash=md5:12ab"}, ["-r", "r.txt"], 2, ("r.txt line 1", "md5")),
    ("no hash", {"r.txt": "badone"}, ["--require-hashes", "-r", "r.txt"], 2, ("there is none for badone==",)),
    (
        "missing",
        {"r.txt": "badone==9\nnope\n"},
        ["-r", "r.txt"],
        1,
        ("2 lines name", "line 1: badone==9", "line 2: nope"),
    ),
    ("no block", {"s.py": "import badone\n"}, ["--script", "s.py"], 2, ("s.py has no block", "# /// script")),
    ("half a block", {"s.py": "# /// script\n# dependencies = ["}, ["-r", "s.py"], 2, ("s.py has no block",)),
    ("no TOML", {"pyproject.toml": "[project"}, ["-r", "pyproject.toml"], 2, ("pyproject.toml is not TOML",)),
    ("no project", {}, ["--group", "dev"], 2, ("pyproject.toml cannot be read",)),
    ("no such group", {"pyproject.toml": "[project]\nname='x'"}, ["--group", "dev"], 2, ("no dependency group 'dev'",)),
    ("no YAML", {"e.yml": "dependencies: [\n"}, ["-r", "e.yml"], 2, ("e.yml is not YAML",)),
    ("another YAML", {"e.yml": "services: {}\n"}, ["-r", "e.yml"], 2, ("e.yml is not an environment of conda",)),
    (
        "another Python",
        {"e.yml": "dependencies: [python=3.8]\n"},
        ["-r", "e.yml"],
        1,
        ("e.yml line 1 wants Python ==3.8.*",),
    ),
    ("half a lock", {"pylock.toml": "lock-version = "}, ["-r", "pylock.toml"], 2, ("pylock.toml is not a lock",)),
    (
        "half a lock, with more",
        {"pylock.toml": "x ="},
        ["-r", "pylock.toml", "--with", "badone"],
        2,
        ("pylock.toml is not",),
    ),
    ("an empty name", {}, ["-r", ""], 2, ("empty", "Is a variable of the shell not set?")),
]


@pytest.mark.parametrize(("files", "words", "code", "says"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_one_message_names_what_is_wrong_and_where(
    user: User, files: Files, words: list[str], code: int, says: tuple[str, ...]
) -> None:
    for name, content in files.items():
        path = user.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    command = [] if "--script" in words else ["--", "true"]
    user.refused("run", *words, *command, code=code, says=says)
    user.works()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(user: User) -> None:
    (user.folder / "r.txt").write_text("badone\n")
    (user.folder / "r.txt").chmod(0)
    user.refused("run", "-r", "r.txt", "--", "true", code=2, says=("r.txt cannot be read", "Permission denied"))


def test_a_file_of_ten_thousand_lines_is_one_message(user: User) -> None:
    (user.folder / "r.txt").write_text("".join(f"-e ./number-{n}\n" for n in range(10_000)))
    said = user.refused("run", "-r", "r.txt", "--", "true", code=2, says=("r.txt line 1:", "and 9980 more"))
    assert len(said.splitlines()) < 30


def test_a_file_that_asks_for_nothing_says_so(user: User) -> None:
    (user.folder / "r.txt").write_text("# nothing\n")
    assert user.run("run", "-r", "r.txt", "--", "true").stderr == "cloudshelf: r.txt asks for nothing.\n"


def test_no_secret_of_a_file_reaches_lock_output_or_log(user: User) -> None:
    (user.folder / "r.txt").write_text(f"-i https://me:{SECRET}@x.example\n--extra-index-url ${{TOKEN}}\nbadone\n")
    done = user.run("lock", "-r", "r.txt", TOKEN=f"https://{SECRET}.example")
    user.run("run", "-r", "r.txt", "--", "true", TOKEN=f"https://{SECRET}.example")
    assert not re.search(SECRET, done.stdout + done.stderr)
    found = [path for path in user.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert [path.name for path in found] == ["r.txt"]
