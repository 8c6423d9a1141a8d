# /// script
# dependencies = ["lazy-loader", "jinja2", "babel"]
#
# [tool.compat]
# kinds = ["lazy modules"]
# ///
"""Modules that run at the first use of an attribute."""

import importlib.util
import sys


def lazy(name):
    spec = importlib.util.find_spec(name)
    loader = importlib.util.LazyLoader(spec.loader)
    spec.loader = loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


jinja2, babel = lazy("jinja2"), lazy("babel")
print("jinja2.environment" in sys.modules, jinja2.Template("{{ 1 + 1 }}").render(), "jinja2.environment" in sys.modules)
import lazy_loader

numbers = lazy_loader.load("babel.numbers")
print(babel.Locale("de").display_name, numbers.format_decimal(1234.5, locale="fr"))
print(importlib.reload(jinja2).__name__)
