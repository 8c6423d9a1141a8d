# /// script
# dependencies = ["zstandard==0.24.0"]
#
# [tool.compat]
# kinds = ["pin of what the engine uses"]
# quick = true
# ///
"""An old zstandard beside an engine that has a new one; the oldest with wheels for every Python that we support."""

import zstandard

print(
    zstandard.__version__, zstandard.ZstdDecompressor().decompress(zstandard.compress(b"shelf" * 100)) == b"shelf" * 100
)
