# /// script
# dependencies = ["shiv", "pip", "click"]
#
# [tool.compat]
# kinds = ["archives of packages"]
# ///
"""A folder of a package as zip and tar, as zipapp, and in one file by shiv."""

import os
import shutil
import site
import subprocess
import sys
import tarfile
import zipapp
import zipfile

packages = site.getsitepackages()[0]
folder = os.path.join(packages, "click")
with zipfile.ZipFile(shutil.make_archive("click", "zip", packages, "click")) as made:
    print(sorted((i.filename, i.file_size) for i in made.infolist() if i.filename.endswith(".py"))[:4])
with tarfile.open(shutil.make_archive("click", "gztar", packages, "click")) as made:
    print(sum(m.size for m in made.getmembers() if m.name.endswith(".py")))
shutil.copytree(folder, "app/click")
open("app/__main__.py", "w").write("import click; print(click.__file__.endswith('app.pyz/click/__init__.py'))")
zipapp.create_archive("app", "app.pyz")
print(subprocess.run([sys.executable, "-I", "-S", "app.pyz"], capture_output=True, text=True).stdout)
run = subprocess.run(
    ["shiv", "-o", "one.pyz", "--site-packages", "app", "-e", "click:echo"], capture_output=True, text=True
)
print(run.returncode, os.path.getsize("one.pyz") > 10000, run.stderr[-300:])
print(
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder]).returncode,
    os.path.isfile(os.path.join(folder, "py.typed")),
)
