"""While files are missing, programs that look at them by their path find what an installed distribution has."""

from __future__ import annotations

import errno
import json
import subprocess
from pathlib import Path

import pytest

from cloudshelf.model import Kind

from .environments import SITE, Made, Maker, Project

TREE = {
    "site/kit/__init__.py": "",
    "site/kit/deep/__init__.py": "",
    "site/kit/deep/code.py": "X = 1\n",
    "site/kit/stub.pyi": "x: int",
    "site/kit/include/kit.h": "#define KIT 42\n#include <kit/more.h>\n",
    "site/kit/include/kit/more.h": "#define MORE 43\n",
    "site/kit/tests/__init__.py": "",
    "site/kit/tests/data/sample.txt": "sample",
    "data/share/kit/page.html": "<p>",
    "headers/kit/own.h": "#define OWN 44\n",
}
IDLE = {path: Kind.IDLE for path in TREE if path.endswith(".h") or "/tests/" in path or path.startswith("headers/")}
HEAD = "import os, sys, io, glob, pathlib\nkit = f'{sys.prefix}/" + f"{SITE}/kit'\n"


@pytest.fixture
def kit(make: Maker) -> Made:
    return make(Project("kit", TREE, IDLE), Project("other", {"site/other.py": ""}))


LOOKS = {
    "exists": ("os.path.exists(kit + '/deep/code.py')", "True"),
    "stat": ("os.stat(kit + '/include/kit.h').st_size", str(len(TREE["site/kit/include/kit.h"]))),
    "lstat": ("os.lstat(kit + '/include/kit.h').st_mtime", "1600000000.0"),
    "access": ("os.access(kit + '/include/kit.h', os.R_OK)", "True"),
    "open": ("open(kit + '/include/kit/more.h').read()", TREE["site/kit/include/kit/more.h"].strip()),
    "open of bytes": ("open(os.fsencode(kit) + b'/stub.pyi', 'rb').read()", "b'x: int'"),
    "os.open": ("os.read(os.open(kit + '/stub.pyi', os.O_RDONLY), 9)", "b'x: int'"),
    "pathlib": ("pathlib.Path(kit, 'tests/data/sample.txt').read_text()", "sample"),
    "a relative path": ("os.chdir(kit) or open('include/../stub.pyi').read()", "x: int"),
    "a path from a descriptor": ("os.stat('stub.pyi', dir_fd=os.open(kit, os.O_RDONLY)).st_size", "6"),
    "the data scheme": ("open(sys.prefix + '/share/kit/page.html').read()", "<p>"),
    "the alias lib64": (f"open(sys.prefix + '/{SITE.replace('lib/', 'lib64/')}/kit/stub.pyi').read()", "x: int"),
    "what nobody has": ("os.path.exists(kit + '/absent.h')", "False"),
}


@pytest.mark.parametrize("what", LOOKS)
def test_a_file_that_nobody_imported_is_there_when_a_program_looks(kit: Made, what: str) -> None:
    expression, expected = LOOKS[what]
    assert kit.says(f"{HEAD}print({expression})") == expected


