# /// script
# dependencies = ["pygments", "babel", "docutils"]
#
# [tool.compat]
# kinds = ["packages that write into their own folder"]
# ///
"""What a program writes over a file of a package stays, and what it removes is gone."""

import os
import shutil
import site
import time

lexers = os.path.join(site.getsitepackages()[0], "pygments", "lexers")
names = ("ada", "algebra", "ambient", "amdgpu", "ampl", "apdlexer", "apl", "archetype")
over, appended, replaced, removed, changed, renamed, linked, exclusive = [
    os.path.join(lexers, f"{n}.py") for n in names
]
localtime = os.path.join(site.getsitepackages()[0], "babel", "localtime")

with open(over, "w") as file:
    file.write("1")
with open(appended, "a") as file:
    file.write("# end")
with open("new", "w") as file:
    file.write("2")
os.replace("new", replaced)
os.remove(removed)
os.chmod(changed, 0o600)
os.utime(changed, (1, 1))
os.rename(renamed, "moved")
os.link(linked, "hard")
try:
    open(exclusive, "x")
except FileExistsError:
    print("exists")
shutil.rmtree(localtime)

import pygments.lexers

pygments.lexers.get_lexer_by_name("python")
time.sleep(2)  # what is brought in the background has come
print(open(over).read(), os.path.getsize(appended) > 100, open(replaced).read(), os.path.exists(removed))
print(oct(os.stat(changed).st_mode), os.stat(changed).st_mtime, os.path.exists(renamed))
print([os.path.getsize(name) > 100 for name in ("moved", "hard", exclusive)], os.path.exists(localtime))

os.rename("moved", renamed)  # for the next time
shutil.copy("hard", removed)
os.mkdir(localtime)
shutil.copy("hard", localtime)
