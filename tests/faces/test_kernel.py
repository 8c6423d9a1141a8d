"""The magics in a real kernel: what a person types, and what the notebook shows."""

import random
import re
import socket
import subprocess
import sys

import pytest

from tests.kernels import PrivateKernelManager

from .conftest import make_wheel


class Kernel:
    """A running kernel; calling it runs a cell and returns what the cell showed."""

    def __init__(self, settings, python=sys.executable):
        self.manager = PrivateKernelManager()
        self.manager.kernel_spec.argv[0] = str(python)
        self.manager.start_kernel(env=settings, cwd=settings["HOME"])
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def __call__(self, code):
        shown = Shown()
        reply = self.client.execute_interactive(code, timeout=60, output_hook=shown.take, allow_stdin=False)
        shown.status = reply["content"]["status"]
        return shown

    def tab(self, text):
        """What a Tab offers: at once, and once the shelf has answered what it was asked for that."""
        names = "('cloudshelf-start', 'cloudshelf-names')"
        self.press_tab(text)
        self(f"import threading\nfor t in threading.enumerate():\n    if t.name in {names}: t.join(60)")
        return self.press_tab(text)

    def press_tab(self, text):
        return self.client.complete(text, len(text), reply=True, timeout=60)["content"]["matches"]

    def restart_after_it_ended(self):
        """What a Jupyter server does when a kernel ends by itself: the same connection file, a new process."""
        self.manager.provisioner.process.wait(timeout=30)
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=60)

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Shown:
    """Outputs of a cell: text, HTML and error."""

    def __init__(self):
        self.text, self.html, self.error, self.status = "", "", None, None

    def take(self, message):
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                self.text += content["text"]
            case "display_data" if "<progress" in content["data"].get("text/html", ""):
                pass  # of a machine that is slow today; it is gone when the cell ends
            case "display_data" | "execute_result":
                self.text += content["data"].get("text/plain", "")
                self.html += content["data"].get("text/html", "")
            case "error":
                self.error = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"]))


@pytest.fixture
def kernel(shelf, settings):
    running = Kernel(settings)
    loaded = running("%load_ext cloudshelf")
    assert (loaded.status, loaded.text, loaded.error) == ("ok", "", None)
    yield running
    running.stop()


def test_use_then_import_then_status(kernel, shelf):
    shown = kernel("%shelf use shelftwo")
    assert shown.status == "ok", shown.error
    assert "Pinned: shelftwo 1.0\nWith: shelfone 1.0 (for shelftwo)" in shown.text
    assert kernel("import shelftwo, shelfone; print(shelfone.version)").text == "1.0\n"
    status = kernel("%shelf")
    assert shelf in status.text and "<table>" in status.html
    assert re.search(r"shelfone +1\.0 +yes +shelf", status.text)
    assert "2 pins;" in status.text


def test_the_functions_answer_programs_with_a_dict_and_people_with_the_page(kernel):
    shown = kernel("import cloudshelf\nanswer = cloudshelf.use('shelftwo')\nanswer")
    assert shown.text == "Pinned: shelftwo 1.0\nWith: shelfone 1.0 (for shelftwo)"
    assert kernel("print(isinstance(answer, dict), answer['requirements'])").text == "True ['shelftwo']\n"
    assert "<table>" in kernel("cloudshelf.status()").html
    shown = kernel("cloudshelf.Shelf.open(cloudshelf.status()['shelf'])")
    assert re.fullmatch(r"Shelf\('file:///.*'\)", shown.text)


def test_zero_step_pins_the_default_and_says_so(kernel):
    shown = kernel("import shelfone\nprint(shelfone.version)")
    assert shown.status == "ok", shown.error
    assert "shelfone 1.0, the shelf's default, is pinned now" in shown.text and "%shelf use shelfone==1.0" in shown.text
    assert shown.text.endswith("1.0\n")


def test_a_cell_of_requirement_lines(kernel):
    shown = kernel("%%shelf\nshelfone==2.0  # the new one\n\nshelftwo\n")
    assert "shelfone 2.0" in shown.text, shown.error
    assert kernel("import shelftwo, shelfone; print(shelfone.version)").text == "2.0\n"


