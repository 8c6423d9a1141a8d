# /// script
# dependencies = ["pillow"]
#
# [tool.compat]
# kinds = ["extension with bundled libraries"]
# ///
"""Several codecs, each a bundled library."""

import hashlib
import io

from PIL import Image, ImageDraw, features

image = Image.new("RGB", (64, 64), "white")
ImageDraw.Draw(image).ellipse((8, 8, 56, 56), fill="navy")
for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    print(kind, len(buffer.getvalue()), hashlib.sha256(buffer.getvalue()).hexdigest()[:12])
print(sorted(features.get_supported()))
