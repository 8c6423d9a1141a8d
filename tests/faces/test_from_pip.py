"""What somebody types who comes from pip, in a real kernel."""

import pytest

from .test_kernel import Kernel

VERSION = "import shelfone; print(shelfone.version)"


@pytest.fixture
def kernel(shelf, settings, tmp_path):
    running = Kernel(settings)
    running(f"%load_ext cloudshelf\n%cd -q {tmp_path}")
    yield running
    running.stop()


@pytest.fixture
def put(tmp_path):
    return lambda name, text: (tmp_path / name).write_text(text)


def test_install_list_freeze_uninstall(kernel):
    assert "Pinned: shelftwo 1.0" in kernel("%shelf install -q shelftwo").text
    listed = kernel("%shelf list")
    assert [line.split() for line in listed.text.splitlines()][1:] == [["shelfone", "1.0"], ["shelftwo", "1.0", "yes"]]
    assert "<table>" in listed.html
    assert kernel("%shelf freeze").text == "shelfone==1.0\nshelftwo==1.0\n"
    assert "Wrote 2 lines to ours.txt" in kernel("%shelf freeze --hashes -o ours.txt").text
    assert "Dropped: shelfone 1.0, shelftwo 1.0" in kernel("%shelf uninstall -y shelftwo").text
    assert "Nothing is pinned yet" in kernel("%shelf list").text
    assert kernel("%shelf install -r ours.txt").status == "ok"
    assert "Dropped: " in kernel("%shelf uninstall -r ours.txt").text
    assert "uninstall needs PROJECT or -r FILE" in kernel("%shelf uninstall -y").error


def test_a_second_file_adds_and_replaces_what_it_names(kernel, put):
    put("one.txt", "shelfone==1.0\nshelfscript\n")
    put("two.txt", "shelfone==2.0\nshelftwo\n")
    kernel("%shelf use -r one.txt")
    assert "shelfone 1.0 → 2.0" in kernel("%shelf use -r two.txt").text
    assert kernel("import cloudshelf; print(cloudshelf.pins())").text == (
        "{'shelfone': '2.0', 'shelfscript': '1.0', 'shelftwo': '1.0'}\n"
    )


def test_upgrade_lets_go_of_the_pinned_version(kernel, put, cloudshelf):
    put("limits.txt", "shelfone<2\n")
    kernel("%shelf use shelftwo shelfone==2.0")
    assert "Nothing changed" in kernel("%shelf install shelfone").text
    assert "shelfone 2.0 → 1.0" in kernel("%shelf install -U shelfone").text  # the curator's default
    kernel("%shelf use shelfone==2.0")
    assert "shelfone 2.0 → 1.0" in kernel("%shelf use -c limits.txt shelfone").text


def test_a_cell_is_a_requirements_file_with_all_that_one_has(kernel, put, cloudshelf):
    put("base.txt", "shelfscript\n")
    assert kernel("%%shelf\n# ours\n-r base.txt\nshelfone \\\n  ==2.0\n").status == "ok"
    assert kernel(VERSION).text == "2.0\n"
    wrong = "0" * 64
    shown = kernel(f"%%shelf\nshelftwo==1.0 --hash=sha256:{wrong}\n")
    assert "this cell line 1 does not admit" in shown.error
    assert "this cell line 2: -e .: an editable checkout" in kernel("%%shelf\nshelftwo\n-e .\n").error
    assert "this cell: --pre (line 1) left out" in kernel("%%shelf\n--pre\nshelfone==2.0").text


def test_a_lock_of_a_file_that_is_dropped_on_use_is_synced_and_then_added_to(kernel, put, cloudshelf, tmp_path):
    cloudshelf("lock", "shelfone==2.0", "-o", tmp_path / "pylock.toml")
    assert "Pinned: shelfone 2.0" in kernel("%shelf use -r pylock.toml").text
    kernel("%shelf use shelftwo")
    assert "Nothing changed" in kernel("%shelf use -r pylock.toml").text
    assert kernel("%shelf freeze").text == "shelfone==2.0\nshelftwo==1.0\n"


