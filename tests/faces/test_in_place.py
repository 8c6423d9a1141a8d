"""What is in place of an environment, looked at again and again."""

import importlib.machinery
import sys
import types
from pathlib import Path

from cloudshelf.session.in_place import InPlace

from .test_session import _environment

FILES = {"a.py": ("a", 100, 0), "b.py": ("b", 10, 0)}


def put(environment, number):
    """As the fetcher does it: one byte of a file that others have mapped."""
    with Path(environment, ".cloudshelf/presence").open("r+b") as file:
        file.seek(number)
        file.write(b"\1")


def test_a_file_that_comes_is_counted_at_the_next_look(tmp_path):
    environment = _environment(tmp_path / "1", "one", FILES)
    found = InPlace(environment)
    assert [row["fetched"] for row in found.rows()] == [0] and not found.is_complete()
    put(environment, 0)
    assert [(row["present"], row["fetched"]) for row in found.rows()] == [(1, 100)] and not found.is_complete()
    put(environment, 1)
    assert [(row["present"], row["fetched"]) for row in found.rows()] == [(2, 110)] and found.is_complete()


def test_the_same_wheel_in_an_earlier_environment_counts_as_it_comes_there(tmp_path):
    earlier = _environment(tmp_path / "1", "one", FILES)
    later = _environment(tmp_path / "2", "one", FILES)
    found = InPlace(later, [earlier, later])
    put(earlier, 1)
    put(later, 0)
    assert [row["fetched"] for row in found.rows()] == [110] and not found.is_complete()


def test_a_module_of_an_earlier_environment_is_of_the_version_there(tmp_path, monkeypatch):
    earlier, later = (_environment(tmp_path / n, "one", FILES, version=n, modules=["one"]) for n in ("1", "2"))
    module = types.ModuleType("one")
    module.__spec__ = importlib.machinery.ModuleSpec("one", None, origin=f"{earlier}/site/one.py")
    monkeypatch.setitem(sys.modules, "one", module)
    (row,) = InPlace(later, [earlier, later]).rows()
    assert (row["version"], row["loaded"], row["loaded_version"]) == ("2", ["one"], "1")
