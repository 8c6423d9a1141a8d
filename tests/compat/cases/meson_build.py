# /// script
# dependencies = ["meson", "ninja"]
#
# [tool.compat]
# kinds = ["build tools"]
# ///
"""A build tool that starts compilers and another tool by its name."""

import pathlib
import subprocess

pathlib.Path("meson.build").write_text("project('p', 'c')\nexecutable('hello', 'hello.c')\n")
pathlib.Path("hello.c").write_text('#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
print(subprocess.run(["meson", "setup", "out"], capture_output=True, text=True).returncode)
print(subprocess.run(["meson", "compile", "-C", "out"], capture_output=True, text=True).returncode)
print(subprocess.run(["out/hello"], capture_output=True, text=True).stdout.strip())
