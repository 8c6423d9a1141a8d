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
    os.execv(sys.argv[0], sys.argv)  # by now another file
