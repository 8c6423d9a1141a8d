"""Locks in a person's hands: named ones, what differs, what happened here and back to it, and as of a day."""

import json
import re
import shutil
import time
import tomllib
from pathlib import Path

import pytest
import tomli_w

from .test_kernel import Kernel

VERSION = "import shelftwo, shelfone; print(shelfone.version)"


@pytest.fixture(scope="module")
def named(shelf, cloudshelf):
    """The name team/one in two states: shelfone 1.0, then 2.0."""
    cloudshelf("lock", "shelftwo", "--name", "team/one")
    cloudshelf("lock", "shelftwo", "shelfone==2.0", "--name", "team/one")
    return "team/one"


@pytest.fixture
def kernel(shelf, settings):
    running = Kernel(settings)
    running("%load_ext cloudshelf")
    yield running
    running.stop()


def test_a_named_lock_runs_anywhere_and_so_do_its_earlier_states(named, cloudshelf):
    for name, version in ((named, "2.0"), (f"{named}@1", "1.0"), (f"{named}@2", "2.0")):
        assert cloudshelf("run", "--lock", name, "--", "python", "-c", VERSION).stdout == f"{version}\n"


def test_why_looks_into_a_named_lock(named, cloudshelf):
    shown = cloudshelf("why", "shelfone", "--lock", f"{named}@1").stdout
    assert shown.startswith("shelfone 1.0 is pinned because:\n  shelftwo was asked for, shelftwo 1.0 wants shelfone>=1")


def test_fill_and_sync_take_a_named_lock(named, cloudshelf):
    assert "Run in it with: cloudshelf run --lock team/one --" in cloudshelf("sync", named).stdout
    assert "environment" in json.loads(cloudshelf("fill", "--lock", named, "--json").stdout)


def test_another_tools_lock_is_compared_and_gets_a_name(named, shelf, cloudshelf, tmp_path):
    """As uv or pip write it: the same wheels, without our tables."""
    cloudshelf("lock", "shelftwo", "-o", tmp_path / "ours.toml")
    table = tomllib.loads((tmp_path / "ours.toml").read_text())
    for each in (table, *table["packages"]):
        del each["tool"]
    for each in table["packages"]:  # somebody's index, with somebody's password
        each["wheels"][0] |= {"url": "https://ann:canary-secret@wheels.example/" + each["wheels"][0]["name"]}
        each["wheels"][0].pop("path", None)
    (tmp_path / "theirs.toml").write_text(tomli_w.dumps(table))
    assert "the same 2 pins, to the byte" in cloudshelf("diff", tmp_path / "theirs.toml", f"{named}@1").stdout
    assert "has these 2 pins" in cloudshelf("lock", "--lock", tmp_path / "theirs.toml", "--name", "foreign").stdout
    assert cloudshelf("run", "--lock", "foreign", "--", "python", "-c", VERSION).stdout == "1.0\n"
    [content] = Path(shelf.removeprefix("file://"), "locks/foreign/_content").iterdir()
    assert "shelftwo" in content.read_text() and "canary" not in content.read_text()


def test_a_lock_that_is_none_is_named_in_the_message(named, cloudshelf, tmp_path):
    (tmp_path / "cut.toml").write_text('lock-version = "1.0"\n[[pack')
    said = cloudshelf("diff", named, tmp_path / "cut.toml", code=2).stderr
    assert "cut.toml is not a lock" in said
    said = cloudshelf("lock", "--lock", tmp_path / "cut.toml", "--name", "cut", code=2).stderr
    assert "cut.toml is not a lock" in said and "cut" not in cloudshelf("locks").stdout


def test_locks_lists_them_and_tells_the_history_of_one(named, cloudshelf):
    shown = cloudshelf("locks").stdout
    assert re.search(r"name +state +since +by +pins +for +asked for\n", shown)
    assert re.search(r"team/one +2 +20\S+Z +\S+@\S+ +2 +cpython-3\d+ +shelftwo, shelfone==2.0\n", shown)
    rows = cloudshelf("locks", named).stdout.splitlines()
    assert [row.split()[0] for row in rows[2:4]] == ["2", "1"] and rows[-1] == "One of them: sync team/one@1"
    states = json.loads(cloudshelf("locks", named, "--json").stdout)["states"]
    assert [state["seq"] for state in states] == [2, 1]


