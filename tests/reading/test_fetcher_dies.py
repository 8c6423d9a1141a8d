"""The fetcher is killed, hangs, or dies with the process that started it, within an import: a new one goes on.

Real processes and signals; what happens in the middle is done by the proxy while a request of the import is under way.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input.conftest import READER, User, assert_clear, stop_fetchers
from tests.bad_input.test_import import TALK, ask
from tests.servers import S3Server
from tools.fault_proxy import Fault, FaultProxy, Handler, Reply

from .conftest import THREADS, until


@pytest.fixture
def remote(users: Callable[..., User], in_bucket: str, server: S3Server, proxy: FaultProxy) -> User:
    """A user of the shelf in the bucket, through the proxy."""
    return users(in_bucket, **server.environ(READER, proxy.endpoint) | {"CLOUDSHELF_TIMEOUT": "20"})


class Meanwhile(Fault):
    """While a request is under way, something happens to somebody else."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action, self.times = action, 0

    def before(self, handler: Handler) -> Reply | None:
        self.times += 1
        self.action()
        return None


def test_two_hundred_threads_import_one_graph_once_each(remote: User) -> None:
    """Cold, in different orders, through circles: no deadlock, no body runs twice, nobody is told of a failure."""
    code = f"""
import importlib, json, threading
import cloudshelf
cloudshelf.use('web')
start, failed = threading.Barrier({THREADS}), []

def work(n):
    start.wait()
    try:
        for i in range(50):
            importlib.import_module(f'web.m{{(n * 13 + i * 7) % 50}}')
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range({THREADS})]
for each in threads: each.start()
for each in threads: each.join(200)
import web.ran
print(json.dumps([sum(each.is_alive() for each in threads), failed, sorted(web.ran.COUNT) == list(range(50))]))
"""
    assert remote.python(code) == "[0, [], true]\n"


def test_a_stopped_fetcher_is_ended_and_the_import_goes_on(remote: User, proxy: FaultProxy) -> None:
    with remote.talking(TALK) as script:
        ask(script, "setattr(__import__('cloudshelf.importing.client', fromlist=['x']), 'SILENCE', 4.0)")
        ask(script, "cloudshelf.use('guard')")
        assert ask(script, "attempt('guard')") == {"error": None}
        before = int(str(ask(script, "call('ping', {})['pid']")))
        stop = Meanwhile(lambda: os.kill(before, signal.SIGSTOP))
        proxy.fail(stop, path="/pack/")
        assert ask(script, "attempt('guard.late')") == {"error": None}
        assert stop.times == 1 and ask(script, "call('ping', {})['pid']") != before
        until(lambda: not is_alive(before))


def test_a_fetcher_that_dies_every_time_is_given_up_with_a_word_and_the_next_import_works(
    remote: User, proxy: FaultProxy
) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('guard')")
        assert ask(script, "attempt('guard')") == {"error": None}
        killer = Meanwhile(lambda: stop_fetchers(remote))
        proxy.fail(killer, path="/pack/", nth=None)
        failed = ask(script, "attempt('guard.late')")
        assert isinstance(failed, dict)
        assert failed["error"] == "FetcherFailed" and not failed["import_error"]
        assert_clear(failed["text"], "The fetcher cannot be used: it ended", "Its log is", "starts a new one")
        assert "guard.late" not in str(ask(script, "loaded('guard')"))
        assert 2 <= killer.times <= 4
        proxy.heal()
        assert ask(script, "attempt('guard.late')") == {"error": None}


FORKED = """
import os, sys
import cloudshelf
from cloudshelf.importing.client import call
cloudshelf.use('guard')
import guard
pids = os.getpid(), call('ping', {})['pid']
if child := os.fork():
    print(*pids, child, flush=True)
    os.waitpid(child, 0)
else:
    sys.stdin.readline()
    import guard.late
    os.write(os.open(sys.argv[1] + '.new', os.O_WRONLY | os.O_CREAT), b'%d' % call('ping', {})['pid'])
    os.rename(sys.argv[1] + '.new', sys.argv[1])
    os._exit(0)
"""


def test_a_forked_child_goes_on_when_parent_and_fetcher_die_in_the_middle_of_its_import(
    remote: User, proxy: FaultProxy, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    with remote.talking(f"import sys; sys.argv = ['', {str(done)!r}]\n{FORKED}") as script:
        assert script.stdout is not None and script.stdin is not None
        parent, fetcher, child = map(int, script.stdout.readline().split())
        kill = Meanwhile(lambda: [os.kill(pid, signal.SIGKILL) for pid in (fetcher, parent) if is_alive(pid)])
        proxy.fail(kill, path="/pack/")
        script.stdin.write("\n")
        script.stdin.flush()
        try:
            until(done.exists)
        finally:
            if is_alive(child):
                os.kill(child, signal.SIGKILL)
    assert kill.times == 1 and int(done.read_text()) != fetcher


def test_parent_and_children_import_on_after_the_fetcher_was_killed_between_them(remote: User) -> None:
    code = """
import os, signal
import cloudshelf
from cloudshelf.importing.client import call
cloudshelf.use('guard', 'web')
import guard
os.kill(call('ping', {})['pid'], signal.SIGKILL)
children = []
for n in range(4):
    if not (pid := os.fork()):
        __import__(f'web.m{n}')
        import guard.late
        os._exit(0 if guard.late.READY else 1)
    children.append(pid)
import guard.late
print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children], guard.late.READY)
"""
    assert remote.python(code) == "[0, 0, 0, 0] True\n"


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_client_sees_the_fetcher_itself_at_the_other_end(remote: User) -> None:
    """By that it knows whom to end when nothing is heard any more; not the process that started it, which is gone."""
    code = """
import socket, struct
import cloudshelf
from cloudshelf.importing import client
cloudshelf.use('guard')
line = client.try_connect(client.default_target().path)
pid, uid, _ = struct.unpack('iII', line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
print(pid == client.call('ping', {})['pid'])
"""
    assert remote.python(code) == "True\n"
