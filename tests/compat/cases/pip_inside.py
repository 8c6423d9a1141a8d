# /// script
# dependencies = ["pip", "setuptools", "wheel"]
#
# [tool.compat]
# kinds = ["packages installed beside the environment"]
# ///
"""pip builds a project here and installs it beside; the next process imports it. (Into an environment it does not.)"""

import os
import pathlib
import subprocess
import sys

pathlib.Path("proj/small_one").mkdir(parents=True)
pathlib.Path("proj/small_one/__init__.py").write_text("X = 1\n")
pathlib.Path("proj/pyproject.toml").write_text(
    "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
    "[project]\nname = 'small-one'\nversion = '1'\n[project.scripts]\nsmall-one = 'small_one:__name__.lower'\n"
    "[tool.setuptools]\npackages = ['small_one']\n"
)
pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
build = ["--no-build-isolation", "--no-deps", "--no-index"]
for words in (["install", "--target", "beside"], ["wheel", "--wheel-dir", "wheels"]):
    run = subprocess.run([*pip, *words[:1], *build, *words[1:], "./proj"], capture_output=True, text=True)
    print(run.returncode, run.stderr[-400:] if run.returncode else "")
print(os.listdir("wheels"))
run = subprocess.run(
    [sys.executable, "-c", "import small_one; print(small_one.X)"],
    capture_output=True,
    text=True,
    env=os.environ | {"PYTHONPATH": "beside"},
)
print(run.stdout)
print(subprocess.run([*pip, "install", "--no-index", "wheel"], capture_output=True, text=True).returncode)
print(subprocess.run([sys.executable, "-c", "import wheel"], capture_output=True, text=True).returncode)