def test_a_removed_name_says_how_it_comes_back(shelf, cloudshelf):
    cloudshelf("lock", "shelfone==1.0", "--name", "old/one")
    assert "locks --remove needs the NAME of a lock" in cloudshelf("locks", "--remove", code=2).stderr
    said = cloudshelf("locks", "--remove", "old/one").stdout
    assert re.match(r"Removed old/one from file:///\S+: state 2 says so, and the states before stay\.\n", said), said
    assert "old/one" not in cloudshelf("locks").stdout
    said = cloudshelf("sync", "old/one", code=1).stderr
    assert "The lock old/one was removed from the shelf" in said
    rows = cloudshelf("locks", "old/one").stdout.splitlines()
    assert [(row.split()[0], row.split()[-1]) for row in rows[2:4]] == [("2", "yes"), ("1", "shelfone==1.0")]
    assert "shelfone" in cloudshelf("sync", "old/one@1").stdout
    [back] = re.findall(r"cloudshelf (lock --lock .*)", said)
    assert "old/one has this pin: state 3" in cloudshelf(*back.split()).stdout
    assert cloudshelf("sync", "old/one").returncode == 0
    assert "state 4 says so" in cloudshelf("locks", "--remove", "old/one").stdout  # the other tests know all names


def test_naming_says_what_everybody_types(named, cloudshelf, tmp_path):
    shown = cloudshelf("lock", "shelfone", "--name", "own", "-o", tmp_path / "own.toml").stdout
    assert re.match(r"own has this pin: state 1, on file:///\S+\nWrote 1 pin to .*own.toml\n", shown), shown
    assert "Everybody: %shelf sync own, or: cloudshelf run --lock own -- python …" in shown
    assert "own had already this pin: state 1" in cloudshelf("lock", "shelfone", "--name", "own").stdout
    assert cloudshelf("lock", "--lock", "own", "-o", tmp_path / "again.toml").returncode == 0
    assert (tmp_path / "again.toml").read_bytes() == (tmp_path / "own.toml").read_bytes()


def test_a_file_gets_a_name_and_a_name_goes_back_to_an_earlier_state(named, cloudshelf, tmp_path):
    cloudshelf("lock", "shelfone==2.0", "-o", tmp_path / "pylock.toml")
    cloudshelf("lock", "--lock", tmp_path / "pylock.toml", "--name", "moving")
    cloudshelf("lock", "shelfone==1.0", "--name", "moving")
    assert "moving has this pin: state 3" in cloudshelf("lock", "--lock", "moving@1", "--name", "moving").stdout
    assert "the same 1 pin, to the byte" in cloudshelf("diff", tmp_path / "pylock.toml", "moving").stdout


def test_a_word_is_a_file_or_a_name_by_how_it_is_written(named, cloudshelf, settings):
    """Never by which files there are: a file of that name changes nothing."""
    file = Path(settings["HOME"], "team", "one")
    file.parent.mkdir()
    cloudshelf("lock", "shelfone==1.0", "-o", file)
    try:
        run = ["--", "python", "-c", "import shelfone; print(shelfone.version)"]
        assert cloudshelf("run", "--lock", "team/one", *run).stdout == "2.0\n"
        assert cloudshelf("run", "--lock", "./team/one", *run).stdout == "1.0\n"
        assert cloudshelf("run", "--lock", file, *run).stdout == "1.0\n"
    finally:
        shutil.rmtree(file.parent)


def test_a_lock_of_another_shelf_gets_its_name_there(named, cloudshelf, tmp_path):
    other = f"file://{tmp_path / 'other'}"
    cloudshelf("init", other)
    cloudshelf("lock", "shelfone", "-o", tmp_path / "pylock.toml")
    words = ("--lock", tmp_path / "pylock.toml", "--name", "x")
    assert "pylock.toml is of the shelf file://" in cloudshelf("lock", *words, code=2, CLOUDSHELF_URL=other).stderr
    said = cloudshelf("--shelf", other, "lock", *words, code=4).stderr
    assert "projects/shelfone/" in said and "No lock on" in cloudshelf("--shelf", other, "locks").stdout


