"""Children, threads, and what monkey-patches them; activation in a python that is not the environment's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .environments import SITE, Made, Maker, Project

GRAPH = Project(
    "graph",
    {"site/graph/__init__.py": "", "site/graph/shared.py": "COUNT = []\n"}
    | {
        f"site/graph/m{i}/__init__.py": f"from ..shared import COUNT\nfrom .x import X\nCOUNT.append({i})\n"
        for i in range(24)
    }
    | {f"site/graph/m{i}/x.py": f"X = {i}\n" for i in range(24)},
)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def graph(make: Maker) -> Made:
    return make(GRAPH)


def test_a_fork_after_a_cold_import_imports_more(graph: Made) -> None:
    code = (
        "import graph.m0, multiprocessing as mp, importlib\n"
        "def more(i): return importlib.import_module(f'graph.m{i}').X\n"
        "with mp.get_context('fork').Pool(3) as pool: print(pool.map(more, range(1, 9)))\n"
        "import graph.m20; print(graph.m20.X)"
    )
    assert graph.says(code).splitlines() == [str(list(range(1, 9))), "20"]


def test_spawned_children_have_the_environment(graph: Made, tmp_path: Path) -> None:
    script = tmp_path / "spawning.py"
    script.write_text(
        "import multiprocessing as mp\n"
        "def more(i):\n    import importlib\n    return importlib.import_module(f'graph.m{i}').X\n"
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(2) as pool: print(pool.map(more, [1, 2]))\n"
    )
    assert graph.command([str(graph.path / "bin/python"), str(script)]).stdout == "[1, 2]\n"


def test_many_threads_import_one_graph(graph: Made) -> None:
    code = (
        "import threading, importlib, sys\nbarrier = threading.Barrier(24); failed = []\n"
        "def work(i):\n    barrier.wait()\n"
        "    try:\n        for j in range(24): importlib.import_module(f'graph.m{(i + j) % 24}')\n"
        "    except BaseException as e: failed.append(repr(e))\n"
        "threads = [threading.Thread(target=work, args=(i,)) for i in range(24)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "from graph.shared import COUNT\nprint(failed, sorted(COUNT) == list(range(24)))"
    )
    assert graph.says(code) == "[] True"


def test_programs_that_patch_sockets_and_threads_first_still_import(graph: Made) -> None:
    code = (
        "import socket, time, threading, select, os\n"
        "def broken(*a, **k): raise AssertionError('patched')\n"
        "socket.socket = time.sleep = threading.Lock = select.poll = os.waitpid = broken\n"
        "import graph.m3; print(graph.m3.X)"
    )
    assert graph.says(code) == "3"


def outer(made: Made, code: str) -> list[str]:
    """Lines printed by a python that is not the environment's, with cloudshelf importable."""
    head = (
        f"import sys; sys.path.append({str(ROOT)!r})\nfrom cloudshelf.importing.activate import activate, deactivate\n"
    )
    done = made.command([sys.executable, "-c", head + code])
    return done.stdout.splitlines()


def test_another_python_can_activate_it_twice(graph: Made) -> None:
    code = (
        f"path = {str(graph.path)!r}\nfirst = activate(path); n = len(sys.path), len(sys.path_hooks)\n"
        "second = activate(path + '/')\nprint(first is second, n == (len(sys.path), len(sys.path_hooks)))\n"
        "import graph.m1; print(graph.m1.__file__)\n"
        f"print(sys.path.index(path + '/{SITE}') < min(i for i, p in enumerate(sys.path) if p.endswith('site-packages')"
        " and not p.startswith(path)))"
    )
    assert outer(graph, code) == ["True True", f"{graph.site}/graph/m1/__init__.py", "True"]


def test_a_larger_environment_replaces_an_earlier_one(make: Maker) -> None:
    base = Project("base", {"site/base/__init__.py": "", "site/base/late.py": "V = 'base'", "site/ns/a.py": ""})
    plugin = Project("plugin", {"site/base/plug.py": "V = 'plugin'", "site/plugin.py": "", "site/ns/b.py": "V = 'ns'"})
    earlier, later = make(base), make(base, plugin)
    code = (
        f"activate({str(earlier.path)!r})\nimport base, ns.a\nactivate({str(later.path)!r})\n"
        "import base.late, base.plug, plugin, ns.b\n"
        "print(base.late.__file__)\nprint(base.plug.__file__)\nprint(ns.b.V, plugin.__file__)\n"
        f"print([p for p in sys.path if p.startswith({str(earlier.path)!r})])"
    )
    assert outer(earlier, code) == [
        f"{earlier.site}/base/late.py",
        f"{later.site}/base/plug.py",
        f"ns {later.site}/plugin.py",
        "[]",
    ]


def test_after_deactivation_nothing_new_comes_and_what_is_loaded_works(graph: Made) -> None:
    code = (
        f"activate({str(graph.path)!r})\nimport graph\ndeactivate({str(graph.path)!r})\n"
        "import graph.m2, importlib.util\nprint(graph.m2.X)\n"
        "del sys.modules['graph']; print(importlib.util.find_spec('graph'))"
    )
    assert outer(graph, code) == ["2", "None"]


def test_its_pth_files_run_once_in_another_python(make: Maker) -> None:
    files = {
        "site/hello.pth": "import sys; sys.hello = getattr(sys, 'hello', 0) + 1\nextra\n",
        "site/extra/inside.py": "X = 5",
    }
    first, second = make(Project("hello", files)), make(Project("hello", files), Project("more", {"site/more.py": ""}))
    code = "".join(f"activate({str(made.path)!r})\n" for made in (first, second))
    code += "import inside\nprint(sys.hello, inside.__file__)"
    assert outer(first, code) == [f"1 {second.site}/extra/inside.py"]


def test_no_environment_is_told(tmp_path: Path) -> None:
    from cloudshelf.errors import CacheUnusable
    from cloudshelf.importing.activate import activate

    before = list(sys.path), list(sys.path_hooks)
    with pytest.raises(CacheUnusable):
        activate(str(tmp_path))
    assert before == (sys.path, sys.path_hooks)


def test_activating_loads_little(graph: Made) -> None:
    graph.says("import graph")
    code = (
        "import sys; print([m for m in 'json socket subprocess hashlib re typing _socket'.split() if m in sys.modules])"
    )
    assert graph.says(code) == "[]"


def test_pkg_resources_sees_the_distributions(make: Maker) -> None:
    """It looks at folders of sys.path by the type of their finder."""
    code = (
        "import sys, site, importlib.machinery as m\n"
        "print(isinstance(sys.path_importer_cache[site.getsitepackages()[0]], m.FileFinder))"
    )
    made = make(GRAPH)
    assert made.says(f"import graph\n{code}") == "True"


def test_the_users_lock_is_held_for_life(graph: Made) -> None:
    from cloudshelf.environment.prune import prune_environments

    cache = graph.path.parents[1]
    process = subprocess.Popen(
        [str(graph.path / "bin/python"), "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdin
    assert process.stdout.readline() == "up\n"
    assert prune_environments(cache) == []
    process.communicate("\n")
    assert [str(path) for path in prune_environments(cache)] == [str(graph.path)]
    assert not graph.path.exists()
