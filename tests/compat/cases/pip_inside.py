# /// script
# dependencies = ["pip", "setuptools", "wheel"]
#
# [tool.compat]
# kinds = ["packages installed into the environment"]
# ///
"""pip builds and installs a project here; the next process imports it."""

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
for options in ([], ["-e"]):
    run = subprocess.run(
        [*pip, "install", "--no-build-isolation", "--no-deps", "--no-index", *options, "./proj"],
        capture_output=True,
        text=True,
    )
    print(run.returncode, run.stderr[-400:] if run.returncode else "")
    print(
        subprocess.run(
            [sys.executable, "-c", "import small_one; print(small_one.X)"], capture_output=True, text=True
        ).stdout
    )
    print(subprocess.run([*pip, "uninstall", "-y", "small-one"], capture_output=True, text=True).returncode)
run = subprocess.run([sys.executable, "-c", "import small_one"], capture_output=True, text=True)
print(run.stderr.splitlines()[-1])
print(subprocess.run([*pip, "uninstall", "-y", "wheel"], capture_output=True, text=True).returncode)
print(subprocess.run([sys.executable, "-c", "import wheel"], capture_output=True, text=True).stderr.splitlines()[-1])
