"""An import of a module that nobody provides pins the shelf's default, but only in the user's own cell."""

import _imp
import importlib
import sys
import threading

import pytest

from cloudshelf.errors import StoreUnreachable
from cloudshelf_jupyter import zero_step


class FakeSession:
    """A shelf with one project: ``use`` puts its folder on sys.path."""

    url = "memory:"

    def __init__(self, folder):
        self.folder, self.asked, self.used, self.outage = folder, [], [], False

    def find_module(self, name):
        self.asked.append(name)
        if self.outage:
            raise StoreUnreachable("the shelf", "no route")
        if name.partition(".")[0] == "shelfmodule":
            return {"project": "shelf-project", "version": "2.0"}
        if name == "shelftool":
            return {"suggestions": ["shelfmodule"], "namesake": "shelftool"}
        return {"suggestions": ["shelfmodule"]} if name == "shelfmodul" else {}

    def use(self, requirement, progress=None):
        self.used.append(requirement)
        sys.path.append(str(self.folder))
        pins = [{"project": "shelf-project", "version": "2.0"}]
        return {"pins": pins, "changes": [*pins, {"project": "other", "version": "1"}]}


@pytest.fixture
def cell(tmp_path, monkeypatch):
    """Runs code as a cell does, with the finder installed; has the session and what was said."""
    (tmp_path / "shelfmodule").mkdir()
    (tmp_path / "shelfmodule/__init__.py").write_text("x = 1\n")
    (tmp_path / "shelfmodule/sub.py").write_text("y = 2\n")
    library = tmp_path / "library"
    library.mkdir()
    (library / "shelflibrary.py").write_text("try:\n    import shelfmodule\nexcept ImportError:\n    found = False\n")
    monkeypatch.syspath_prepend(str(library))
    namespace = {"__name__": "__main__"}
    session, said = FakeSession(tmp_path), []
    before = list(sys.path)

    class Cell:
        def __call__(self, code, filename="/tmp/ipykernel_1/2.py"):
            exec(compile(code, filename, "exec"), namespace)
            return namespace

    Cell.session, Cell.said, Cell.namespace = session, said, namespace
    zero_step.install(zero_step.ZeroStepFinder(session, namespace, said.append))
    yield Cell()
    zero_step.uninstall()
    sys.path[:] = before
    for name in [n for n in sys.modules if n.startswith(("shelfmodule", "shelflibrary"))]:
        del sys.modules[name]


def test_an_import_in_a_cell_pins_and_says_how_to_keep_it(cell):
    assert cell("import shelfmodule")["shelfmodule"].x == 1
    assert cell.session.used == ["shelf-project"]
    first, keep = "shelf-project 2.0, the shelf's default, is pinned now, with 1 other.", "shelf-project==2.0"
    assert cell.said == [f"{first} Keep it with: %shelf use {keep}"]


def test_a_dotted_import_asks_for_the_whole_name(cell):
    assert cell("import shelfmodule.sub as s")["s"].y == 2
    assert cell.session.asked == ["shelfmodule.sub"]


@pytest.mark.parametrize("code", ["import shelfmodule", "import shelfmodule.sub as s"])
def test_other_threads_import_while_a_project_is_pinned(cell, tmp_path, code):
    """Progress and panels do, and the import that is waited for waits for them."""
    (tmp_path / "library/shelflibrary_late.py").write_text("x = 1\n")
    find, imported = cell.session.find_module, []

    def find_slowly(name):
        thread = threading.Thread(target=lambda: imported.append(importlib.import_module("shelflibrary_late")))
        thread.start()
        thread.join(20)
        return find(name)

    cell.session.find_module = find_slowly
    cell(code)
    assert len(imported) == 1
    assert not _imp.lock_held()


def test_import_module_in_a_cell_counts_as_an_import(cell):
    cell("import importlib; importlib.import_module('shelfmodule')")
    assert cell.session.used == ["shelf-project"]


def test_an_import_inside_a_library_never_triggers_it(cell):
    assert cell("import shelflibrary")["shelflibrary"].found is False
    assert cell.session.asked == []


def test_a_probe_with_find_spec_never_triggers_it(cell):
    assert cell("import importlib.util; spec = importlib.util.find_spec('shelfmodule')")["spec"] is None
    assert cell.session.asked == []


@pytest.mark.parametrize("filename", ["<string>", "/lib/python3.11/site-packages/IPython/core/guarded_eval.py"])
def test_code_that_is_not_a_cell_never_triggers_it(cell, filename):
    with pytest.raises(ModuleNotFoundError):
        cell("import shelfmodule", filename)
    assert cell.session.asked == []


def test_an_unknown_module_is_the_normal_error_and_asked_for_once(cell):
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="No module named 'shelfnone'"):
            cell("import shelfnone")
    assert cell.session.asked == ["shelfnone"]
    assert cell.said == []


def test_a_misspelt_module_gets_a_hint(cell):
    with pytest.raises(ModuleNotFoundError):
        cell("import shelfmodul")
    assert cell.said == ["shelfmodul is not on the shelf. Did you mean shelfmodule?"]


def test_a_tool_of_that_name_is_said_to_be_no_module(cell):
    with pytest.raises(ModuleNotFoundError):
        cell("import shelftool")
    assert cell.said == ["shelftool is on the shelf, but brings no Python module shelftool: %shelf show shelftool"]


def test_an_outage_is_the_shelfs_error_and_no_import_error(cell):
    cell.session.outage = True
    with pytest.raises(StoreUnreachable):
        cell("try:\n    import shelfmodule\nexcept ImportError:\n    pass")
    cell.session.outage = False
    cell("import shelfmodule")
    assert cell.session.used == ["shelf-project"]


def test_without_a_shelf_imports_are_as_ever(cell):
    cell.session.url = None
    with pytest.raises(ModuleNotFoundError):
        cell("import shelfmodule")
    assert cell.session.asked == []


def test_a_submodule_missing_from_an_installed_package_never_triggers_it(cell):
    with pytest.raises(ModuleNotFoundError):
        cell("import json.shelfmodule")
    assert cell.session.asked == []


def test_reinstalling_leaves_one_finder_at_the_end():
    for _ in range(2):
        zero_step.install(zero_step.ZeroStepFinder(None, {}, print))
    kinds = [type(finder) for finder in sys.meta_path]
    assert kinds.count(zero_step.ZeroStepFinder) == 1 and kinds[-1] is zero_step.ZeroStepFinder
    zero_step.uninstall()
    assert not any(isinstance(finder, zero_step.ZeroStepFinder) for finder in sys.meta_path)
