# /// script
# dependencies = ["ziglang"]
#
# [tool.compat]
# kinds = ["a compiler in a wheel"]
# ///
"""A C compiler with its own headers and libraries."""

import pathlib
import subprocess
import sys

pathlib.Path("hello.c").write_text('#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
run = subprocess.run([sys.executable, "-m", "ziglang", "cc", "hello.c", "-o", "hello"], capture_output=True, text=True)
print(run.returncode, run.stderr[-300:])
print(subprocess.run(["./hello"], capture_output=True, text=True).stdout)
