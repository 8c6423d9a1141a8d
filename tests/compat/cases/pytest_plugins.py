# /// script
# dependencies = ["pytest", "pytest-mock", "pytest-asyncio"]
#
# [tool.compat]
# kinds = ["entry points", "console script"]
# ///
"""Plugins are found through entry points; assertion rewriting uses its own loader."""

import pathlib
import subprocess
import sys

pathlib.Path("test_x.py").write_text(
    "import pytest\n@pytest.mark.asyncio\nasync def test_a(mocker):\n    stub = mocker.stub()\n    stub(1)\n"
    "    stub.assert_called_once_with(1)\ndef test_b():\n    left = [1, 2]\n    assert left == [1, 3]\n"
)
run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], capture_output=True, text=True)
print("\n".join(line for line in run.stdout.splitlines() if line.startswith(("E ", "FAILED", ">"))))
print(run.returncode, "1 failed, 1 passed" in run.stdout)
