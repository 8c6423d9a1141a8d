# /// script
# dependencies = ["pygments"]
#
# [tool.compat]
# kinds = ["python -m", "plugins by name"]
# command = ["python", "-m", "pygments", "-l", "python", "-f", "html", "script.py"]
# ///
"""A module run with -m reads this file."""

print("shelf")
