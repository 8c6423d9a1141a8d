"""A real Jupyter server with our extension, in a home of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cloudshelf.codecs.lock import format_lock
from cloudshelf.model import Lock

TOKEN = "canary-token-of-the-server"
API = "/cloudshelf/api"
LOCK = format_lock(Lock("file:///nowhere", (), "3.11.0", "cpython-311", ()))  # for what takes the text of one
_OTHERS = ("jupyterlab", "jupyter_lsp", "jupyter_scheduler", "jupyter_server_terminals", "notebook", "notebook_shim")
_DROPPED = ("CLOUDSHELF", "AWS_", "XDG_", "PYTHONPATH", "JUPYTER", "IPYTHON")


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> Any:
        return self.json["error"]


@dataclass(frozen=True)
class Server:
    """A running server; ``shelf`` is the id of its (first) shelf."""

    url: str
    log: Path
    shelf: str = ""

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, token: str | None = TOKEN, **headers: str
    ) -> Answer:
        """``path`` below the API, sent as it is; ``If_None_Match="…"`` and the like are headers."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"token {token}"
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, f"{urlsplit(self.url).path.rstrip('/')}{API}{path}", body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def get(self, *parts: str, **query: object) -> Any:
        """The JSON of a path below the shelf, which has to be answered with 200."""
        answer = self.ask(self.path(*parts, **query))
        assert answer.status == 200, answer.body
        return answer.json

    def at(self, number: int) -> Server:
        """The same server, at another of its shelves."""
        return replace(self, shelf=self.ask("/shelves").json["shelves"][number]["id"])

    def path(self, *parts: str, **query: object) -> str:
        """Of something on the shelf: ``path("projects", "numpy", q="…")``."""
        path = "/".join(["/shelves", self.shelf, *(quote(part, safe="") for part in parts)])
        return f"{path}?{urlencode(query)}" if query else path


@contextlib.contextmanager
def running(folder: Path, *flags: str, **environ: str) -> Iterator[Server]:
    """Start a server below ``folder``, with our extension and these settings; end it."""
    folder.mkdir(parents=True, exist_ok=True)
    own = own_environ(folder) | environ
    words = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
        f"--ServerApp.root_dir={folder / 'home'}",
        f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.jpserver_extensions={dict.fromkeys(_OTHERS, False) | {'cloudshelf_jupyter': True}}",
        *flags,
    ]
    log = folder / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(words, env=own, cwd=folder, stdin=subprocess.DEVNULL, stderr=output) as process,
    ):
        try:
            server = Server(_url(process, folder / "home" / "runtime", log), log)
            shelves = server.ask("/shelves").json.get("shelves")
            yield Server(server.url, log, shelves[0]["id"] if shelves else "")
        finally:
            process.kill()  # it has no kernels, and a gentle end takes seconds


def own_environ(folder: Path) -> dict[str, str]:
    """The variables of somebody without settings, whose home is below ``folder``."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return kept | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "CLOUDSHELF_CONFIG": os.devnull,
        "CLOUDSHELF_CACHE": str(folder / "cache"),
        "CLOUDSHELF_FETCHER_IDLE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _url(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """From the file that the server writes about itself, when it answers; the suite's time limit ends this."""
    while True:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError, ValueError, KeyError):
            url = json.loads((runtime / f"jpserver-{process.pid}.json").read_bytes())["url"]
            Server(url, log).ask("/openapi.json")
            return str(url)
        time.sleep(0.05)  # a state that nobody tells of
