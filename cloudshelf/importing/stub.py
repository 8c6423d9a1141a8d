"""What stands in an environment's bin for a binary that is not there yet: it is brought, takes the place, and runs."""

from __future__ import annotations

import os
import sys

from ..errors import ShelfError
from .state import Environment


def run(environment: str, number: int) -> None:
    """Become the program that is file ``number``. Does not return."""
    try:
        opened = Environment(environment)
        facts = opened.projects[opened.project_of(number)]
        opened.bring((number, *opened.needs(number), *facts["wait"], *facts["data"]))
    except ShelfError as error:
        print(f"cloudshelf: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    name = next(name for name, found in opened.folders["bin"].items() if found == number)
    os.execv(f"{environment}/bin/{name}", sys.argv)  # not sys.argv[0]: a copy of a stub would become itself for ever
