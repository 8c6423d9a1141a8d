"""The fetcher's socket: who may speak, one thread a connection, the protocol of docs/architecture.md.

Each message is a 4-byte big-endian length, one byte tag, and the body. A client that dies takes only its connection
with it; an exception becomes an answer and a line in the log, and never the end of the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import queue
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import errors
from ..errors import CacheUnusable, ShelfError, UsageError
from .disk import disk_errors, private_folder

if TYPE_CHECKING:
    from .environments import Environments
    from .request import Request
    from .transfer import Transfer
    from .usage import UsageReports

HEARTBEAT = 1.0  # seconds; a client that hears nothing for 10 takes us for hung
PATIENCE = 5.0  # seconds for another fetcher to listen, or to be gone
LARGEST_MESSAGE = 16 << 20
_LOOK_AGAIN = 0.05  # seconds
REPORT = 86400.0  # seconds between usage reports
IDLE = 600.0  # seconds, unless CLOUDSHELF_FETCHER_IDLE says otherwise
_LENGTH = struct.Struct(">I")
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED

log = logging.getLogger(__name__)


class Malformed(Exception):
    """A message that no client of ours sends: the end of its connection."""


class Abandoned(BaseException):
    """Nobody waits for this call any more; raised from its progress report, which is where it is safe to stop."""


class Engine:
    """What fills environments. Loaded when first needed, or ahead of that: libraries take longer than the socket."""

    def __init__(self, cache: Path, config: str = "") -> None:
        self._cache = cache
        self._config = config
        self._lock = threading.Lock()
        self._loaded: tuple[Transfer, Environments] | None = None

    def get(self) -> tuple[Transfer, Environments]:
        """Raises CacheUnusable; the next call tries again."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def is_busy(self) -> bool:
        return self._loaded is not None and self._loaded[0].is_busy()

    def flag(self, name: str) -> bool:
        """A setting of the user or the machine (config.FLAGS); what is wrong with a file is said by other readers."""
        from ..config import read_flag

        named = {"CLOUDSHELF_CONFIG": self._config} if self._config else {}
        try:
            return read_flag(name, {**os.environ, **named})[0]
        except UsageError:
            return True

    def numbers(self) -> dict[str, dict[str, Any]]:
        """What was fetched for each environment so far (statistics.py)."""
        return self._loaded[0].statistics.numbers() if self._loaded is not None else {}

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded[0].close(flush=False)

    def _load(self) -> tuple[Transfer, Environments]:
        from ..stores.counting import CountingStore
        from ..stores.opening import shared_store
        from .blobs import BlobCache
        from .environments import Environments
        from .transfer import Transfer

        transfer = Transfer(BlobCache(self._cache), background=self.flag("background_fill"))
        return transfer, Environments(lambda url: CountingStore(shared_store(url)))


