"""The command ``cloudshelf``, and ``python -m cloudshelf``."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """The exit code (cli.py)."""
    gc.disable()  # libraries are here to stay: there is nothing to collect while they load
    if sys.argv[1:2] == ["run"]:
        from .command.early import start_fetcher

        start_fetcher(sys.argv[2:])
    from .command.cli import main as obey

    return obey()


if __name__ == "__main__":
    raise SystemExit(main())
