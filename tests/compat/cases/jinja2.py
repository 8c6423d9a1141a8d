# /// script
# dependencies = ["jinja2"]
#
# [tool.compat]
# kinds = ["inspect.getsource", "tracebacks"]
# ///
"""Templates, and source text of an installed function."""

import inspect
import traceback

import jinja2

print(jinja2.Template("{% for i in range(3) %}{{ i }},{% endfor %}").render())
print(inspect.getsource(jinja2.Environment.get_template).splitlines()[0].strip())
try:
    jinja2.Environment(undefined=jinja2.StrictUndefined).from_string("{{ missing }}").render()
except jinja2.UndefinedError:
    print(traceback.format_exc().replace(jinja2.__file__.rpartition("/")[0], "<jinja2>").splitlines()[-3:])
