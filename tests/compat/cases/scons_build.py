# /// script
# dependencies = ["scons"]
#
# [tool.compat]
# kinds = ["tools loaded by name"]
# ///
"""A build tool that loads its parts by a search of its own."""

import pathlib
import subprocess

pathlib.Path("SConstruct").write_text("Program('hello', 'hello.c')\n")
pathlib.Path("hello.c").write_text('#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
run = subprocess.run(["scons", "-Q"], capture_output=True, text=True)
print(run.returncode, run.stdout, run.stderr[-300:])
print(subprocess.run(["./hello"], capture_output=True, text=True).stdout)