def test_an_unknown_module_is_the_ordinary_error(kernel):
    assert "No module named 'shelfnothing_at_all'" in kernel("import shelfnothing_at_all").error


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%shelf lss", "Did you mean ls"),
        ("%shelf use shelfon", "Did you mean shelfone"),
        ("%shelf use 'shelfone", "A quote is not closed"),
        ("%shelf use not!a!requirement", "is not a requirement"),
        ("%shelf use shelfone==9", "shelfone"),
        ("%shelf connect file:///nowhere/at/all", "no shelf at"),
        ("%shelf connect ftp://x", "is not a kind of shelf"),
        ("%shelf drop shelfone", "was not asked for"),
        ("%shelf lock", "Nothing is pinned yet"),
        ("%shelf sync none.toml", "There is no lock none.toml"),
        ("%shelf run -- ls", "exists only as a command"),
    ],
)
def test_errors_fail_the_cell_with_one_message_and_no_traceback(kernel, line, message):
    shown = kernel(line)
    assert shown.status == "error"
    assert message in shown.error
    assert shown.error.startswith("cloudshelf: ") and "Traceback" not in shown.error and "File " not in shown.error
    assert "Traceback" in kernel("%shelf traceback").text
    assert kernel("%shelf use shelfone").status == "ok"


def test_another_version_of_what_is_loaded_offers_the_restart(kernel):
    kernel("%shelf use shelfone==1.0\nimport shelfone")
    shown = kernel("%shelf use shelfone==2.0")
    assert "%shelf use --restart shelfone==2.0" in shown.error
    assert kernel("print(shelfone.version)").text == "1.0\n"


def test_restart_grants_the_wish_at_the_next_load(kernel):
    kernel("%shelf use shelfone==1.0 shelfscript\nimport shelfone")
    shown = kernel("%shelf use --restart shelfone==2.0")
    assert "Restarting the kernel" in shown.text, shown.error
    kernel.restart_after_it_ended()
    shown = kernel("%load_ext cloudshelf")
    assert "After the restart, pinned as wished: shelfscript, shelfone==2.0" in shown.text
    assert kernel("import shelfone, shelfscript; print(shelfone.version)").text == "2.0\n"


@pytest.mark.parametrize("wanted", ["shelfone==9", "shelfnone", "shelfone=>1"])
def test_a_restart_for_what_cannot_be_had_is_refused_before_anything_is_lost(kernel, wanted):
    kernel("precious = 1")
    shown = kernel(f"%shelf use --restart {wanted}")
    assert shown.status == "error" and "Restarting" not in shown.text
    assert kernel("print(precious)").text == "1\n"


def test_drop_takes_a_project_out_of_the_pins(kernel):
    kernel("%shelf use shelftwo shelfscript")
    assert "Dropped: " in kernel("%shelf drop shelfscript").text
    assert kernel("import cloudshelf; print(sorted(cloudshelf.pins()))").text == "['shelfone', 'shelftwo']\n"
    kernel("%shelf drop shelftwo")
    assert "Nothing is pinned yet" in kernel("%shelf").text


def test_subprocesses_inherit(kernel):
    kernel("%shelf use shelftwo shelfscript")
    code = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'import shelftwo; print(1)'],"
    assert kernel(f"{code} capture_output=True, text=True))").text.count("stdout='1\\n'") == 1
    assert "from the script" in kernel("!shelfsay").text
    spawned = (
        "import multiprocessing\n"
        "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.apply(eval, ('__import__(\"shelftwo\").__name__',)))"
    )
    assert kernel(spawned).text == "shelftwo\n"


@pytest.mark.parametrize("file", ["a lock.toml", "clé-鍵.toml"])
def test_a_lock_may_have_any_name(kernel, file):
    kernel("%shelf use shelfone")
    assert f"Wrote 1 pin to {file}" in kernel(f'%shelf lock "{file}"').text
    assert "Nothing changed" in kernel(f'%shelf sync "{file}"').text
    assert "There is no lock none.toml" in kernel("%shelf sync none.toml").error


