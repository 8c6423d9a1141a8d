"""The server's settings, in the section that kernels use too: ``c.CloudShelf.url``, ``c.CloudShelf.deadline``, …"""

from __future__ import annotations

from traitlets import Float, Int

from ..settings import CloudShelf


class ServerSettings(CloudShelf):
    """``c.CloudShelf`` of jupyter_server_config.py; traitlets reads the section of the parent class too."""

    deadline = Float(20.0, min=0.1, help="Seconds until a shelf that does not answer is reported as slow").tag(
        config=True
    )
    threads = Int(4, min=1, max=64, help="How many requests are put to one shelf at once").tag(config=True)
    largest_content = Int(32 << 20, min=1, help="Bytes of a file that are sent in one answer").tag(config=True)
    largest_trees = Int(100_000, min=1, help="Files of all the folder trees that are kept in memory").tag(config=True)
    watch_seconds = Float(
        15.0, min=0.05, help="How old the list of projects may be; while panels ask, it is looked at so often"
    ).tag(config=True)
