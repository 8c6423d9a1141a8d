"""The variables with which any program finds what the shelf has: of a lock, of a kernel's pins, of ``run``."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf.environment.variables import SEARCHED, entered, find_variables, left, read_variables
from cloudshelf.render import to_text
from cloudshelf.session.children import tell_children

from .conftest import make_wheel
from .test_kernel import kernel  # noqa: F401  (a fixture)

SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh", "busybox") if shutil.which(shell)]
ODD = ["it's", '"quoted"', "$HOME", "`id`", "$(id)", "a\nb", "\n", "* ?", "\\", "\\n", "!x", "#x", "~", "-n", "é", ""]
SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


@pytest.fixture(scope="session")
def tools(shelf, cloudshelf, tmp_path_factory):
    """On the shelf: a wheel with a program, headers and a .pc file; a plain tree with a program and a library."""
    folder = tmp_path_factory.mktemp("tools")
    pc = "prefix=${pcfiledir}/../..\nName: {0}\nDescription: {0}\nVersion: 1.0\nCflags: -I${prefix}/include\n"
    files = {
        "envhead/__init__.py": "",
        "envhead/include/envhead.h": "#define ENVHEAD 41\n",
        "envhead/lib/pkgconfig/envhead.pc": pc.replace("{0}", "envhead"),
        "envhead/share/cmake/envhead/envhead-config.cmake": "",
        "envhead-1.0.data/scripts/shelflint": "#!/bin/sh\necho a linter\n",
        "envhead-1.0.data/headers/shelfpublic.h": "#define SHELFPUBLIC 1\n",
        "envhead-1.0.data/data/lib/libwheel.so.1": "",
    }
    cloudshelf("publish", "--no-deps", make_wheel(folder, "envhead", "1.0", files))
    tree = folder / "tree"
    for name in ("bin", "include", "lib/pkgconfig"):
        (tree / name).mkdir(parents=True)
    (tree / "bin/envsum").write_text('#!/bin/sh\necho "$ENVSUM_ROOT"\n')
    (tree / "bin/envsum").chmod(0o755)
    (tree / "include/envsum.h").write_text("int envsum(int, int);\n")
    (tree / "lib/pkgconfig/envsum.pc").write_text(
        f"prefix=/usr/local\n{pc.partition(chr(10))[2].replace('{0}', 'envsum')}Libs: -L${{prefix}}/lib -lenvsum\n"
    )
    source = folder / "sum.c"
    source.write_text("int envsum(int a, int b) { return a + b; }\n")
    library = tree / "lib/libenvsum.so.1"
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,-soname,libenvsum.so.1", "-o", library, source], check=True)
    (tree / "lib/libenvsum.so").symlink_to("libenvsum.so.1")
    variable = "ENVSUM_ROOT={root}"
    cloudshelf("publish", "--tree", tree, "--name", "envsum", "--version", "1.0", "--env", variable)
    return shelf


def facts(cloudshelf, *words, **environ):
    return json.loads(cloudshelf("env", *words, "--shell", "json", **environ).stdout)


def shell(script, *, name="sh", code=0, **environ):
    words = ["busybox", "sh"] if name == "busybox" else [name]
    done = subprocess.run(
        [*words, "-euc", script],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


# what a shell gets


@pytest.mark.parametrize("name", SHELLS)
def test_the_lines_survive_eval_with_any_value(name):
    for odd in ODD:
        here = f"/x/{odd}/y".replace(":", "")
        variables = {"PKG_CONFIG_PATH": [here, "/second"], "VALUE": odd, "NEW": [here], "LAST": [here, "/second"]}
        result = {"shell": "sh", "variables": variables, "behind": ["LAST"]}
        lines = to_text("env", result)
        script = f'eval "$LINES_OF_OURS"\neval "$LINES_OF_OURS"\n{sys.executable} -c '
        script += '\'import os; print([os.environ[n] for n in ("PKG_CONFIG_PATH", "VALUE", "NEW", "LAST")])\''
        got = eval(shell(script, name=name, LINES_OF_OURS=lines, PKG_CONFIG_PATH="/before", LAST="/before"))
        assert got == [f"{here}:/second:/before", odd, here, f"/before:{here}:/second"]


def test_a_program_of_the_shelf_is_found_and_what_was_there_stays(tools, cloudshelf):
    lines = cloudshelf("env", "--with", "envhead", "--with", "envsum", "--with", "shelfone").stdout
    said = shell(
        'eval "$LINES_OF_OURS"; shelflint; envsum; '
        """python -c 'import shelfone; print(shelfone.version)'; echo "$PATH\"""",
        LINES_OF_OURS=lines,
    ).splitlines()
    assert said[0] == "a linter" and said[1].endswith("/opt/envsum") and said[2] == "1.0"
    assert said[3].endswith("/bin:/usr/bin:/bin")


