"""Charts: pure geometry, which the macros of `web/macros/charts.html` draw as SVG with classes."""

from app.web.charts.plots import Chart, Plot, Series, draw
from app.web.charts.scales import Value
from app.web.charts.shares import Part, lengths, segments, sparkline

__all__ = ["Chart", "Part", "Plot", "Series", "Value", "draw", "lengths", "segments", "sparkline"]