def test_lock_and_sync_carry_pins_to_another_kernel(kernel, settings, tmp_path):
    kernel("%shelf use shelfone==2.0")
    assert "Wrote 1 pin to" in kernel(f"%shelf lock {tmp_path}/pylock.toml").text
    other = Kernel(settings)
    try:
        other("%load_ext cloudshelf")
        assert "shelfone 2.0" in other(f"%shelf sync {tmp_path}/pylock.toml").text
        assert other("import shelfone; print(shelfone.version)").text == "2.0\n"
    finally:
        other.stop()


@pytest.fixture
def installed(kernel, tmp_path):
    """Installs and imports a shelfone of any version in the kernel."""

    def install(version):
        site = tmp_path / "site-packages"
        info = site / f"shelfone-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: shelfone\nVersion: {version}\n")
        (info / "RECORD").write_text("shelfone/__init__.py,,\n")
        (site / "shelfone").mkdir()
        (site / "shelfone/__init__.py").write_text(f"version = {version!r}\n")
        code = f"import sys; sys.path.append({str(site)!r}); import shelfone; print(shelfone.version)"
        assert kernel(code).text == f"{version}\n"

    return install


PRINT = "import shelftwo, shelfone; print(shelfone.version)"


def test_a_loaded_version_that_the_shelf_has_is_pinned_from_it(kernel, installed, cloudshelf, tmp_path):
    installed("2.0")
    assert "shelfone 2.0 (for shelftwo)" in kernel("%shelf use shelftwo").text
    assert "Wrote 2 pins to" in kernel(f"%shelf lock {tmp_path}/pylock.toml").text
    assert cloudshelf("run", "--lock", tmp_path / "pylock.toml", "--", "python", "-c", PRINT).stdout == "2.0\n"


def test_a_lock_is_complete_where_the_kernel_provides_what_the_shelf_lacks(kernel, installed, cloudshelf, tmp_path):
    installed("1.5")
    shown = kernel("%shelf use shelftwo")
    assert "Pinned: shelftwo 1.0" in shown.text and "With:" not in shown.text, shown.error
    assert "Provided by this kernel: shelfone 1.5." in kernel("%shelf").text
    shown = kernel(f"%shelf lock {tmp_path}/pylock.toml")
    assert "Wrote 2 pins to" in shown.text, shown.error
    assert "The lock has shelfone 1.0; this kernel has 1.5 loaded." in shown.text
    assert kernel(PRINT).text == "1.5\n"
    assert cloudshelf("run", "--lock", tmp_path / "pylock.toml", "--", "python", "-c", PRINT).stdout == "1.0\n"


def test_what_the_kernel_has_of_its_own_is_neither_pinned_by_a_lock_nor_dropped(kernel, installed, tmp_path):
    installed("1.5")
    kernel(f"%shelf use shelftwo\n%shelf lock {tmp_path}/pylock.toml")
    shown = kernel(f"%shelf sync {tmp_path}/pylock.toml").text
    assert "Pinned" not in shown and "shelfone 1.5 of this kernel stays" in shown
    shown = kernel("%shelf use shelfscript").text
    assert "Pinned: shelfscript 1.0" in shown and "Dropped" not in shown


def test_sync_of_the_present_pins_changes_nothing(kernel, tmp_path):
    kernel(f"%shelf use shelftwo\n%shelf lock {tmp_path}/pylock.toml")
    assert "Nothing changed" in kernel(f"%shelf sync {tmp_path}/pylock.toml").text


def test_a_later_use_counts_what_the_earlier_one_brought(kernel):
    kernel("%shelf use shelfone\nimport shelfone.late")
    rows = "import cloudshelf; rows = {r['project']: r for r in cloudshelf.status()['pins']}; r = rows['shelfone']"
    kernel(f"{rows}; before = r['fetched'], r['loaded']")
    kernel("%shelf use shelfscript")
    assert kernel(f"{rows}; print(before == (r['fetched'], r['loaded']), before[1])").text == "True ['shelfone']\n"


def test_what_an_earlier_environment_loaded_still_stands_in_the_way(kernel):
    kernel("%shelf use shelfone==1.0\nimport shelfone\n%shelf use shelfscript")
    assert "%shelf use --restart shelfone==2.0" in (kernel("%shelf use shelfone==2.0").error or "")