def test_a_python_without_us_imports_everything(tools, cloudshelf):
    """With -S, nothing of ours runs in it: every file has to be there."""
    variables = facts(cloudshelf, "--with", "shelfone", "--with", "envhead")["variables"]
    code = "import shelfone.late, envhead; print(shelfone.late.x)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": ":".join(variables["PYTHONPATH"])},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1\n", done.stderr


def test_a_c_program_is_compiled_against_a_tree_and_a_wheel_and_runs(tools, cloudshelf, tmp_path):
    source = tmp_path / "main.c"
    source.write_text(
        "#include <envsum.h>\n#include <envhead.h>\n#include <envhead/shelfpublic.h>\n"
        "int main(void) { return envsum(ENVHEAD, SHELFPUBLIC) == 42 ? 7 : 1; }\n"
    )
    lines = cloudshelf("env", "--with", "envhead", "--with", "envsum").stdout
    compiled = "gcc main.c -o main $(pkg-config --cflags --libs envsum envhead)"
    shell(f'eval "$LINES_OF_OURS"; cd "$FOLDER"; {compiled}; ./main', LINES_OF_OURS=lines, FOLDER=str(tmp_path), code=7)


# what is named


def test_only_what_is_there_is_named(tools, cloudshelf):
    plain = facts(cloudshelf, "--with", "shelfone")
    assert set(plain["variables"]) == {"PATH", "PYTHONPATH", "CMAKE_PREFIX_PATH"}
    everything = facts(cloudshelf, "--with", "envhead", "--with", "envsum")
    for name in SEARCHED:
        assert all(Path(folder).is_dir() for folder in everything["variables"][name]), name


def test_a_wheels_libraries_change_no_program_that_is_started_and_a_trees_do(tools, cloudshelf):
    wheel = facts(cloudshelf, "--with", "envhead")["variables"]
    assert "LD_LIBRARY_PATH" not in wheel and wheel["LIBRARY_PATH"][0].endswith("/lib")
    assert facts(cloudshelf, "--with", "envsum")["variables"]["LD_LIBRARY_PATH"][0].endswith("/lib")


def test_an_editor_is_told_the_interpreter_the_extra_path_and_the_headers(tools, cloudshelf):
    found = facts(cloudshelf, "--with", "envhead")
    root = found["environment"]
    assert found["interpreter"] == f"{root}/bin/python" and found["extra_paths"] == [f"{root}/{SITE}"]
    assert found["headers"] == [f"{root}/{SITE}/envhead/include"]
    asked = [found["interpreter"], "-c", "import envhead; print(envhead.__file__)"]
    assert subprocess.run(asked, capture_output=True, text=True).stdout == f"{root}/{SITE}/envhead/__init__.py\n"
    prefixes = found["variables"]["CMAKE_PREFIX_PATH"]
    assert prefixes == [root, f"{root}/{SITE}/envhead"]


def test_packages_headers_that_are_of_no_package_are_not_named():
    """What torch has inside would hide what the system has."""
    folders = {
        "": (),
        SITE: (),
        f"{SITE}/big/include": ("png.h",),
        f"{SITE}/big-1.dist-info/licenses/include": ("a.h",),
    }
    index = {"site": SITE, "folders": {**folders, f"{SITE}/bad:name/pkgconfig": ("x.pc",)}, "forest": {}}
    found = json.loads(find_variables(index, "3.11", ()))
    assert "CPATH" not in found["paths"] and found["headers"] == [f"{SITE}/big/include"]
    assert "bad:name" not in json.dumps(found)  # a colon cannot be written in them


def test_for_pythons_that_ask_there_is_no_pythonpath_and_python_stays_theirs(tools, cloudshelf):
    found = facts(cloudshelf, "--with", "shelfone", "--inherit")
    lines = cloudshelf("env", "--with", "shelfone", "--inherit").stdout
    assert shell('eval "$LINES"; echo "$PATH"', LINES=lines) == f"/usr/bin:/bin:{found['environment']}/bin\n"
    assert "PYTHONPATH" not in found["variables"]
    assert found["variables"]["CLOUDSHELF_ENVIRONMENT"] == found["environment"]


def test_a_lock_and_a_drive_that_is_not_mounted(tools, cloudshelf, tmp_path):
    lock = tmp_path / "pylock.toml"
    cloudshelf("lock", "shelfone", "-o", lock)
    assert facts(cloudshelf, "--lock", lock)["environment"] == facts(cloudshelf, "--with", "shelfone")["environment"]
    done = cloudshelf("env", "--lock", lock, "--mount", tmp_path / "drive", code=2)
    assert f"First: cloudshelf mount {tmp_path}/drive --lock {lock}" in done.stderr and done.stdout == ""
    assert "Name it" in cloudshelf("env", code=2).stderr
    done = cloudshelf("env", "--mount", tmp_path / "drive", code=2)
    assert f"First: cloudshelf mount {tmp_path}/drive --lock pylock.toml" in done.stderr