class Server:
    """One fetcher: ``run`` returns when it was told to end, or had nothing to do for long enough."""

    def __init__(self, cache: Path, path: Path, *, idle: float = IDLE, config: str = "") -> None:
        """``config`` is the configuration file that CLOUDSHELF_CONFIG named, if it did."""
        self.engine = Engine(cache, config)
        self._path = path
        self._idle = idle
        self._lock = threading.Lock()
        self._pending = 0
        self._unhurried = 0  # of them, those that nobody waits for
        self._last = time.monotonic()
        self._stopping = False
        self.retired = False
        self._listener: socket.socket | None = None
        self._woken, self._wake = socket.socketpair()
        self._flock = -1
        self._reports: UsageReports | None = None
        self._reported = time.monotonic()

    def listen(self) -> bool:
        """False when another fetcher listens there. Raises CacheUnusable when the folder is not ours alone."""
        private_folder(self._path.parent)
        lock = self._path.with_name(self._path.name + ".lock")
        with disk_errors(lock):
            self._flock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not self._take_lock():
            os.close(self._flock)
            self._flock = -1
            return False
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with disk_errors(self._path):
            self._path.unlink(missing_ok=True)  # of a fetcher that was killed
            listener.bind(str(self._path))
            self._path.chmod(0o600)
        listener.listen(128)
        self._listener = listener
        return True

    def _take_lock(self) -> bool:
        """Waits while the lock is held by one that does not listen: it is just starting, or was killed just now."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self._flock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if self._is_answered() or time.monotonic() > deadline:
                    return False
            time.sleep(0.005)  # flock(2) knows no timeout

    def _is_answered(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self._path)) == 0

    def run(self) -> None:
        """Accept until the end; ``listen`` was called before."""
        assert self._listener is not None
        ready = select.poll()
        for source in (self._listener, self._woken):
            ready.register(source, select.POLLIN)
        wait = 1000 * min(1.0, max(0.05, self._idle / 4))
        try:
            while not self._stopping and not self._is_idle():
                if time.monotonic() - self._reported > REPORT:
                    self._reported = time.monotonic()
                    threading.Thread(target=self._report, daemon=True).start()
                if any(descriptor == self._listener.fileno() for descriptor, _ in ready.poll(wait)):
                    self._accept(self._listener)
        finally:
            self._end()

    def retire(self) -> None:
        """Let another fetcher take the name; what was asked is still answered, but nothing new. From any thread."""
        with self._lock:
            self.retired = True
            if self._flock >= 0:
                self._path.unlink(missing_ok=True)  # before the lock: the next one's name must not be removed
                os.close(self._flock)
                self._flock = -1

    def wait_for_quiet(self) -> None:
        """Return when nobody waits for an answer and no import has asked for a second. Raises Abandoned at the end."""
        while self.engine.get()[0].wait_for_quiet():
            with self._lock:
                if self._pending <= self._unhurried:
                    return
            time.sleep(_LOOK_AGAIN)
        raise Abandoned

    def load_more(self) -> None:
        """Load what verbs need, when there is time for it."""
        from .ahead import load_more

        try:
            load_more(self.wait_for_quiet)
        except Abandoned:
            pass
        except Exception:
            log.exception("what verbs need cannot be loaded")  # who calls one is told

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

    def stop(self) -> None:
        """Make ``run`` return. From any thread."""
        self.retire()
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake.send(b"x")

    def _end(self) -> None:
        self.stop()
        for each in (self._listener, self._woken, self._wake):
            if each is not None:
                each.close()
        reporting = threading.Thread(target=self._report, daemon=True)
        reporting.start()
        reporting.join(PATIENCE)  # nobody waits for this process any more; a shelf that does not answer gets no report
        self.engine.close()

    def note_use(self, environment: str) -> None:
        """Somebody uses ``environment``; a shelf may want to know (usage.py)."""
        self._usage_reports().note(environment)

    def _usage_reports(self) -> UsageReports:
        from ..stores.opening import open_store
        from .usage import UsageReports

        with self._lock:
            if self._reports is None:
                self._reports = UsageReports(open_store)
            return self._reports

    def _report(self) -> None:
        """Tell the shelves that ask for it what was used; nothing depends on it."""
        numbers = self.engine.numbers()
        if (not numbers and self._reports is None) or not self.engine.flag("usage_reports"):
            return
        try:
            self._usage_reports().send(numbers)
        except Exception:
            log.exception("a usage report failed")

    def _is_idle(self) -> bool:
        with self._lock:
            if self._pending or self.engine.is_busy():
                self._last = time.monotonic()
            return time.monotonic() - self._last > self._idle

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
                while not self.retired and (message := _receive(connection)) is not None:
                    with self._counted():
                        Answer(self, connection).give(*message)
            except Malformed as error:
                log.warning("closed a connection: %s", error)
            except OSError:
                pass  # the client is gone
            except Exception:
                log.exception("a connection failed")

    @contextlib.contextmanager
    def _counted(self) -> Any:
        with self._lock:
            self._pending += 1
        try:
            yield
        finally:
            with self._lock:
                self._pending -= 1
                self._last = time.monotonic()


class Answer:
    """The answer to one message."""

    def __init__(self, server: Server, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection

    def give(self, tag: bytes, body: bytes) -> None:
        """Raises Malformed, or OSError when the client is gone."""
        action = {
            b"E": self._ensure,
            b"B": self._begin,
            b"A": self._expect,
            b"C": self._call,
            b"Q": self._quit,
        }.get(tag)
        if action is None:
            raise Malformed(f"unknown tag {tag!r}")
        try:
            action(body)
        except ShelfError as error:
            if self._server.retired:
                raise ConnectionAbortedError("it ends; the next fetcher will answer") from error
            self._send_error(error)
        except (OSError, Malformed):
            raise
        except Exception as error:
            log.exception("a request failed")
            self._send_error(ShelfError(f"{type(error).__name__}: {error}"))

    def _ensure(self, body: bytes) -> None:
        from .frames import Priority

        path, numbers, word = _split(body, 3)
        try:
            priority = {"need": Priority.NEED, "soon": Priority.SOON, "fill": Priority.FILL}[word]
            wanted = [int(number) for number in numbers.split(",") if number]
        except (KeyError, ValueError):
            raise Malformed("its numbers or its priority cannot be read") from None
        transfer, environments = self._server.engine.get()
        if priority is Priority.NEED:
            self._wait(transfer.need(environments.get(_absolute(path)), wanted))
            self._send(b"K")
            return
        self._send(b"K")  # nobody waits for it: what cannot be brought is told to who needs it
        try:
            transfer.ensure(environments.get(_absolute(path)), wanted, priority)
        except ShelfError as error:
            log.info("what was wished for cannot be brought: %s", error)

    def _wait(self, request: Request) -> None:
        while not request.wait(HEARTBEAT):
            self._send(b".")
        request.result()

    def _begin(self, body: bytes) -> None:
        path, number, module = _split(body, 3)
        if not number.isdecimal():
            raise Malformed("its project number cannot be read")
        transfer, environments = self._server.engine.get()
        environment = environments.get(_absolute(path))
        if int(number) >= len(environment.projects):
            raise UsageError(f"{path} has no project number {number}")
        try:
            # Before the reply: what is needed next is among it.
            transfer.begin(environment, int(number), module)
        except Exception:
            log.exception("a beginning failed")  # whoever needs a file of it is told
        self._send(b"K")

    def _expect(self, body: bytes) -> None:
        path, *modules = _split(body)
        self._send(b"K")  # nobody waits for it: what cannot be brought is told to who needs it
        transfer, environments = self._server.engine.get()
        try:
            transfer.expect(environments.get(_absolute(path)), modules)
        except ShelfError as error:
            log.info("what a program will import cannot be brought: %s", error)

    def _quit(self, body: bytes) -> None:
        self._server.retire()
        try:
            self._send(b"K")
        finally:
            self._server.stop()

    def _call(self, body: bytes) -> None:
        try:
            request = json.loads(body)
            verb, args = request["verb"], request["args"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Malformed("its call cannot be read") from None
        if not isinstance(verb, str) or not isinstance(args, dict):
            raise Malformed("its call is not a verb with arguments")
        if verb == "shutdown":
            self._quit(body)
            return
        events: queue.SimpleQueue[tuple[bytes, Any]] = queue.SimpleQueue()
        abandoned = threading.Event()
        threading.Thread(target=self._perform, args=(verb, args, events, abandoned), daemon=True).start()
        try:
            self._relay(events)
        except OSError:
            abandoned.set()
            raise

    def _relay(self, events: queue.SimpleQueue[tuple[bytes, Any]]) -> None:
        tag = b"P"
        while tag == b"P":
            try:
                tag, value = events.get(timeout=HEARTBEAT)
            except queue.Empty:
                self._send(b".")
            else:
                self._send(tag, json.dumps(value, default=str).encode())

    def _perform(
        self,
        verb: str,
        args: dict[str, Any],
        events: queue.SimpleQueue[tuple[bytes, Any]],
        abandoned: threading.Event,
    ) -> None:
        def progress(event: dict[str, Any]) -> None:
            if abandoned.is_set():
                raise Abandoned
            events.put((b"P", event))

        try:
            result = self._own_verb(verb, args)
            answer = result(args, progress)
            events.put((b"K", answer))
            if verb in ("use", "sync") and isinstance(answer, dict) and answer.get("environment"):
                self._server.note_use(str(answer["environment"]))
        except Abandoned:
            log.info("%s was abandoned", verb)
        except ShelfError as error:
            events.put((b"X", _error_fields(error)))
        except BaseException as error:
            log.exception("%s failed", verb)
            events.put((b"X", _error_fields(ShelfError(f"{type(error).__name__}: {error}"))))

    def _own_verb(
        self, verb: str, args: dict[str, Any]
    ) -> Callable[[dict[str, Any], Callable[[dict[str, Any]], None]], Any]:
        own = {"ping": self._ping, "statistics": self._statistics, "prepare": self._prepare}
        if args.get("environment"):  # without one, fill is a verb that makes it first
            own["fill"] = self._fill
        if verb in own:
            return own[verb]
        import importlib

        serve = importlib.import_module("cloudshelf.verbs").serve
        return lambda args, progress: serve(verb, args, progress)

    def _ping(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        return {"pid": os.getpid(), "python": sys.executable}

    def _prepare(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """args: "shelf" (a URL, or none). Somebody may call verbs soon: be ready. The names of the shelf."""
        from .ahead import names_of

        try:
            with self._server.unhurried():
                return names_of(str(args.get("shelf") or ""), self._server.wait_for_quiet)
        finally:  # whoever waits for the names does not wait for this
            threading.Thread(target=self._server.load_more, daemon=True).start()

    def _statistics(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """args: "environment" (default: all), "since" (a mark), "mark" (true: remember this moment)."""
        statistics = self._server.engine.get()[0].statistics
        numbers = statistics.numbers(environment=args.get("environment"), since=args.get("since"))
        return {"environments": numbers} | ({"mark": statistics.mark()} if args.get("mark") else {})

    def _fill(self, args: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """args: "environment", "everything" (default: true)."""
        transfer, environments = self._server.engine.get()
        environment = environments.get(_absolute(str(args["environment"])))
        return dict(transfer.fill(environment, everything=bool(args.get("everything", True)), progress=progress))

    def _send_error(self, error: ShelfError) -> None:
        self._send(b"X", json.dumps(_error_fields(error), default=str).encode())

    def _send(self, tag: bytes, body: bytes = b"") -> None:
        self._connection.sendall(_LENGTH.pack(1 + len(body)) + tag + body)


def _error_fields(error: ShelfError) -> dict[str, Any]:
    name = type(error).__name__
    if getattr(errors, name, None) is type(error):
        return {"error": name, "args": list(error.args)}
    return {"error": "ShelfError", "args": [str(error)]}


def _receive(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """The next message as (tag, body); None when the client is done. Raises Malformed."""
    header = _receive_exactly(connection, _LENGTH.size)
    if not header:
        return None
    (length,) = _LENGTH.unpack(header)
    if not 1 <= length <= LARGEST_MESSAGE:
        raise Malformed(f"a message of {length} bytes")
    message = _receive_exactly(connection, length)
    if not message:
        raise Malformed("a message without its end")
    return message[:1], message[1:]


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    """``length`` bytes, or none at the end of the stream. Raises Malformed when it ends in between."""
    data = connection.recv(length)
    if not data or len(data) == length:
        return data
    parts = [data]
    length -= len(data)
    while length:
        data = connection.recv(length)
        if not data:
            raise Malformed("a message without its end")
        parts.append(data)
        length -= len(data)
    return b"".join(parts)


def _split(body: bytes, fields: int = 0) -> list[str]:
    """The fields of a body, in any number when ``fields`` is 0. Raises Malformed."""
    parts = body.split(b"\0")
    if fields and len(parts) != fields:
        raise Malformed(f"{len(parts)} fields where {fields} belong")
    return [os.fsdecode(part) for part in parts]


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise CacheUnusable(path, "an environment is named by its absolute path")
    return path
