"""What fails in the middle of an import is told as it is, leaves nothing half, and the next import works."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from cloudshelf.errors import FetcherFailed, ObjectMissing, StoreUnreachable
from cloudshelf.importing import client, connection

from .environments import Made, Maker, Project

PKG = Project(
    "pkg",
    {
        "site/pkg/__init__.py": "from . import a\nimport pkg.b.c\n",
        "site/pkg/a.py": "A = 1\n",
        "site/pkg/b/__init__.py": "",
        "site/pkg/b/c.py": "C = 3\n",
        "site/pkg/d/data.bin": "data",
    },
)


@pytest.fixture
def pkg(make: Maker) -> Made:
    return make(PKG)


def failing(made: Made, error: str, *args: object) -> str:
    """A line of code after which the fetcher answers with ``error``: as ``Made.fail``, in the process that imports."""
    return f"open({str(made.own / 'fail')!r}, 'w').write({json.dumps({'error': error, 'args': args})!r})\n"


def mending(made: Made) -> str:
    """A line of code after which it does not any more."""
    return f"os.unlink({str(made.own / 'fail')!r})\n"


CATCH = (
    "import sys, os\n"
    "try:\n    import pkg\n"
    "except ImportError as e: print('ImportError', e)\n"
    "except Exception as e: print(type(e).__name__, e.store, [m for m in sys.modules if m.startswith('pkg')])\n"
)


def test_an_outage_is_not_an_import_error_and_leaves_no_half_module(pkg: Made) -> None:
    pkg.fail("StoreUnreachable", "s3://b/p", "refused")
    code = f"{CATCH}{mending(pkg)}import pkg\nprint(pkg.b.c.C)"
    assert pkg.says(code).splitlines() == ["StoreUnreachable s3://b/p []", "3"]


def test_an_outage_in_a_submodule_leaves_neither_module_nor_attribute(pkg: Made) -> None:
    code = (
        "import sys, os\nimport pkg.b\ndel sys.modules['pkg.b.c']; del pkg.b.c\n"
        "from importlib import import_module\n"
        f"presence = open({str(pkg.own / 'presence')!r}, 'r+b'); presence.seek({pkg.number('pkg/b/c.py')})\n"
        "presence.write(b'\\0'); presence.flush()\n"
        f"{failing(pkg, 'ObjectMissing', 'k', 's')}"
        "try:\n    import_module('pkg.b.c')\nexcept LookupError as e: print(type(e).__name__)\n"
        "print('pkg.b.c' in sys.modules, hasattr(pkg.b, 'c'))\n"
        f"{mending(pkg)}print(import_module('pkg.b.c').C)"
    )
    assert pkg.says(code).splitlines() == ["ObjectMissing", "False False", "3"]


def test_a_fetcher_that_dies_in_the_middle_is_replaced_unseen(pkg: Made) -> None:
    pkg.tell("die")
    assert pkg.says("import pkg; print(pkg.b.c.C)") == "3"
    assert not (pkg.own / "die").exists()


def test_a_fetcher_that_was_killed_between_requests_is_replaced_unseen(make: Maker, pkg: Made) -> None:
    client.ensure(str(pkg.path), [0])
    os.kill(make.fetcher(), signal.SIGKILL)
    client.ensure(str(pkg.path), [1])
    assert pkg.is_there("pkg/a.py")


def test_a_hung_fetcher_is_killed_and_replaced(make: Maker, pkg: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENCE", 0.3)
    pkg.tell("hang")
    client.ensure(str(pkg.path), [1])
    assert pkg.is_there("pkg/a.py")
    assert pkg.requests() == ["E 1 need", "E 1 need"]


def test_a_fetcher_that_cannot_start_says_where_its_log_is(make: Maker) -> None:
    made = make(PKG, fetcher=[sys.executable, "-c", "raise SystemExit('no such library')"])
    with pytest.raises(FetcherFailed, match="status 1") as caught:
        client.ensure(str(made.path), [0])
    with open(caught.value.log) as log:
        assert "no such library" in log.read()


def test_one_that_always_dies_is_given_up(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import socket, sys\ns = socket.socket(socket.AF_UNIX)\nimport os, contextlib\n"
        "with contextlib.suppress(OSError): os.unlink(sys.argv[4])\n"
        "s.bind(sys.argv[4]); s.listen(); c = s.accept()[0]; c.recv(1)"
    )
    made = make(PKG, fetcher=[sys.executable, "-c", code])
    with pytest.raises(FetcherFailed, match="it ended"):
        client.ensure(str(made.path), [0])


def test_errors_come_with_their_facts(pkg: Made) -> None:
    pkg.fail("ObjectMissing", "key", "shelf")
    with pytest.raises(ObjectMissing) as caught:
        client.ensure(str(pkg.path), [0])
    assert (caught.value.key, caught.value.store) == ("key", "shelf")
    (pkg.own / "fail").unlink()
    client.ensure(str(pkg.path), [0])  # the connection goes on


def test_a_failure_after_the_body_is_told_and_the_next_import_works(pkg: Made) -> None:
    code = (
        "import sys, builtins, os\n"
        f"sys.path_hooks[0].roots  # ours is first\n"
        "env = next(iter(sys.path_hooks[0].roots.values()))\nreal = type(env).leave\n"
        "def leave(self, project):\n"
        f"    {failing(pkg, 'StoreUnreachable', 's', 'c')}"
        "    return real(self, project)\n"
        f"type(env).leave = leave\n{CATCH}type(env).leave = real\n{mending(pkg)}"
        "import pkg\nprint(pkg.a.A, 'pkg' in sys.modules)"
    )
    first, second = pkg.says(code).splitlines()
    assert first.startswith("StoreUnreachable") and "'pkg'," not in first
    assert second == "1 True"


def test_an_interrupt_in_the_middle_drops_the_connection(pkg: Made) -> None:
    client.ensure(str(pkg.path), [0])

    def interrupt(event: object) -> None:
        raise KeyboardInterrupt

    target = client.target_of(str(pkg.path))
    with pytest.raises(KeyboardInterrupt):
        client._exchange(target, b"C", b'{"verb": "v", "args": {}}', interrupt)
    assert connection._pools[target.path] == []
    client.ensure(str(pkg.path), [1])


def test_a_call_gives_progress_and_its_answer(pkg: Made) -> None:
    events: list[object] = []
    answer = client._exchange(client.target_of(str(pkg.path)), b"C", b'{"verb": "v", "args": {}}', events.append)
    assert (answer, events) == (b'{"verb": "v", "args": {}}', [{"stage": "echo", "done": 1, "total": 1}])


def test_unreachable_is_no_import_error() -> None:
    assert not issubclass(StoreUnreachable, ImportError)


def test_a_program_that_closes_every_descriptor_keeps_its_own(make: Maker) -> None:
    made = make(PKG, Project("late", {"site/late.py": "X = 'late'\n"}))
    code = (
        "import pkg, os, socket\nos.closerange(3, 256)\npairs = [socket.socketpair() for _ in range(4)]\n"
        "for left, right in pairs: left.send(b'l'); right.send(b'r')\n"
        "import late\nprint(late.X, {left.recv(9) + right.recv(9) for left, right in pairs})"
    )
    assert made.says(code) == "late {b'rl'}"
