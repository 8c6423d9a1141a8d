# /// script
# dependencies = ["pyinstaller", "markupsafe", "jinja2", "certifi"]
#
# [tool.compat]
# kinds = ["freezing a program"]
# ///
"""A frozen program takes modules, data and libraries out of the environment."""

import pathlib
import subprocess
import sys

pathlib.Path("app.py").write_text(
    "import certifi, jinja2, markupsafe, markupsafe._speedups, os\n"
    "print(jinja2.Template('{{ x|e }}').render(x='<'), os.path.getsize(certifi.where()) > 10000)\n"
)
run = subprocess.run(
    [sys.executable, "-m", "PyInstaller", "--onedir", "--log-level", "ERROR", "app.py"], capture_output=True, text=True
)
print(run.returncode, run.stderr[-500:] if run.returncode else "")
print(subprocess.run(["dist/app/app"], capture_output=True, text=True).stdout)
