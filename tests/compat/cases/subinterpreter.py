# /// script
# dependencies = ["attrs", "idna", "typing_extensions"]
#
# [tool.compat]
# kinds = ["subinterpreters"]
# ///
"""Interpreters within the process have modules, and finders, of their own."""

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

import attrs

for _ in range(2):
    made = interpreters.create()
    interpreters.run_string(
        made, "import idna, attrs, typing_extensions; print(idna.encode('é'), attrs.__name__, flush=True)"
    )
    interpreters.destroy(made)
import idna

print(attrs.has(int), idna.__name__)