def test_a_name_works_where_the_shelf_has_moved_to(named, shelf, cloudshelf, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(shelf.removeprefix("file://"), moved)
    own = {"CLOUDSHELF_CACHE": str(tmp_path / "cache"), "CLOUDSHELF_URL": f"file://{moved}"}
    assert cloudshelf("run", "--lock", named, "--", "python", "-c", VERSION, **own).stdout == "2.0\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["sync", "team/none"], 1, "There is no lock team/none on the shelf"),
        (["sync", "team/on"], 1, "Did you mean team/one?"),
        (["run", "--lock", "team/none", "--", "true"], 1, "There is no lock team/none"),
        (["sync", "team/one@7"], 2, "team/one has no state 7; it is at 2"),
        (["sync", "none.toml"], 2, "There is no lock none.toml. This makes one"),
        (["locks", "a b"], 2, "'a b' cannot be the name of a lock"),
        (["locks", "x.toml"], 2, "x.toml is a file's name"),
        (["lock", "shelfone", "--name", "../x"], 2, "cannot be the name of a lock"),
        (["lock", "shelfone", "--name", ""], 2, "lock got an empty name"),
        (["lock", "shelfone", "--name", "x", "-o", "none/x.toml"], 2, "there is no folder none"),
        (["lock", "shelfone", "--lock", "team/one"], 2, "takes a lock or requirements, not both"),
        (["diff", "team/one"], 2, "diff needs two locks here"),
        (["diff", "a", "b", "c"], 2, "diff compares two locks: cloudshelf diff a b"),
        (["lock", "shelfone", "--as-of", "yesterday"], 2, "'yesterday' is not a day or a time"),
        (["lock", "shelfone", "--as-of", "2999-01-01"], 2, "has not come yet"),
        (["lock", "shelfone", "--as-of", ""], 2, "lock got an empty as of"),
        (["lock", "shelfone", "--as-of", "2020-01-01"], 1, "shelfone was not on the shelf at 2020-01-01T23:59:59Z"),
        (["history"], 2, "exists only as a notebook magic"),
    ],
)
def test_what_cannot_be_says_what_to_type(named, cloudshelf, words, code, message):
    said = cloudshelf(*words, code=code).stderr
    assert message in said and "Traceback" not in said
    assert {row["name"] for row in json.loads(cloudshelf("locks", "--json").stdout)["locks"]} <= {
        "team/one",
        "own",
        "moving",
        "foreign",
        "old/one",  # of the test before, where both run in one process
    }


def test_diff_tells_every_project_that_changed_and_why(named, cloudshelf):
    shown = cloudshelf("diff", f"{named}@1", named).stdout.splitlines()
    assert shown[:2] == ["From team/one@1 to team/one: 1 changed; 1 the same.", "asked for now: shelfone==2.0"]
    assert shown[3].split() == ["shelfone", "1.0", "2.0", "asked", "for:", "shelfone==2.0"]
    found = json.loads(cloudshelf("diff", f"{named}@1", named, "--json").stdout)
    assert found["changes"] == [
        {
            "project": "shelfone",
            "was": "1.0",
            "version": "2.0",
            "kind": "version",
            "why": ["asked for: shelfone==2.0"],
        }
    ]


def test_a_shelf_as_it_was_before_the_last_change(shelf, cloudshelf, tmp_path):
    # A cache of its own: a copy of a shelf that goes on alone looks like the other one in another time.
    own = {"CLOUDSHELF_URL": f"file://{tmp_path / 'shelf'}", "CLOUDSHELF_CACHE": str(tmp_path / "cache")}
    shutil.copytree(shelf.removeprefix("file://"), tmp_path / "shelf")
    time.sleep(1.1)  # heads tell seconds
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)
    cloudshelf("default", "shelfone==2.0", **own)
    run = ["--with", "shelftwo", "--", "python", "-c", VERSION]
    assert cloudshelf("run", *run, **own).stdout == "2.0\n"
    assert cloudshelf("run", "--as-of", moment, *run, **own).stdout == "1.0\n"
    cloudshelf("lock", "shelftwo", "--as-of", moment, "-o", tmp_path / "then.toml", **own)
    assert f'as-of = "{moment}"' in (tmp_path / "then.toml").read_text()
    cloudshelf("lock", "shelftwo", "-o", tmp_path / "now.toml", **own)
    shown = cloudshelf("diff", tmp_path / "then.toml", tmp_path / "now.toml", **own).stdout
    assert f"as of: {moment} → none" in shown and re.search(r"shelfone +1.0 +2.0 +shelftwo\n", shown)


# in a notebook


def test_a_notebook_names_its_pins_and_another_takes_them(kernel, settings):
    kernel("%shelf use shelfone==2.0 shelftwo")
    shown = kernel("%shelf lock --name from/notebook")
    assert "from/notebook has these 2 pins: state 1" in shown.text, shown.error
    other = Kernel(settings)
    try:
        other("%load_ext cloudshelf")
        shown = other("%shelf sync from/notebook")
        assert "Pinned: shelfone 2.0, shelftwo 1.0\nfrom/notebook is at state 1, of 20" in shown.text, shown.error
        assert other(VERSION).text == "2.0\n"
        assert "<table>" in other("%shelf locks").html
        assert "the same 2 pins" in other("%shelf diff from/notebook").text
    finally:
        other.stop()


def test_every_dependency_that_changed_is_listed_with_why(kernel, cloudshelf, tmp_path):
    cloudshelf("lock", "shelftwo", "shelfscript", "-o", tmp_path / "a.toml")
    shown = kernel(f"%shelf sync {tmp_path}/a.toml").text
    assert shown.splitlines()[:2] == ["Pinned: shelfscript 1.0, shelftwo 1.0", "With: shelfone 1.0 (for shelftwo)"]
    assert kernel("%shelf use shelfone==2.0").text.strip() == "Pinned: shelfone 1.0 → 2.0"
    assert kernel("%shelf drop shelfone").text.startswith("With: shelfone 2.0 → 1.0 (for shelftwo)\n")
    assert kernel("%shelf drop shelftwo").text.strip() == "Dropped: shelfone 1.0 (was for shelftwo), shelftwo 1.0"


