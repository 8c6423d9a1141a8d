"""Pruning and clearing beside processes that run, fork, start: nothing in use is taken, and ``cache info`` is true."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudshelf.environment.prune import prune_environments
from cloudshelf.errors import EnvironmentRemoved
from cloudshelf.importing.activate import hold
from tests.bad_input.conftest import User, stop_fetchers
from tests.stress import amount

HOLDS = """
import sys, badone
print('ready', flush=True)
sys.stdin.readline()
import badone.late
print(badone.late.ready)
"""
FORKS = f"""
import os, sys, badone
if os.fork():
    os._exit(0)
{HOLDS}
"""


def environments(user: User) -> list[Path]:
    return sorted((user.cache / "environments").glob("[!.]*"))


@pytest.mark.parametrize("script", [HOLDS, FORKS], ids=["a process", "a forked child whose parent is gone"])
def test_what_a_process_uses_stays(user: User, script: str) -> None:
    words = ["run", "--with", "badone", "--", "python", "-c", script]
    with subprocess.Popen(
        [sys.executable, "-m", "cloudshelf", *words],
        env=user.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin is not None and running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        user.run("cache", "clear")
        assert len(environments(user)) == 1
        running.stdin.write("\n")
        running.stdin.flush()
        assert running.stdout.readline() == "True\n"  # fetched after the cache was cleared
    user.run("cache", "clear")
    assert environments(user) == []


def test_a_program_that_run_started_holds_its_environment_from_the_beginning(user: User) -> None:
    """Not only once its Python, if it is one, has begun."""
    words = ["run", "--with", "badone", "--", "sh", "-c", "echo ready; read line; python -c 'import badone'"]
    with subprocess.Popen(
        [sys.executable, "-m", "cloudshelf", *words],
        env=user.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        user.run("cache", "clear")
        running.communicate("\n")
    assert running.returncode == 0


@pytest.fixture
def pruning(user: User) -> Iterator[list[BaseException]]:
    """A cache that is pruned all the time, as ``cache clear`` does it."""
    failures: list[BaseException] = []
    over = threading.Event()

    def prune() -> None:
        while not over.is_set():
            try:
                prune_environments(user.cache, unused_for=1.0)  # the verb says days; this meets most starts
            except BaseException as error:
                failures.append(error)

    thread = threading.Thread(target=prune)
    thread.start()
    yield failures
    over.set()
    thread.join()


@pytest.mark.stress
def test_processes_that_start_during_a_prune_work(user: User, pruning: list[BaseException], checks: object) -> None:
    count = amount(4, 60)
    for _ in range(count):
        done = user.run("run", "--with", "badone", "--", "python", "-c", "import badone, badone.late; print(1)")
        assert done.stdout == "1\n"
    assert pruning == []
    checks.add(count)  # type: ignore[attr-defined]


def test_a_look_at_what_is_young_refuses_nobody(user: User) -> None:
    """``prune`` locks what it is about to remove, and nothing else."""
    user.run("run", "--with", "badone", "--", "true")
    (environment,) = environments(user)
    over = threading.Event()

    def prune() -> None:
        while not over.is_set():
            prune_environments(user.cache, unused_for=3600)

    thread = threading.Thread(target=prune)
    thread.start()
    try:
        for _ in range(2000):
            os.close(hold(str(environment)))
    finally:
        over.set()
        thread.join()


def test_who_was_about_to_use_what_is_removed_is_told_so(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened just before, locked just after: the file that says who uses it is there no more."""
    user.run("run", "--with", "badone", "--", "true")
    (environment,) = environments(user)
    flock = fcntl.flock

    def prune_first(*args: int) -> None:
        monkeypatch.undo()
        assert prune_environments(user.cache) == [environment]
        flock(*args)

    monkeypatch.setattr(fcntl, "flock", prune_first)
    with pytest.raises(EnvironmentRemoved, match="Run it again: it is built anew"):
        hold(str(environment))


def test_info_counts_every_file_once(user: User) -> None:
    user.run("run", "--fill", "--with", "badone", "--with", "badtwo", "--", "true")
    user.run("run", "--fill", "--with", "badone", "--", "true")
    info = json.loads(user.run("cache", "--json").stdout)
    blocks = {
        (status.st_dev, status.st_ino): status.st_blocks * 512
        for parent, _, names in os.walk(user.cache)
        for status in (os.lstat(f"{parent}/{name}") for name in names)
    }
    assert info["total"] == sum(blocks.values()) == sum(info["parts"].values())
    assert info["environments"] == 2
    freed = json.loads(user.run("cache", "clear", "--json").stdout)["freed"]
    left = json.loads(user.run("cache", "--json").stdout)["total"]
    assert abs(info["total"] - freed - left) <= 64 << 10  # a log grows meanwhile


@pytest.mark.parametrize("action", ["prune", "clear"])
def test_what_a_killed_fetcher_left_unfinished_goes_and_what_one_is_writing_stays(user: User, action: str) -> None:
    user.run("run", "--with", "badone", "--", "python", "-c", "import badone")
    stop_fetchers(user)
    gone, unreaped = subprocess.Popen(["true"]), subprocess.Popen(["true"])
    gone.wait()
    os.waitid(os.P_PID, unreaped.pid, os.WEXITED | os.WNOWAIT)  # as where the first process of a container reaps none
    places = [user.cache / "blobs" / "tmp"]
    places += [path / ".cloudshelf" / "staging" for path in environments(user) if action == "prune"]
    assert all(place.is_dir() for place in places)
    for place in places:
        for killed in (gone, unreaped):
            (place / f"{killed.pid}.1").write_bytes(b"half")
        (place / f"{os.getpid()}.1").write_bytes(b"half")
    user.run("cache", action)
    assert [sorted(path.name for path in place.iterdir()) for place in places] == [[f"{os.getpid()}.1"]] * len(places)
    unreaped.wait()
