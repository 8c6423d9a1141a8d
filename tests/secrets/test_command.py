"""Whatever a command says, and whatever it writes, holds no secret of whoever runs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stress import EVERYTHING, Checks

from .canaries import canary, leaks, leaks_below
from .conftest import Person
from .situations import TRIED

FAST = (("doctor", "--json"), ("lock", "shelftwo", "-o", "pylock.toml"))
COMMANDS = (
    *FAST,
    ("doctor",),
    ("--debug", "ls"),
    ("show", "shelfone", "--json"),
    ("run", "--with", "shelftwo", "--", "python", "-c", "import shelftwo"),
    ("publish", "no-such-project"),
    ("request", "no-such-project"),
    ("verify",),
    ("settings",),
    ("usage",),
    ("cache",),
)


@pytest.mark.stress
@pytest.mark.timeout(300)
@pytest.mark.parametrize("situation", TRIED)
def test_no_command_says_or_keeps_a_secret(person: Callable[[str], Person], situation: str, checks: Checks) -> None:
    somebody = person(situation)
    given = set(somebody.home.rglob("*"))  # where the secrets are kept
    for words in COMMANDS if EVERYTHING else FAST:
        said = somebody.run(*words)
        assert not leaks(said), (words, said)
        assert words[0] == "--debug" or "Traceback" not in said, said
        checks.add()
    assert not leaks_below(somebody.cache)
    assert not leaks_below(somebody.home, but=given)


def test_a_shelf_that_was_written_among_secrets_holds_none(person: Callable[[str], Person]) -> None:
    somebody = person("all is well")
    bundle = somebody.home / "bundle.tar"
    assert somebody.run("export", bundle, "shelftwo").startswith("0\n")
    assert not leaks(bundle.read_bytes())
    for words in (("log", "shelfone", "--json"), ("show", "shelfone==1.0", "--json"), ("lock", "shelftwo", "--json")):
        said = somebody.run(*words)
        assert said.startswith("0\n") and not leaks(said), said


def test_the_search_finds_what_it_looks_for(tmp_path) -> None:
    """This suite would find a secret that is there: plain, in a URL, in base64 at any place."""
    import base64
    import json
    from urllib.parse import quote

    secret = canary("itself")
    forms = [secret, quote(secret, safe=""), json.dumps({"a": secret})]
    forms += [base64.b64encode(b"x" * shift + secret.encode()).decode() for shift in range(4)]
    for form in forms:
        assert leaks(f"before {form} after"), form
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b"\xff" + secret.encode())
    assert leaks_below(tmp_path)
    assert not leaks_below(tmp_path, but=[tmp_path / "deep"])
