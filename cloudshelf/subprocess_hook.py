"""What cloudshelf.pth calls in a Python that starts with CLOUDSHELF_ENVIRONMENT set: a child of a shelf's user.

So ``sys.executable -m``, ``-c``, multiprocessing's spawn and workers see what their parent sees, before user code.
The engine's own programs (the command, the fetcher) must not: a user may pin any version of what they import.
"""

from __future__ import annotations

import os
import sys

ENVIRONMENT = "CLOUDSHELF_ENVIRONMENT"


def inherit() -> None:
    """Activate the parent's environment; one line on stderr, and the program goes on, when that cannot be.

    It does not go on where something of the environment is blocked.
    """
    environment = os.environ.get(ENVIRONMENT)
    if not environment:
        return
    if is_engine(sys.orig_argv):
        del os.environ[ENVIRONMENT]  # nor do pip and builds that it starts
        return
    if not fits(environment):
        return
    try:
        from .importing.activate import activate_or_end

        activate_or_end(environment)
    except Exception as error:
        print(f"cloudshelf: {environment} was not inherited: {error}", file=sys.stderr)


def is_engine(words: list[str]) -> bool:
    """Whether this process is ``cloudshelf`` or ``python -m cloudshelf[.fetcher]``."""
    for i, word in enumerate(words[1:], 1):
        if word == "-m":
            return words[i + 1 : i + 2] in (["cloudshelf"], ["cloudshelf.fetcher"])
        if not word.startswith("-"):
            return os.path.basename(word) == "cloudshelf"  # noqa: PTH119  (pathlib costs 5 ms at start)
        if word.startswith("-m"):
            return word[2:] in ("cloudshelf", "cloudshelf.fetcher")
        if word == "-c":
            return False
    return False


def fits(environment: str) -> bool:
    """Whether the environment is another one than this interpreter's own, and made for its version of Python."""
    if os.path.realpath(sys.prefix) == os.path.realpath(environment):
        return False
    site = f"{environment}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    return os.path.isdir(site)  # noqa: PTH112  (pathlib costs 5 ms at start)
