# /// script
# dependencies = ["click"]
#
# [tool.compat]
# kinds = ["absence"]
# ///
"""What is not there is an ImportError, quickly, and optional imports stay optional."""

import importlib.util

import click

print(importlib.util.find_spec("no_such_module_here"), importlib.util.find_spec("click.no_such"))
try:
    import click.no_such
except ImportError as error:
    print(type(error).__name__, error)
try:
    from click import no_such
except ImportError as error:
    print(str(error).partition("(")[0])
