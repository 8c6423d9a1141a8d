"""The fetcher's socket: who may speak, and one thread a connection.

A client that dies takes only its connection with it; an exception is a line in the log, and never the server's end.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import threading
from pathlib import Path

from .address import BACKLOG, Address
from .answer import Answer
from .engine import Engine
from .lifetime import Lifetime
from .reporting import Reporting
from .wire import Malformed, receive

IDLE = 600.0  # seconds, unless CLOUDSHELF_FETCHER_IDLE says otherwise
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED

log = logging.getLogger(__name__)


class Server:
    """One fetcher: ``run`` returns when it was told to end, or had nothing to do for long enough."""

    def __init__(self, cache: Path, path: Path, *, idle: float = IDLE, config: str = "") -> None:
        """``config`` is the configuration file that CLOUDSHELF_CONFIG named, if it did."""
        self.engine = Engine(cache, config)
        self._address = Address(path)
        self._lifetime = Lifetime(self.engine, self._address, idle)
        self._reporting = Reporting(self.engine)
        self._listener: socket.socket | None = None

    def listen(self) -> bool:
        """False when another fetcher listens there. Raises CacheUnusable when the folder is not ours alone."""
        self._listener = self._address.claim()
        return self._listener is not None

    def listen_here(self) -> None:
        """After a fork: clients see the process that listened last at the other end (SO_PEERCRED, unix(7)), and end it
        when it hangs; that is this one.
        """
        assert self._listener is not None
        self._listener.listen(BACKLOG)

    def run(self) -> None:
        """Accept until the end; ``listen`` was called before."""
        assert self._listener is not None
        try:
            while not self._lifetime.is_over():
                self._reporting.report_daily()
                if self._lifetime.wait_for_client(self._listener):
                    self._accept(self._listener)
        finally:
            self._end(self._listener)

    def stop(self) -> None:
        """Make ``run`` return. From any thread."""
        self._lifetime.stop()

    def _end(self, listener: socket.socket) -> None:
        self.stop()
        listener.close()
        self._lifetime.close()
        self._reporting.report_last()
        self.engine.close()

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError as error:  # the client gave up, or descriptors are used up: the next one may have luck
            log.warning("a connection could not be accepted: %s", error)
            return
        _, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if uid != os.geteuid():
            log.warning("refused a connection of user %d", uid)
            connection.close()
            return
        threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            try:
                while not self._lifetime.retired and (message := receive(connection)) is not None:
                    with self._lifetime.counted() as begun:
                        if not begun:
                            return
                        Answer(connection, self.engine, self._lifetime, self._reporting).give(*message)
            except Malformed as error:
                log.warning("closed a connection: %s", error)
            except OSError:
                pass  # the client is gone
            except Exception:
                log.exception("a connection failed")
