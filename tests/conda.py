"""A conda channel in a folder, and a program that installs from it as conda does.

conda itself is on no package registry that this project uses. py-rattler is: the library under pixi, which solves, and
links packages into a prefix, as conda does. Where a program ``conda`` is on PATH, tests run that, too.

    python -m tests.conda install --yes [--prefix PREFIX] NAME   # else CONDA_PREFIX; the channel is $CONDA_CHANNEL
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path


def make_channel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """A channel that holds one package with ``files`` (path in the prefix → text); its URL."""
    noarch = folder / "noarch"
    noarch.mkdir(parents=True)
    (folder / "linux-64").mkdir()
    facts = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": [], "subdir": "noarch"}
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "size_in_bytes": len(text.encode()),
        }
        for path, text in files.items()
    ]
    info = {
        "info/index.json": json.dumps(facts),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "".join(f"{path}\n" for path in files),
    }
    package = noarch / f"{name}-{version}-0.tar.bz2"
    with tarfile.open(package, "w:bz2") as archive:
        for path, text in {**info, **files}.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    content = package.read_bytes()
    digests = {"md5": hashlib.md5(content).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}
    record = facts | digests | {"size": len(content)}
    for subdir, packages in (("noarch", {package.name: record}), ("linux-64", {})):
        repodata = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(repodata))
    return folder.as_uri()


def make_prefix(folder: Path) -> None:
    """What makes a folder an environment of conda: its history."""
    (folder / "conda-meta").mkdir(parents=True)
    (folder / "conda-meta" / "history").touch()


async def _install(prefix: Path, channel: str, names: list[str]) -> None:
    import rattler

    subdirs = [rattler.Subdir("linux-64"), rattler.Subdir("noarch")]
    records = await rattler.solve([rattler.Channel(channel)], names, platforms=subdirs)
    await rattler.install(records, prefix, cache_dir=Path(os.environ["HOME"], "conda-pkgs"), show_progress=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog="conda")
    parser.add_argument("verb", choices=["install"])
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--prefix", "-p", default=os.environ.get("CONDA_PREFIX"))
    parser.add_argument("names", nargs="+")
    args = parser.parse_args()
    prefix = Path(args.prefix)
    if not (prefix / "conda-meta" / "history").is_file():  # as conda: EnvironmentLocationNotFound
        print(f"\nEnvironmentLocationNotFound: Not a conda environment: {prefix}\n", file=sys.stderr)
        return 1
    asyncio.run(_install(prefix, os.environ["CONDA_CHANNEL"], args.names))
    sys.stdout.flush()
    os._exit(0)  # rattler's threads crash now and then in an interpreter that is ending, 3 of 25 times


if __name__ == "__main__":
    sys.exit(main())
