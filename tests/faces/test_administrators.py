"""What an administrator decides for all kernels: that the extension loads, and whether an import pins."""

import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf import config
from cloudshelf.errors import UsageError
from cloudshelf.ipython_config import BEGIN, END, disabled_text, enabled_text
from cloudshelf.verbs import enabling

from .test_kernel import Kernel

OFF = "import shelfone"


@pytest.fixture
def started(shelf, settings, tmp_path):
    """Starts kernels with an IPython folder of their own, and more settings."""
    running = []

    def start(**environ):
        own = {"IPYTHONDIR": str(tmp_path / "ipython"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
        running.append(Kernel({k: v for k, v in settings.items() if k != "CLOUDSHELF_CONFIG"} | own | environ))
        return running[-1]

    yield start
    for kernel in running:
        kernel.stop()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# enable


def test_every_kernel_loads_it_until_it_is_disabled(started, cloudshelf, tmp_path):
    environ = {"IPYTHONDIR": str(tmp_path / "ipython")}
    file = tmp_path / "ipython/profile_default/ipython_config.py"
    assert str(file) in cloudshelf("enable", **environ).stdout
    assert "already" in cloudshelf("enable", **environ).stdout
    shown = started()("import shelfone\nprint(shelfone.version)")
    assert "is pinned now" in shown.text and shown.text.endswith("1.0\n")
    cloudshelf("enable", "--zero-step", "off", **environ)
    kernel = started()
    assert "No module named 'shelfone'" in kernel("import shelfone").error
    assert "Pinned: shelfone" in kernel("%shelf use shelfone").text
    cloudshelf("disable", **environ)
    assert not file.exists()
    assert "not found" in started()("%shelf").text
    assert "loads no cloudshelf" in cloudshelf("disable", **environ).stdout


def test_what_a_person_wrote_stays_and_their_list_of_extensions_does_not_take_it_away(started, cloudshelf, tmp_path):
    file = tmp_path / "ipython/profile_default/ipython_config.py"
    theirs = 'c.InteractiveShellApp.extensions = ["autoreload"]\nc.InteractiveShell.history_length = 7\n'
    write(file, theirs)
    cloudshelf("enable", IPYTHONDIR=str(tmp_path / "ipython"))
    kernel = started()
    assert "Nothing is pinned yet" in kernel("%shelf").text
    assert "7" in kernel("get_ipython().history_length").text
    cloudshelf("disable", IPYTHONDIR=str(tmp_path / "ipython"))
    assert file.read_text() == theirs


def test_for_one_python_it_loads_in_the_kernels_of_that_python(started, settings, tmp_path):
    """A virtual environment that sees this one's libraries."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    site = next((tmp_path / "venv/lib").glob("python*/site-packages"))
    outer = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n")
    python = tmp_path / "venv/bin/python"
    done = subprocess.run(
        [python, "-m", "cloudshelf", "enable", "--sys-prefix", "--shelf", "s3://our-shelf/x"],
        env=settings,
        capture_output=True,
        text=True,
    )
    assert str(tmp_path / "venv/etc/ipython/ipython_config.py") in done.stdout, done.stderr
    code = "from ipykernel.kernelapp import IPKernelApp as A; a = A(); a.init_config_files(); a.load_config_file()"
    code += "; print(dict(a.config))"
    said = subprocess.run([python, "-c", code], env=settings, capture_output=True, text=True).stdout
    assert "s3://our-shelf/x" in said and "cloudshelf" in said


def test_a_kernel_without_cloudshelf_is_not_disturbed():
    class Config:
        def __getattr__(self, name):
            raise AssertionError("something was configured")

    hidden = enabled_text("").replace('find_spec("cloudshelf")', 'find_spec("no_such_module")')
    exec(hidden, {"get_config": Config})


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "x = 1", "x = 1\n\n\n"])
def test_the_lines_go_in_once_and_out_without_a_trace(text):
    once = enabled_text(text, zero_step=False)
    assert enabled_text(once, zero_step=False) == once and once.count(BEGIN) == 1
    assert "c.CloudShelf.zero_step = True" in enabled_text(once, zero_step=True)
    assert "zero_step" not in enabled_text(once)
    assert disabled_text(once).strip() == text.strip()


@pytest.mark.parametrize("text", [f"{BEGIN}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{BEGIN}\n{END}\n"])
def test_marks_that_somebody_edited_are_left_to_them(text):
    for change in (enabled_text, disabled_text):
        with pytest.raises(UsageError, match="remove them by hand"):
            change(text)


def test_a_url_cannot_become_code():
    from traitlets.config import Config

    url, known = 's3://b/\'+exit(1)+\'\n"""', Config()
    exec(enabled_text("", shelf=url), {"get_config": lambda: known})
    assert known.CloudShelf.url == url


def test_the_file_of_the_machine_is_where_ipython_looks(monkeypatch, tmp_path):
    from IPython.core.application import SYSTEM_CONFIG_DIRS

    assert str(enabling.SYSTEM) in SYSTEM_CONFIG_DIRS
    monkeypatch.setattr(enabling, "SYSTEM", tmp_path / "etc")
    enabling.enable({"place": "system"}, lambda _: None)
    assert BEGIN in (tmp_path / "etc/ipython_config.py").read_text()


def test_a_place_that_cannot_be_written_is_said(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(enabling, "SYSTEM", tmp_path / "file" / "ipython")
    with pytest.raises(UsageError, match=r"cannot be (read|written).*"):
        enabling.enable({"place": "system"}, lambda _: None)


def test_a_link_to_a_file_stays_a_link_and_the_mode_stays(monkeypatch, tmp_path):
    real = tmp_path / "dotfiles.py"
    write(real, "x = 1\n")
    real.chmod(0o600)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ipython_config.py").symlink_to(real)
    monkeypatch.setattr(enabling, "SYSTEM", tmp_path / "etc")
    enabling.enable({"place": "system"}, lambda _: None)
    assert BEGIN in real.read_text() and (tmp_path / "etc/ipython_config.py").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600


def test_two_places_at_once_are_refused(shelf, cloudshelf):
    assert "not allowed with" in cloudshelf("enable", "--user", "--system", code=2).stderr


# zero-step import


@pytest.mark.parametrize("how", ["file", "trait", "variable"])
def test_zero_step_import_is_off_however_it_is_switched_off(started, tmp_path, how):
    environ = {}
    if how == "file":
        write(tmp_path / "config/cloudshelf/config.toml", "zero_step = false\n")
    elif how == "trait":
        write(tmp_path / "ipython/profile_default/ipython_config.py", "c.CloudShelf.zero_step = False\n")
    else:
        environ["CLOUDSHELF_ZERO_STEP"] = "off"
    kernel = started(**environ)
    kernel("%load_ext cloudshelf")
    shown = kernel("import shelfone")
    assert "No module named 'shelfone'" in shown.error and "pinned" not in shown.text
    assert "Pinned: shelfone" in kernel("%shelf use shelfone").text
    assert kernel("import shelfone; print(shelfone.version)").text == "1.0\n"


def test_a_users_word_wins_over_the_machines(monkeypatch, tmp_path):
    machine, user = tmp_path / "machine.toml", tmp_path / "cloudshelf" / "config.toml"
    monkeypatch.setattr(config, "_SYSTEM_FILE", machine)
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    for name, variable in config.FLAGS.items():
        machine.unlink(missing_ok=True)
        assert config.read_flag(name, environ) == (True, "default")
        write(machine, f"{name} = false\n")
        assert config.read_flag(name, environ) == (False, str(machine))
        write(user, f"{name} = true\n")
        assert config.read_flag(name, environ) == (True, str(user))
        for word, is_on in (("0", False), ("off", False), ("No", False), ("1", True), ("yes", True)):
            assert config.read_flag(name, environ | {variable: word}) == (is_on, f"environment {variable}")
        user.unlink()
        write(machine, f"{name} = 'no'\n")
        with pytest.raises(UsageError, match="neither true nor false"):
            config.read_flag(name, environ)


def test_doctor_says_what_is_off_and_where(shelf, cloudshelf, tmp_path):
    write(tmp_path / "c.toml", "background_fill = false\n")
    said = cloudshelf("doctor", CLOUDSHELF_CONFIG=str(tmp_path / "c.toml"), CLOUDSHELF_ZERO_STEP="0").stdout
    assert "zero step: off, environment CLOUDSHELF_ZERO_STEP" in said
    assert f"background fill: off, {tmp_path / 'c.toml'}" in said


def test_the_fetcher_takes_the_file_that_a_variable_names(tmp_path, monkeypatch):
    from cloudshelf.fetcher.engine import Engine

    file = Path(tmp_path / "c.toml")
    write(file, "background_fill = false\n")
    monkeypatch.setattr(config, "_SYSTEM_FILE", tmp_path / "none")
    monkeypatch.delenv("CLOUDSHELF_BACKGROUND_FILL", raising=False)
    assert Engine(tmp_path, str(file)).flag("background_fill") is False
    assert Engine(tmp_path, str(tmp_path / "broken")).flag("background_fill") is True


# a lock for every kernel


def test_every_kernel_starts_with_a_lock_and_where_it_cannot_be_had_its_first_cell_says_so(
    started, cloudshelf, tmp_path
):
    lock, environ = tmp_path / "pylock.toml", {"IPYTHONDIR": str(tmp_path / "ipython")}
    cloudshelf("lock", "shelfone==2.0", "-o", lock)
    assert f"with the lock {lock}" in cloudshelf("enable", "--lock", lock, **environ).stdout
    kernel = started()
    assert kernel("import shelfone\nprint(shelfone.version)").text == "2.0\n"
    lock.unlink()
    shown = started()("print('a cell')")
    assert shown.status == "ok" and "a cell" in shown.text
    assert f"this kernel started without the lock {lock}: There is no lock {lock}" in shown.text
    assert "There is no lock none.toml" in cloudshelf("enable", "--lock", "none.toml", code=2, **environ).stderr
    cloudshelf("enable", "--lock", "team/none", **environ)  # by its name on the shelf, which nobody asks now
    kernel = started()
    assert "started without the lock team/none" in kernel("1").text
    assert "team/none" not in kernel("2").text
