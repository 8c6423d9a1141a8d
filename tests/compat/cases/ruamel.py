# /// script
# dependencies = ["ruamel.yaml"]
#
# [tool.compat]
# kinds = ["namespace part"]
# ///
"""A dotted top-level name."""

import sys

import ruamel.yaml

yaml = ruamel.yaml.YAML()
data = yaml.load("a: 1  # keep\nb: [1, 2]\n")
data["c"] = 3
yaml.dump(data, sys.stdout)
