"""What cannot be met or understood: one message, the exit code, and the next command works."""

from __future__ import annotations

import platform
import sys

import pytest

from cloudshelf import target
from cloudshelf.errors import PlatformUnsupported

from .conftest import User, assert_clear


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["ls", "badon"], 1, ("badon is not on the shelf", "Did you mean badone", "cloudshelf publish badon")),
        (["run", "--with", "badon", "--", "true"], 1, ("badon is not on the shelf", "Did you mean badone")),
        (["ls", "badone==9"], 1, ("badone 9 is not on the shelf", "2.0", "1.0", "cloudshelf publish badone==9")),
        (["run", "--with", "badone==9", "--", "true"], 1, ("badone", "9", "2.0", "1.0")),
        (["publsh", "badone"], 2, ("'publsh' is not a verb", "Did you mean publish")),
        (["zzz"], 2, ("'zzz' is not a verb", "All verbs: ")),
        (["run", "--with", "badone=>1", "--", "true"], 2, ("'badone=>1' is not a requirement", "Write it like")),
        (["run", "--with", "badone[", "--", "true"], 2, ("'badone[' is not a requirement", "Write it like")),
        (["ls", "--no-such-option"], 2, ("--no-such-option",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_request_that_cannot_be_met_is_one_message(
    user: User, words: list[str], code: int, says: tuple[str, ...]
) -> None:
    user.refused(*words, code=code, says=says)
    user.works()


@pytest.mark.parametrize(
    ("owner", "name", "value", "found"),
    [
        (sys, "platform", "darwin", "macOS"),
        (sys, "platform", "win32", "Windows"),
        (platform, "machine", lambda: "riscv64", "Linux on riscv64"),
        (platform, "libc_ver", lambda: ("", ""), "Linux without glibc"),
        (sys, "version_info", (3, 10, 1), "Python "),
    ],
    ids=["macos", "windows", "machine", "musl", "python"],
)
def test_an_unsupported_platform_says_what_it_is_and_what_would_do(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, value: object, found: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, value)
        with pytest.raises(PlatformUnsupported) as caught:
            target.check_platform()
    assert_clear(str(caught.value), f"This is {found}", "cloudshelf runs on CPython 3.11 to 3.14 on Linux")
    target.check_platform()
