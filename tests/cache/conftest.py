"""Users of a small shelf whose caches are raced on, killed, filled up, edited and attacked. See tests/bad_input."""

from __future__ import annotations

from tests.bad_input.conftest import (  # noqa: F401  (fixtures)
    proxy,
    published,
    remote,
    server,
    uploaded,
    user,
    users,
)
