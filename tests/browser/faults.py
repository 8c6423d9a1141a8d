"""A fault that lasts until the test ends it, so that nothing depends on seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tools.fault_proxy import Fault, Reply, _Handler


@dataclass(frozen=True)
class Hold(Fault):
    """Requests wait until ``release``; ``held`` says that one does."""

    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def before(self, handler: _Handler) -> Reply | None:
        self.held.set()
        while not self.go.wait(0.2) and not handler.proxy.closing.is_set():
            pass
        return None

    def release(self) -> None:
        self.go.set()
