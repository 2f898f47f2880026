"""The part of a record that shows growth: one number against another, see perf/README.md."""

from .measure import summarize


def series(x, y, points):
    """`x` and `y`: (label, unit). `points`: x -> the figures that the repeats gave, at least one."""
    return {
        "x": {"label": x[0], "unit": x[1]}, "y": {"label": y[0], "unit": y[1]},
        "points": [{"x": value, **summarize([{"y": figure} for figure in figures], "y")}
                   for value, figures in sorted(points.items())],
    }
