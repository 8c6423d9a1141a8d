# /// script
# dependencies = ["rich", "typer"]
#
# [tool.compat]
# kinds = ["console output", "late imports"]
# ///
"""Tables and a command line."""

import sys

import typer
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

table = Table("name", "value")
table.add_row("a", "1")
Console(file=sys.stdout, width=40, force_terminal=False).print(table)
app = typer.Typer()


@app.command()
def main(name: str):
    print("hello", name)


print(CliRunner().invoke(app, ["shelf"]).output)
