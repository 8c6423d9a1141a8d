"""python -m cloudshelf.fetcher --cache DIR --socket PATH [--turn FD] [--detach]: the process that fills environments.

It listens first and loads its libraries then: whoever started it is waiting.
"""

from __future__ import annotations

import gc

gc.disable()  # libraries are here to stay: there is nothing to collect while they load

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import ShelfError
from ..recall.settings import keep_recall
from .daemon import detach, open_log
from .server import IDLE, Server


def main(arguments: list[str]) -> int:
    """0 at its end, or when another fetcher listens already; 2 for wrong usage; 3 when it cannot start."""
    detached = arguments[-1:] == ["--detach"]
    arguments = arguments[: len(arguments) - detached]
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    turn = options.pop("--turn", "")
    if len(arguments) != 4 + 2 * bool(turn) or set(options) != {"--cache", "--socket"} or not (turn or "0").isdecimal():
        sys.stderr.write("usage: python -m cloudshelf.fetcher --cache DIR --socket PATH [--turn FD] [--detach]\n")
        return 2
    cache, path = Path(options["--cache"]).absolute(), Path(options["--socket"]).absolute()
    log = cache / "fetcher" / "log"
    os.environ["CLOUDSHELF_CACHE"] = str(cache)  # for the verbs that are served here
    if os.environ.get("CLOUDSHELF_CONFIG"):
        _keep_recall_settings()
    url = os.environ.pop("CLOUDSHELF_URL", "")  # each call says which shelf; who started us may have a wrong setting
    config = os.environ.pop("CLOUDSHELF_CONFIG", "")
    try:
        detach(log, int(turn) if turn else None)
        server = Server(cache, path, idle=_idle_seconds(), config=config)
        if not server.listen():
            return 0
    except ShelfError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    if detached and os.fork():  # nobody's child: a program that waits for any child must not see this one
        os._exit(0)
    server.listen_here()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_get_ready, args=(server, url, cache, int(turn) if turn else None), daemon=True).start()
    with contextlib.suppress(SystemExit):
        server.run()
    return 0


def _keep_recall_settings() -> None:
    """What the file that CLOUDSHELF_CONFIG names says of block lists, for verbs that are served here without it."""
    with contextlib.suppress(ShelfError):  # who named a wrong one is told by the verbs that it calls
        keep_recall()


def _get_ready(server: Server, url: str, cache: Path, turn: int | None) -> None:
    """What takes time, while the first client is still connecting. What fails here is told to the first request.

    The shelf at ``url`` is asked while libraries load; ``turn`` is the turn to ask what is blocked (blocklist.asking).
    """
    from .approach import approach  # before the thread, which then has little to do but wait

    threading.Thread(target=_approach, args=(approach, url, cache, turn), daemon=True).start()
    try:
        server.engine.get()
    except Exception as error:
        sys.stderr.write(f"{error}\n")
    gc.freeze()  # else the first collection looks at all of them, now that somebody waits
    gc.enable()
    open_log(cache / "fetcher" / "log")


def _approach(approach: Callable[..., None], url: str, cache: Path, turn: int | None) -> None:
    for each in filter(None, url.split(",")):
        try:
            approach(each, cache, asks=turn is not None)
        except Exception as error:
            sys.stderr.write(f"{error}\n")
    if turn is not None:
        os.close(turn)


def _idle_seconds() -> float:
    try:
        return float(os.environ.get("CLOUDSHELF_FETCHER_IDLE", IDLE))
    except ValueError:
        return IDLE


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # threads that still wait for a network must not keep the process
