# /// script
# dependencies = ["flask"]
#
# [tool.compat]
# kinds = ["importlib.metadata", "console script"]
# ///
"""A test client, metadata of the distribution, and the console script."""

import pathlib
import subprocess
from importlib import metadata

import flask

app = flask.Flask("x")
app.add_url_rule("/<name>", view_func=lambda name: {"hello": name}, endpoint="hello")
print(app.test_client().get("/shelf").json)
distribution = metadata.distribution("flask")
print(sorted(f.as_posix() for f in distribution.files if f.suffix == ".py" and f.parent.name == "flask")[:6])
print(all(f.locate().exists() for f in distribution.files if f.suffix not in (".pyc",)))
print([e.value for e in metadata.entry_points(group="console_scripts") if e.dist.name.lower() == "flask"])
print(sorted(metadata.packages_distributions()["flask"]), sorted(distribution.requires)[:3])
pathlib.Path("app.py").write_text("import flask\napp = flask.Flask('app')\n@app.get('/a')\ndef a(): return 'a'\n")
print(subprocess.run(["flask", "--app", "app", "routes"], capture_output=True, text=True).stdout)
