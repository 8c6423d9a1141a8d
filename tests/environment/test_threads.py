"""An interpreter that is described from several threads at once, as a fetcher does for commands that start together."""

from __future__ import annotations

import sysconfig
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cloudshelf.environment import interpreter
from cloudshelf.environment.interpreter import describe_interpreter
from cloudshelf.target import current_target


def test_threads_that_ask_at_once_hear_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """``sysconfig`` of CPython 3.11 shows the second one a dictionary that is not filled yet: no SOABI."""
    fill = sysconfig._init_posix  # type: ignore[attr-defined]
    filling = threading.Event()

    def fill_slowly(variables: dict[str, Any]) -> None:
        filling.set()
        time.sleep(0.2)
        fill(variables)

    monkeypatch.setattr(sysconfig, "_init_posix", fill_slowly)
    monkeypatch.setattr(sysconfig, "_CONFIG_VARS", None)
    monkeypatch.setattr(sysconfig, "_CONFIG_VARS_INITIALIZED", False, raising=False)
    interpreter._describe_own.cache_clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(describe_interpreter)
        assert filling.wait(10)
        second = pool.submit(lambda: (describe_interpreter(), current_target().tags))
        described, tags = second.result()
    assert described == first.result() and described.soabi and tags[0].startswith("cp3")
