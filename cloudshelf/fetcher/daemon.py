"""Becoming a process of its own, and its log."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
from pathlib import Path

from ..importing.paths import private_folder
from .disk import disk_errors

LARGEST_LOG = 1 << 20
_SECRETS = re.compile(
    r"(?i)((?:secret|token|password|signature|credential|authorization|access_?key)[\w-]*[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"'&,;]+|(://)[^/@\s]+@|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
)


def detach(log: Path, keep: int | None = None) -> None:
    """Leave the starter's session, folder and files, but for the descriptor ``keep``; what is printed goes to ``log``.

    Raises CacheUnusable.
    """
    with contextlib.suppress(OSError):
        os.setsid()  # refused for a process group's leader, such as one that posix_spawn gave its own session
    os.chdir("/")
    private_folder(str(log.parent.parent))
    private_folder(str(log.parent))
    with disk_errors(log):
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  (Path.iterdir holds one of them open)
        if int(name) > 2 and int(name) != keep:
            with contextlib.suppress(OSError):
                os.close(int(name))


def open_log(log: Path) -> None:
    """Log lines go to ``log``, which never grows beyond two times ``LARGEST_LOG``."""
    logging.getLogger().addHandler(_Late(log))
    logging.getLogger().setLevel(logging.INFO)


class _Late(logging.Handler):
    """What turns a log over is loaded for the first line: it brings sockets and pickle, and most starts have none."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._handler.emit(record)

    @functools.cached_property
    def _handler(self) -> logging.Handler:
        """With the lock of ``emit``."""
        from logging.handlers import RotatingFileHandler

        handler = RotatingFileHandler(self._log, maxBytes=LARGEST_LOG, backupCount=1, delay=True)
        handler.setFormatter(_Redacting("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
        return handler


class _Redacting(logging.Formatter):
    """Whatever an error of a library says, its secrets stay out of the file."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def redacted(text: str) -> str:
    """``text`` without what looks like a credential."""
    return _SECRETS.sub(lambda match: f"{match[1] or match[2] or ''}***" + ("@" if match[2] else ""), text)
