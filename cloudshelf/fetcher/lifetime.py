"""How long a fetcher lives, and who is in a hurry: the calls that are being answered, and how it ends."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator

from .address import Address
from .engine import Engine

_LOOK_AGAIN = 0.05  # seconds


class Abandoned(BaseException):
    """Nobody waits for this call any more; raised from its progress report, which is where it is safe to stop."""


class Lifetime:
    """Ends when it was told to, or when there was nothing to do for ``idle`` seconds. Any thread."""

    def __init__(self, engine: Engine, address: Address, idle: float) -> None:
        self._engine = engine
        self._address = address
        self._idle = idle
        self._lock = threading.Lock()
        self._pending = 0
        self._unhurried = 0  # of them, those that nobody waits for
        self._last = time.monotonic()
        self._stopping = False
        self.retired = False
        self._woken, self._wake = socket.socketpair()

    def wait_for_client(self, listener: socket.socket) -> bool:
        """Whether somebody wants to connect; False now and then, to look whether it is the end."""
        ready = select.poll()
        for source in (listener, self._woken):
            ready.register(source, select.POLLIN)
        wait = 1000 * min(1.0, max(0.05, self._idle / 4))
        return any(descriptor == listener.fileno() for descriptor, _ in ready.poll(wait))

    def is_over(self) -> bool:
        """It was stopped, or had nothing to do for long enough; then nothing is begun any more (``counted``)."""
        with self._lock:
            if not self._stopping and self._is_idle():
                self._stopping = True
                self._retire()
        return self._stopping

    def retire(self) -> None:
        """Let another fetcher take the name; what was asked is still answered, but nothing new."""
        with self._lock:
            self._retire()

    def _retire(self) -> None:
        self.retired = True
        self._address.release()

    def stop(self) -> None:
        """Let it end now."""
        self.retire()
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake.send(b"x")

    def close(self) -> None:
        for each in (self._woken, self._wake):
            each.close()

    @contextlib.contextmanager
    def counted(self) -> Iterator[bool]:
        """A message is being answered; False when it came too late, and belongs to the next fetcher.

        Who connected before the end may ask during it: what was begun then would be cut off in the middle.
        """
        with self._lock:
            late = self.retired
            self._pending += not late
        if late:
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._pending -= 1
                self._last = time.monotonic()

    @contextlib.contextmanager
    def unhurried(self) -> Iterator[None]:
        """The call that is answered here lets every other one go first."""
        with self._lock:
            self._unhurried += 1
        try:
            yield
        finally:
            with self._lock:
                self._unhurried -= 1

    def wait_for_quiet(self) -> None:
        """Return when nobody waits for an answer and no import has asked for a second. Raises Abandoned at the end."""
        while self._engine.get()[0].wait_for_quiet():
            with self._lock:
                if self._pending <= self._unhurried:
                    return
            time.sleep(_LOOK_AGAIN)
        raise Abandoned

    def _is_idle(self) -> bool:
        """With the lock held."""
        if self._pending or self._engine.is_busy():
            self._last = time.monotonic()
        return time.monotonic() - self._last > self._idle
