"""The command ``cloudshelf``; ``python -m cloudshelf`` is the same."""

import gc

gc.disable()  # libraries are here to stay: there is nothing to collect while they load

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