def test_diff_compares_a_lock_with_what_is_pinned_here(kernel, named):
    assert "Nothing is pinned here" in kernel(f"%shelf diff {named}").error
    kernel("%shelf use shelfone==1.0 shelfscript")
    shown = kernel(f"%shelf diff {named}")
    assert "From team/one to what is pinned here: 1 added, 1 removed, 1 changed; 0 the same." in shown.text
    assert "no longer asked for: shelftwo" in shown.text and "asked for: shelfone==2.0 → shelfone==1.0" in shown.text
    assert re.search(r"shelftwo +1.0 +asked for: shelftwo", shown.text) and "<table>" in shown.html


def test_history_tells_what_happened_and_leads_back(kernel):
    kernel("%shelf use shelfone==1.0")
    kernel("%shelf use shelfnothing")  # an error is no step
    kernel("%shelf use shelfone==2.0 shelftwo")
    kernel("%shelf drop shelftwo")
    shown = kernel("%shelf history")
    rows = [re.split(r"\s{2,}", row.strip()) for row in shown.text.splitlines()[1:-1]]
    assert [[row[0], *row[2:]] for row in rows] == [
        ["3", "drop shelftwo", "shelftwo dropped"],
        ["2", "use shelfone==2.0 shelftwo", "shelfone 1.0 → 2.0, shelftwo 1.0"],
        ["1", "use shelfone==1.0", "shelfone 1.0"],
        ["0", "the beginning"],
    ]
    assert "<table>" in shown.html
    assert "Pinned: shelftwo 1.0" in kernel("%shelf history --to 2").text
    assert kernel("import cloudshelf; print(cloudshelf.pins())").text == "{'shelfone': '2.0', 'shelftwo': '1.0'}\n"
    assert kernel(VERSION).text == "2.0\n"
    shown = kernel("%shelf history --to 1")
    assert "shelfone 2.0 is already loaded in this kernel" in shown.error
    assert "There is no state 9 here: they are numbered 0 to 4" in kernel("%shelf history --to 9").error
    assert "Dropped: shelfone 2.0, shelftwo 1.0" in kernel("%shelf history --to 0").text
    assert "Nothing is pinned yet" in kernel("%shelf").text
    assert kernel("%shelf history --to 2").error is None
    assert kernel("print(cloudshelf.history()['states'][0]['did'])").text == "history --to 2\n"


def test_use_as_of_holds_for_that_use_and_the_lock_says_so(kernel, tmp_path):
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    shown = kernel(f"%shelf use --as-of {moment} shelftwo")
    assert f"As the shelf was at {moment}." in shown.text, shown.error
    kernel(f"%shelf lock {tmp_path}/then.toml")
    assert f'as-of = "{moment}"' in (tmp_path / "then.toml").read_text()
    assert "As the shelf was" not in kernel("%shelf use shelfscript").text
    shown = kernel("%shelf use --as-of 2020-01-01 shelfscript")
    assert "was not on the shelf at 2020-01-01T23:59:59Z" in shown.error
    assert kernel("import cloudshelf; print(sorted(cloudshelf.pins()))").text == (
        "['shelfone', 'shelfscript', 'shelftwo']\n"
    )


def test_already_loaded_offers_the_restart_as_of_the_same_day(kernel):
    kernel("%shelf use shelfone==1.0\nimport shelfone")
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    shown = kernel(f"%shelf use --as-of {moment} shelfone==2.0")
    assert f"%shelf use --restart --as-of {moment} shelfone==2.0" in shown.error
    kernel(f"%shelf use --restart --as-of {moment} shelfone==2.0")
    kernel.restart_after_it_ended()
    assert "shelfone==2.0" in kernel("%load_ext cloudshelf").text
    assert f'as-of = "{moment}"' in kernel("print(__import__('cloudshelf').lock())").text


def test_tab_offers_the_names_of_locks_and_files(kernel, named):
    kernel("%mkdir -p tabs_of_locks\n%cd tabs_of_locks\nopen('team.toml', 'w').close()")
    wanted = {
        "%shelf sync te": ["team.toml", "team/one"],
        "%shelf sync team/": ["team/one"],
        "%shelf diff team.toml team/": ["team/one"],
        "%shelf locks te": ["team/one"],
        "%shelf lock --name te": ["team/one"],
        "%shelf why shelfone --lock te": ["team.toml", "team/one"],
    }
    assert {text: sorted(kernel.tab(text)) for text in wanted} == wanted