def test_an_environment_of_conda_shows_a_table(kernel, put):
    put("environment.yml", "dependencies:\n- python>=3.11\n- shelftwo=1\n- openssl\n")
    shown = kernel("%shelf use -r environment.yml")
    assert (
        shown.text.count("environment.yml") == 3 and "not Python" in shown.text and "on the shelf (1.0)" in shown.text
    )
    assert "<table>" in shown.html and kernel("import shelftwo").status == "ok"


def test_a_dry_run_changes_nothing(kernel, put):
    put("r.txt", "shelftwo\nnope\n")
    kernel("%shelf use shelfscript")
    shown = kernel("%shelf use --dry-run -r r.txt")
    assert shown.status == "ok" and "missing" in shown.text and "1 line cannot be met" in shown.text
    put("r.txt", "shelftwo\n")
    assert "Would pin: shelfone 1.0, shelfscript 1.0, shelftwo 1.0" in kernel("%shelf use --dry-run -r r.txt").text
    assert kernel("%shelf freeze").text == "shelfscript==1.0\n"


def test_a_failed_file_changes_nothing(kernel, put):
    put("r.txt", "shelftwo\nnope\n")
    kernel("%shelf use shelfscript")
    shown = kernel("%shelf use -r r.txt")
    assert "r.txt line 2: nope: missing" in shown.error and "Traceback" not in shown.error
    assert kernel("%shelf freeze").text == "shelfscript==1.0\n"


def test_another_version_of_what_is_loaded_offers_the_restart_with_the_same_files(kernel, put):
    put("r.txt", "shelfone\n")
    put("c.txt", "shelfone>=2\n")
    kernel("%shelf use shelfone==1.0 shelfscript\nimport shelfone")
    shown = kernel("%shelf use -r r.txt -c c.txt")
    assert "shelfone 1.0 is already loaded" in shown.error
    assert "To switch: %shelf use --restart -r r.txt -c c.txt" in shown.error
    kernel("%shelf use --restart -r r.txt -c c.txt")
    kernel.restart_after_it_ended()
    assert "After the restart, pinned as wished: shelfscript, shelfone" in kernel("%load_ext cloudshelf").text
    assert kernel(VERSION).text == "2.0\n"


def test_files_and_variables_are_the_kernels_own(kernel, put):
    put("r.txt", "shelfone==${SHELFONE}\n")
    assert "the environment variable SHELFONE is not set" in kernel("%shelf use -r r.txt").error
    assert kernel("%env SHELFONE=2.0\n%shelf use -r r.txt").status == "ok"
    assert kernel(VERSION).text == "2.0\n"
    assert kernel("import cloudshelf; cloudshelf.use(requirement_files=['r.txt'])['changes']").text == "[]"


def test_the_kernel_loads_no_library_for_any_of_it(kernel, put):
    put("r.txt", "shelfone\n")
    put("pyproject.toml", "[project]\nname='x'\ndependencies=['shelftwo']\n[dependency-groups]\na=['shelfscript']\n")
    put("environment.yml", "dependencies: [shelfone]\n")
    kernel("import sys; before = set(sys.modules)")
    kernel("%shelf use -r r.txt -r pyproject.toml --group a\n%shelf use -r environment.yml\n%shelf freeze")
    new = "{m.partition('.')[0] for m in set(sys.modules) - before} & {'packaging', 'yaml', 'resolvelib', 'pip'}"
    assert kernel(f"print({new})").text == "set()\n"


def test_a_word_that_is_a_file_says_how_to_name_it(kernel, put):
    put("r.txt", "shelfone\n")
    assert "If it lists what you want: -r r.txt" in kernel("%shelf use r.txt").error


@pytest.mark.parametrize(
    "word", [".", "./ours", "git+https://me:canary@x.example/y", "https://me:canary@x.example/y.zip"]
)
def test_what_is_no_name_says_where_it_belongs(kernel, word):
    shown = kernel(f"%shelf install {word}").error
    assert "is no project's name" in shown and "cloudshelf publish" in shown and "canary" not in shown


def test_what_others_need_stays_and_says_so(kernel):
    kernel("%shelf install shelftwo shelfone")
    assert kernel("%shelf uninstall shelfone").text == (
        "shelfone is no longer asked for; it stays, since shelftwo needs it.\n"
    )
    assert "asks for none" in kernel("%%shelf\n# nothing\n").error
    assert "Did you mean install?" in kernel("%shelf instal shelfone").error
