"""Many processes that start at once on one empty cache: each object is fetched once, and nobody reads half of one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from tests.bad_input.conftest import User
from tests.stress import amount
from tools.fault_proxy import FaultProxy

READ = "import badone, badone.late; print(badone.version, len(badone.late.inner.text))"
IMMUTABLE = re.compile(r"/(release|manifest|pack)/")


def start_all(user: User, count: int, *words: str) -> None:
    """So many processes of ``words`` at once; each has to end well, and those that run to print the same."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "cloudshelf", *words],
                    env=user.environ | {"CLOUDSHELF_TIMEOUT": "60"},  # all of them on two cores
                    cwd=user.folder,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(count)
        ]
        ended = [(*each.communicate(timeout=280), each.returncode) for each in started]
    assert {code for *_, code in ended} == {0}, ended
    assert "run" not in words or len({out for out, *_ in ended}) == 1


def fetched(proxy: FaultProxy) -> Counter[str]:
    """How often each immutable object, or part of it, was asked for."""
    return Counter(f"{r.path} {r.range}" for r in proxy.requests if IMMUTABLE.search(r.path))


@pytest.mark.stress
@pytest.mark.parametrize(
    "words",
    [
        ["run", "--lock", "pylock.toml", "--", "python", "-c", READ],
        ["run", "--with", "badtwo", "--with", "badone", "--", "python", "-c", READ],
        ["run", "--fill", "--with", "badone", "--", "python", "-c", READ],
        ["fill", "--json", "badone"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_of_many_processes_on_an_empty_cache_one_fetches_each_object(
    remote: User, proxy: FaultProxy, words: list[str], checks: object
) -> None:
    if "--lock" in words:
        remote.run("lock", "badone", "-o", "pylock.toml", CLOUDSHELF_CACHE=str(remote.folder / "another"))
    proxy.forget()
    count = amount(12, 50)
    start_all(remote, count, *words)
    asked = fetched(proxy)
    assert asked and set(asked.values()) == {1}, asked
    assert remote.run("cache", "verify").stdout.startswith("All ")
    checks.add(count)  # type: ignore[attr-defined]
