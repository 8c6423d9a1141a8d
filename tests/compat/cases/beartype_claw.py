# /// script
# dependencies = ["beartype", "packaging"]
#
# [tool.compat]
# kinds = ["path hook made of FileFinder"]
# ///
"""A path hook of somebody else's, before ours, that loads every module of a package with its own loader."""

from beartype.claw import beartype_package

beartype_package("packaging")

import packaging.tags
from beartype.roar import BeartypeCallHintParamViolation

try:
    packaging.tags.parse_tag(5)
except BeartypeCallHintParamViolation as error:
    print(type(error).__name__)
print(type(packaging.tags.__loader__).__name__)
