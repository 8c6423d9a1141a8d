"""What a profile promises: what a real import touched of the project, in order, by whom; and nothing else happens."""

from __future__ import annotations

import importlib.machinery
import os
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.publisher.bytecode import compile_tree
from cloudshelf.publisher.interpreter import find_interpreter
from cloudshelf.publisher.profile import ImportTree, Recording
from cloudshelf.publisher.tree import unpack_wheel, write_record

from .wheels import build_wheel

Record = Callable[..., list[Recording]]
HERE = find_interpreter(None, None)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """The recordings of a project "demo" with these files, beside a project "below"."""

    def record(files: dict[str, bytes], *, seconds: float = 60) -> list[Recording]:
        importable = ImportTree(tmp_path / "environment", HERE)
        trees = []
        for name, content in (("below", {"below/__init__.py": b"", "below/deep.py": b""}), ("demo", files)):
            tree = unpack_wheel(build_wheel(tmp_path, name, files=content), tmp_path / name)
            compile_tree(tree, HERE)
            write_record(tree, HERE.python)
            importable.add(name, tree.root, list(tree.files))
            trees.append(tree)
        return importable.record(trees[1], seconds=seconds)

    return record


def test_the_order_is_that_of_the_import_and_bytecode_stands_beside_its_source(record: Record) -> None:
    (recording,) = record(
        {
            "demo/__init__.py": b"from . import z, a\n",
            "demo/a.py": b"",
            "demo/never.py": b"",
            "demo/z.py": b"",
        }
    )
    assert recording.order == [
        path
        for name in ("__init__", "z", "a")
        for path in (f"site/demo/{name}.py", f"site/demo/__pycache__/{name}.{HERE.tag}.pyc")
    ]
    assert (recording.opened, recording.error) == ([], "")


def test_what_the_program_opens_is_told_from_what_importlib_opens(record: Record) -> None:
    body = b"import os\nopen(os.path.join(os.path.dirname(__file__), 'table.csv')).close()\n"
    (recording,) = record({"demo/__init__.py": body, "demo/table.csv": b"1", "demo/other.csv": b"2"})
    assert recording.opened == ["site/demo/table.csv"]


def test_a_listed_folder_counts_as_all_its_plain_files(record: Record) -> None:
    body = b"import os\nos.listdir(os.path.dirname(__file__) + '/parts')\n"
    files = {"demo/__init__.py": body, "demo/parts/a.txt": b"", "demo/parts/b.txt": b"", "demo/parts/deep/c.txt": b""}
    (recording,) = record(files)
    assert recording.opened == ["site/demo/parts/a.txt", "site/demo/parts/b.txt"]


def test_projects_are_told_in_the_order_they_were_imported(record: Record) -> None:
    (recording,) = record({"demo/__init__.py": b"import below\n"})
    assert recording.projects == ["below"]
    assert all(path.startswith("site/demo/") for path in recording.order)


def test_what_an_import_takes_of_other_projects_is_told_by_module(record: Record) -> None:
    (recording,) = record({"demo/__init__.py": b"from . import a\n", "demo/a.py": b"import below\nimport below.deep\n"})
    assert recording.modules == ["below", "below.deep"]


def test_what_each_body_imports_is_told_even_where_no_source_says_it(record: Record) -> None:
    files = {
        "demo/__init__.py": b"__import__('demo.a')\n",
        "demo/a.py": b"import importlib\nimportlib.import_module('demo.' + 'b')\n",
        "demo/b.py": b"import below\n",
    }
    (recording,) = record(files)
    assert recording.imports == {
        "site/demo/__init__.py": ["demo.a"],
        "site/demo/a.py": ["demo.b"],
        "site/demo/b.py": ["below"],
    }


def test_each_module_is_recorded_on_its_own(record: Record) -> None:
    one, two = record({"one.py": b"import shared_part.x\n", "shared_part/__init__.py": b"", "shared_part/x.py": b""})
    assert (one.module, two.module) == ("one", "shared_part")
    assert "site/shared_part/x.py" in one.order
    assert "site/shared_part/x.py" not in two.order
    assert "site/shared_part/__init__.py" in two.order  # though the other had imported it before


