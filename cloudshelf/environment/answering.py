"""What an interpreter says of itself. Run by path in another one, with -I -S: prints one line of JSON."""

import importlib.machinery
import os
import platform
import sys
import sysconfig


def facts() -> "dict[str, object]":
    """The fields of ``Interpreter``, in JSON's types."""
    variables = {"base": "", "platbase": "", "installed_base": "", "installed_platbase": ""}
    scheme = "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix"
    return {
        "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "cache_tag": sys.implementation.cache_tag or "",
        "soabi": sysconfig.get_config_var("SOABI") or "",
        "suffixes": importlib.machinery.EXTENSION_SUFFIXES,
        "site": sysconfig.get_path("purelib", scheme, vars=variables).lstrip("/"),
        "platform": sysconfig.get_platform(),
        "libc": _libc(),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    }


def _libc() -> str:
    """ "glibc 2.36"; of another C library what can be read from the executable, or nothing."""
    try:
        found = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError, AttributeError):
        found = None
    return found or platform.libc_ver(os.path.realpath(sys.executable))[0]


if __name__ == "__main__":
    import json

    print(json.dumps(facts()))
