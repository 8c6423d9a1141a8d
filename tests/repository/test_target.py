"""A target tells everything that choosing a wheel needs; platforms of other releases are refused by name."""

from __future__ import annotations

import json
import platform
import sys
import sysconfig

import pytest

from cloudshelf.errors import PlatformUnsupported, UsageError
from cloudshelf.target import Target, current_target, target_for


def test_this_interpreter_comes_back_from_json() -> None:
    target = current_target()
    assert Target.from_json(json.loads(json.dumps(target.to_json()))) == target
    assert target.python == platform.python_version()
    assert target.tags[-1] == "py30-none-any"


def test_a_named_target_takes_older_manylinux_and_its_legacy_names() -> None:
    target = target_for("3.12", "manylinux_2_28_x86_64")
    assert target.tags[0] == "cp312-cp312-manylinux_2_28_x86_64"
    assert {"cp312-cp312-manylinux2014_x86_64", "cp38-abi3-manylinux_2_17_x86_64", "py3-none-any"} <= set(target.tags)
    assert "cp312-cp312-manylinux_2_34_x86_64" not in target.tags
    assert target.environment["python_version"] == "3.12"
    assert target.cache_tag == "cpython-312"


def test_aarch64_has_no_manylinux1() -> None:
    target = target_for("3.13.1", "manylinux_2_28_aarch64")
    assert not any("manylinux1_" in tag for tag in target.tags)
    assert (target.python, target.environment["platform_machine"]) == ("3.13.1", "aarch64")


@pytest.mark.parametrize("name", ["musllinux_1_2_x86_64", "macosx_11_0_arm64", "win_amd64", "manylinux_2_28_ppc64le"])
def test_another_platform_is_refused_by_name(name: str) -> None:
    with pytest.raises(PlatformUnsupported, match=name):
        target_for("3.12", name)


@pytest.mark.parametrize("version", ["3.10", "3.15"])
def test_another_python_is_refused_by_name(version: str) -> None:
    with pytest.raises(PlatformUnsupported, match=version):
        target_for(version, "manylinux_2_28_x86_64")


@pytest.mark.parametrize("version", ["three", "3", "", "2.7"])
def test_what_is_no_python_version_is_a_usage_error(version: str) -> None:
    with pytest.raises(UsageError):
        target_for(version)


def test_a_description_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        Target.from_json({"python": "3.12"})


def test_macos_windows_musl_pypy_and_free_threaded_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        with pytest.raises(PlatformUnsupported, match="macOS"):
            current_target()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        with pytest.raises(PlatformUnsupported, match="Windows"):
            current_target()
    with monkeypatch.context() as patch:
        patch.setattr(platform, "libc_ver", lambda: ("", ""))
        with pytest.raises(PlatformUnsupported, match="musl"):
            current_target()
    with monkeypatch.context() as patch:
        patch.setattr(sys.implementation, "name", "pypy")
        with pytest.raises(PlatformUnsupported):
            current_target()
    with monkeypatch.context() as patch:
        patch.setattr(sysconfig, "get_config_var", lambda name: 1 if name == "Py_GIL_DISABLED" else None)
        with pytest.raises(PlatformUnsupported, match="free-threaded"):
            current_target()
