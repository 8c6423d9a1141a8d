"""What cannot be met or understood: one message, the exit code, and the next command works."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from pathlib import Path

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
        (["run", "--with", "./badone-1.0-py3-none-any.whl", "--", "true"], 2, ("is a file", "cloudshelf publish")),
        (["log", "badone==1.0"], 2, ("log takes a project without a version", "cloudshelf log badone")),
        (["rollback", "badtwo"], 2, ("badtwo has only had one state",)),
        (["rollback", "badone", "--to", "99"], 2, ("badone has no state 99", "cloudshelf log badone")),
        (["default", "badone"], 2, ("Which version?", "cloudshelf ls badone")),
        (["fill"], 2, ("What to fill?", "cloudshelf fill pandas", "--lock pylock.toml")),
        (["lock", "badone", "-o", "nowhere/a lock.toml"], 2, ("nowhere/a lock.toml cannot be written", "no folder")),
        (["sync", "nowhere.toml"], 2, ("There is no lock nowhere.toml", "cloudshelf lock")),
        (["lock", "badone", "--python", "3.9"], 1, ("Python 3.9 is not supported", "CPython 3.11 to 3.14")),
        (["lock", "badone", "--platform", "win_amd64"], 1, ("win_amd64 is not supported", "manylinux_2_28_x86_64")),
        (["publish", "-r", "nowhere.txt"], 2, ("nowhere.txt cannot be read", "No such file")),
        (["publish", "--find-links", "nowhere", "badone"], 2, ("nowhere does not exist",)),
        (["publish", "--no-index", "badthree"], 1, ("badthree could not be published", "Check the name")),
        (["verify", "--repair", "badone"], 2, ("without a project",)),
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
    assert_clear(str(caught.value), f"{found}", "is not supported; cloudshelf runs on CPython 3.11 to 3.14 on Linux")
    target.check_platform()


def test_a_wheel_that_was_cut_off_is_refused_before_anything_is_asked(user: User, published: Path) -> None:
    whole = next(published.parent.glob("badtwo-*.whl")).read_bytes()
    cut = user.folder / "badtwo-1.1-py3-none-any.whl"
    for content in (whole[: len(whole) // 2], b"hello", b""):
        cut.write_bytes(content)
        user.refused("publish", cut, code=4, says=("badtwo-1.1-py3-none-any.whl was refused", "build or download it"))
    user.works()


LOCK_EDITS: list[tuple[str, Callable[[str], str], tuple[str, ...]]] = [
    ("cut off", lambda text: text[: len(text) // 2], ("edited lock.toml is not a lock",)),
    ("empty", lambda text: "\n", ("edited lock.toml is empty", "cloudshelf lock")),
    ("not a lock", lambda text: "badone==1.0\n", ("edited lock.toml is not a lock",)),
    ("of the future", lambda text: text.replace('"1.0"', '"9.0"', 1), ("edited lock.toml", "9.0 is not supported")),
    ("another name", lambda text: text.replace('name = "badone"', 'name = "other"'), ("edited lock.toml", "'other'")),
    ("another Python", lambda text: text.replace("cpython-3", "cpython-9"), ("cpython-9", "cloudshelf lock badone")),
]


@pytest.mark.parametrize(("edit", "says"), [each[1:] for each in LOCK_EDITS], ids=[each[0] for each in LOCK_EDITS])
def test_a_lock_edited_by_hand_is_named_with_what_is_wrong(
    user: User, edit: Callable[[str], str], says: tuple[str, ...]
) -> None:
    lock = user.folder / "edited lock.toml"
    lock.write_text(edit(user.run("lock", "badone").stdout))
    user.refused("run", "--lock", "edited lock.toml", "--", "true", code=2, says=says)
    user.works()


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("CLOUDSHELF_URL", "http://example.org/shelf", "The shelf's URL of CLOUDSHELF_URL is wrong: http://"),
        ("CLOUDSHELF_CACHE", "/dev/null", "The cache /dev/null cannot be used: it is not a folder"),
    ],
)
def test_doctor_names_a_wrong_setting_and_goes_on(user: User, setting: str, value: str, says: str) -> None:
    done = user.run("doctor", code=1, **{setting: value})
    assert_clear(
        done.stdout + done.stderr, "ok  interpreter", f"!!  {'cache' if 'CACHE' in setting else 'settings'}", says
    )
    user.refused("cache", code=None, says=(says,), **{setting: value})
    user.works()
