"""One mount: what the kernel asks and is told.

Opening a file is not asked for (the kernel hears once that it need not, and tells nobody then): that is a fifth of what
an import would wait for. So a file is opened here when it is first read, and whoever may not read it, or cannot, hears
of it then. What the kernel has of a file it goes on to use; see ``renew`` for how that ends.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from ..filesystem import FileSystem
from ..open_files import OpenFiles
from ..view import Entry, Opened
from . import protocol
from .dispatcher import THREADS, Dispatcher
from .failures import Failures
from .nodes import Nodes
from .protocol import Operation, Request

log = logging.getLogger(__name__)
KEPT = 3600  # seconds that the kernel knows names and attributes without asking; what is shown does not change
MOST_LISTED = 64  # folders whose listing is kept for who reads on in it


class Session:
    """The answers of ``files`` to whom ``descriptor`` (of /dev/fuse) belongs."""

    def __init__(self, files: FileSystem, descriptor: int, *, most_open: int) -> None:
        """``most_open``: how many files may be open at once."""
        self._files = files
        self._descriptor = descriptor
        self._owner = (os.geteuid(), os.getegid())
        self._nodes = Nodes()
        self._open: OpenFiles[int, Opened] = OpenFiles(most_open)
        self._failures = Failures()
        self._listings: OrderedDict[int, Sequence[tuple[bytes, Entry]]] = OrderedDict()
        self._listings_lock = threading.Lock()
        self._dispatcher = Dispatcher(descriptor, self._answer, largest=protocol.LARGEST_REQUEST)
        self._answers: dict[int, Callable[[Request], bytes]] = {
            Operation.LOOKUP: self._lookup,
            Operation.GETATTR: self._getattr,
            Operation.READLINK: self._readlink,
            Operation.READ: self._read,
            Operation.OPENDIR: self._opendir,
            Operation.READDIR: self._readdir,
            Operation.READDIRPLUS: self._readdirplus,
            Operation.RELEASEDIR: lambda request: b"",
            Operation.STATFS: lambda request: protocol.answer_statfs(),
            Operation.INIT: lambda request: protocol.answer_init(request.body, THREADS),
        }
        self._unanswered: dict[int, Callable[[Request], None]] = {
            Operation.FORGET: lambda request: self._forget(request.node, protocol.parse_forget(request.body)),
            Operation.BATCH_FORGET: self._forget_all,
            Operation.INTERRUPT: lambda request: None,  # the answer comes all the same
        }

    def begin(self) -> None:
        """Answer from now on; returns at once."""
        self._dispatcher.begin()

    def wait(self) -> None:
        """Returns when it is unmounted, by whomever, or ``end`` was called."""
        self._dispatcher.wait()

    def end(self) -> None:
        """Have ``wait`` return. Whoever asks is answered until it is unmounted."""
        self._dispatcher.end()

    def leave(self) -> None:
        """For a child of the process that answers: the mount shall not outlive that process for it."""
        os.close(self._descriptor)

    # what the kernel is told unasked

    def store(self, path: str, most: int) -> int:
        """Give the kernel all contents of a file whose name it knows, before anybody asks; how many bytes they are.

        None of a file that it does not know (any more), that has more than ``most`` bytes, or cannot be read now.
        """
        node = self._nodes.find(path)
        try:
            entry = self._files.entry(path)
            if node is None or entry is None or entry.size > most:
                return 0
            content = self._content(node, path, 0, entry.size)
            os.writev(self._descriptor, [protocol.notice_of_contents(node, len(content)), content])
            return len(content)
        except OSError:
            return 0

    def renew(self) -> None:
        """Have the kernel ask anew for every file that it may have contents of; there may be very many that it has only
        the names of. Who has one open goes on to read it; who opens it later is asked.

        Not for a thread that answers: the kernel may have to wait for an answer first.
        """
        for folder, name in self._nodes.renew():
            with contextlib.suppress(OSError):  # the kernel has forgotten it already
                os.write(self._descriptor, protocol.notice_of_change(folder, name))

    # answers

    def _answer(self, data: memoryview) -> None:
        request = protocol.parse_request(data)
        unanswered = self._unanswered.get(request.operation)
        if unanswered is not None:
            unanswered(request)
            return
        answer = self._answers.get(request.operation)
        # What is not offered the kernel asks for once and never again, but for the ioctl by which Python asks of every
        # file whether it is a terminal.
        number = errno.ENOSYS
        if answer is not None:
            try:
                reply = answer(request)
                os.writev(self._descriptor, [protocol.reply_head(request.unique, len(reply)), reply])
                return
            except OSError as error:
                number = error.errno or errno.EIO
            except Exception:
                log.exception("request %d", request.operation)
                number = errno.EIO
        with contextlib.suppress(OSError):  # who asked does not wait any more, or it is unmounted
            os.write(self._descriptor, protocol.reply_error(request.unique, number))

    def _entry(self, path: str) -> Entry:
        entry = self._files.entry(path or "/")
        if entry is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return entry

    def _lookup(self, request: Request) -> bytes:
        path = f"{self._nodes.path(request.node)}/{os.fsdecode(protocol.parse_name(request.body))}"
        entry = self._files.entry(path)
        if entry is None:
            return protocol.answer_absent(KEPT)
        return protocol.answer_entry(self._nodes.told(path), entry, self._owner, KEPT)

    def _getattr(self, request: Request) -> bytes:
        entry = self._entry(self._nodes.path(request.node))
        return protocol.answer_attributes(request.node, entry, self._owner, KEPT)

    def _readlink(self, request: Request) -> bytes:
        return os.fsencode(self._entry(self._nodes.path(request.node)).target)

    def _read(self, request: Request) -> bytes:
        _, offset, size = protocol.parse_read(request.body)
        place = request.node, offset
        self._failures.tell_again(place, request.thread)
        begun = time.monotonic()
        try:
            return self._content(request.node, self._nodes.path(request.node), offset, size)
        except OSError as error:
            self._failures.add(place, request.thread, error, begun)
            raise

    def _content(self, node: int, path: str, offset: int, size: int) -> bytes:
        """It is open from its first read until the kernel forgets it: so it can be read whatever the cache loses."""
        self._nodes.read(node)
        with self._open.use(node, lambda: self._files.open(path)) as file:
            return file.read(offset, size)

    def _opendir(self, request: Request) -> bytes:
        """What one may not list is refused here. The kernel keeps a listing only where it stays as it is."""
        path = self._nodes.path(request.node) or "/"
        self._files.names(path)
        kept = protocol.KEEP_CACHE | protocol.CACHE_DIR if self._files.is_fixed(path) else 0
        return protocol.answer_opened(0, kept)

    def _readdir(self, request: Request) -> bytes:
        return self._names(request, is_plus=False)

    def _readdirplus(self, request: Request) -> bytes:
        return self._names(request, is_plus=True)

    def _names(self, request: Request, *, is_plus: bool) -> bytes:
        """As many names as there is room for, from where the last answer ended."""
        _, offset, room = protocol.parse_read(request.body)
        listing = self._listings.get(request.node) if offset else None
        if listing is None:
            listing = self._list(request.node)
        path = self._nodes.path(request.node)
        parts: list[bytes] = []
        for number in range(offset, len(listing)):
            name, entry = listing[number]
            room -= protocol.listed_size(name, is_plus=is_plus)
            if room < 0:
                break
            node = protocol.UNKNOWN
            if is_plus and number > 1:
                node = self._nodes.told(f"{path}/{os.fsdecode(name)}")
                parts.append(protocol.answer_entry(node, entry, self._owner, KEPT))
            elif is_plus:
                parts.append(protocol.without_entry())
            parts.append(protocol.listed(name, number + 1, node, entry.kind))
        return b"".join(parts)

    def _list(self, node: int) -> Sequence[tuple[bytes, Entry]]:
        folder = Entry("d", 0o555, 0, 0)
        path = self._nodes.path(node) or "/"
        named = [(os.fsencode(name), entry) for name, entry in self._files.names(path)]
        listing = [(b".", folder), (b"..", folder), *named]
        with self._listings_lock:
            self._listings[node] = listing
            self._listings.move_to_end(node)
            while len(self._listings) > MOST_LISTED:
                self._listings.popitem(last=False)
        return listing

    def _forget_all(self, request: Request) -> None:
        for node, lookups in protocol.parse_forgets(request.body):
            self._forget(node, lookups)

    def _forget(self, node: int, lookups: int) -> None:
        if self._nodes.forget(node, lookups):
            self._open.drop(node)
