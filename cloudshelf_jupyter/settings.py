"""The settings in IPython's or Jupyter's configuration files that kernels and the server share."""

from __future__ import annotations

from traitlets import Bool, Unicode
from traitlets.config import SingletonConfigurable


class CloudShelf(SingletonConfigurable):
    """Settings in IPython's or Jupyter's configuration files, such as ``c.CloudShelf.url``."""

    url = Unicode("", help="The shelf of every notebook, such as s3://our-shelf/curated").tag(config=True)
    lock = Unicode("", help="The lock that every kernel starts with: a file, or a name on the shelf").tag(config=True)
    trust = Unicode("", help="Whose signatures are required: a fingerprint that cloudshelf trust show prints").tag(
        config=True
    )
    recall_age = Unicode("", help="How old what is known of blocks may be: 90s, 30m, 1h, 2d").tag(config=True)
    recall_offline = Unicode("", help="Where that cannot be renewed: allow or refuse").tag(config=True)
    zero_step = Bool(True, help="Whether an import in a cell pins what nobody has pinned").tag(config=True)
