"""Whether an editor has a notebook open: it would be written behind its back, and overwritten by its next save.

Asked are the Jupyter servers of this user on this machine, and the lock files that editors leave beside a file. What
cannot be told (VS Code, a server on another machine) is told by nobody; the write itself sees a file saved meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from .errors import UsageError

PATIENCE = 2.0  # seconds for the answer of a server on this machine


def refuse_open(path: Path, servers: Iterable[Mapping[str, Any]] | None = None) -> list[str]:
    """Raises UsageError when ``path`` is open in an editor; else notes on the servers that could not be asked."""
    for beside in _lock_files(path):
        raise UsageError(
            f"{path.name} is open in an editor, which keeps {beside.name}. Close it there, then run this again."
        )
    notes = []
    for server in _running() if servers is None else servers:
        url = str(server.get("url", ""))
        try:
            sessions = _sessions(server)
        except (OSError, ValueError, HTTPException) as error:
            reason = f"HTTP {error.code}" if isinstance(error, HTTPError) else getattr(error, "reason", None) or error
            notes.append(f"The Jupyter server at {url} did not say whether it has {path.name} open ({reason}).")
            continue
        if path.resolve() in _open_paths(sessions, Path(str(server.get("root_dir", "/")))):
            raise UsageError(
                f"{path.name} is open in the Jupyter server at {url}, and only its editor may change it. "
                "Save it there, close it and shut its kernel down, then run this again."
            )
    return notes


def _running() -> Iterator[Mapping[str, Any]]:
    from jupyter_server.serverapp import list_running_servers

    yield from list_running_servers()


def _sessions(server: Mapping[str, Any]) -> Any:
    """The server's sessions (its REST API); no proxy is asked, because the token is for this machine only."""
    token = str(server.get("token") or "")
    headers = {"Authorization": f"token {token}"} if token else {}
    request = Request(f"{str(server['url']).rstrip('/')}/api/sessions", headers=headers)
    with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def _open_paths(sessions: Any, root: Path) -> Iterator[Path]:
    for session in sessions if isinstance(sessions, list) else ():
        name = session.get("path") if isinstance(session, dict) else None
        if isinstance(name, str) and name:
            yield (root.expanduser() / name.removeprefix("RTC:").lstrip("/")).resolve()  # RTC: is a drive of an editor


def _lock_files(path: Path) -> list[Path]:
    """What LibreOffice and its kin, Emacs, and Vim leave beside a file that they have open."""
    names = (f".~lock.{path.name}#", f".#{path.name}", f".{path.name}.swp")
    return [beside for name in names if (beside := path.with_name(name)).is_symlink() or beside.exists()]
