"""Which files to publish: requirements, resolved by pip into exact wheels and source archives."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from ..codecs.names import is_normalized, normalize
from ..codecs.origin import public_origin
from ..codecs.wheel import describe_license, parse_metadata, parse_wheel_name
from ..errors import PublishFailed, RequirementInvalid, WheelInvalid
from .interpreter import Interpreter
from .pip import IndexOptions, interpreter_arguments, run_pip

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Planned:
    """One file to bring. ``filename`` is the wheel's, or the source archive's; ``sha256`` is "" for a source tree."""

    project: str
    version: str
    filename: str
    url: str  # for pip: may be a file URL
    sha256: str
    direct: bool  # asked for by path or URL, not found in an index
    requested: bool  # by the curator, not by another project's metadata
    requires: tuple[str, ...]  # normalized names that its metadata mentions
    lines: tuple[str, ...] = ()  # those requirements, as they stand there
    license: str = ""  # by its metadata
    shelved: bool = False  # an internal project as the shelf has it: nothing is brought

    @property
    def is_wheel(self) -> bool:
        return self.filename.endswith(".whl")

    @property
    def path(self) -> Path | None:
        """The local file, where it is one."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @property
    def origin(self) -> str:
        """What a release may record of the URL: no credentials, no local path."""
        return public_origin(self.url)


def plan(
    requirements: Sequence[str],
    requirement_files: Sequence[str],
    interpreter: Interpreter,
    options: IndexOptions,
    *,
    constraint_files: Sequence[str] = (),
    no_deps: bool = False,
    only_wheels: Sequence[str] = (),
) -> tuple[Planned, ...]:
    """The files that the request comes to, dependencies first.

    A requirement may be a path of a wheel or a source archive. Of the projects ``only_wheels`` no index's source
    archive counts, which pip would have to execute for its metadata. Raises RequirementInvalid, PublishFailed,
    WheelInvalid.
    """
    wanted = [_checked(text) for text in requirements]
    if no_deps and not requirement_files and all(word.endswith(".whl") and Path(word).is_file() for word in wanted):
        return tuple(_plan_wheel(Path(word)) for word in wanted)  # of any platform: pip would refuse those of others
    with tempfile.TemporaryDirectory(prefix="cloudshelf-plan-") as folder:
        report = Path(folder) / "report.json"
        words: list[str | Path] = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", report]
        words += ["--no-deps"] if no_deps else []
        words += ["--only-binary", ",".join(only_wheels)] if only_wheels else []
        words += options.arguments()
        python = interpreter.executable
        if python is None:
            words += [*interpreter_arguments(interpreter), "--target", folder]
        words += [word for file in requirement_files for word in ("--requirement", file)]
        words += [word for file in constraint_files for word in ("--constraint", file)]
        words += ["--", *wanted]
        what = ", ".join([*requirements, *(f"-r {Path(file).name}" for file in requirement_files)])
        run_pip(what, words, python=other_python(interpreter))
        found = json.loads(report.read_text())
    return _dependencies_first([_parse_item(item) for item in found.get("install", ())])


def other_python(interpreter: Interpreter) -> Path | None:
    """The interpreter for pip's ``--python``: None for the one that runs this."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return interpreter.executable if interpreter.executable and interpreter.python != here else None


def hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while data := stream.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _checked(text: str) -> str:
    """A requirement or a path as pip takes it. What looks like an option never reaches pip's command line."""
    path = Path(text)
    if text.startswith("-") or not text.strip():
        raise RequirementInvalid(text, "it looks like an option")
    if path.exists() and ("/" in text or path.is_file()):
        return str(path.resolve())
    if text.endswith((".whl", ".tar.gz", ".zip")) and "@" not in text and "://" not in text:
        raise PublishFailed(text, "there is no such file")
    if "://" in text and "@" not in text.partition("://")[0]:
        return text
    try:
        Requirement(text)
    except InvalidRequirement as error:
        raise RequirementInvalid(text, str(error).splitlines()[0]) from None
    return text


def _parse_item(item: Mapping[str, Any]) -> Planned:
    """One entry of pip's installation report (format 1, stable since pip 23.0)."""
    metadata, download = item["metadata"], item["download_info"]
    url = str(download["url"])
    archive = download.get("archive_info") or {}
    sha256 = str((archive.get("hashes") or {}).get("sha256", ""))
    project = normalize(metadata["name"])
    if not is_normalized(project):
        raise PublishFailed(url, f"{metadata['name']!r} is not a name of a project")
    planned = Planned(
        project=project,
        version=str(metadata["version"]),
        filename=unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]),
        url=_with_revision(url, download),
        sha256=sha256,
        direct=bool(item.get("is_direct")),
        requested=bool(item.get("requested")),
        requires=_names(metadata.get("requires_dist", ())),
        lines=tuple(map(str, metadata.get("requires_dist", ()))),
        license=describe_license(
            str(metadata.get("license_expression") or ""),
            metadata.get("classifier") or (),
            str(metadata.get("license") or ""),
        ),
    )
    if planned.path is not None and not sha256 and planned.path.is_file():
        return replace(planned, sha256=hash_file(planned.path))
    return planned


def _with_revision(url: str, download: Mapping[str, Any]) -> str:
    vcs = download.get("vcs_info")
    return f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url


def _names(requirements: Sequence[str]) -> tuple[str, ...]:
    names = []
    for text in requirements:
        try:
            names.append(normalize(Requirement(text).name))
        except InvalidRequirement:
            continue  # old metadata that pip itself tolerates
    return tuple(dict.fromkeys(names))


def _plan_wheel(path: Path) -> Planned:
    name = parse_wheel_name(path.name)
    try:
        with zipfile.ZipFile(path) as opened:
            member = next(n for n in opened.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
            metadata = parse_metadata(opened.read(member), path.name)
    except (zipfile.BadZipFile, StopIteration, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise WheelInvalid(path.name, f"its METADATA cannot be read ({error or type(error).__name__})") from None
    return Planned(
        name.project,
        name.version,
        path.name,
        path.resolve().as_uri(),
        hash_file(path),
        True,
        True,
        _names(metadata.requires_dist),
        license=metadata.license,
    )


def _dependencies_first(items: Sequence[Planned]) -> tuple[Planned, ...]:
    """Depth first; a circle is cut where it was entered."""
    by_name = {item.project: item for item in items}
    ordered: dict[str, Planned] = {}
    entered: set[str] = set()

    for root in sorted(by_name):
        stack = [(root, False)]
        while stack:
            name, left = stack.pop()
            if left:
                ordered.setdefault(name, by_name[name])
            elif name not in entered:
                entered.add(name)
                stack.append((name, True))
                stack += [(below, False) for below in by_name[name].requires if below in by_name]
    return tuple(ordered.values())
