# /// script
# dependencies = ["pytest", "toolz", "pytest-xdist", "pytest-cov"]
#
# [tool.compat]
# kinds = ["tests of an installed package"]
# ///
"""pytest collects what lies in site-packages, in several processes, with coverage."""

import re
import subprocess
import sys

for options in (["-p", "no:xdist"], ["-n", "2"]):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "toolz", "-q", "-p", "no:cacheprovider", *options],
        capture_output=True,
        text=True,
    )
    print(re.findall(r"\d+ (?:passed|failed|error)", run.stdout))
run = subprocess.run(
    [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "toolz.tests.test_dicttoolz",
        "-q",
        "--cov=toolz",
        "-p",
        "no:cacheprovider",
    ],
    capture_output=True,
    text=True,
)
print([line.split()[-3:] for line in run.stdout.splitlines() if "dicttoolz" in line or "TOTAL" in line])
