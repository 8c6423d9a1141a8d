"""Blocking work for a server that must not block: a few threads a shelf, a deadline, and an end when nobody waits.

Each shelf has threads of its own, so that a slow one holds up nobody but who asks for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from cloudshelf.errors import ShelfError

P = ParamSpec("P")
T = TypeVar("T")


class ShelfSlow(ShelfError):
    facts = ("what", "seconds")
    words = "{what} did not answer within {seconds:g} s. It may be busy or far away; try again."


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Job:
    """One piece of work; ``pause`` is where it may end early."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def pause(self) -> None:
        """Raises Abandoned when nobody waits any more."""
        if self._over.is_set():
            raise Abandoned

    def abandon(self) -> None:
        self._over.set()


class Workers:
    """The threads of one shelf; ``what`` is what errors call it."""

    def __init__(self, what: str, threads: int, deadline: float) -> None:
        self._what = what
        self._deadline = deadline
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cloudshelf-server")

    async def run(self, work: Callable[Concatenate[Job, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``work(job, …)`` in a thread. Raises ShelfSlow at the deadline.

        When the caller is cancelled or the deadline passes, work that has not begun never does, and work that runs is
        told by its job.
        """
        job = Job()
        future = self._pool.submit(work, job, *args, **kwargs)
        try:
            async with asyncio.timeout(self._deadline) as limit:
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if limit.expired():
                raise ShelfSlow(self._what, self._deadline) from None
            raise
        finally:
            job.abandon()

    def close(self) -> None:
        """End the threads that are idle; the others when their work ends."""
        self._pool.shutdown(wait=False, cancel_futures=True)
