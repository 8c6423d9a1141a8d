# /// script
# dependencies = ["numpy"]
#
# [tool.compat]
# kinds = ["data in package", "inspect"]
# ///
"""py.typed and stub files lie beside the code."""

from importlib import resources

print(resources.files("numpy").joinpath("py.typed").is_file())
print("class ndarray" in resources.files("numpy").joinpath("__init__.pyi").read_text())
