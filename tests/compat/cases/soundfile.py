# /// script
# dependencies = ["soundfile"]
#
# [tool.compat]
# kinds = ["library in a data package"]
# ///
"""A library in a folder that is no package."""

import io

import numpy as np
import soundfile

buffer = io.BytesIO()
soundfile.write(buffer, np.zeros(100), 8000, format="FLAC")
buffer.seek(0)
print(soundfile.read(buffer)[0].shape, "FLAC" in soundfile.available_formats())
