"""Killed, or out of space, at a system call: what is in the cache is whole, and the next command needs no repair.

strace lets the N-th call of a kind be the last one of its process (SIGKILL), or fail as on a full disk (ENOSPC), beyond
a quota (EDQUOT) or on a broken one (EIO). Commands, builders of environments and fetchers are all traced.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_input.conftest import User, assert_clear, stop_fetchers
from tests.stress import EVERYTHING

STRACE = shutil.which("strace")
WRITING = ("mkdir", "rename", "link", "symlink", "write", "pwrite64", "fchmod", "utimensat", "unlink", "sendfile")
WORK = {
    "fill": ["fill", "badone==1.0"],
    "import": ["run", "--with", "badone==1.0", "--", "python", "-c", "import badone, badone.late"],
}
READ = ["--", "python", "-c", "import badone, badone.late; print(badone.version)"]
MOST = 400  # calls of a kind: no work has that many

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


def traced(user: User, inject: str, *words: str) -> subprocess.CompletedProcess[str]:
    assert STRACE is not None
    call = inject.partition(":")[0]
    command = [STRACE, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={inject}"]
    return subprocess.run(
        [*command, sys.executable, "-m", "cloudshelf", *words],
        env=user.environ | {"CLOUDSHELF_FETCHER_IDLE": "1"},
        cwd=user.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


def assert_whole(user: User) -> None:
    """The next command works, nothing is damaged, and pruning leaves nothing unfinished."""
    stop_fetchers(user)
    assert user.run("run", "--with", "badone==1.0", *READ).stdout == "1.0\n"
    result = json.loads(user.run("cache", "verify", "--json", code=None).stdout)
    assert (result["damaged"], result["unchecked"]) == ([], [])
    stop_fetchers(user)
    user.run("cache", "prune")
    assert [path for path in user.cache.rglob("*") if is_unfinished(path)] == []


def assert_said(text: str, *says: str) -> None:
    """One clear message: of the command, or, where its program came to an import, the error that this raised there."""
    raised = re.search(r"^_?cloudshelf\.errors\.(?:DiskFull|CacheUnusable|FetcherFailed): (.+)\n?\Z", text, re.M)
    assert_clear(raised[1] if raised else text, *says, *([] if raised else ["cloudshelf: "]))


def is_unfinished(path: Path) -> bool:
    return path.name.startswith((".unfinished", ".turn")) or path.parent.name in ("tmp", "staging")


SHARE = [("fill", "rename", 2), ("import", "mkdir", 12)]


@pytest.mark.stress
@pytest.mark.parametrize(("work", "call"), [(w, c) for w in WORK for c in WRITING] if EVERYTHING else [("", "")])
def test_killed_at_any_write_the_cache_is_whole(user: User, checks: object, work: str, call: str) -> None:
    killed = 0
    for work, call, number in [(work, call, n) for n in range(1, MOST)] if EVERYTHING else SHARE:
        shutil.rmtree(user.cache, ignore_errors=True)
        done = traced(user, f"{call}:signal=KILL:when={number}", *WORK[work])
        killed += done.returncode < 0
        assert_whole(user)
        checks.add()  # type: ignore[attr-defined]
        if EVERYTHING and done.returncode == 0:  # nothing was killed but, perhaps, fetchers that were replaced
            break
    assert killed or EVERYTHING


FAILURES = {
    "ENOSPC": ("No space is left", [("fill", "pwrite64", 1)]),
    "EDQUOT": ("No space is left", [("fill", "mkdir", 3)]),
    "EIO": ("cannot be used", []),
}


@pytest.mark.stress
@pytest.mark.parametrize("failure", FAILURES if EVERYTHING else ["ENOSPC", "EDQUOT"])
def test_a_write_that_fails_is_said_and_leaves_nothing(user: User, checks: object, failure: str) -> None:
    says, share = FAILURES[failure]
    every = [
        (work, call, n) for work in WORK for call in ("mkdir", "write", "pwrite64", "rename") for n in range(1, 40)
    ]
    failed = 0
    for work, call, number in every if EVERYTHING else share:
        shutil.rmtree(user.cache, ignore_errors=True)
        done = traced(user, f"{call}:error={failure}:when={number}+", *WORK[work])
        failed += done.returncode != 0
        if done.returncode and call != "write":  # else the message itself cannot be written
            assert_said(done.stderr, *([says] if work == "fill" else []))
        assert_whole(user)
        checks.add()  # type: ignore[attr-defined]
    assert failed  # else nothing was tried