def test_a_failing_import_keeps_what_came_before(record: Record) -> None:
    (recording,) = record({"demo/__init__.py": b"from . import a\nraise ValueError('no display')\n", "demo/a.py": b""})
    assert recording.error == "ValueError: no display"
    assert "site/demo/a.py" in recording.order


@pytest.mark.parametrize(
    "body, error",
    [
        (b"import sys\nsys.exit('usage')\n", "SystemExit: usage"),
        (b"import os\nos._exit(7)\n", "the process ended with exit code 7"),
        (b"import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "the process ended with SIGSEGV"),
        (b"print('e a lie')\nimport sys\nsys.stdout.flush()\n", ""),
    ],
)
def test_a_module_that_is_a_program_or_crashes_is_only_recorded(record: Record, body: bytes, error: str) -> None:
    (recording,) = record({"demo/__init__.py": body})
    assert recording.error == error
    assert recording.order[0] == "site/demo/__init__.py"


def test_an_import_that_never_ends_is_stopped_with_what_it_started(record: Record, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    body = f"import subprocess\nsubprocess.run(['/bin/sh', '-c', 'exec 3>{fifo}; echo up >&3; sleep 1000'])\n"
    (recording,) = record({"demo/__init__.py": body.encode()}, seconds=3)
    assert recording.error == "the import did not end within 3 seconds"
    os.set_blocking(reading, True)
    with open(reading) as stream:
        assert stream.read() == "up\n"  # it had started, and nobody holds the writing end any more


def test_the_publishers_own_packages_and_secrets_are_not_seen(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    body = b"import os, sys\nassert 'AWS_SECRET_ACCESS_KEY' not in os.environ\nassert sys.prefix != sys.base_prefix\n"
    body += b"try:\n    import pytest\nexcept ImportError:\n    pass\nelse:\n    raise AssertionError\n"
    (recording,) = record({"demo/__init__.py": body})
    assert recording.error == ""


def test_pth_files_work_as_installed(record: Record) -> None:
    files = {"demo.pth": b"inner\n", "inner/hidden.py": b"", "demo/__init__.py": b"import hidden\n"}
    recordings = {recording.module: recording for recording in record(files)}
    assert recordings["demo"].error == ""
    assert "site/inner/hidden.py" in recordings["demo"].order


def test_a_submodule_that_never_ends_is_no_failure_of_the_import(record: Record) -> None:
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    native = (Path(sysconfig.get_config_var("DESTSHARED")) / f"_queue{suffix}").read_bytes()
    files = {
        "demo/__init__.py": b"",
        "demo/slow/__init__.py": b"import time\ntime.sleep(1000)\n",
        f"demo/slow/_queue{suffix}": native,
    }
    (recording,) = record(files, seconds=3)
    assert recording.error == ""
    assert "site/demo/slow/__init__.py" in recording.later


def test_native_modules_that_the_import_leaves_out_are_imported_besides(record: Record) -> None:
    """Also those of a subpackage that nothing imports: only running them tells what they import."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    native = (Path(sysconfig.get_config_var("DESTSHARED")) / f"_queue{suffix}").read_bytes()
    files = {
        "demo/__init__.py": b"from . import a\n",
        "demo/a.py": b"",
        "demo/crash/__init__.py": b"import os\nos.abort()\n",
        f"demo/crash/_queue{suffix}": native,
        "demo/plain/__init__.py": b"",
        "demo/sub/__init__.py": b"from . import b\nraise ValueError\n",
        "demo/sub/b.py": b"",
        "demo/sub/public/__init__.py": b"",
        f"demo/sub/public/_queue{suffix}": native,
        "demo/thing/__init__.py": b"",
        "demo/thing/inner/__init__.py": b"",
        f"demo/thing/inner/_queue{suffix}": native,
    }
    (recording,) = record(files)
    assert recording.error == ""
    assert [path for path in recording.order if path.endswith(".py")] == ["site/demo/__init__.py", "site/demo/a.py"]
    assert [path for path in recording.later if "__pycache__" not in path] == [
        "site/demo/crash/__init__.py",
        "site/demo/sub/__init__.py",
        "site/demo/sub/b.py",
        "site/demo/thing/__init__.py",
        "site/demo/thing/inner/__init__.py",
        f"site/demo/thing/inner/_queue{suffix}",
    ]
