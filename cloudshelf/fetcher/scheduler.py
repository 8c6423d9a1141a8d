"""What the threads of a transfer do next: ranges to fetch, tasks, copies for the cache; and the one lock of it all.

``Scheduler.lock`` is the only lock of a transfer, because "nobody waits for anything" must be one look. It guards

- here: the queue of frames, the tasks and the copies; the bytes that are held in memory; how many threads work for
  somebody who waits; when somebody last asked; whether the transfer is closed;
- in in_flight.py: which files of each environment are on their way and who waits for them, the jobs of their frames
  (every field that changes), and the large files of which only some pieces are here;
- in transfer.py: whether the threads were started.

Who holds it may take the lock of a request or of an environment's users, never the other way round; who plans for an
environment (``Environment.planning``) takes it while holding that, never the other way round either. Nobody who holds
it waits for a network, decompresses, hashes or writes; all that is opened under it are the lock of an environment's
users and the temporary file of a large blob, so that each is opened once.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from .environments import Environment
from .frame_queue import FrameQueue
from .frames import FrameJob, Priority, Range
from .task_queue import Task, TaskQueue, is_brief

QUIET = 1.0  # seconds without demand after which the background goes on, and files are copied for the cache
LOOK_AGAIN = 0.1  # seconds after which who waits for quiet times looks whether they have come
BRIEFLY_QUIET = 0.2  # the same for what functions import, which may be called any moment
MOST_AHEAD = 8 << 20  # bytes on the line that no import waits for yet: more share it, and what is needed first is late
RESERVED = 2  # connections that are left for what an import waits for

log = logging.getLogger(__name__)


class Scheduler:
    """Hands out work in order of urgency. Any thread; ``queue`` and the methods that say so need the lock held."""

    def __init__(self, *, largest: int, connections: int, quiet: float = QUIET) -> None:
        """``largest`` bounds the bytes of one range; as many as there are connections are held at a time."""
        self.lock = threading.Lock()
        self.queue = FrameQueue(largest=largest)
        self.numbers = itertools.count()  # of jobs and tasks, as they come; no two are the same
        self.closed = False
        self._most_held = connections * largest
        self._most_ranges = max(1, connections - RESERVED)
        self._quiet = quiet
        self._demand = threading.Condition(self.lock)  # there are frames that somebody waits for, or there is memory
        self._work = threading.Condition(self.lock)  # there are tasks
        self._idle = threading.Condition(self.lock)  # nobody waits, or what may be done then has changed
        self._tasks = TaskQueue()
        self._later: dict[Priority, deque[Task]] = {p: deque() for p in (Priority.LATER, Priority.FILL)}  # when quiet
        self._copies: deque[tuple[Environment, int]] = deque()  # small files the cache does not have yet
        self._uncopied: dict[tuple[str, int], tuple[Environment, int]] = {}  # the same by digest and mode
        self._copying = False
        self._doing_later = 0
        self._flushing = 0  # how many wait for the copies
        self._last_demand = 0.0
        self._held = 0  # bytes fetched or being fetched, not finished
        self._busy = 0  # demand ranges in flight and tasks being done
        self._ahead = 0  # of these ranges, those that nobody waited for when they began
        self._on_the_line = 0  # bytes of those that have not come

    def is_busy(self) -> bool:
        """Whether anything is under way, in the background too."""
        with self.lock:
            under_way = self._busy or self._held or self._copying or self._doing_later
            return bool(under_way or len(self._tasks) or len(self.queue) or self._copies or any(self._later.values()))

    def close(self) -> None:
        """Wake all threads for their end; what was queued is not done any more."""
        with self.lock:
            self.closed = True
            self._copies.clear()
            for tasks in self._later.values():
                tasks.clear()
            for condition in (self._demand, self._work, self._idle):
                condition.notify_all()

    def _is_quiet(self) -> bool:
        """With the lock held: whether nobody waits for anything."""
        return not self._busy and not len(self._tasks) and not self.queue.has_demand()

    def _wake_connection(self) -> None:
        """With the lock held: have one connection's thread look for a range; it wakes the next when it takes one.

        Not all of them at once: most would find nothing, and who works meanwhile would wait for the interpreter's lock.
        """
        if self.queue.has_demand():
            self._demand.notify()

    def _tell_who_flushes(self) -> None:
        """With the lock held: who waits for all that was asked for hears of it; everybody else looks now and then."""
        if self._flushing and self._is_quiet():
            self._idle.notify_all()

    def _wait_for_quiet(self, pause: Callable[[], float | None]) -> bool:
        """With the lock held: wait until there is work for quiet times and the time is quiet; False at the end.

        ``pause`` tells how long nobody must have asked before that work; None when there is none.

        An import that has all its files runs on for a while, and shall have the cores and the line for itself.
        """
        while not self.closed:
            seconds = pause()
            left = 0.0 if self._flushing else self._last_demand + (seconds or 0.0) - time.monotonic()
            if seconds is None:
                self._idle.wait()
            elif not self._is_quiet():
                self._idle.wait(LOOK_AGAIN)
            elif left > 0:
                self._idle.wait(left)
            else:
                return True
        return False

    def wait_for_quiet(self) -> bool:
        """Return when nobody waits for files and none were asked for a while; False at the end."""
        with self.lock:
            return self._wait_for_quiet(lambda: True)

    # frames, and the memory that they take

    def note_demand(self) -> None:
        """With the lock held: somebody asks for files just now."""
        self._last_demand = time.monotonic()

    def notify_queued(self) -> None:
        """With the lock held: frames were added to the queue, or became more urgent."""
        self._wake_connection()
        if self.queue.background_priority() is not None:
            self._idle.notify_all()

    def take_demand(self) -> Range | None:
        """The next range that somebody waits for, when there is memory for it; None at the end.

        Its taker calls ``fetched``, and ``release`` for each frame.
        """
        with self.lock:
            while not self.closed:
                if not self._held or self._held < self._most_held:
                    ahead = self._ahead < self._most_ranges and self._on_the_line < MOST_AHEAD
                    batch = self.queue.take(Priority.REST if ahead else Priority.NEED)
                    if batch is not None:
                        self._busy += 1
                        self._held += batch.length
                        if batch.priority > Priority.NEED:
                            batch.ahead = True
                            self._ahead += 1
                            self._on_the_line += batch.length
                        self._wake_connection()
                        return batch
                self._demand.wait()
        return None

    def take_background(self) -> Range | None:
        """The next range that nobody waits for, in quiet times; None at the end. What is to be done then is done first.

        Its taker calls ``release`` for each frame.
        """
        while True:
            with self.lock:
                if not self._wait_for_quiet(self._pause):
                    return None
                tasks = self._later[self._background_priority() or Priority.FILL]
                if not tasks:
                    batch = self.queue.take_background()
                    assert batch is not None
                    self._held += batch.length
                    return batch
                task = tasks.popleft()
                self._doing_later += 1
            self._do(task)
            with self.lock:
                self._doing_later -= 1

    def _background_priority(self) -> Priority | None:
        """That of the most urgent work for quiet times; None when there is none."""
        found = [priority for priority, tasks in self._later.items() if tasks]
        queued = self.queue.background_priority()
        return min(found if queued is None else [*found, queued], default=None)

    def _pause(self) -> float | None:
        priority = self._background_priority()
        if priority is None:
            return None
        return min(self._quiet, BRIEFLY_QUIET) if priority is Priority.LATER else self._quiet

    def arrived(self, batch: Range, size: int) -> None:
        """So many bytes of a range have come."""
        with self.lock:
            batch.missing -= size
            if batch.ahead:
                was_full = self._on_the_line >= MOST_AHEAD
                self._on_the_line -= size
                if was_full and self._on_the_line < MOST_AHEAD:
                    self._wake_connection()

    def fetched(self, batch: Range) -> None:
        """A range of ``take_demand`` is here, or what is missing of it cannot be had."""
        with self.lock:
            self._busy -= 1
            if batch.ahead:
                self._ahead -= 1
                self._on_the_line -= batch.missing
            self._wake_connection()
            self._tell_who_flushes()

    def release(self, batch: Range, frames: int = 1) -> None:
        """So many frames of ``batch`` are finished; its memory is free with the last one."""
        with self.lock:
            self._release(batch, frames)

    def _release(self, batch: Range, frames: int) -> None:
        batch.unfinished -= frames
        if batch.unfinished == 0:
            self._held -= batch.length
            self._wake_connection()

    # tasks

    def submit(self, priority: int, task: Task) -> None:
        """Have ``task`` done by one of the threads in ``run_tasks``."""
        with self.lock:
            self._tasks.push(priority, next(self.numbers), task)
            self._wake_worker()

    def submit_frame(self, job: FrameJob, task: Task) -> None:
        """The same for a frame that came: in the order in which frames were asked for."""
        environment, frame = job.environment, job.frame
        brief = is_brief(len(environment.touching(frame)), environment.frame_size[frame])
        with self.lock:
            self._tasks.push(job.priority, job.sequence, task, brief=brief)
            self._wake_worker()

    def submit_background(self, task: Task, priority: Priority = Priority.FILL) -> None:
        """Have ``task`` done in quiet times, before the frames of its ``priority``."""
        with self.lock:
            self._later[priority].append(task)
            self._idle.notify_all()

    def run_tasks(self) -> None:
        """Do tasks until the end."""
        while (taken := self._take_task()) is not None:
            task, brief = taken
            self._do(task)
            with self.lock:
                self._busy -= 1
                if brief:
                    self._tasks.done()
                self._tell_who_flushes()

    def _do(self, task: Task) -> None:
        """One that fails is a line in the log: who waits for it was told by the task itself."""
        try:
            task()
        except Exception:
            log.exception("a task failed")

    def _take_task(self) -> tuple[Task, bool] | None:
        with self.lock:
            while not self.closed:
                taken = self._tasks.take()
                if taken is not None:
                    self._busy += 1
                    self._wake_worker()
                    return taken
                self._work.wait()
        return None

    def _wake_worker(self) -> None:
        """With the lock held: have a thread look for a task; it wakes the next when it takes one."""
        if self._tasks.may_take():
            self._work.notify()

    # the cache's copies of small files

    def add_copy(self, environment: Environment, number: int) -> None:
        """The cache lacks a small file that is in its place."""
        with self.lock:
            self._copies.append((environment, number))
            self._uncopied[environment.digest(number), environment.modes[number]] = environment, number
            if len(self._copies) == 1:
                self._idle.notify_all()

    def uncopied(self, digest: str, mode: int) -> tuple[Environment, int] | None:
        """Where a small file is that the cache does not have yet."""
        return self._uncopied.get((digest, mode))

    def take_copy(self) -> tuple[Environment, int] | None:
        """The next file to copy, in quiet times; None at the end. Its taker calls ``copied``.

        Who waits in ``settle_copies`` shortens the pause.
        """
        with self.lock:
            if not self._wait_for_quiet(lambda: self._quiet if self._copies else None):
                return None
            self._copying = True
            return self._copies.popleft()

    def copied(self, environment: Environment, number: int) -> None:
        """The file of ``take_copy`` was copied, or could not be."""
        with self.lock:
            self._copying = False
            self._uncopied.pop((environment.digest(number), environment.modes[number]), None)
            if not self._copies:
                self._idle.notify_all()

    def settle_copies(self, timeout: float | None) -> bool:
        """Wait until what was asked for is done and the copies are made; False when that takes longer."""
        with self.lock:
            self._flushing += 1
            self._idle.notify_all()
            try:
                return self._idle.wait_for(
                    lambda: self.closed or (not (self._copies or self._copying) and self._is_quiet()), timeout
                )
            finally:
                self._flushing -= 1
