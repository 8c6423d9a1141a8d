"""A page's blocks as plain text, and as HTML, which takes its colours from the page around it."""

from __future__ import annotations

import html
from collections.abc import Iterable

from .blocks import Block, Link, Picture, Table
from .visible import visible

MOST = 60  # rows of a table in a notebook; pandas has 3000 files


def block_text(block: Block) -> str:
    if isinstance(block, Table):
        return table_text(block)
    if isinstance(block, Picture):
        return block.text
    return visible(block.url if isinstance(block, Link) else block, keep="\n\t")


def table_text(table: Table) -> str:
    lines = [table.header, *(tuple(map(visible, row)) for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.header))]
    right = [name in table.numbers for name in table.header]
    return "\n".join(
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)).rstrip()
        for line in lines
    )


def blocks_html(blocks: Iterable[Block]) -> str:
    """A page, every value escaped."""
    return f'<div class="cloudshelf">{"".join(map(_block_html, blocks))}</div>'


def _block_html(block: Block) -> str:
    if isinstance(block, Table):
        return _table_html(block)
    if isinstance(block, Picture):
        return block.svg
    if isinstance(block, Link):
        url = html.escape(block.url)
        return f'<div><a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a></div>'
    if "\n" in block or "  " in block:  # its columns are made of spaces
        return f'<pre style="margin:0">{html.escape(block)}</pre>'
    return f"<div>{html.escape(block)}</div>"


def _table_html(table: Table) -> str:
    align = ["right" if name in table.numbers else "left" for name in table.header]

    def row(tag: str, cells: tuple[str, ...]) -> str:
        inner = (
            f'<{tag} style="text-align:{a};padding:0 1em 0 0">{html.escape(visible(c))}</{tag}>'
            for c, a in zip(cells, align, strict=True)
        )
        return f"<tr>{''.join(inner)}</tr>"

    head, body = row("th", table.header), "".join(row("td", cells) for cells in table.rows[:MOST])
    more = f"<div>… and {len(table.rows) - MOST} more, which --json shows</div>" if len(table.rows) > MOST else ""
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"
