"""A bundle's objects under the epoch of the shelf that they come to.

The epoch is a part of the keys of packs and manifests, and manifests name packs by it: it is the fence against a slow
collector (docs/format.md, "Collecting"). Where both shelves have the same epoch, as all have that never collected,
nothing changes, and a lock made on one shelf holds on the other.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..codecs.manifest import format_manifest
from ..codecs.names import collectable, sha256
from ..model import Manifest, Release


def rekey(part: str, epoch: int) -> str:
    """ "<sha256>.<epoch>" with another epoch."""
    return collectable(part.partition(".")[0], epoch)


def rekey_manifest(manifest: Manifest, epoch: int) -> tuple[str, bytes]:
    """The manifest as it is under ``epoch``: the last part of its key, and its bytes."""
    frames = tuple(frame._replace(pack=rekey(frame.pack, epoch)) for frame in manifest.frames)
    data = format_manifest(manifest._replace(frames=frames))
    return collectable(sha256(data), epoch), data


def rekey_release(release: Release, parts: Mapping[str, str]) -> Release:
    """The release, with its manifests renamed as ``parts`` says."""
    wheels = []
    for wheel in release.wheels:
        trees = {tag: tree._replace(manifest=parts[tree.manifest]) for tag, tree in wheel.trees.items()}
        wheels.append(wheel._replace(trees=trees))
    return release._replace(wheels=tuple(wheels))
