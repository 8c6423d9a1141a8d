# /// script
# dependencies = ["click", "babel"]
#
# [tool.compat]
# kinds = ["spec_from_file_location"]
# ///
"""Modules that are loaded by their path, from a package that is not imported."""

import importlib.machinery
import importlib.util
import os

folder = importlib.util.find_spec("babel").submodule_search_locations[0]
spec = importlib.util.spec_from_file_location("alone", os.path.join(folder, "messages", "plurals.py"))
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.get_plural("cs").num_plurals, module.__name__)
loader = importlib.machinery.SourceFileLoader("version", os.path.join(folder, "localtime", "_helpers.py"))
print(loader.is_package("version"), len(loader.get_data(loader.path)) > 100)
found = importlib.machinery.FileFinder(
    os.path.join(folder, "messages"), (importlib.machinery.SourceFileLoader, [".py"])
).find_spec("jslexer")
print(os.path.basename(found.origin))
