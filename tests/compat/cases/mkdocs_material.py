# /// script
# dependencies = ["mkdocs-material"]
#
# [tool.compat]
# kinds = ["themes with many files"]
# ///
"""A site is built from a theme of templates, styles and icons."""

import os
import pathlib
import subprocess
import sys

pathlib.Path("docs").mkdir()
pathlib.Path("docs/index.md").write_text("# Hello\n\n!!! note\n    text :material-account:\n")
pathlib.Path("mkdocs.yml").write_text(
    "site_name: s\ntheme:\n  name: material\n  icon:\n    repo: fontawesome/brands/git-alt\nplugins: [search, tags]\nmarkdown_extensions:\n  - admonition\n"
    "  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\n      emoji_generator: !!python/name:material.extensions.emoji.to_svg\n"
)
run = subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], capture_output=True, text=True)
print(run.returncode, run.stderr[-300:] if run.returncode else "")
files = [os.path.join(f, n) for f, _, names in os.walk("site") for n in names]
print(
    len(files),
    sum(os.path.getsize(f) for f in files if f.endswith((".css", ".js"))),
    "twemoji" in pathlib.Path("site/index.html").read_text(),
)