def test_tab_never_pins_anything(kernel):
    kernel.client.complete("import shelfo", 13, reply=True, timeout=30)
    kernel.client.complete("shelfone.", 9, reply=True, timeout=30)
    assert "Nothing is pinned yet" in kernel("%shelf").text


ONE = ["shelfone==1.0", "shelfone==2.0"]
TABS = {
    "%shelf us": ["usage", "use"],
    "%shelf use shelft": ["shelftwo"],
    "%shelf use shelftwo shelfs": ["shelfscript"],
    "%shelf use shelfone==": ONE,
    "%shelf use shelfone==2": ["shelfone==2.0"],
    "%shelf use shelfone>=1.0,<": ["shelfone>=1.0,<1.0", "shelfone>=1.0,<2.0"],
    "%shelf use shelfone ==": ["==1.0", "==2.0"],
    "%shelf use shelfone >= ": ["1.0", "2.0"],
    '%shelf use "shelfone>=2': ["shelfone>=2.0"],
    "%shelf use shelfone[": ["shelfone["],
    "%shelf use nothing-like-it": ["nothing-like-it"],
    "%shelf show shelfone==1": ["shelfone==1.0"],
    "%shelf verify shelft": ["shelftwo"],
    "%shelf publish shelft": ["shelftwo"],
    "%shelf cache ": ["clear", "info", "prune", "verify"],
    "%shelf cache c": ["clear"],
    "%shelf use --re": ["--require-hashes", "--requirement", "--restart"],
    "%shelf doctor ": ["--debug", "--help", "--json", "--shelf"],
    "%shelf sync ": ["pins.toml"],
    "%shelf lock shelfone -o pi": ["pins.toml"],
    "%shelf use -r ": ["other.py", "pins.toml", "wanted.txt"],
    "%shelf use -c ": ["wanted.txt"],
    "%shelf install shelft": ["shelftwo"],
    "%shelf uninstall ": ["shelfone"],
    "%shelf sync ./": ["./pins.toml", "./sub/"],
    "%shelf drop ": ["shelfone"],
    "x = 1\n%shelf us": ["usage", "use"],
    "%%shelf\nshelft": ["shelftwo"],
    "%%shelf\nshelftwo\nshelfone==1": ["shelfone==1.0"],
    "%%shelf publish --no-deps\nshelft": ["shelftwo"],
}


def test_tab_offers_what_may_stand_there_and_nothing_else(kernel, shelf):
    kernel("%mkdir -p tabs/sub\n%cd tabs\nfrom pathlib import Path")
    kernel("for name in ('pins.toml', 'wanted.txt', 'other.py'): Path(name).touch()")
    assert kernel("%shelf use shelfone").status == "ok"
    assert {text: sorted(kernel.tab(text)) for text in TABS} == TABS


def test_tab_right_after_the_magics_name_is_for_its_name(kernel):
    assert "%shelf" in kernel.tab("%shel")
    assert "use" not in kernel.tab("%shelf")


def test_tab_without_a_reachable_shelf_offers_nothing_of_it(kernel):
    kernel("import cloudshelf.session; cloudshelf.session.current()._url = 'file:///nowhere'")
    assert kernel.tab("%shelf use shelf") == ["shelf"]


