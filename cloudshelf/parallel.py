"""Reading several things at once, in plain threads: concurrent.futures loads logging, which takes longer to load."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Task = tuple[Hashable, ...]  # a function and its arguments; equal ones are the same task


def map_parallel(work: Callable[[Any], T], items: Sequence[Any], most: int) -> list[T]:
    """``work`` of each item, in their order, in at most ``most`` threads; raises the first error in that order."""
    if len(items) < 2:
        return [work(item) for item in items]
    found: dict[int, T] = {}
    failed: dict[int, BaseException] = {}

    def do(number: int) -> tuple[Task, ...]:
        try:
            found[number] = work(items[number])
        except Exception as error:
            failed[number] = error
        return ()

    spread(((do, number) for number in range(len(items))), most)
    if failed:
        raise failed[min(failed)]
    return [found[number] for number in range(len(items))]


def spread(tasks: Iterable[Task], most: int, *, ignoring: type[Exception] | tuple[()] = ()) -> None:
    """Do ``tasks``, and at once what each returns (more tasks), each once; returns when nothing is left.

    In at most ``most`` threads, of which this is one. From a task that raises ``ignoring`` nothing follows; another
    error is the end, as soon as what runs has returned.
    """
    crew = _Crew(most, ignoring)
    crew.add(tasks)
    try:
        crew.work()
    except BaseException as error:  # Ctrl-C, while this thread waited for the others
        crew.fail(error)
    for thread in crew.threads:
        thread.join()
    if crew.error is not None:
        raise crew.error


class _Crew:
    def __init__(self, most: int, ignoring: type[Exception] | tuple[()]) -> None:
        self.threads: list[threading.Thread] = []
        self.error: BaseException | None = None
        self._most = most
        self._ignoring = ignoring
        self._changed = threading.Condition()
        self._known: set[Task] = set()
        self._waiting: deque[Task] = deque()
        self._busy = 0

    def add(self, tasks: Iterable[Task]) -> None:
        with self._changed:
            for task in tasks:
                if task not in self._known and self.error is None:
                    self._known.add(task)
                    self._waiting.append(task)
            self._changed.notify_all()
            wanted = min(self._most, self._busy + len(self._waiting)) - 1
            while len(self.threads) < wanted:
                thread = threading.Thread(target=self.work, name=f"cloudshelf-read-{len(self.threads)}")
                self.threads.append(thread)
                thread.start()

    def work(self) -> None:
        while (task := self._next()) is not None:
            more: Iterable[Task] = ()
            try:
                function: Any = task[0]
                more = function(*task[1:])
            except self._ignoring:
                pass
            except BaseException as error:
                self.fail(error)
            self.add(more)
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _next(self) -> Task | None:
        """The next task; None when nothing is left, and nobody is busy who could bring more."""
        with self._changed:
            while not self._waiting:
                if not self._busy:
                    return None
                self._changed.wait()
            self._busy += 1
            return self._waiting.popleft()

    def fail(self, error: BaseException) -> None:
        with self._changed:
            self.error = self.error or error
            self._waiting.clear()
