"""``python -m cloudshelf`` is the command ``cloudshelf``."""

from .cli import main

raise SystemExit(main())
