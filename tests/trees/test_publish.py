"""``publish --tree``: a folder is a release like any other; what no environment could hold is refused by its name."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudshelf.codecs.tree import TREE_FILE, parse_tree
from cloudshelf.errors import NameAlike, PolicyRefused, PublishFailed, TreeInvalid, UsageError
from cloudshelf.model import Manifest
from cloudshelf.publisher.plain_tree import read_folder
from cloudshelf.publisher.reporting import Silence
from cloudshelf.repository import Repository
from cloudshelf.shelf import Shelf
from cloudshelf.stores.local import LocalStore
from cloudshelf.upkeep.verification import verify_shelf
from cloudshelf.vetting.policy import Policy, parse_policy

from .conftest import TOOL, Content, Folder, Link, Put, make_tree, needs_compiler


def manifest_of(repository: Repository, project: str = "mytool", version: str = "1.4") -> Manifest:
    (wheel,) = repository.release(project, version).wheels
    return repository.manifest(project, wheel.trees[""].manifest)


def test_a_tree_is_a_release_like_any_other(
    put: Put, repository: Repository, store: LocalStore, tmp_path: Path
) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    report = put(folder, summary="does things", license="MIT")
    assert [(row.project, row.version, row.action, row.default) for row in report.projects] == [
        ("mytool", "1.4", "published", True)
    ]
    shown = Shelf(store).show("mytool")
    assert (shown.version, shown.summary, shown.license, shown.scripts) == (
        "1.4",
        "does things",
        "MIT",
        ("mt", "mytool"),
    )
    assert [entry.action for entry in Shelf(store).log("mytool")] == ["publish 1.4"]
    (wheel,) = repository.release("mytool", "1.4").wheels
    assert (wheel.filename, wheel.origin, wheel.modules) == ("mytool-1.4-py3-none-any.whl", "", ())
    paths = {file.path for file in manifest_of(repository).files}
    assert {"data/opt/mytool/bin/mytool", "data/opt/mytool/share/mytool/words.txt"} <= paths
    assert manifest_of(repository).links == {"data/opt/mytool/bin/mt": "mytool"}


def test_nothing_is_written_into_the_folder(put: Put, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    before = sorted((path, path.lstat().st_mtime_ns) for path in folder.rglob("*"))
    put(folder)
    assert sorted((path, path.lstat().st_mtime_ns) for path in folder.rglob("*")) == before


def test_the_same_tree_again_is_present_whatever_its_times(put: Put, tmp_path: Path) -> None:
    put(make_tree(tmp_path / "one", TOOL))
    again = make_tree(tmp_path / "another checkout", TOOL)
    os.utime(again / "bin/mytool", (1, 1))
    (row,) = put(again).projects
    assert (row.action, row.uploaded) == ("present", 0)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a byte": lambda folder: (folder / "share/mytool/words.txt").write_text("Words of the tool\n"),
    "a mode": lambda folder: (folder / "share/mytool/words.txt").chmod(0o600),
    "a file more": lambda folder: (folder / "new").write_text(""),
    "a link more": lambda folder: (folder / "new").symlink_to("bin"),
    "an empty folder more": lambda folder: (folder / "new").mkdir(),
    "a file less": lambda folder: (folder / "bin/mt").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_other_files_under_the_same_version_are_refused(
    put: Put, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    put(folder)
    change(folder)
    with pytest.raises(PublishFailed, match=r"mytool 1\.4 .*what was published never changes; give yours a new one"):
        put(folder)
    put(folder, version="1.5")


@pytest.mark.parametrize("options", [{"env": {"KEY": "value"}}, {"bins": ("share/*/tool",)}], ids=["env", "bin"])
def test_other_commands_or_variables_are_another_version(put: Put, tmp_path: Path, options: dict[str, object]) -> None:
    folder = make_tree(tmp_path / "t", TOOL | {"share/bin/tool": "#!/bin/sh\n"})
    put(folder)
    with pytest.raises(PublishFailed):
        put(folder, **options)


def test_a_version_that_is_the_same_is_refused(put: Put, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    put(folder)
    with pytest.raises(PublishFailed, match=r"1\.4 is on the shelf, and 1\.4\.0 is the same version"):
        put(folder, version="1.4.0")


REFUSED: dict[str, tuple[dict[str, Content], str]] = {
    "absolute link": ({"f": "f", "etc": Link("/etc/passwd")}, "'etc' .* '/etc/passwd', which is absolute"),
    "link out": ({"f": "f", "bin/x": Link("../../x")}, "'bin/x' .* leads out of the folder"),
    "link out by another": (
        {"a/b/up": Link("../.."), "a/out": Link("b/up/../x"), "y": "y"},
        "'a/out' .* leads out of the folder",
    ),
    "long path": ({"/".join(["a" * 200] * 6): "x"}, "longer than 1,024 bytes"),
    "nothing": ({"a/b": Folder()}, "there is no file in it"),
}


@pytest.mark.parametrize(("content", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_environment_could_hold_is_refused_by_name(
    put: Put, store: LocalStore, tmp_path: Path, content: dict[str, Content], says: str
) -> None:
    with pytest.raises(TreeInvalid, match=says):
        put(make_tree(tmp_path / "t", content))
    assert not Shelf(store).projects()


def test_pipes_and_sockets_are_refused_by_name(put: Put, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    os.mkfifo(folder / "pipe")
    with pytest.raises(TreeInvalid, match="'pipe' cannot be shelved: it is a named pipe"):
        put(folder)
    (folder / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
        with pytest.raises(TreeInvalid, match="'s' cannot be shelved: it is a socket"):
            put(folder)


def test_a_name_that_is_not_utf_8_is_refused(put: Put, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9")).write_text("")
    with pytest.raises(TreeInvalid, match="its name is not UTF-8"):
        put(folder)


def test_a_folder_that_is_not_there_is_said(put: Put, tmp_path: Path) -> None:
    with pytest.raises(TreeInvalid, match="there is no such folder"):
        put(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(TreeInvalid, match="it is no folder"):
        put(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_named(put: Put, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    (folder / "share/mytool/words.txt").chmod(0)
    with pytest.raises(TreeInvalid, match=r"words\.txt' .*cannot be read"):
        put(folder)


def test_modes_are_kept_and_setuid_is_dropped_with_a_remark(put: Put, repository: Repository, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", {"a": "a", "b": "b", "c": "c", "bin/s": "s"})
    for name, mode in (("a", 0o640), ("b", 0o444), ("c", 0o775), ("bin/s", 0o4755)):
        (folder / name).chmod(mode)
    (row,) = put(folder).projects
    assert row.remarks == ("bin/s will not run as another user: setuid and setgid were dropped",)
    modes = {file.path: file.mode for file in manifest_of(repository).files if file.path.startswith("data/")}
    found = {path.removeprefix("data/opt/mytool/"): stat.S_IMODE(mode) for path, mode in modes.items()}
    assert found == {"a": 0o640, "b": 0o444, "c": 0o775, "bin/s": 0o755}


class Meddler(Silence):
    """Does something to the folder when a stage begins."""

    def __init__(self, stage: str, act: Callable[[], object]) -> None:
        self._stage, self._act = stage, act

    def stage(self, stage: str, what: str, total: int, unit: str) -> None:
        if stage == self._stage:
            self._act()


def rewrite_secretly(file: Path) -> None:
    """Other bytes, the same size and modified time."""
    before = file.stat()
    file.write_bytes(file.read_bytes().swapcase())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


MEANWHILE: dict[str, Callable[[Path], object]] = {
    "words.txt": lambda folder: rewrite_secretly(folder / "share/mytool/words.txt"),
    "grows": lambda folder: (folder / "grows").write_text("longer than it was"),
    "new": lambda folder: (folder / "new").write_text("new"),
    "gone": lambda folder: (folder / "gone").unlink(),
    "link": lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("bin")),
    "mode": lambda folder: (folder / "mode").chmod(0o600),
    "became": lambda folder: ((folder / "became").unlink(), (folder / "became").mkdir()),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_what_changes_while_it_is_published_is_named_and_nothing_is_published(
    put: Put, store: LocalStore, tmp_path: Path, name: str
) -> None:
    more = {"grows": "x", "gone": "x", "link": Link("share"), "mode": "x", "became": "x"}
    folder = make_tree(tmp_path / "t", TOOL | more)
    with pytest.raises(TreeInvalid, match=rf"{name}' cannot be shelved: it .* while it was published"):
        put(folder, Meddler("pack", lambda: MEANWHILE[name](folder)))
    assert not Shelf(store).projects()


def test_what_changes_within_one_tick_of_the_clock_is_found_by_its_bytes(tmp_path: Path) -> None:
    found = read_folder(make_tree(tmp_path / "t", TOOL))
    path = "share/mytool/words.txt"
    rewrite_secretly(found.folder / path)
    status = (found.folder / path).stat()
    found.states[path] = (*found.states[path][:4], status.st_ctime_ns)  # as if it had been so when it was read
    with pytest.raises(TreeInvalid, match="it changed while it was published"):
        found.check_unchanged()


ODD = [
    "new\nline",
    "it's",
    '"quoted"',
    "-rf",
    "a b",
    "back\\slash",
    "*",
    "ünï©ødé",
    "日本",
    "$HOME",
    ".hidden",
    "e\u0301",
    "...",
]


def test_odd_names_travel_as_they_are(put: Put, repository: Repository, store: LocalStore, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", {name: name for name in ODD} | {f"l {name}": Link(name) for name in ODD})
    put(folder)
    manifest = manifest_of(repository)
    assert {file.path for file in manifest.files} >= {f"data/opt/mytool/{name}" for name in ODD}
    assert manifest.links == {f"data/opt/mytool/l {name}": name for name in ODD}
    assert not verify_shelf(store, [], lambda project: None).damages


def test_empty_folders_are_kept(put: Put, repository: Repository, tmp_path: Path) -> None:
    put(make_tree(tmp_path / "t", TOOL))
    inline = manifest_of(repository).inline
    facts = parse_tree(inline[f"site/mytool-1.4.dist-info/{TREE_FILE}"], "it")
    assert facts.folders == ("share/mytool/later",)


@needs_compiler
def test_a_tree_with_programs_is_for_their_machine(put: Put, repository: Repository, greet: Path) -> None:
    put(greet, name="greet")
    (wheel,) = repository.release("greet", "1.4").wheels
    assert wheel.filename == f"greet-1.4-py3-none-linux_{os.uname().machine}.whl"
    manifest = manifest_of(repository, "greet")
    (number,) = (n for n, file in enumerate(manifest.files) if file.path.endswith("bin/greeter"))
    assert "libgreet.so.1" in manifest.needs[number]


@needs_compiler
def test_a_platform_can_be_named(put: Put, repository: Repository, greet: Path) -> None:
    put(greet, platform="linux-aarch64")
    (wheel,) = repository.release("mytool", "1.4").wheels
    assert wheel.filename.endswith("-linux_aarch64.whl")
    put(greet)
    assert len(Repository(repository.store).release("mytool", "1.4").wheels) == 2


def test_which_files_are_commands_is_what_a_shell_would_match(put: Put, repository: Repository, tmp_path: Path) -> None:
    more = {"tools/bin/deep": "#!/bin/sh\n", "tools/bin/x": "#!/bin/sh\n", "top": "#!/bin/sh\n"}
    put(make_tree(tmp_path / "t", TOOL | more), bins=("tools/*/d*", "bin/mytool"))
    facts = parse_tree(manifest_of(repository).inline[f"site/mytool-1.4.dist-info/{TREE_FILE}"], "it")
    assert facts.bins == ("bin/mytool", "tools/bin/deep")


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "no such command": ({"bins": ("tools/*",)}, r"--bin tools/\*: nothing in .* that can be run has that name"),
    "not executable": ({"bins": ("share/mytool/*.txt",)}, "may not be executed: chmod"),
    "a version of words": ({"version": "latest"}, "'latest' is no version"),
    "no name": ({"name": "../x"}, "is no name of a project"),
    "PATH": ({"env": {"PATH": "/evil"}}, "--env PATH: it decides about other programs"),
    "a preload": ({"env": {"LD_PRELOAD": "x.so"}}, "--env LD_PRELOAD"),
    "what a shell splits words at": ({"env": {"IFS": "/"}}, "--env IFS"),
    "zsh's PATH": ({"env": {"path": "/evil"}}, "--env path"),
    "a list that several trees share": ({"env": {"PKG_CONFIG_PATH": "/x"}}, "--env PKG_CONFIG_PATH"),
    "no variable": ({"env": {"A B": "x"}}, "no name of a variable"),
    "a line": ({"env": {"A": "x\ny"}}, "cannot be seen"),
    "no platform": ({"platform": "Linux/86"}, "is no platform"),
}


@pytest.mark.parametrize(("options", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_word_gets_one_clear_message(put: Put, tmp_path: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        put(make_tree(tmp_path / "t", TOOL), **options)


def test_a_dry_run_publishes_nothing(put: Put, store: LocalStore, tmp_path: Path) -> None:
    (row,) = put(make_tree(tmp_path / "t", TOOL), dry_run=True).projects
    assert (row.action, row.facts is not None) == ("would publish", True)
    assert not Shelf(store).projects()


def test_a_policy_holds_for_trees(put: Put, store: LocalStore, tmp_path: Path) -> None:
    policy: Policy = parse_policy('licenses_allowed = ["MIT"]', "ours.toml")
    folder = make_tree(tmp_path / "t", TOOL)
    with pytest.raises(PolicyRefused):
        put(folder, policy=policy, license="GPL-3.0-only")
    assert not Shelf(store).projects()
    put(folder, policy=policy, license="MIT")


def test_a_name_that_looks_like_another_has_to_be_allowed(put: Put, tmp_path: Path) -> None:
    folder = make_tree(tmp_path / "t", TOOL)
    put(folder)
    with pytest.raises(NameAlike):
        put(folder, name="my-tool")
    (row,) = put(folder, name="my-tool", allow_names=("my-tool",)).projects
    assert row.remarks == ("allowed the name",)
