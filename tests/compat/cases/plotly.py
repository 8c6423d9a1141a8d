# /// script
# dependencies = ["plotly"]
#
# [tool.compat]
# kinds = ["very many modules", "data"]
# ///
"""Thousands of lazily imported modules, and a bundle of JavaScript."""

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

figure = go.Figure(go.Bar(x=["a"], y=[3]), layout_title_text="t")
print(len(figure.to_json()), len(get_plotlyjs()) > 1_000_000, figure.layout.template.layout.colorway[0])
