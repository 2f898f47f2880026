"""The form of a record that shows growth: one number against another, see perf/README.md."""

from . import machine
from .measure import summarize


def series(name, what, x, y, points, facts):
    """`x` and `y`: (label, unit). `points`: x -> the figures that the repeats gave, at least one."""
    return {
        "name": name, "what": what, "date": machine.today(), "commit": machine.commit(), "machine": machine.facts(),
        "series": {
            "x": {"label": x[0], "unit": x[1]}, "y": {"label": y[0], "unit": y[1]},
            "points": [{"x": value, **summarize([{"y": figure} for figure in figures], "y")}
                       for value, figures in sorted(points.items())],
        },
        "results": {str(value): figures for value, figures in sorted(points.items())},
        **facts,
    }
