# /// script
# dependencies = ["ipython"]
#
# [tool.compat]
# kinds = ["console script"]
# command = ["ipython", "--no-banner", "--colors=NoColor", "--ipython-dir=.", "-c", "import IPython; print(IPython.get_ipython().run_line_magic('precision', '3'))"]
# ///
"""A console script that sets up a whole shell."""
