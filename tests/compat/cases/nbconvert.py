# /// script
# dependencies = ["nbconvert", "ipykernel"]
#
# [tool.compat]
# kinds = ["data scheme", "entry points"]
# ///
"""Templates in share/jupyter, exporters through entry points."""

import nbconvert
import nbformat

notebook = nbformat.v4.new_notebook(
    cells=[nbformat.v4.new_markdown_cell("# Shelf"), nbformat.v4.new_code_cell("1 + 1")]
)
page, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
print("<h1" in page, len(page) > 100_000, sorted(nbconvert.get_export_names())[:4])
