"""cloudshelf lock, sync and run --notebook: the lock is in the file, nothing else of it changed, or one message."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from cloudshelf.codecs.notebook import make_block, set_block
from cloudshelf.errors import UsageError
from cloudshelf.notebooks import read_notebook, write_lock

from .conftest import block_of

RUN = ("--", "python", "-c", "import shelfone; print(shelfone.version)")


def test_a_lock_goes_in_and_comes_out(make_notebook, shelf, cloudshelf):
    path = make_notebook()
    before = path.read_bytes()
    said = cloudshelf("lock", "--notebook", path, "shelfone==1.0").stdout
    assert "Put 1 pin into" in said and "%shelf sync --notebook" in said
    block = block_of(path)
    assert block["format"] == 1 and block["shelf"] == {"url": shelf, "name": "shelf"} and block["digest"][:12] in said
    assert set_block(path.read_text(), None).encode() == before
    assert cloudshelf("run", "--notebook", path, *RUN).stdout == "1.0\n"
    said = cloudshelf("sync", "--notebook", path).stdout
    assert "shelfone 1.0" in said and f"cloudshelf run --notebook {path} -- python" in said


def test_what_the_cells_ask_for_is_locked_and_pins_stay_until_they_are_named(make_notebook, shelf, cloudshelf):
    path = make_notebook("n.ipynb", "%shelf use shelftwo", "%%shelf\nshelfone<=2.0  # any")
    cloudshelf("lock", "--notebook", path, "shelfone==1.0", "shelftwo")
    said = cloudshelf("lock", "--notebook", path).stdout
    assert "Put 2 pins" in said and "Asked for: shelftwo, shelfone<=2.0" in said
    assert cloudshelf("run", "--notebook", path, *RUN).stdout == "1.0\n"
    cloudshelf("lock", "--notebook", path, "shelfone>1")
    assert cloudshelf("run", "--notebook", path, *RUN).stdout == "2.0\n"


def test_without_cells_of_ours_the_lock_in_it_says_what_is_asked_for(report, cloudshelf):
    before = report.read_bytes()
    assert "Asked for: shelfone==1.0" in cloudshelf("lock", "--notebook", report).stdout
    assert report.read_bytes() == before


def test_a_requirements_file_of_a_cell_is_found_beside_the_notebook(make_notebook, shelf, cloudshelf):
    path = make_notebook("sub/n.ipynb", "%shelf use -r wanted.txt")
    path.with_name("wanted.txt").write_text("shelfone==2.0\n")
    assert "Asked for: shelfone==2.0" in cloudshelf("lock", "--notebook", path).stdout


def test_the_lock_of_a_file_goes_in_without_the_secrets_of_its_urls(make_notebook, shelf, cloudshelf, tmp_path):
    """What another tool or a person wrote may name an index with a password, or a signed URL."""
    path, lock = make_notebook(), tmp_path / "pylock.toml"
    cloudshelf("lock", "shelfone==1.0", "-o", lock)
    text = lock.read_text().replace('path = "shelfone', 'url = "https://me:canary@host/x/shelfone')
    text = text.replace('-any.whl"\nsize', '-any.whl?X-Amz-Signature=canary"\nsize')
    assert text.count("canary") == 2
    for written in (
        text,
        text[: text.index("[tool.cloudshelf]")].replace("[packages.tool.cloudshelf]", "[packages.x]"),
    ):
        lock.write_text(written)
        cloudshelf("lock", "--notebook", path, "--lock", lock)
        assert "https://host/x/shelfone-1.0" in path.read_text() and "canary" not in path.read_text()
        assert cloudshelf("run", "--notebook", path, *RUN).stdout == "1.0\n"


def test_no_secret_of_the_environment_goes_in(make_notebook, shelf, cloudshelf):
    path = make_notebook()
    secrets = {"AWS_SECRET_ACCESS_KEY": "canary", "AWS_ACCESS_KEY_ID": "canary", "AWS_SESSION_TOKEN": "canary"}
    cloudshelf("lock", "--notebook", path, "shelfone", **secrets)
    assert "canary" not in path.read_text()
    said = cloudshelf("lock", "--notebook", path, "shelfone", "--shelf", "s3://me:canary@host/x", code=2).stderr
    assert "canary" not in said + path.read_text()


def test_links_modes_and_a_folder_without_other_files(report, cloudshelf, tmp_path):
    link = tmp_path / "link.ipynb"
    link.symlink_to(report)
    report.chmod(0o640)
    cloudshelf("lock", "--notebook", link, "shelfone==2.0")
    assert link.is_symlink() and report.stat().st_mode & 0o777 == 0o640 and "shelfone-2.0" in report.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.ipynb", "report.ipynb"]


def test_without_a_name_it_is_the_only_notebook_there_or_said_which_there_are(report, cloudshelf, settings):
    home = Path(settings["HOME"])
    said = cloudshelf("sync", "--notebook", code=2).stderr
    assert f"there is none in {home}" in said
    copies = [shutil.copy(report, home / name) for name in ("one.ipynb", "two.ipynb")]
    try:
        assert "has one.ipynb, two.ipynb" in cloudshelf("sync", "--notebook", code=2).stderr
        assert "shelfone 1.0" in cloudshelf("sync", "--notebook", block_of(report)["digest"][:10]).stdout
        copies.pop().unlink()
        assert "shelfone 1.0" in cloudshelf("sync", "--notebook").stdout
    finally:
        for copy in copies:
            copy.unlink()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sync", "--notebook", "none.ipynb"), "none.ipynb cannot be read: No such file"),
        (("sync", "--notebook", ""), "got an empty notebook"),
        (("sync", "--notebook", "deadbeef00"), "No notebook in .* has the lock deadbeef00"),
        (("lock", "--notebook", "shelfone"), "--notebook takes a file that ends in .ipynb, not shelfone"),
        (("lock", "--notebook", "n.ipynb", "x.toml"), "to a file or into a notebook, not both"),
        (("lock", "shelfone", "--force"), "--force goes with --notebook"),
        (("sync", "other.toml", "--notebook", "n.ipynb"), "a lock or a notebook, not both"),
        (("run", "--notebook", "n.ipynb", "--with", "shelfone", *RUN), "not two of them"),
        (("run", "--notebook", "n.ipynb", "--lock", "pylock.toml", *RUN), "not two of them"),
    ],
)
def test_what_cannot_be_meant_says_so(words, says, shelf, cloudshelf):
    assert re.search(says, cloudshelf(*words, code=2).stderr)


def test_a_notebook_without_a_lock_says_how_to_put_one_in(make_notebook, shelf, cloudshelf):
    path = make_notebook()
    before = path.read_bytes()
    for verb in (("sync",), ("run",), ("kernelspec", "team")):
        said = cloudshelf(*verb, "--notebook", path, *(RUN if verb == ("run",) else ()), code=2).stderr
        assert "carries no lock. This puts one in: cloudshelf lock --notebook" in said
    assert "asks for nothing yet" in cloudshelf("lock", "--notebook", path, code=2).stderr
    cloudshelf("lock", "--notebook", path, "shelfnothing", code=1)
    assert path.read_bytes() == before


def test_an_edited_lock_is_used_or_replaced_only_when_that_is_meant(report, cloudshelf):
    edited = report.read_text().replace("shelfone==1.0", "shelfone<3")
    report.write_text(edited)
    for words in (
        ("sync", "--notebook", report),
        ("lock", "--notebook", report, "shelfone"),
        ("run", "--notebook", report),
    ):
        command = RUN if words[0] == "run" else ()
        assert "was edited after it was made" in cloudshelf(*words, *command, code=2).stderr
    assert report.read_text() == edited
    assert cloudshelf("run", "--notebook", report, "--force", *RUN).stdout == "1.0\n"
    cloudshelf("lock", "--notebook", report, "shelfone==2.0", "--force")
    assert cloudshelf("run", "--notebook", report, *RUN).stdout == "2.0\n"


def test_an_edit_cannot_bring_other_bytes(report, cloudshelf, tmp_path):
    """Even --force takes only what the shelf has under the digests that the lock says."""
    content = json.loads(report.read_text())
    lock = "\n".join(content["metadata"]["cloudshelf"]["lock"]) + "\n"
    manifest = next(line for line in lock.splitlines() if line.startswith("manifest = "))
    other = lock.replace(manifest, f'manifest = "{"0" * 64}.0"')
    report.write_text(set_block(report.read_text(), make_block(other, "file:///x")))
    cloudshelf("run", "--notebook", report, "--force", *RUN, code=4, CLOUDSHELF_CACHE=str(tmp_path / "cache"))


def test_a_lock_of_another_machine_or_another_python_says_how_to_make_one(report, cloudshelf, tmp_path):
    lock_file = tmp_path / "pylock.toml"
    text, lock = report.read_text(), "\n".join(block_of(report)["lock"]) + "\n"
    for was, now, says in (
        ("py3-none-any", "cp311-cp311-manylinux_2_17_sparc", "is for another machine: .*sparc.whl"),
        ('tag = "cpython-3', 'tag = "cpython-2', "This lock is for cpython-2"),
    ):
        report.write_text(set_block(text, make_block(lock.replace(was, now), "file:///x")))
        said = cloudshelf("sync", "--notebook", report, code=2).stderr
        assert re.search(says, said) and f"cloudshelf lock --notebook {report}" in said
        cloudshelf("lock", "--notebook", report)
        assert cloudshelf("run", "--notebook", report, *RUN).stdout == "1.0\n"
        lock_file.write_text(lock.replace(was, now))
        assert "cloudshelf lock shelfone==1.0" in cloudshelf("sync", lock_file, code=2).stderr


def test_who_saved_meanwhile_is_not_overwritten(report):
    notebook = read_notebook(report)
    report.write_text(report.read_text() + "\n")
    saved = report.read_bytes()
    with pytest.raises(UsageError, match=r"was saved by somebody meanwhile[.] Nothing was written"):
        write_lock(notebook, "other\n", {"url": "file:///x"})
    assert report.read_bytes() == saved and len(list(report.parent.iterdir())) == 1


@pytest.mark.parametrize("beside", [".~lock.report.ipynb#", ".#report.ipynb", ".report.ipynb.swp"])
def test_what_an_editor_has_open_is_left_to_it(beside, report, cloudshelf):
    before = report.read_bytes()
    report.with_name(beside).touch()
    said = cloudshelf("lock", "--notebook", report, "shelfone==2.0", code=2).stderr
    assert f"report.ipynb is open in an editor, which keeps {beside}" in said and report.read_bytes() == before


@pytest.mark.timeout(120)
def test_what_a_jupyter_server_has_open_is_left_to_it(report, cloudshelf, server):
    session = {"path": "report.ipynb", "name": "report.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    opened = server("/api/sessions", session)
    before = report.read_bytes()
    for force in ((), ("--force",)):
        said = cloudshelf("lock", "--notebook", report, "shelfone==2.0", *force, code=2).stderr
        assert f"report.ipynb is open in the Jupyter server at {server.url}" in said and server.token not in said
    assert report.read_bytes() == before
    server(f"/api/sessions/{opened['id']}", method="DELETE")
    assert "Put 1 pin" in cloudshelf("lock", "--notebook", report, "shelfone==2.0").stdout


def test_a_server_that_does_not_tell_is_named(report, tmp_path):
    from cloudshelf.open_notebooks import refuse_open

    [note] = refuse_open(report, [{"url": "http://127.0.0.1:9/", "token": "canary", "root_dir": str(tmp_path)}])
    assert "The Jupyter server at http://127.0.0.1:9/ did not say whether it has report.ipynb open" in note
    assert "canary" not in note


def test_other_pythons_inherit_what_a_notebook_runs_and_nobody_takes_it_for_a_venv(report, cloudshelf, settings):
    code = (
        "import os, shelfone; print(shelfone.version, os.environ.get('VIRTUAL_ENV'), os.environ['CLOUDSHELF_NOTEBOOK'])"
    )
    words = (sys.executable, "-c", code)
    assert cloudshelf("run", "--notebook", report, "--", *words).stdout == f"1.0 None {report}\n"
    code = "import shelfone; print(shelfone.version)"
    assert cloudshelf("run", "--inherit", "--with", "shelfone==2.0", "--", sys.executable, "-c", code).stdout == "2.0\n"
    assert (
        "No module named 'shelfone'"
        in cloudshelf("run", "--with", "shelfone", "--", sys.executable, "-c", code, code=1).stderr
    )


def test_the_result_as_json(report, cloudshelf):
    result = json.loads(cloudshelf("lock", "--notebook", report, "shelfone==2.0", "--json").stdout)
    assert result["digest"] == block_of(report)["digest"] and result["notebook"] == str(report)
    assert [pin["project"] for pin in result["pins"]] == ["shelfone"]
