"""The block in a notebook's text: all else stays byte for byte, and an edit of it shows."""

import json

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudshelf.codecs.notebook import asked_in_cells, make_block, parse_block, parse_notebook, set_block
from cloudshelf.errors import FormatUnknown, UsageError

BLOCK = make_block('lock-version = "1.0"\ncreated-by = "ä"\n', "s3://our-shelf/curated", "ours")
STYLES = [
    {"indent": 1, "ensure_ascii": False},
    {"indent": 1, "ensure_ascii": False, "sort_keys": True},
    {"indent": 2},
    {"indent": "\t"},
    {},
    {"separators": (",", ":")},
]
KEYS = st.sampled_from(["kernelspec", "a", "language_info", "zeta", "cloud", "ö", 'quote"d'])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a loaded machine
@given(
    metadata=st.dictionaries(KEYS, VALUES, max_size=4),
    first=st.booleans(),
    style=st.sampled_from(STYLES),
    end=st.sampled_from(["", "\n", "\r\n"]),
)
def test_everything_else_stays_byte_for_byte(metadata, first, style, end):
    cells = [{"cell_type": "code", "source": ["x = '} \\u00e4 {'\n"], "metadata": {"metadata": {}}, "outputs": []}]
    notebook = {"metadata": metadata} if first else {"cells": cells}
    notebook |= {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(notebook, **style) + end
    if end == "\r\n":
        text = text.replace("\n", "\r\n").replace("\r\r", "\r")
    put = set_block(text, BLOCK)
    assert json.loads(put) == notebook | {"metadata": metadata | {"cloudshelf": BLOCK}}
    assert set_block(put, BLOCK) == put
    other = make_block("another\n", "file:///x")
    assert json.loads(set_block(put, other))["metadata"]["cloudshelf"] == other
    assert set_block(set_block(put, other), BLOCK) == put
    before, _, rest = put.partition('"cloudshelf"')
    assert text.startswith(before.rstrip().rstrip(",").rstrip())  # nothing before it moved
    assert rest.endswith(text[len(text) - len(end) - 1 :])
    assert json.loads(set_block(put, None)) == notebook


def test_what_jupyter_wrote_and_writes_again_is_the_same_file():
    """nbformat sorts keys: the block stands where it will stand, so that the first save changes nothing."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "P"}, "a": 1})
    text = nbformat.writes(notebook) + "\n"
    put = set_block(text, BLOCK)
    read = nbformat.reads(put, as_version=4)
    nbformat.validate(read)
    assert nbformat.writes(read) + "\n" == put
    assert parse_block(json.loads(put), "x") is not None


def test_an_edit_is_seen_and_a_new_order_of_keys_is_none():
    content = {"metadata": {"cloudshelf": dict(reversed(BLOCK.items()))}}
    block = parse_block(content, "n.ipynb")
    assert (block.lock, block.shelf, block.name) == (
        'lock-version = "1.0"\ncreated-by = "ä"\n',
        "s3://our-shelf/curated",
        "ours",
    )
    edited = json.loads(json.dumps(content))
    edited["metadata"]["cloudshelf"]["lock"][1] = 'created-by = "me"'
    with pytest.raises(UsageError, match=r"n.ipynb was edited after it was made.*--force"):
        parse_block(edited, "n.ipynb")
    assert 'created-by = "me"' in parse_block(edited, "n.ipynb", force=True).lock
    edited = json.loads(json.dumps(content))
    edited["metadata"]["cloudshelf"]["shelf"]["url"] = "s3://elsewhere"
    with pytest.raises(UsageError, match="was edited"):
        parse_block(edited, "n.ipynb")


@pytest.mark.parametrize(
    "block", [1, "lock", [], {}, {"format": 1}, BLOCK | {"lock": "text"}, BLOCK | {"lock": [1]}, BLOCK | {"shelf": []}]
)
def test_a_damaged_block_says_so_and_how_to_lock_again(block):
    with pytest.raises(UsageError, match=r"n.ipynb cannot be read.*cloudshelf lock --notebook n.ipynb .*--force"):
        parse_block({"metadata": {"cloudshelf": block}}, "n.ipynb", force=True)


def test_a_block_of_a_newer_cloudshelf_asks_for_that():
    with pytest.raises(FormatUnknown, match=r"n[.]ipynb has format 2; this cloudshelf reads up to 1[.] Upgrade"):
        parse_block({"metadata": {"cloudshelf": BLOCK | {"format": 2}}}, "n.ipynb", force=True)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\xff", "not text"),
        (b"lock = 1", "not JSON"),
        (b'{"cells": [], "metadata": {}, "nbfor', "not JSON"),
        (b"[" * 100_000, "is not a notebook"),
        (b"[]", "no nbformat"),
        (b'{"a": 1}', "no nbformat"),
        (b'{"nbformat": 4, "metadata": [], "cells": []}', "metadata or its cells"),
        (b'{"nbformat": 4, "metadata": {}}', "metadata or its cells"),
        (b'{"nbformat": 3, "metadata": {}, "worksheets": []}', "jupyter nbconvert --to notebook"),
    ],
)
def test_what_is_no_notebook_says_why(data, says):
    with pytest.raises(UsageError, match=says):
        parse_notebook(data, "n.ipynb")


def test_what_cells_ask_for():
    cells = [
        "%load_ext cloudshelf\n%shelf use pandas>=2.2,<3  # data\n  %shelf use --restart six",
        "%%shelf\nnumpy\n# no\nscipy; python_version<'3.12'",
        ["%%shelf use\n", "polars"],
        "%%bash\n%shelf use nothing",
        "x = '%shelf use nothing'\n%shelf\n%shelf lock",
    ]
    content = {"cells": [{"cell_type": "code", "source": source} for source in cells]}
    content["cells"].append({"cell_type": "markdown", "source": "%shelf use nothing"})
    assert list(asked_in_cells(content)) == [
        ("line", "pandas>=2.2,<3  # data"),
        ("line", "--restart six"),
        ("cell", "numpy\n# no\nscipy; python_version<'3.12'"),
        ("cell", "polars"),
    ]


def test_a_lock_is_the_same_text_again_whatever_else_ends_lines():
    lock = 'created-by = "a\u2028b\x0bc\x85"\nlock-version = "1.0"\n'
    notebook = {"cells": [], "metadata": {"cloudshelf": make_block(lock, "s3://ours", "")}, "nbformat": 4}
    assert parse_block(notebook, "n.ipynb").lock == lock
