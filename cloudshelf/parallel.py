"""Reading several things at once, where an answer may name what to read next."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
Task = tuple[Hashable, ...]  # a function and its arguments; equal ones are the same task
_THREADS = "cloudshelf-read"


def map_parallel(work: Callable[[Any], T], items: Sequence[Any], most: int) -> list[T]:
    """``work`` of each item, in their order, in at most ``most`` threads; raises the first error in that order."""
    if min(most, len(items)) < 2:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(most, len(items)), thread_name_prefix=_THREADS) as pool:
        return list(pool.map(work, items))


def spread(tasks: Iterable[Task], most: int, *, ignoring: type[Exception] | tuple[()] = ()) -> None:
    """Do ``tasks``, and at once what each returns (more tasks), each once; returns when nothing is left.

    In at most ``most`` threads. From a task that raises ``ignoring`` nothing follows; another error is the end, as soon
    as what runs has returned.
    """
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

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
