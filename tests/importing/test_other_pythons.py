"""The importer on the other Pythons of this machine, without a virtual environment of theirs; ``make pythons`` has all.

An environment is its interpreter's own, and what runs in it is the standard library and ours: the fetcher stays the one
of this Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pythons import find_pythons

from .environments import Made, Maker, Project

ROOT = Path(__file__).parents[2]
PYTHONS = find_pythons()
if not PYTHONS:
    pytest.skip("this machine has no other Python that is supported", allow_module_level=True)
BOX = Project(
    "box",
    {
        "site/box/__init__.py": "from . import lid\n",
        "site/box/lid.py": "def lift():\n    return 'lifted'\n",
        "site/box/deep/__init__.py": "",
        "site/box/deep/leaf.py": "from ..lid import lift\n",
        "site/box/note.txt": "a note",
        "site/box/tests/__init__.py": "",
        "site/box/__main__.py": "import sys\nprint(__name__, sys.argv[1:])\n",
        "site/spread/one.py": "N = 1\n",
        "scripts/box": "#!python\nimport box\nprint(box.lid.lift())\n",
    },
)
MORE = Project("more", {"site/spread/two.py": "N = 2\n", "site/more.py": ""})


@pytest.fixture(params=PYTHONS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """An environment of another Python."""
    maker = Maker(tmp_path, PYTHONS[request.param])
    yield maker(BOX, MORE)
    maker.end()


def test_a_program_sees_what_an_installer_would_have_put_there(made: Made) -> None:
    """With every warning an error. ``importlib.metadata``, ``pkgutil`` and ``inspect`` differ most between Pythons."""
    code = (
        "import box.deep.leaf, spread.one, spread.two, inspect, pkgutil, sys\n"
        "import importlib.metadata as metadata, importlib.resources as resources\n"
        "print(sys.version_info[:2], box.deep.leaf.lift(), spread.one.N + spread.two.N)\n"
        "print((resources.files('box') / 'note.txt').read_text(), inspect.getsource(box.lid.lift).count('lifted'))\n"
        "print([module.name for module in pkgutil.iter_modules(box.__path__)])\n"
        "print(metadata.version('box'), len(metadata.files('box')), metadata.packages_distributions()['more'])\n"
    )
    assert made.says(code, "-X", "dev", "-W", "error").splitlines() == [
        f"{tuple(map(int, made.site.parent.name.removeprefix('python').split('.')))} lifted 3",
        "a note 1",
        "['__main__', 'deep', 'lid', 'tests']",
        "1.0 9 ['more']",
    ]


def test_an_import_asks_once_for_each_module_and_then_never_again(made: Made) -> None:
    """So the finder knows an import by its caller: else it would ask for each module that it finds, too."""
    code = "import box.deep.leaf, spread.one"
    made.says(code)
    asked = made.requests()
    assert [line[0] for line in asked] == list("BEEEE")  # box begins; box, box.lid, box.deep.leaf, spread.one
    made.says(code, CLOUDSHELF_BACKGROUND_FILL="0")
    assert made.requests() == asked


def test_modules_scripts_and_shells_run(made: Made) -> None:
    python = str(made.path / "bin/python")
    assert made.command([python, "-m", "box", "x"]).stdout == "__main__ ['x']\n"
    assert made.command([str(made.path / "bin/box")]).stdout == "lifted\n"
    activated = f". {made.path}/bin/activate && python -c 'import more; print(more.__file__)'"
    assert made.command(["/bin/sh", "-c", activated]).stdout == f"{made.site}/more.py\n"


def test_children_of_every_kind_have_the_environment(made: Made, tmp_path: Path) -> None:
    script = tmp_path / "children.py"
    script.write_text(
        "import multiprocessing\n"
        "def lift(_):\n    import box.lid\n    return box.lid.lift()\n"
        "if __name__ == '__main__':\n"
        "    for method in ('spawn', 'forkserver', 'fork'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool: print(pool.map(lift, [0]))\n"
    )
    said = made.command([str(made.path / "bin/python"), "-W", "error", str(script)]).stdout
    assert said.splitlines() == ["['lifted']"] * 3


def test_a_python_that_is_not_its_own_imports_from_it(made: Made) -> None:
    """As a kernel does."""
    python = next(line for line in (made.path / "pyvenv.cfg").read_text().splitlines() if line.startswith("executable"))
    code = (
        f"import sys; sys.path.append({str(ROOT)!r})\nfrom cloudshelf.importing.activate import activate\n"
        f"activate({str(made.path)!r})\nimport box.deep.leaf, spread.two; print(box.__file__, spread.two.N)"
    )
    assert made.command([python.partition(" = ")[2], "-c", code]).stdout == f"{made.site}/box/__init__.py 2\n"
