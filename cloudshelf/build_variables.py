"""The variables of ``sysconfig``, read once before several threads ask for them.

In CPython 3.11 the second of two threads that ask first sees a dictionary that is not filled yet: no SOABI, no ABI
flags. Then one lock makes two environments, and wheels do not fit.
"""

from __future__ import annotations

import sysconfig
import threading

_lock = threading.Lock()


def settle() -> None:
    """Return when the variables are complete; who uses ``sysconfig``, also by ``packaging.tags``, calls this before."""
    with _lock:
        sysconfig.get_config_vars()
