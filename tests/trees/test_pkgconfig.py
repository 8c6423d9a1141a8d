"""pkg-config's files move with their tree."""

from __future__ import annotations

import pytest

from cloudshelf.publisher.pkgconfig import relocatable

CASES = {
    "its prefix": (
        "lib/pkgconfig/x.pc",
        "prefix=/opt/x\nlibdir=${prefix}/lib\n",
        "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\n",
    ),
    "spaces": ("lib/pkgconfig/x.pc", "prefix = /opt/x\n", "prefix =${pcfiledir}/../..\n"),
    "a slash at its end": ("share/pkgconfig/x.pc", "prefix=/opt/x/\n", "prefix=${pcfiledir}/../..\n"),
    "deeper": ("lib/x86_64-linux-gnu/pkgconfig/x.pc", "prefix=/usr\n", "prefix=${pcfiledir}/../../..\n"),
    "at the top": ("x.pc", "prefix=/x\n", "prefix=${pcfiledir}\n"),
    "said again": (
        "lib/pkgconfig/x.pc",
        "prefix=/opt/x\nlibdir=/opt/x/lib\nLibs: -L/opt/x/lib -lx -L/opt/xy\nCflags: -I/opt/x/include -I/a/opt/x\n",
        "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\n"  # noqa: ISC004
        "Libs: -L${prefix}/lib -lx -L/opt/xy\nCflags: -I${prefix}/include -I/a/opt/x\n",
    ),
    "a system's prefix, where others may be meant": (
        "lib/pkgconfig/x.pc",
        "prefix=/usr\nlibdir=/usr/lib\nLibs: -L/usr/lib/other -lx\n",
        "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\nLibs: -L/usr/lib/other -lx\n",
    ),
}
STAY = {
    "relative already": "prefix=${pcfiledir}/../..\n",
    "no prefix": "Name: x\nLibs: -lx\n",
    "no text": "prefix=/opt/\udcff",
}


@pytest.mark.parametrize(("path", "before", "after"), CASES.values(), ids=CASES.keys())
def test_an_absolute_prefix_becomes_relative_to_the_file(path: str, before: str, after: str) -> None:
    changed = relocatable(before.encode(), path)
    assert changed is not None
    assert changed.decode() == after
    assert relocatable(changed, path) is None


@pytest.mark.parametrize("text", STAY.values(), ids=STAY.keys())
def test_what_moves_already_stays(text: str) -> None:
    assert relocatable(text.encode(errors="surrogateescape"), "lib/pkgconfig/x.pc") is None
