# /// script
# dependencies = ["fonttools"]
#
# [tool.compat]
# kinds = ["extension", "late imports"]
# ///
"""Tables are modules imported by tag."""

import hashlib
import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

builder = FontBuilder(1000)
builder.setupGlyphOrder([".notdef", "A"])
builder.setupCharacterMap({65: "A"})
pen = TTGlyphPen(None)
for i, point in enumerate([(0, 0), (500, 0), (250, 700)]):
    (pen.lineTo if i else pen.moveTo)(point)
pen.closePath()
builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "A": pen.glyph()})
builder.setupHorizontalMetrics({".notdef": (500, 0), "A": (500, 0)})
builder.setupHorizontalHeader(ascent=800, descent=-200)
builder.setupNameTable({"familyName": "Shelf", "styleName": "Regular"})
builder.setupOS2()
builder.setupPost()
builder.updateHead(created=0, modified=0)
buffer = io.BytesIO()
builder.font.recalcTimestamp = False
builder.save(buffer)
print(hashlib.sha256(buffer.getvalue()).hexdigest()[:16], sorted(TTFont(io.BytesIO(buffer.getvalue())).keys()))
