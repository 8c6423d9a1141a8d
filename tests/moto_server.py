"""moto's server on a port of 127.0.0.1, with writes that happen one at a time: ``python moto_server.py PORT``.

moto compares a condition (If-Match, If-None-Match) and writes in two steps, in a thread for each request: of 32 writers
at once two may win, on a busy machine. S3 lets one win, and all that is tested here rests on it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


class OneWriterAtATime:
    """``app`` (WSGI, PEP 3333), which is asked for one PUT or DELETE after the other."""

    def __init__(self, app: Any) -> None:
        self._app, self._lock = app, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("PUT", "DELETE"):
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        with self._lock:
            return list(self._app(environ, start_response))


if __name__ == "__main__":
    app = OneWriterAtATime(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
