"""What leads out of a version's folder only by way of another link is not shown either."""

from __future__ import annotations

from .test_layout import INFO, tree


def test_a_link_that_leads_out_by_another_link_is_not_shown() -> None:
    links = {
        "data/opt/demo/a/b/up": "../..",  # the folder itself
        "data/opt/demo/out": "a/b/up/../../etc/passwd",
        "data/opt/demo/in": "a/b/up/bin/t",
        "data/opt/demo/round": "round",
    }
    found = tree({"data/opt/demo/bin/t": b"t", "data/opt/demo/a/b/f": b"f"}, inline=INFO, links=links)
    assert [found.entry(name) is not None for name in ("out", "in", "round", "a/b/up")] == [False, True, True, True]
