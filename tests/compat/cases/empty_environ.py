# /// script
# dependencies = ["attrs", "babel"]
#
# [tool.compat]
# kinds = ["a process without variables"]
# ///
"""A Python that is started with no variable at all."""

import subprocess
import sys

print(
    subprocess.check_output(
        [sys.executable, "-c", "import attrs, sys; print(attrs.__name__, sys.prefix != sys.base_prefix)"], env={}
    )
)
print(
    subprocess.check_output(
        ["env", "-i", sys.executable, "-c", "import babel.numbers as n; print(n.format_decimal(1.5, locale='de'))"]
    )
)
