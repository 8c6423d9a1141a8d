"""What the links cost by themselves: half a second's worth of a wheel, straight and through each; a first page."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.links import Link, open_link
from benchmarks.stage import FOLDER, Stage


def measure_links(stage: Stage, links: Sequence[Link]) -> dict[str, str]:
    """Rates and first pages, in words."""
    largest = max((FOLDER / "wheels").glob("*.whl"), key=lambda path: path.stat().st_size)
    found = {"download, no link": _shown(stage.index_port, largest, 0)}
    for link in links:
        with open_link(stage.index_port, link) as port:
            found[f"download, {link.name}"] = _shown(port, largest, link.mbit)
    return found


def _shown(port: int, wheel: Path, mbit: float) -> str:
    size = int(min(wheel.stat().st_size, (mbit or 2000) * 1e6 / 8 / 2))
    rates, pages = [0.0], [1e9]
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        begun = time.monotonic()
        connection.request("GET", "/simple/")
        connection.getresponse().read()
        pages.append(time.monotonic() - begun)
        begun = time.monotonic()
        connection.request("GET", f"/files/{wheel.name}", headers={"Range": f"bytes=0-{size - 1}"})
        answer = connection.getresponse()
        first = time.monotonic()
        while answer.read(1 << 20):
            pass
        rates.append(size * 8 / 1e6 / (time.monotonic() - (first if mbit else begun)))
        connection.close()
    return f"{max(rates):.0f} Mbit/s, first page of a new connection {min(pages) * 1000:.1f} ms"
