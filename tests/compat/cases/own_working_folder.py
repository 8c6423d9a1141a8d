# /// script
# dependencies = ["pygments"]
#
# [tool.compat]
# kinds = ["tools in a folder of a package"]
# ///
"""Programs that are started in the folder of a package, which their arguments do not name."""

import importlib.util
import os
import subprocess

folder = importlib.util.find_spec("pygments").submodule_search_locations[0]
found = subprocess.run(
    ["grep", "-rl", "--include=*.py", "class Python.*Lexer", "."], cwd=folder, capture_output=True, text=True
)
print(sorted(found.stdout.split()))
os.chdir(os.path.join(folder, "styles"))
print(os.system("ls *.py | wc -l"), flush=True)
print(subprocess.check_output("cat monokai.py ../formatters/svg.py | wc -l", shell=True, text=True).strip())