def test_a_shelf_that_does_not_answer_makes_one_tab_wait_and_no_other(settings, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}
        away = {
            "CLOUDSHELF_URL": "s3://our-bucket/shelf",
            "CLOUDSHELF_CACHE": str(tmp_path / "cache"),
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        kernel = Kernel(settings | keys | away)
        try:
            kernel("%load_ext cloudshelf")
            kernel.press_tab("%shelf use pan")
            kernel("import cloudshelf_jupyter.names as names; names.PATIENCE = 1000")  # who waits now waits too long
            for text in ("%shelf use pan", "%shelf use pandas==", "%shelf use numpy==", "%shelf sync te"):
                assert kernel.press_tab(text) == [text.split()[-1]]
            assert "json" in kernel.press_tab("import jso")
        finally:
            kernel.stop()


def test_nothing_in_a_line_is_evaluated(kernel):
    kernel("secret = 'leaked'")
    shown = kernel("%shelf ls {secret} $secret")
    assert "leaked" not in (shown.error or "") + shown.text


def test_the_help_page_is_one_a_newcomer_can_work_from(kernel):
    reply = kernel.client.execute("%shelf?", reply=True, timeout=30)
    page = reply["content"]["payload"][0]["data"]["text/plain"]
    for line in ("%shelf connect", "%shelf use pandas", "%%shelf", "%shelf lock", "%shelf doctor"):
        assert line in page


def test_load_ext_takes_less_than_150_ms(shelf, settings):
    """In a shell without a kernel, so that several fresh processes are cheap: an unhindered one tells the cost."""
    code = (
        "import time\nfrom IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
        "t = time.perf_counter(); shell.run_line_magic('load_ext', 'cloudshelf'); print(time.perf_counter() - t)"
    )

    def load():
        words = [sys.executable, "-c", code]
        return subprocess.run(words, env=settings, capture_output=True, text=True, check=True, cwd=settings["HOME"])

    times = (float(load().stdout) for _ in range(7))
    assert any(taken < 0.150 for taken in times)


def test_load_ext_brings_none_of_the_heavy_libraries(kernel):
    heavy = ["ipywidgets", "jupyter_server", "boto3", "pip", "obstore", "zstandard", "resolvelib"]
    assert kernel(f"import sys; print([m for m in {heavy} if m in sys.modules])").text == "[]\n"


def test_the_shelf_may_come_from_ipythons_configuration(shelf, settings, tmp_path):
    profile = tmp_path / "profile_default"
    profile.mkdir()
    (profile / "ipython_config.py").write_text(f"get_config().CloudShelf.url = {shelf!r}\n")
    environ = {k: v for k, v in settings.items() if k != "CLOUDSHELF_URL"} | {"IPYTHONDIR": str(tmp_path)}
    running = Kernel(environ)
    try:
        running("%load_ext cloudshelf")
        assert "shelfone" in running("%shelf ls").text
    finally:
        running.stop()


LARGE = "from pathlib import Path\nsize = len((Path(__file__).parent / 'table.txt').read_text())\n"


def test_a_look_at_another_shelf_leaves_the_notebook_where_it_is(kernel, cloudshelf, tmp_path):
    other = f"file://{tmp_path / 'other'}"
    cloudshelf("init", other)
    kernel("%shelf use shelfone")
    assert "The shelf is empty" in kernel(f"%shelf --shelf {other} ls").text
    shown = kernel(f"%shelf use shelftwo --shelf {other}")
    assert "shelfone is not on the shelf" in shown.error or "shelftwo is not on the shelf" in shown.error
    assert other not in kernel("%shelf").text
    assert kernel("%shelf use shelftwo").status == "ok"


def test_connecting_elsewhere_says_what_is_still_asked_for(kernel, cloudshelf, tmp_path):
    other = f"file://{tmp_path / 'other'}"
    cloudshelf("init", other)
    kernel("%shelf use shelfone")
    assert "Still asked for: shelfone." in kernel(f"%shelf connect {other}").text
    assert "Still asked for" not in kernel("%shelf connect").text


def test_the_cache_may_be_cleared_under_a_running_notebook(kernel, cloudshelf, tmp_path):
    for name in ("bulkone", "bulktwo"):
        table = random.Random(name).randbytes(200_000).hex()
        cloudshelf(
            "publish", make_wheel(tmp_path, name, "1", {f"{name}/__init__.py": LARGE, f"{name}/table.txt": table})
        )
    assert kernel("%shelf use bulkone\nimport bulkone").status == "ok"
    assert "Freed" in kernel("%shelf cache clear").text
    shown = kernel("%shelf use bulktwo\nimport bulktwo\nprint(bulktwo.size)")
    assert (shown.error, shown.text.splitlines()[-1]) == (None, "400000")


def test_unload_takes_the_magics_and_the_finder_away(kernel):
    kernel("%unload_ext cloudshelf")
    assert kernel("%shelf").status == "error"
    assert "No module named" in kernel("import shelfone").error
