# /// script
# dependencies = ["bokeh"]
#
# [tool.compat]
# kinds = ["static data"]
# ///
"""Pages carry the JavaScript that is data of the package."""

from bokeh.plotting import figure
from bokeh.embed import file_html
from bokeh.resources import INLINE

plot = figure(width=200, height=200)
plot.line([1, 2], [3, 4])
page = file_html(plot, INLINE, "shelf")
print(len(INLINE.js_raw), len(page) > 100_000, "<title>shelf</title>" in page)
