"""Several things at once: threads that end with their block; reading, where an answer may name what to read next."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

T = TypeVar("T")
Task = tuple[Hashable, ...]  # a function and its arguments; equal ones are the same task
_THREADS = "cloudshelf-read"


class Threads(ThreadPoolExecutor):
    """One thread a core, or ``most``, started when needed. Leaving the block drops what has not begun and waits for
    the rest: after an error or Ctrl-C nothing runs on. Who wants results asks for them within the block."""

    def __init__(self, name: str, most: int | None = None) -> None:
        super().__init__(most or os.cpu_count() or 1, thread_name_prefix=name)

    def __exit__(self, *error: object) -> None:
        self.shutdown(cancel_futures=True)


def map_parallel(work: Callable[[Any], T], items: Sequence[Any], most: int) -> list[T]:
    """``work`` of each item, in their order, in at most ``most`` threads; raises the first error in that order."""
    if min(most, len(items)) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(most, len(items)), thread_name_prefix=_THREADS) as pool:
        return list(pool.map(work, items))


def spread(tasks: Iterable[Task], most: int, *, ignoring: type[Exception] | tuple[()] = ()) -> None:
    """Do ``tasks``, and at once what each returns (more tasks), each once; returns when nothing is left.

    In at most ``most`` threads. From a task that raises ``ignoring`` nothing follows; another error is the end, as soon
    as what runs has returned.
    """
    known: set[Task] = set()
    running: set[Future[Iterable[Task]]] = set()

    with ThreadPoolExecutor(most, thread_name_prefix=_THREADS) as pool:

        def submit(more: Iterable[Task]) -> None:
            for task in more:
                if task not in known:
                    known.add(task)
                    function: Any = task[0]
                    running.add(pool.submit(function, *task[1:]))

        try:
            submit(tasks)
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                running.difference_update(done)
                for future in done:
                    try:
                        more = future.result()
                    except ignoring:
                        continue
                    submit(more)
        except BaseException:  # Ctrl-C too
            pool.shutdown(wait=False, cancel_futures=True)
            raise
