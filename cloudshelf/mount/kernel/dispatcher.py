"""Who reads what the kernel asks: one thread, and others take over when an answer takes long.

An import asks some hundred times, one after the other. Handing each to another thread costs more than the answer, so
whoever reads a request answers it. Where that takes longer than a moment (a file is fetched), the watch has another
thread read on: so who waits for the store holds up nobody else.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)
THREADS = 128  # answers that may take long at once, before others wait behind them
MOMENT = 0.001  # seconds that an answer may take before another thread reads on
REST = 0.1  # seconds without a request after which the watch sleeps
_AGAIN = (errno.EINTR, errno.EAGAIN, errno.ENOENT)  # ENOENT: who asked does not wait any more


class _State:
    """What a leader does; one object for each request, and one for each pause after it."""

    __slots__ = ("is_busy", "leader")

    def __init__(self, leader: int, *, is_busy: bool) -> None:
        self.leader, self.is_busy = leader, is_busy


class Dispatcher:
    """Has ``answer`` called with each request that comes through ``descriptor`` (of /dev/fuse), in some thread."""

    def __init__(self, descriptor: int, answer: Callable[[memoryview], None], *, largest: int) -> None:
        """``largest``: bytes of a request."""
        self._descriptor = descriptor
        self._answer = answer
        self._largest = largest
        self._over = threading.Event()
        self._is_unmounted = False
        self._active = threading.Event()
        self._turn = threading.Condition()
        self._leader = self._threads = self._resting = 0  # who reads; how many there are; how many wait for a turn
        self._state = _State(0, is_busy=False)

    def begin(self) -> None:
        """Returns at once."""
        threading.Thread(target=self._watch, daemon=True).start()
        self._pass_on()

    def wait(self) -> None:
        """Returns when it is unmounted, by whomever, or ``end`` was called."""
        self._over.wait()

    def end(self) -> None:
        """Have ``wait`` return. Whoever asks is answered until it is unmounted: he would wait forever otherwise."""
        self._over.set()
        self._active.set()

    def _pass_on(self) -> None:
        """Have another thread read on, if there may be one more."""
        with self._turn:
            if self._resting:
                self._leader += 1
                self._turn.notify()
            elif self._threads < THREADS:
                try:
                    threading.Thread(target=self._work, daemon=True).start()
                except RuntimeError:  # the system allows no more: who leads reads on when it has answered
                    if not self._threads:
                        raise
                else:
                    self._threads += 1

    def _watch(self) -> None:
        """Notice when the leader has been at one request for longer than a moment."""
        seen, idle = self._state, 0.0
        while not self._is_unmounted:
            self._active.wait()
            time.sleep(MOMENT)
            state = self._state
            if state is not seen:
                seen, idle = state, 0.0
            elif state.is_busy and state.leader == self._leader:
                self._pass_on()
            else:
                idle += MOMENT
                if idle > REST:
                    idle = 0.0
                    self._active.clear()
                    if self._state is not seen:  # something came meanwhile, and saw that the watch was awake
                        self._active.set()

    def _work(self) -> None:
        view = memoryview(bytearray(self._largest))
        with self._turn:
            self._leader += 1
            number = self._leader
        while not self._is_unmounted:
            if self._leader == number:
                self._read_one(number, view)
                continue
            with self._turn:
                before = self._leader
                self._resting += 1
                while self._leader == before:
                    self._turn.wait()
                self._resting -= 1
                number = self._leader

    def _read_one(self, number: int, view: memoryview) -> None:
        """Read and answer one request, as the leader."""
        try:
            size = os.readv(self._descriptor, [view])
        except OSError as error:
            if error.errno not in _AGAIN:
                if error.errno != errno.ENODEV:  # that is: unmounted
                    log.error("What the kernel asks cannot be read: %s", error)
                self._is_unmounted = True
                self.end()
            return
        self._state = _State(number, is_busy=True)
        if not self._active.is_set():
            self._active.set()
        try:
            self._answer(view[:size])
        except Exception:  # whatever it is, the next request must be read
            log.exception("A request could not be answered")
        if self._leader == number:
            self._state = _State(number, is_busy=False)