WRITES = {
    "append": ("open(kit + '/stub.pyi', 'a').write('\\ny: str')", "x: int\ny: str"),
    "overwrite": ("open(kit + '/stub.pyi', 'w').write('mine')", "mine"),
    "create": ("open(kit + '/stub.pyi', 'x')", "FileExistsError"),
    "a descriptor": ("os.write(os.open(kit + '/stub.pyi', os.O_WRONLY), b'Y')", "Y: int"),
    "truncate": ("os.truncate(kit + '/stub.pyi', 1)", "x"),
    "replace": ("pathlib.Path(kit, 'new').write_text('new'); os.replace(kit + '/new', kit + '/stub.pyi')", "new"),
    "rename away": ("os.rename(kit + '/stub.pyi', kit + '/other.pyi')", "FileNotFoundError"),
    "remove": ("pathlib.Path(kit, 'stub.pyi').unlink()", "FileNotFoundError"),
    "rmtree": ("__import__('shutil').rmtree(kit)", "FileNotFoundError"),
    "chmod": ("os.chmod(kit + '/stub.pyi', 0o600)", "x: int"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRITES)
def test_what_a_program_does_to_a_missing_file_is_done_and_stays(kit: Made, what: str) -> None:
    action, expected = WRITES[what]
    code = (
        f"{HEAD}import errno\n"
        f"try:\n    {action}\n    for name in os.listdir(sys.prefix): os.path.exists(name)\n"
        "    print(open(kit + '/stub.pyi').read())\nexcept OSError as e: print(type(e).__name__)"
    )
    assert kit.says(code) == expected
    if what not in ("create", "rmtree"):
        kit.says("import kit")
        later = "print(open(kit + '/stub.pyi').read() if os.path.exists(kit + '/stub.pyi') else 'FileNotFoundError')"
        assert kit.says(HEAD + later) == expected


LISTINGS = {
    "listdir": ("sorted(os.listdir(kit))", "['__init__.py', 'deep', 'include', 'stub.pyi', 'tests']"),
    "listdir of bytes": ("sorted(os.listdir(os.fsencode(kit) + b'/include'))", "[b'kit', b'kit.h']"),
    "scandir": (
        "[(e.name, e.is_dir(), e.is_file()) for e in sorted(os.scandir(kit + '/include'), key=lambda e: e.name)]",
        "[('kit', True, False), ('kit.h', False, True)]",
    ),
    "walk": (
        "[(os.path.relpath(f, kit), sorted(n)) for f, d, n in os.walk(kit + '/include')]",
        "[('include', ['kit.h']), ('include/kit', ['more.h'])]",
    ),
    "glob": ("[os.path.relpath(p, sys.prefix) for p in glob.glob(sys.prefix + '/include/**/*.h', recursive=True)]",
             f"['include/site/{SITE.split('/')[1]}/kit/own.h']"),
    "pathlib": ("sorted(p.name for p in pathlib.Path(kit).rglob('*.h'))", "['kit.h', 'more.h']"),
    "site-packages": ("'other.py' in os.listdir(os.path.dirname(kit))", "True"),
}  # fmt: skip


@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_is_whole_and_brings_nothing(kit: Made, what: str) -> None:
    expression, expected = LISTINGS[what]
    assert kit.says(f"{HEAD}print({expression})") == expected
    assert kit.requests() == []


def test_an_entry_of_a_listing_is_as_the_real_one(kit: Made) -> None:
    code = (
        f"{HEAD}entry = next(e for e in os.scandir(kit) if e.name == 'stub.pyi')\n"
        "print(os.fspath(entry) == entry.path == kit + '/stub.pyi', repr(entry), entry.is_symlink(),"
        " entry.stat().st_ino == entry.inode(), open(entry).read())"
    )
    assert kit.says(code) == "True <DirEntry 'stub.pyi'> False True x: int"


def test_an_entry_of_a_listing_of_a_descriptor_knows_its_folder(kit: Made) -> None:
    code = "entry = next(e for e in os.scandir(os.open(kit, os.O_RDONLY)) if e.name == 'stub.pyi')"
    assert kit.says(f"{HEAD}{code}\nprint(entry.path, entry.stat().st_size)") == "stub.pyi 6"


def test_a_tree_can_be_copied(kit: Made, tmp_path: Path) -> None:
    code = f"{HEAD}import shutil; shutil.copytree(kit, {str(tmp_path / 'copy')!r})"
    kit.says(code)
    copied = {str(p.relative_to(tmp_path / "copy")) for p in (tmp_path / "copy").rglob("*") if p.is_file()}
    assert copied == {path.removeprefix("site/kit/") for path in TREE if path.startswith("site/kit/")}


def test_a_compiler_that_is_told_a_folder_finds_every_header_below(kit: Made, tmp_path: Path) -> None:
    (tmp_path / "m.c").write_text('#include "kit.h"\n#include <own.h>\n#include <stdio.h>\n'
                                  'int main(void) { printf("%d %d %d", KIT, MORE, OWN); }\n')  # fmt: skip
    code = (
        f"{HEAD}import subprocess\nos.environ['CPATH'] = glob.glob(sys.prefix + '/include/site/*/kit')[0]\n"
        f"subprocess.run(['gcc', '-I' + kit + '/include', {str(tmp_path / 'm.c')!r}, '-o', {str(tmp_path / 'm')!r}])\n"
    )
    kit.says(code)
    assert subprocess.run([tmp_path / "m"], capture_output=True, text=True).stdout == "42 43 44"


@pytest.mark.parametrize(
    "start",
    [
        "os.system('cat ' + kit + '/include/kit/more.h')",
        "os.execvp('cat', ['cat', kit + '/include/kit/more.h'])",
        "os.waitpid(os.posix_spawnp('cat', ['cat', kit + '/include/kit/more.h'], os.environ), 0)",
        "__import__('subprocess').run(['cat', kit + '/include/kit/more.h'])",
        "__import__('subprocess').run('cat $WHERE/more.h', shell=True, env={'WHERE': kit + '/include/kit'})",
    ],
)
def test_a_program_finds_what_it_is_told(kit: Made, start: str) -> None:
    assert kit.says(f"{HEAD}{start}") == TREE["site/kit/include/kit/more.h"].strip()


@pytest.mark.parametrize(
    "start",
    [
        "__import__('subprocess').run(['cat', 'kit/more.h'], cwd=kit + '/include')",
        "__import__('subprocess').run('cat ../include/kit/more.h', shell=True, cwd=kit + '/deep')",
        "os.chdir(kit + '/include') or os.system('cat kit/more.h')",
    ],
)
def test_a_program_started_within_a_package_finds_what_lies_around_it(kit: Made, start: str) -> None:
    assert kit.says(f"{HEAD}{start}").splitlines()[0] == TREE["site/kit/include/kit/more.h"].strip()


def test_a_python_child_gets_no_files_that_it_did_not_look_at(kit: Made) -> None:
    kit.says(f"{HEAD}import subprocess; subprocess.run([sys.executable, '-c', 'pass', os.path.dirname(kit)])")
    assert kit.requests() == []


def test_a_program_in_a_package_has_what_lies_beside_it(make: Maker) -> None:
    program = Path("/bin/ls").read_bytes()
    files = {"site/tool/bin/ls": program, "site/tool/lib/std.h": "", "site/tool/__init__.py": ""}
    made = make(Project("tool", files, {"site/tool/bin/ls": Kind.LIBRARY, "site/tool/lib/std.h": Kind.IDLE}))
    code = f"import subprocess, sys; f = f'{{sys.prefix}}/{SITE}/tool'; subprocess.run([f + '/bin/ls', f + '/lib'])"
    assert made.says(code) == "std.h"


def test_a_program_of_the_environment_that_is_told_of_its_python_finds_every_distribution(make: Maker) -> None:
    script = "#!/bin/sh\ncat $(dirname $1)/../" + SITE + "/typed/stub.pyi\n"
    tool = Project("tool", {"scripts/check": script}, {"scripts/check": Kind.LIBRARY})
    made = make(tool, Project("typed", {"site/typed/stub.pyi": "x: int", "site/typed/__init__.py": ""}))
    code = "import subprocess, sys; subprocess.run([sys.prefix + '/bin/check', sys.executable])"
    assert made.says(code) == "x: int"


def test_tests_come_with_the_data_below_them(kit: Made) -> None:
    code = "import kit.tests, kit; print(__import__('posix').listdir(kit.tests.__path__[0] + '/data'))"
    assert kit.says(code) == "['sample.txt']"


MANY = 600  # data files: an import does not wait for so many
ASKING = {"whether they are there": "os.path.exists(name)", "for their content": "bool(open(name).read())"}


@pytest.mark.parametrize("what", ASKING)
def test_a_program_that_asks_for_many_files_asks_the_fetcher_a_few_times(make: Maker, what: str) -> None:
    """As botocore does, before it opens one: each was a request, 18 s of them on a link of 20 ms."""
    files = {f"site/many/data/{n}/service.json": "x" for n in range(MANY)}
    made = make(Project("many", {"site/many/__init__.py": ""} | files))
    names = f"[f'{{sys.prefix}}/{SITE}/many/data/{{n}}/service.json' for n in range({MANY})]"
    assert made.says(f"import os, sys, many; print(sum({ASKING[what]} for name in {names}))") == str(MANY)
    asked = [words for words in map(str.split, made.requests()) if words[0] == "E"]
    assert [len(words[1].split(",")) for words in asked] == [1, 17, 257, MANY - 275], "each with the file itself"
    assert [words[2] for words in asked] == ["need", "soon", "soon", "soon"]


def test_after_an_outage_files_come_along_again(make: Maker) -> None:
    files = {f"site/many/data/{n}/service.json": "x" for n in range(MANY)}
    made = make(Project("many", {"site/many/__init__.py": ""} | files))
    made.tell("later", json.dumps({"error": "StoreUnreachable", "args": ["s3://shelf", "connection refused"]}))
    code = (
        "import os, sys, many\n"
        f"names = [f'{{sys.prefix}}/{SITE}/many/data/{{n}}/service.json' for n in range({MANY})]\n"
        "print(sum(map(os.path.exists, (names[0], names[1], names[20]))))\n"
        "own = sys.prefix + '/.cloudshelf'; os.rename(own + '/later', own + '/fail')\n"
        "try: os.path.exists(names[400])\n"
        "except Exception as error: print(type(error).__name__)\n"
        "os.unlink(own + '/fail'); print(sum(map(os.path.exists, names)))"
    )
    assert made.says(code).split() == ["3", "StoreUnreachable", str(MANY)]
    assert len([row for row in made.requests() if row.startswith("E")]) < 20


def test_of_large_files_few_come_along(make: Maker) -> None:
    """A program that wants any file of a large tree shall not bring all of it."""
    files = {f"site/many/data/{n}.bin": bytes(1 << 20) for n in range(200)}
    made = make(Project("many", {"site/many/__init__.py": ""} | files))
    names = f"[f'{{sys.prefix}}/{SITE}/many/data/{{n}}.bin' for n in (0, 20, 40, 60, 130, 150, 170)]"
    assert made.says(f"import os, sys; print(sum(map(os.path.exists, {names})))") == "7"
    soon = [words[1].split(",") for words in map(str.split, made.requests()) if words[0] == "E" and words[2] == "soon"]
    assert [len(numbers) for numbers in soon] == [1 + 8, 1 + 56], "512 KiB hold none, 8 MiB eight; 64 MiB in all"


def test_an_outage_is_no_missing_file(kit: Made) -> None:
    kit.fail("StoreUnreachable", "s3://shelf", "connection refused")
    done = kit.run(f"{HEAD}print(os.path.exists(kit + '/stub.pyi'))", check=False)
    assert "StoreUnreachable: s3://shelf cannot be reached" in done.stderr
    (kit.own / "fail").unlink()
    assert kit.says(f"{HEAD}print(os.path.exists(kit + '/stub.pyi'))") == "True"


FUNCTIONS = (
    "[f.__name__ for f in (open, io.open, os.stat, os.lstat, os.access, os.open, os.listdir, os.scandir, os.execv,"
    " os.system, subprocess._fork_exec) if type(f) is not type(len)]"
)


def test_when_everything_is_in_place_the_functions_are_themselves_again(kit: Made) -> None:
    code = (
        f"{HEAD}import subprocess\nbefore = {FUNCTIONS}\n"
        "for folder, _, names in os.walk(sys.prefix):\n"
        "    for name in names: os.path.exists(os.path.join(folder, name))\n"
        f"for _ in range(200): os.stat('/')\nprint(len(before), {FUNCTIONS})"
    )
    assert kit.says(code) == "11 []"


def test_a_filled_environment_replaces_nothing(kit: Made) -> None:
    kit.fill()
    assert kit.says(f"import io, os, subprocess; print({FUNCTIONS})") == "[]"


LIKE_BUILT_IN = {
    "in the body of a class they take no self": "class C: opener = open; look = os.stat\n"
    "print(C().opener(os.devnull).read() == '', C().look('/').st_size > 0)",
    "they pickle as their name": "import pickle, posix\n"
    "print(pickle.loads(pickle.dumps((open, os.stat))) == (open, os.stat), b'builtins' in pickle.dumps(open))",
    "capabilities stay known": "import shutil\n"
    "print(shutil.rmtree.avoids_symlink_attacks, os.stat in os.supports_dir_fd)",
    "they are one object": "import builtins\nprint(open is io.open is builtins.open, os.stat is os.stat)",
    "they have their documentation and signature": "import inspect\n"
    "print('dir_fd' in inspect.signature(os.stat).parameters, open.__doc__.startswith('Open file'))",
}


@pytest.mark.parametrize("what", LIKE_BUILT_IN)
def test_replacements_are_like_the_functions_themselves(kit: Made, what: str) -> None:
    assert kit.says(f"import io, os\n{LIKE_BUILT_IN[what]}") == "True True"


def test_a_missing_file_elsewhere_is_as_always(kit: Made) -> None:
    code = "import os\ntry: open('absent')\nexcept FileNotFoundError as e: print(e.errno, e.filename)"
    assert kit.says(code) == f"{errno.ENOENT} absent"
