"""Names and digests as texts of objects have them."""

from __future__ import annotations

import pytest

from cloudshelf.codecs.names import are_sha256


@pytest.mark.parametrize(
    "wrong", ["A" * 64, "a" * 63, "a" * 65, "a" * 63 + "g", "a" * 63 + "\n", "٣" * 64, "\udc80" * 64, ""]
)
def test_one_text_that_is_no_sha256_is_seen_among_many(wrong: str) -> None:
    right = ["0123456789abcdef" * 4] * 3
    assert are_sha256(right) and are_sha256([])
    assert not are_sha256([*right, wrong]) and not are_sha256([wrong, *right])
