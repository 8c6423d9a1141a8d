# /// script
# dependencies = ["typeguard", "packaging"]
#
# [tool.compat]
# kinds = ["meta path import hook"]
# ///
"""An import hook that puts its loader in the place of the one that was found."""

from typeguard import TypeCheckError, install_import_hook

with install_import_hook("packaging"):
    import packaging.tags
    import packaging.version

try:
    packaging.tags.parse_tag(5)
except (TypeCheckError, AttributeError) as error:
    print(type(error).__name__)
print(type(packaging.version.__loader__).__name__, packaging.version.Version("1.0") < packaging.version.Version("2"))
