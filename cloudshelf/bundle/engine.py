"""The engine in a bundle: wheels of cloudshelf and of all that it needs, so that pip installs it without a network."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..codecs.bundle import Member
from ..errors import PublishFailed
from ..publisher.interpreter import find_interpreter
from ..publisher.pip import interpreter_arguments, run_pip
from ..publisher.plan import hash_file, other_python
from ..version import __version__

EXTRA = "publish"  # who is behind the gap may have wheels of their own to publish


def collect_engine(folder: Path, *, python: str | None, platform: str | None) -> list[Member]:
    """Bring the wheels to ``folder``, for this Python or another; the bundle's members.

    Raises PublishFailed when pip cannot reach its index, or there is no wheel for that Python.
    """
    interpreter = find_interpreter(python, platform)
    source = source_folder()
    wanted = f"cloudshelf[{EXTRA}]=={__version__}"
    if source is not None:
        run_pip("cloudshelf", ["wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source])
        built = sorted(folder.glob("cloudshelf-*.whl"))
        if len(built) != 1:
            raise PublishFailed("cloudshelf", f"building it from {source} made no wheel")
        wanted = f"cloudshelf[{EXTRA}] @ {built[0].as_uri()}"
    words: list[str | Path] = ["download", "--quiet", "--dest", folder, "--only-binary", ":all:"]
    if interpreter.executable is None:
        words += interpreter_arguments(interpreter)
    run_pip("the engine (cloudshelf and what it needs)", [*words, wanted], python=other_python(interpreter))
    wheels = sorted(folder.glob("*.whl"))
    return [Member(f"engine/{wheel.name}", wheel.stat().st_size, hash_file(wheel)) for wheel in wheels]


def source_folder() -> Path | None:
    """Where this cloudshelf was installed from, when that is a folder of sources (PEP 610); None for a wheel."""
    try:
        facts = json.loads(distribution("cloudshelf").read_text("direct_url.json") or "{}")
    except ValueError:
        return None
    if "dir_info" not in facts:
        return None
    folder = Path(unquote(urlsplit(str(facts.get("url"))).path))
    return folder if (folder / "pyproject.toml").is_file() else None
