"""What an import from an environment that fills itself promises: the importer table of DESIGN.md, row by row."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cloudshelf.model import Kind

from .environments import EXTENSION, SITE, Made, Maker, Project

TREE = {
    "site/box/__init__.py": "from . import lid\nimport os\nLISTED = sorted(os.listdir(os.path.dirname(__file__)))\n",
    "site/box/lid.py": "COLOUR = 'red'\ndef lift():\n    '''Up.'''\n    return 'lifted'\n",
    "site/box/late.py": "WHEN = 'late'\n",
    "site/box/note.txt": "a note",
    "site/box/stub.pyi": "x: int",
    "site/box/deep/__init__.py": "",
    "site/box/deep/data/one.json": "{}",
    "site/box/deep/leaf.py": "from ..lid import COLOUR\n",
    "site/box/tests/__init__.py": "",
    "site/box/tests/test_box.py": "X = 1\n",
    "site/box/__main__.py": "import sys\nprint('main', __name__, sys.argv[1:])\n",
}
BOX = Project("box", TREE)


@pytest.fixture
def box(make: Maker) -> Made:
    return make(BOX)


def test_a_package_and_its_submodules_import(box: Made) -> None:
    assert box.says("import box.deep.leaf; print(box.deep.leaf.COLOUR, box.lid.lift())") == "red lifted"


def test_file_exists_and_is_where_an_installer_would_have_put_it(box: Made) -> None:
    code = "import box, os; print(box.__file__, os.path.exists(box.__file__), box.__cached__ is not None)"
    assert box.says(code) == f"{box.site}/box/__init__.py True True"


def test_a_package_sees_every_file_of_its_folder_from_its_body_on(box: Made) -> None:
    listed = box.says("import box; print(box.LISTED)")
    for name in ("note.txt", "late.py", "lid.py", "deep", "tests"):
        assert f"'{name}'" in listed


def test_what_somebody_removed_is_not_there_any_more(box: Made, tmp_path: Path) -> None:
    """As ``pip uninstall`` leaves it; a copy that comes later in sys.path is found then, as anywhere."""
    box.says("import box.deep.leaf")
    (box.site / "box/deep/leaf.py").unlink()
    assert box.says("import importlib.util as u; print(u.find_spec('box.deep.leaf'))") == "None"
    shutil.rmtree(box.site / "box")
    code = "import importlib.util as u\nprint(u.find_spec('box'))\n"
    code += "try: import box\nexcept ModuleNotFoundError as e: print(e)"
    assert box.says(code).splitlines() == ["None", "No module named 'box'"]
    (tmp_path / "box.py").write_text("X = 'another'\n")
    assert box.says(f"import sys; sys.path.append({str(tmp_path)!r}); import box; print(box.X)") == "another"


def test_idle_files_wait_until_they_are_touched(box: Made) -> None:
    box.says("import box")
    assert not box.is_there("box/stub.pyi")
    assert not box.is_there("box/tests/test_box.py")
    assert box.says("import box.tests.test_box as t; print(t.__name__)") == "box.tests.test_box"


def test_data_of_a_project_is_there_when_its_import_returns(box: Made) -> None:
    code = "import box, os; print(open(os.path.dirname(box.__file__) + '/deep/data/one.json').read())"
    assert box.says(code) == "{}"


def test_what_the_profile_saw_opened_is_there_before_the_body(make: Maker) -> None:
    files = {
        "site/eager/__init__.py": "import os\nTEXT = open(os.path.join(os.path.dirname(__file__), 'x/y.txt')).read()",
        "site/eager/x/y.txt": "seen",
    }
    made = make(Project("eager", files, opened=["site/eager/x/y.txt"]))
    assert made.says("import eager; print(eager.TEXT)") == "seen"


def test_the_fetcher_hears_once_that_a_project_begins(box: Made) -> None:
    box.says("import box, box.late, box.deep.leaf")
    assert [line for line in box.requests() if line.startswith("B")] == ["B 0"]
    assert box.requests()[0] == "B 0"


@pytest.mark.parametrize("options", [(), ("-O",)])
def test_an_import_asks_for_source_and_bytecode_and_who_only_looks_for_a_module_for_its_source(
    make: Maker, options: tuple[str, ...]
) -> None:
    """By this the fetcher tells them apart: what a module imports is brought when it is imported (fetcher/plan.py)."""
    compiled = f"p/__pycache__/leaf.{sys.implementation.cache_tag}.pyc"
    made = make(Project("p", {"site/p/__init__.py": "", f"site/{compiled}": "none", "site/p/leaf.py": "X = 1"}))
    source, bytecode = made.number("p/leaf.py"), made.number(compiled)
    made.says("import p, importlib.util as u; u.find_spec('p.leaf')", *options)
    assert made.requests()[-1] == f"E {source} need"
    made.says("import p.leaf", *options)
    assert made.requests()[-1] == f"E {bytecode} need"


def test_a_running_module_that_came_along_is_told_before_what_it_lacks_is_asked_for(make: Maker) -> None:
    """Nobody asked for ``along`` or ``more``, so nobody knows what else they will import; ``begun`` was asked for."""
    files = {
        "site/p/__init__.py": "",
        "site/p/along.py": "import p.more",
        "site/p/more.py": "import p.done, p.begun",
        "site/p/done.py": "X = 1",
        "site/p/begun.py": "import p.lacks",
        "site/p/lacks.py": "X = 1",
    }
    made = make(Project("p", files, opened=["site/p/__init__.py"]))
    here = [made.number(f"p/{name}.py") for name in ("along", "more", "done")]
    with (made.own / "presence").open("r+b") as presence:
        for number in here:
            (made.path / made.index["paths"][number]).write_bytes(
                files[f"site/p/{made.index['paths'][number].rpartition('/')[2]}"].encode()
            )
            presence.seek(number)
            presence.write(b"\1")
    made.says("import p.along")
    begun, lacks = made.number("p/begun.py"), made.number("p/lacks.py")
    assert made.requests()[-3:] == [f"E {here[0]},{here[1]} soon", f"E {begun} need", f"E {lacks} need"]


def test_when_all_is_in_place_nobody_is_asked(make: Maker) -> None:
    made = make(BOX)
    made.says("import box.deep.leaf")
    before = made.requests()
    make.end()
    code = (
        "import sys\nsys.addaudithook(lambda event, args: print(event) if event.startswith('socket') else None)\n"
        "import box.deep.leaf\nprint('_socket' in sys.modules)"
    )
    assert made.says(code, CLOUDSHELF_BACKGROUND_FILL="0") == "False"
    assert made.requests() == before


def test_a_program_with_every_warning_on_hears_none_of_ours(box: Made) -> None:
    """-X dev, and -W error as many test suites have it; what a warning says at exit goes to stderr, too."""
    assert box.says("import box.deep.leaf; print(1)", "-X", "dev", "-W", "error") == "1"


def test_a_filled_environment_needs_nothing_of_ours(box: Made) -> None:
    box.fill()
    code = "import box, sys; print(type(box.__loader__).__module__, [h for h in sys.path_hooks if 'Env' in repr(h)])"
    assert box.says(code) == "_frozen_importlib_external []"


STARTED = {  # all that an environment with every file in place loads, and an ordinary one does not
    "__future__",
    "_blake2",
    "_cloudshelf",
    "_cloudshelf.importing",
    "_cloudshelf.importing.activate",
    "_cloudshelf.importing.blocklist",
    "_cloudshelf.importing.presence",
    "fcntl",
}
_OPENS = """
import sys
before = sorted(sys.modules)
opened = []
sys.addaudithook(lambda event, args: opened.append((event, str(args[0]))) if event in ('open', 'os.listdir') else None)
import box.deep.leaf
print(before)
print([(event, path.rpartition('site-packages')[2]) for event, path in opened])
"""


def test_a_filled_environment_opens_what_an_ordinary_one_opens(box: Made, tmp_path: Path) -> None:
    box.fill()
    box.says("import box.deep.leaf")  # bytecode is written
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "plain"], check=True)
    own = shutil.ignore_patterns("00_cloudshelf.pth", "__pycache__")
    shutil.copytree(box.site, tmp_path / "plain" / SITE, dirs_exist_ok=True, ignore=own)
    plain = [str(tmp_path / "plain/bin/python"), "-c"]
    box.command([*plain, "import box.deep.leaf"])
    ours, opened = box.says(_OPENS).splitlines()
    usual, ordinary = box.command([*plain, _OPENS]).stdout.splitlines()
    assert opened == ordinary
    assert "leaf" in opened
    assert set(ast.literal_eval(ours)) - set(ast.literal_eval(usual)) == STARTED


def test_bytecode_comes_with_its_source_and_is_used(make: Maker, tmp_path: Path) -> None:
    import py_compile

    source = tmp_path / "quick.py"
    source.write_text("FROM = 'bytecode'\n")
    compiled = py_compile.compile(
        str(source), str(tmp_path / "quick.pyc"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    assert compiled
    name = f"site/__pycache__/quick.{__import__('sys').implementation.cache_tag}.pyc"
    made = make(Project("quick", {"site/quick.py": "FROM = 'source'\n", name: Path(compiled).read_bytes()}))
    assert made.says("import quick; print(quick.FROM)") == "bytecode"


@pytest.fixture(scope="module")
def natives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """An extension module that needs a library of another wheel, through $ORIGIN."""
    folder = tmp_path_factory.mktemp("natives")
    (folder / "answer.c").write_text("int answer(void) { return 42; }\n")
    (folder / "module.c").write_text(
        "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\nint answer(void);\n"
        "static PyObject *ask(PyObject *s, PyObject *a) { return PyLong_FromLong(answer()); }\n"
        'static PyMethodDef methods[] = {{"ask", ask, METH_NOARGS, ""}, {0}};\n'
        'static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "native", "", -1, methods};\n'
        "PyMODINIT_FUNC PyInit_native(void) { return PyModule_Create(&def); }\n"
    )
    (folder / "libs").mkdir()
    gcc = ["gcc", "-shared", "-fPIC", "-o"]
    subprocess.run([*gcc, "libs/libanswer.so.1", "answer.c"], cwd=folder, check=True)
    subprocess.run(
        [
            *(*gcc, "native.so", "module.c", f"-I{sysconfig.get_path('include')}", "libs/libanswer.so.1"),
            *("-Wl,-rpath,$ORIGIN/../answer_libs", "-Wl,--disable-new-dtags"),
        ],
        cwd=folder,
        check=True,
    )
    return {"native": (folder / "native.so").read_bytes(), "library": (folder / "libs/libanswer.so.1").read_bytes()}


def test_an_extension_finds_the_library_of_another_wheel(make: Maker, natives: dict[str, bytes]) -> None:
    extension = f"site/pkg/native{EXTENSION}"
    # The library has no SONAME, so the linker recorded its path as it was given; only the name may stay.
    user = Project(
        "pkg",
        {
            "site/pkg/__init__.py": "",
            extension: natives["native"].replace(b"libs/libanswer.so.1", b"libanswer.so.1\0\0\0\0\0"),
        },
        needs={extension: ["libanswer.so.1", "libc.so.6"]},
    )
    owner = Project("libs", {"site/answer_libs/libanswer.so.1": natives["library"]})
    made = make(owner, user)
    assert made.index["needs"] == {made.number(f"pkg/native{EXTENSION}"): (made.number("answer_libs/libanswer.so.1"),)}
    code = "from pkg import native; print(native.ask(), native.__file__)"
    assert made.says(code) == f"42 {made.site}/pkg/native{EXTENSION}"


def test_a_library_that_only_a_module_links_comes_with_it_or_when_it_is_loaded_by_its_path(
    make: Maker, natives: dict[str, bytes]
) -> None:
    extension, library = f"site/pkg/native{EXTENSION}", "site/pkg/answer_libs/libanswer.so.1"
    content = natives["native"].replace(b"libs/libanswer.so.1", b"libanswer.so.1\0\0\0\0\0")
    files = {
        "site/pkg/__init__.py": "",
        extension: content.replace(b"$ORIGIN/../answer_libs", b"$ORIGIN/answer_libs\0\0\0"),
        library: natives["library"],
        "site/pkg/libbeside.so.1": natives["library"],
    }
    made = make(Project("pkg", files, needs={extension: ["libanswer.so.1", "libc.so.6"]}))
    assert made.says("import pkg; print('imported')") == "imported"
    assert not made.is_there("pkg/answer_libs/libanswer.so.1")
    assert not made.is_there("pkg/libbeside.so.1"), "the same content: another name of that library"
    code = f"import ctypes, pkg, os; print(ctypes.CDLL(os.path.dirname(pkg.__file__) + {library[8:]!r}).answer())"
    assert made.says(code) == "42"
    assert made.says("from pkg import native; print(native.ask())") == "42"
    assert made.is_there("pkg/libbeside.so.1")


def test_a_namespace_spreads_over_wheels(make: Maker) -> None:
    made = make(Project("ns-a", {"site/ns/a/__init__.py": "A = 1"}), Project("ns-b", {"site/ns/b.py": "B = 2"}))
    code = "import ns.a, ns.b; print(ns.a.A + ns.b.B, type(ns.__path__).__name__, ns.__spec__.origin)"
    assert made.says(code) == "3 _NamespacePath None"


def test_two_wheels_share_one_regular_package(make: Maker) -> None:
    init = {"site/shared/__init__.py": "X = 1"}
    made = make(
        Project("one", init | {"site/shared/one.py": "V = 1"}),
        Project("two", init | {"site/shared/two/__init__.py": "V = 2", "site/shared/two/d/x.dat": "2"}),
    )
    assert made.says("import shared.one, shared.two; print(shared.one.V + shared.two.V)") == "3"
    assert made.is_there("shared/two/d/x.dat")


def test_a_package_of_data_alone_has_its_data_when_imported(make: Maker) -> None:
    made = make(Project("assets", {"site/assets/sub/x.txt": "only data"}))
    code = "import importlib.resources as r; print((r.files('assets') / 'sub' / 'x.txt').read_text())"
    assert made.says(code) == "only data"


def test_reload_runs_the_body_again(box: Made) -> None:
    code = "import importlib, box.lid as m; m.COLOUR = 1; importlib.reload(m); print(m.COLOUR)"
    assert box.says(code) == "red"


def test_python_m_runs_a_package_and_a_module(box: Made) -> None:
    python = str(box.path / "bin/python")
    assert box.command([python, "-m", "box", "a"]).stdout == "main __main__ ['a']\n"
    assert box.command([python, "-I", "-m", "box.late"]).stdout == ""


@pytest.mark.parametrize("option", ["-I", "-E", "-s", "-P", "-B", "-O"])
def test_options_of_python_change_nothing(box: Made, option: str) -> None:
    assert box.says("import box.deep.leaf as m; print(m.COLOUR)", option) == "red"


def test_importlib_resources_reads(box: Made) -> None:
    code = "from importlib import resources; print(resources.files('box').joinpath('note.txt').read_text())"
    assert box.says(code) == "a note"


def test_pkgutil_get_data_reads_before_the_import(box: Made) -> None:
    assert box.says("import pkgutil; print(pkgutil.get_data('box.deep', 'data/one.json'))") == "b'{}'"


@pytest.mark.parametrize("first", ["", "import box\n"])
def test_pkgutil_walks_everything(box: Made, first: str) -> None:
    names = ["box", "box.__main__", "box.deep", "box.deep.leaf", "box.late", "box.lid"]
    names += ["box.tests", "box.tests.test_box"]
    code = (
        f"{first}import pkgutil, sys\nfound = [(m.name, m.ispkg) for m in pkgutil.walk_packages([{str(box.site)!r}])]\n"
        "print(sorted(found))"
    )
    expected = [(name, name in ("box", "box.deep", "box.tests")) for name in names]
    assert box.says(code) == str(sorted(expected))


def test_inspect_finds_source(box: Made) -> None:
    assert "return 'lifted'" in box.says("import inspect, box.lid; print(inspect.getsource(box.lid.lift))")


def test_lazy_loader_defers_the_body(box: Made) -> None:
    code = (
        "import importlib.util as u, sys\nspec = u.find_spec('box.late')\nspec.loader = u.LazyLoader(spec.loader)\n"
        "m = u.module_from_spec(spec); sys.modules['box.late'] = m; spec.loader.exec_module(m)\n"
        "print(type(m).__name__, m.WHEN, type(m).__name__)"
    )
    assert box.says(code) == "_LazyModule late module"


def test_a_lookup_by_tail_name_gives_a_spec_whose_file_is_there(box: Made) -> None:
    """jedi asks so, and reads the file; the module must not run for it."""
    code = (
        "import sys, os\nfrom importlib.machinery import PathFinder\n"
        f"spec = PathFinder.find_spec('deep', [{str(box.site / 'box')!r}])\n"
        "print(spec.name, spec.submodule_search_locations, os.path.exists(spec.origin), 'box' in sys.modules,"
        " spec.loader.is_package('deep'), repr(spec.loader.get_source('deep')), spec.loader.get_filename('deep'))"
    )
    folder = f"{box.site}/box/deep"
    assert box.says(code) == f"deep ['{folder}'] True False True '' {folder}/__init__.py"
    assert not box.is_there("box/lid.py")


def test_loaders_are_the_standard_ones(box: Made) -> None:
    code = (
        "import box, importlib.machinery as m, importlib.abc as a\n"
        "print(isinstance(box.__loader__, m.SourceFileLoader), isinstance(box.__loader__, a.ResourceLoader))"
    )
    assert box.says(code) == "True True"


def test_a_module_written_into_the_environment_is_found_after_invalidate_caches(box: Made) -> None:
    code = (
        "import box, importlib, os\nopen(os.path.dirname(box.__file__) + '/made.py', 'w').write('X = 7')\n"
        "importlib.invalidate_caches()\nimport box.made, pkgutil\n"
        "print(box.made.X, 'made' in [m.name for m in pkgutil.iter_modules(box.__path__)])"
    )
    assert box.says(code) == "7 True"


def test_what_pip_installs_into_the_environment_is_found_by_the_next_process(make: Maker) -> None:
    made = make(BOX, Project("spread", {"site/wide/one.py": ""}))
    for name in ("more/__init__.py", "more/part.py", "wide/two.py"):
        (made.site / name).parent.mkdir(exist_ok=True)
        (made.site / name).write_text("")
    assert made.says("import box, more.part, wide.one, wide.two; print(wide.two.__name__)") == "wide.two"


def test_a_miss_does_no_io(box: Made) -> None:
    code = (
        f"import sys, posix, box\nfinder = sys.path_importer_cache[{str(box.site)!r}]\nevents = []\n"
        "finder.find_spec('warm')\n"
        "sys.addaudithook(lambda event, args: events.append(event))\n"
        "for name in ('stat', 'lstat', 'open', 'listdir', 'scandir'):\n"
        "    setattr(posix, name, lambda *a, n=name, **k: events.append(n))\n"
        "import _frozen_importlib_external as e\n"
        "found = [finder.find_spec(f'nothing{i}') for i in range(100)]\n"
        "print(any(found), [x for x in events if x not in ('import', 'exec', 'sys._getframe')])"
    )
    assert box.says(code) == "False []"


def test_a_miss_costs_microseconds(box: Made) -> None:
    code = (
        f"import sys, timeit, box\nfinder = sys.path_importer_cache[{str(box.site)!r}]\n"
        "print(min(timeit.repeat(lambda: finder.find_spec('nothing'), number=2000, repeat=5)) / 2000)"
    )
    assert float(box.says(code)) < 5e-6  # about 1.2 on a quiet machine


def test_metadata_is_there_and_files_fills_the_distribution(box: Made) -> None:
    code = (
        "import importlib.metadata as m\nd = m.distribution('box')\n"
        "print(m.version('box'), m.packages_distributions()['box'], len([f for f in d.files if f.locate().exists()]))"
    )
    assert box.says(code) == f"1.0 ['box'] {len(TREE) + 1}"
    assert box.is_there("box/stub.pyi")


def test_packages_distributions_brings_nothing(box: Made) -> None:
    box.says("import importlib.metadata as m; m.packages_distributions()")
    assert box.requests() == []


def test_pth_files_run_before_user_code_as_in_any_virtual_environment(make: Maker, tmp_path: Path) -> None:
    """``site`` reads those of a virtual environment twice, on some versions of Python; so nobody may rely on once."""
    files = {
        "site/hello.pth": "import sys; sys.hello = getattr(sys, 'hello', 0) + 1\nextra_folder\n",
        "site/extra_folder/inside.py": "X = 5",
    }
    made = make(Project("hello", files))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "plain"], check=True)
    (tmp_path / "plain" / SITE / "hello.pth").write_text(files["site/hello.pth"])
    ordinary = made.command([str(tmp_path / "plain/bin/python"), "-c", "import sys; print(sys.hello)"]).stdout.strip()
    assert made.says("import sys, inside; print(sys.hello, inside.X)") == f"{ordinary} 5"


def test_a_script_runs_with_the_environments_python(make: Maker) -> None:
    script = "#!python\nimport sys, box\nprint(sys.prefix, sys.argv[1:])\n"
    made = make(Project("box", TREE | {"scripts/box-tool": script}))
    assert made.command([str(made.path / "bin/box-tool"), "x"]).stdout == f"{made.path} ['x']\n"


def test_a_binary_of_a_wheel_comes_when_it_is_run(make: Maker) -> None:
    tool = Project("tool", {"scripts/tool": '#!/bin/sh\necho real "$1"\n'}, kinds={"scripts/tool": Kind.LIBRARY})
    made = make(tool)
    for _ in range(2):
        assert made.command([str(made.path / "bin/tool"), "arg"]).stdout == "real arg\n"
    assert (made.path / "bin/tool").read_text().startswith("#!/bin/sh")


LOOKS = {
    "its beginning": "open(tool).read(9)",
    "its size": "'#!/bin/sh' if os.path.getsize(tool) < 40 else ''",
    "a copy of it": "open(shutil.copy2(tool, 'copied')).read(9)",
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_program_that_looks_at_a_binary_sees_it(make: Maker, look: str) -> None:
    made = make(Project("tool", {"scripts/tool": "#!/bin/sh\necho real\n"}, kinds={"scripts/tool": Kind.LIBRARY}))
    code = f"import os, shutil, sys; tool = f'{{sys.prefix}}/bin/tool'; print({LOOKS[look]})"
    assert made.says(code) == "#!/bin/sh"


def test_a_copy_of_a_binary_made_before_it_came_runs(make: Maker, tmp_path: Path) -> None:
    made = make(Project("tool", {"scripts/tool": "#!/bin/sh\necho real\n"}, kinds={"scripts/tool": Kind.LIBRARY}))
    copied = shutil.copy2(made.path / "bin/tool", tmp_path / "copied")
    assert made.command([str(copied)]).stdout == "real\n"


def test_an_error_in_a_body_shows_the_modules_alone(make: Maker) -> None:
    made = make(Project("bad", {"site/bad/__init__.py": "import bad.inner\n", "site/bad/inner.py": "1 / 0\n"}))
    code = (
        "import traceback\ntry: import bad\nexcept ZeroDivisionError as e:\n"
        "    print([f.filename.rpartition('/')[2] for f in traceback.extract_tb(e.__traceback__)])"
    )
    assert made.says(code) == "['<string>', '__init__.py', 'inner.py']"


def test_a_warning_of_a_body_is_that_of_the_importing_module(make: Maker) -> None:
    made = make(Project("old", {"site/old.py": "import warnings\nwarnings.warn('old', stacklevel=2)\n"}))
    code = (
        "import warnings\nwith warnings.catch_warnings(record=True) as caught:\n    import old\n"
        "print([w.filename for w in caught])"
    )
    assert made.says(code) == "['<string>']"


def test_the_environment_works_through_a_symbolic_link(box: Made, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(box.path)
    done = box.command([str(tmp_path / "link/bin/python"), "-c", "import box.late; print(box.__file__)"])
    assert done.stdout == f"{tmp_path}/link/{SITE}/box/__init__.py\n"
