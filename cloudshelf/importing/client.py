"""Asking the fetcher: raw sockets, no threads, no locks that a fork could leave held.

A message is a 4-byte big-endian length (of what follows it), one byte tag, and a body; requests and replies are those
of docs/architecture.md. Primitives are taken from C modules (``_socket``, ``posix``), because programs such as gevent's
replace what is in ``socket``, ``os`` and ``time`` and would switch tasks in the middle of an import.
"""

from __future__ import annotations

import os
from time import perf_counter

from ..errors import BringInterrupted, FetcherFailed, ShelfError, by_name
from . import timeline
from .connection import SILENCE, connect, give_back, kill_peer, receive, take, try_connect
from .paths import private_folder
from .starting import start_alone
from .target import default_target, target_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable, Sequence
    from typing import Any

    from .target import Target

TRIES = 3
waiting: Callable[[str, Sequence[int]], None] | None = None  # told every second what is waited for, and () at the end


def ensure(environment: str, numbers: Sequence[int], priority: str = "need") -> None:
    """Return when the files with these numbers are in place ("soon" and "fill": when the fetcher knows of the wish).

    Raises errors of ``cloudshelf.errors``, never ImportError: what the store said, CacheUnusable, or FetcherFailed
    when three fetchers in a row did not answer.
    """
    body = f"{environment}\0{','.join(map(str, numbers))}\0{priority}"
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        _tell(environment, numbers)

    begun = perf_counter()
    try:
        _exchange(target_of(environment), b"E", body.encode("utf-8", "surrogateescape"), beat=beat)
    finally:
        timeline.waited(begun, len(numbers) if priority == "need" else 0)
        if beats:
            _tell(environment, ())


def _tell(environment: str, numbers: Sequence[int]) -> None:
    """What cannot be shown is no reason for an import to fail."""
    if waiting is not None:
        try:
            waiting(environment, numbers)
        except Exception:
            pass


def begin(environment: str, project: int, module: str = "", *, start: bool = True) -> None:
    """Tell that the first import of ``project`` began, on the way to ``module`` of it.

    Without ``start``, only a fetcher that runs already is told.
    """
    target = target_of(environment)
    if not start and not os.path.exists(target.path):
        return
    begun = perf_counter()
    try:
        _exchange(target, b"B", f"{environment}\0{project}\0{module}".encode("utf-8", "surrogateescape"))
    finally:
        timeline.waited(begun, 0)


def expect(environment: str, modules: Sequence[str]) -> None:
    """Tell that a program starts which will import ``modules``: the environment is opened, their files are brought.

    Returns at once. Raises as ``ensure``.
    """
    body = "\0".join((environment, *modules))
    _exchange(target_of(environment), b"A", body.encode("utf-8", "surrogateescape"))


def call(
    verb: str,
    args: dict[str, Any],
    progress: Callable[[dict[str, Any]], None] | None = None,
    beat: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """The answer of any verb; ``progress`` gets each event, ``beat`` is called for every second of waiting.

    Raises errors of ``cloudshelf.errors``, and what those two raise: then the fetcher is told that nobody waits.
    A verb is asked for again only when the fetcher died without a sign of having begun.
    """
    import json

    body = json.dumps({"verb": verb, "args": args}).encode()
    answer = _exchange(default_target(), b"C", body, progress or _ignore, beat)
    return dict(json.loads(answer)) if answer else {}


def renew_blocks(environment: str, shelf: str, *, force: bool) -> None:
    """Have the fetcher of ``environment`` ask ``shelf`` what is blocked, and write it down (blocklist.py).

    It answers within two seconds or so, whatever the shelf does. ``force``: although it was asked lately.
    """
    import json

    body = json.dumps({"verb": "renew-blocks", "args": {"shelf": shelf, "force": force}}).encode()
    _exchange(target_of(environment), b"C", body, _ignore)


def reach(*, start: bool, shelf: str = "", turn: int | None = None) -> bool:
    """Whether a fetcher listens; with ``start``, one that does not is started, and not waited for.

    Not if another process has just started one. It connects to ``shelf`` (a URL) ahead; with ``turn`` it asks that what
    is blocked (starting.start). What cannot be started is told when it is asked.
    """
    target = default_target()
    try:
        connection = try_connect(target.path)
        if connection is not None:
            give_back(target, connection)
            return True
        if start:
            private_folder(target.cache)
            private_folder(f"{target.cache}/fetcher")
            start_alone(target, shelf, turn)
    except (ShelfError, OSError):
        pass
    return False


def _exchange(
    target: Target,
    tag: bytes,
    body: bytes,
    progress: Callable[[dict[str, Any]], None] | None = None,
    beat: Callable[[], None] | None = None,
) -> bytes:
    """The body of the reply. A fetcher that is gone or hung is replaced, and asked again."""
    message = (len(body) + 1).to_bytes(4, "big") + tag + body
    reason = ""
    fresh = 0
    while fresh < TRIES:
        connection = take(target)
        if connection is None:
            fresh += 1
            connection = connect(target)
        heard: list[bytes] = []
        try:
            connection.settimeout(SILENCE)
            connection.sendall(message)
            result = _reply(connection, progress, heard, beat)
        except TimeoutError:
            reason = f"nothing was heard of it for {SILENCE:g} seconds"
            kill_peer(connection)
            connection.close()
        except OSError as error:  # EOF, too
            reason = f"it ended ({error.strerror or error})"
            connection.close()
        except KeyboardInterrupt:
            connection.close()  # the reply is still to come
            if tag in (b"E", b"B"):  # an import waits
                raise BringInterrupted from None
            raise
        except BaseException:  # an error of the progress function
            connection.close()
            raise
        else:
            give_back(target, connection)
            return _checked(result)
        if heard and tag == b"C":
            break
    raise FetcherFailed(reason, target.log)


def _reply(
    connection: _socket.socket,
    progress: Callable[[dict[str, Any]], None] | None,
    heard: list[bytes],
    beat: Callable[[], None] | None = None,
) -> bytes:
    """The final message; ``heard`` gets the tags of those before it. Raises OSError when there will be none.

    ``beat`` is called for every second of waiting.
    """
    while True:
        size = int.from_bytes(receive(connection, 4), "big")
        message = receive(connection, size)
        tag = message[:1]
        if tag in (b"K", b"X"):
            return message
        heard.append(tag)
        if tag == b"P":
            if progress is not None:
                import json

                event = json.loads(message[1:])
                try:
                    progress(event)
                except OSError as error:  # of the caller's display: not to be taken for one of the connection
                    raise RuntimeError(f"progress cannot be shown: {error}") from error
        elif tag == b".":
            if beat is not None:
                beat()
        else:
            raise ConnectionResetError(f"an answer of kind {tag!r}, which this version does not know")


def _checked(message: bytes) -> bytes:
    """The body of a final message; raises the error that it carries."""
    if message[:1] == b"X":
        import json

        fact = json.loads(message[1:])
        raise by_name(fact["error"], fact["args"])
    return message[1:]


def _ignore(event: dict[str, Any]) -> None:
    """Progress that nobody asked for."""