@pytest.mark.skipif(not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="no drive can be mounted here")
def test_the_variables_of_a_drive_lead_into_it_and_are_of_its_own_pins(tools, cloudshelf, tmp_path):
    locks = []
    for asked in (["shelfone==1.0", "envsum"], ["shelfone==2.0", "envsum"]):
        locks.append(tmp_path / f"{len(locks)}.toml")
        cloudshelf("lock", *asked, "-o", locks[-1])
    drive = tmp_path / "a drive"
    cloudshelf("mount", drive, "--lock", locks[0])
    try:
        found = facts(cloudshelf, "--lock", locks[0], "--mount", drive)
        assert facts(cloudshelf, "--mount", drive) == found  # what is mounted there need not be named again
        refused = cloudshelf("env", "--lock", locks[1], "--mount", drive, code=2)
        done = subprocess.run(
            [sys.executable, "-S", "-c", "import shelfone.late; print(shelfone.__file__)"],
            env={"PYTHONPATH": found["variables"]["PYTHONPATH"][0]},
            capture_output=True,
            text=True,
        )
        assert done.stdout == f"{drive}/env/{SITE}/shelfone/__init__.py\n", done.stderr
        assert found["variables"]["ENVSUM_ROOT"] == f"{drive}/env/opt/envsum"
        assert found["interpreter"] == f"{drive}/env/bin/python"
    finally:
        cloudshelf("umount", drive)
    assert "has other pins" in refused.stderr and refused.stdout == ""


def test_where_a_folder_has_a_colon_no_variable_can_name_it(tools, cloudshelf, tmp_path):
    done = cloudshelf("env", "--with", "shelfone", code=2, CLOUDSHELF_CACHE=str(tmp_path / "a:b"))
    assert "has a colon in it" in done.stderr and done.stdout == ""


# run and the children of a kernel


def test_run_has_them_all_but_pythonpath(tools, cloudshelf):
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    asked = ("--with", "envhead", "--with", "envsum")
    inner = json.loads(cloudshelf("run", *asked, "--", sys.executable, "-c", code, PYTHONPATH="/theirs").stdout)
    variables = facts(cloudshelf, *asked)["variables"]
    for name in set(SEARCHED) - {"PYTHONPATH"}:
        assert inner[name].split(":")[: len(variables[name])] == variables[name]
    assert "PYTHONPATH" not in inner and inner["ENVSUM_ROOT"] == variables["ENVSUM_ROOT"]


def test_a_kernels_commands_find_its_tools_and_lose_them_with_the_pins(tools, kernel):  # noqa: F811
    kernel("%shelf use envsum envhead")
    shown = kernel("!envsum\n!shelflint\n!pkg-config --modversion envsum envhead").text.split()
    assert shown[0].endswith("/opt/envsum") and shown[1:] == ["a", "linter", "1.0", "1.0"]
    assert "export PKG_CONFIG_PATH" in kernel("%shelf env").text
    assert json.loads(kernel("%shelf env --shell json").text)["interpreter"].endswith("/bin/python")
    kernel("%shelf drop envsum envhead")
    seen = kernel("import os; print([n for n, v in os.environ.items() if '/environments/' in v])").text
    assert seen == "[]\n"
    assert "Nothing is pinned yet" in kernel("%shelf env").error


def test_what_a_process_had_itself_is_there_again_after_a_change_of_pins(tools, cloudshelf, monkeypatch):
    one, two = (facts(cloudshelf, "--with", name)["environment"] for name in ("envsum", "envhead"))
    for name in ("CLOUDSHELF_ENVIRONMENT", *SEARCHED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin::/mine")
    monkeypatch.setenv("PKG_CONFIG_PATH", "/mine/pkgconfig")
    before = dict(os.environ)
    tell_children(one, {})
    assert os.environ["ENVSUM_ROOT"] == f"{one}/opt/envsum"
    tell_children(two, {})
    assert "ENVSUM_ROOT" not in os.environ and one not in str(dict(os.environ))
    assert os.environ["PKG_CONFIG_PATH"] == f"{two}/{SITE}/envhead/lib/pkgconfig:/mine/pkgconfig"
    tell_children(None, {})
    assert dict(os.environ) == before


def test_an_environment_that_is_gone_or_was_built_before_there_were_variables(tools, cloudshelf, tmp_path):
    environment = facts(cloudshelf, "--with", "envsum")["environment"]
    inside = entered({"PATH": "/bin"}, environment)
    shutil.copytree(environment, tmp_path / "old", symlinks=True)
    (tmp_path / "old/.cloudshelf/variables").unlink()
    assert read_variables(str(tmp_path / "old")).paths == {"PATH": [f"{tmp_path}/old/bin"]}
    moved = {name: value.replace(environment, "/gone/environment") for name, value in inside.items()}
    assert left({**moved, "ENVSUM_ROOT": "/gone"}, "/gone/environment") == {"PATH": "/bin", "ENVSUM_ROOT": "/gone"}
