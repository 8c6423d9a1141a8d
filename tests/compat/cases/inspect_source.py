# /// script
# dependencies = ["attrs", "click"]
#
# [tool.compat]
# kinds = ["inspect", "linecache", "reload"]
# ///
"""Source text, line numbers, and reload."""

import importlib
import inspect
import linecache

import attr
import click

print(inspect.getsource(attr.fields).splitlines()[0], inspect.getsourcelines(click.command)[1] > 0)
print(linecache.getline(click.__file__, 1).strip() != "", importlib.reload(click.utils).__name__)
print(attr.__spec__.origin == attr.__file__, attr.__spec__.loader.get_source("attr") == inspect.getsource(attr))
print(attr.__cached__.endswith(".pyc"), click.command.__code__.co_filename == inspect.getsourcefile(click.command))
