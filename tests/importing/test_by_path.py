"""While files are missing: code that is loaded by its path, and files that a program changes, are as in others."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudshelf.model import Kind

from .environments import SITE, Made, Maker, Project

TREE = {
    "site/kit/__init__.py": "",
    "site/kit/deep/__init__.py": "",
    "site/kit/deep/code.py": "X = 'seen'\n",
    "site/kit/deep/note.txt": "as shipped",
    "site/kit/deep/other.txt": "other",
}
HEAD = (
    "import importlib.machinery as machinery, importlib.util, os, runpy, shutil, sys, time\n"
    f"deep = f'{{sys.prefix}}/{SITE}/kit/deep'\ncode, note = deep + '/code.py', deep + '/note.txt'\n"
)


@pytest.fixture
def kit(make: Maker) -> Made:
    return make(Project("kit", TREE))


LOADING = {
    "spec_from_file_location": "spec = importlib.util.spec_from_file_location('alone', code)\n"
    "module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\nprint(module.X)",
    "the bytes of a source": "print(machinery.SourceFileLoader('alone', code).get_data(code).decode()[5:9])",
    "a finder of other loaders": "finder = machinery.FileFinder(deep, (machinery.SourceFileLoader, ['.py']))\n"
    "print(finder.find_spec('code').loader.load_module().X)",
    "runpy": "print(runpy.run_path(code)['X'])",
}


@pytest.mark.parametrize("how", LOADING)
def test_code_of_a_package_that_is_not_imported_loads_by_its_path(kit: Made, how: str) -> None:
    assert kit.says(HEAD + LOADING[how]) == "seen"


def test_a_path_hook_that_somebody_adds_is_asked_as_always(kit: Made) -> None:
    code = (
        "class Loader(machinery.SourceFileLoader): pass\n"
        "native = (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES)\n"
        "sys.path_hooks.insert(1, machinery.FileFinder.path_hook(native, (Loader, ['.py'])))\n"
        "sys.path_importer_cache.clear()\nimport kit.deep.code as found\n"
        "print(type(found.__loader__).__name__, found.X)"
    )
    assert kit.says(HEAD + code) == "Loader seen"


def test_path_hooks_have_names(kit: Made) -> None:
    assert "EnvironmentHook" in kit.says("import sys; print([hook.__name__ for hook in sys.path_hooks])")


def test_a_library_loaded_by_its_path_has_its_projects_other_libraries(
    make: Maker, libraries: dict[str, bytes]
) -> None:
    files = {f"site/lib_only/{name}": content for name, content in libraries.items()}
    made = make(Project("lib-only", files, dict.fromkeys(files, Kind.LIBRARY)))
    code = f"import ctypes, sys; print(ctypes.CDLL(f'{{sys.prefix}}/{SITE}/lib_only/libfirst.so').answer())"
    assert made.says(code) == "42"
    assert made.is_there("lib_only/libsecond.so")


@pytest.fixture
def libraries(tmp_path: Path) -> dict[str, bytes]:
    import subprocess

    (tmp_path / "answer.c").write_text("int answer(void) { return 42; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "libfirst.so", "answer.c"], cwd=tmp_path, check=True)
    content = (tmp_path / "libfirst.so").read_bytes()
    return {"libfirst.so": content, "libsecond.so": content}


# Each is done before its file was ever looked at; the import then has everything brought.
CHANGES = {
    "written over": ("open(note, 'w').write('mine')", "open(note).read()", "mine"),
    "written over through os": ("os.close(os.open(note, os.O_WRONLY | os.O_TRUNC))", "os.path.getsize(note)", "0"),
    "appended to": ("open(note, 'a').write(' and more')", "open(note).read()", "as shipped and more"),
    "replaced": ("open('new', 'w').write('mine'); os.replace('new', note)", "open(note).read()", "mine"),
    "removed": ("os.remove(note)", "os.path.exists(note)", "False"),
    "moved away": ("os.rename(note, 'moved')", "(os.path.exists(note), open('moved').read())", "(False, 'as shipped')"),
    "moved with its folder": (
        "os.rename(deep, 'moved')", "(os.path.exists(note), sorted(os.listdir('moved'))[-1])", "(False, 'other.txt')"
    ),
    "linked": ("os.link(note, 'linked')", "open('linked').read()", "as shipped"),
    "given other permissions": ("os.chmod(note, 0o600)", "oct(os.stat(note).st_mode)", "0o100600"),
    "given another time": ("os.utime(note, (1, 1))", "os.stat(note).st_mtime", "1.0"),
    "removed with its folder": ("shutil.rmtree(deep)", "os.path.exists(deep)", "False"),
}  # fmt: skip


@pytest.mark.parametrize("how", CHANGES)
def test_what_a_program_changes_stays_changed(kit: Made, tmp_path: Path, how: str) -> None:
    change, look, expected = CHANGES[how]
    code = f"{HEAD}os.chdir({str(tmp_path)!r})\n{change}\nimport kit\ntime.sleep(0.3)\nprint({look})"
    assert kit.says(code) == expected


def test_a_file_to_be_made_anew_is_there_already(kit: Made) -> None:
    code = f"{HEAD}try: open(note, 'x')\nexcept FileExistsError: print('exists')"
    assert kit.says(code) == "exists"
