"""Evaluations as figures, tables and files; pure, no Streamlit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.palette import DATA_COLOR
from dashboard.run_colors import Look
from dashboard.run_names import class_title, with_names
from gancore.evaluate.evaluate import Evaluation
from gancore.evaluate.metrics import METRICS, Metric
from gancore.evaluate.plane import COORDINATES
from gancore.evaluate.ranking import Ranking
from gancore.evaluate.ranking import basis as ground
from gancore.i18n import _

NO_VALUE = "—"
SYMBOLS = {"solid": "circle", "dash": "diamond", "dot": "square", "dashdot": "triangle-up"}
PATTERNS = {"solid": "", "dash": "/", "dot": ".", "dashdot": "x"}
"""Where there is no line, what a run's dash looks like: as a point, and as the filling of a bar."""
MOST_BARS = 40
"""Classes that a histogram can show; of more, only how many are covered is said."""
_ROW_HEIGHT, _MARGIN = 34, 64


def metric_figure(
    metric: Metric, evaluations: Sequence[Evaluation], names: Mapping[str, str], looks: Mapping[str, Look]
) -> go.Figure:
    """One row a run, best first: the value, and its 95 % interval as an error bar.

    Args:
        names, looks: by run id.
    """
    figure = go.Figure()
    known = [(found, number) for found in evaluations if (number := found.measurement(metric.name)) is not None]
    sign = -1 if metric.better == "higher" else 1
    for found, number in sorted(known, key=lambda pair: sign * pair[1].value, reverse=True):
        figure.add_trace(
            go.Scatter(
                x=[number.value],
                y=[names[found.run]],
                error_x={
                    "type": "data",
                    "array": [number.high - number.value],
                    "arrayminus": [number.value - number.low],
                    "thickness": 2,
                    "width": 6,
                },
                marker={"size": 10, "color": looks[found.run].color, "symbol": SYMBOLS[looks[found.run].dash]},
                hovertemplate=_(
                    "{value:.4g}<br>{low:.4g} to {high:.4g}", value=number.value, low=number.low, high=number.high
                )
                + f"<extra>{names[found.run]}</extra>",
                mode="markers",
            )
        )
    lows, highs = [number.low for _, number in known], [number.high for _, number in known]
    if max(highs) - min(lows) < 1e-9:  # Plotly would make its own range of one value, from -1 to 1
        figure.update_xaxes(range=[min(lows) - 0.01, max(highs) + 0.09])
    # Small numbers are long; labels that have no room are turned on their side.
    most_labels = 5 if max(highs) >= 0.1 else 4
    figure.update_layout(
        height=_MARGIN + _ROW_HEIGHT * max(2, len(known)),
        margin={"l": 8, "r": 12, "t": 8, "b": 32},
        showlegend=False,
        yaxis={"automargin": True, "type": "category", "fixedrange": True},
        xaxis={
            "nticks": most_labels,
            "automargin": True,
            "fixedrange": True,
            "zeroline": False,
            "exponentformat": "none",
        },
    )
    return figure


def class_figure(evaluations: Sequence[Evaluation], names: Mapping[str, str], looks: Mapping[str, Look]) -> go.Figure:
    """How often each class appears: a bar for the data and one for each run."""
    classes = evaluations[0].classes
    figure = go.Figure()
    labels = [class_title(share.name) for share in classes]
    figure.add_bar(x=labels, y=[share.data for share in classes], name=_("data"), marker_color=DATA_COLOR)
    for found in evaluations:
        shares = [share.samples for share in found.classes]
        look = looks[found.run]
        marker = {"color": look.color, "pattern_shape": PATTERNS[look.dash]}
        figure.add_bar(x=labels, y=shares, name=names[found.run], marker=marker)
    figure.update_layout(
        barmode="group",
        height=300,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        yaxis={"tickformat": ".0%", "automargin": True, "fixedrange": True},
        xaxis={"type": "category", "automargin": True, "fixedrange": True},
    )
    return figure


def measurement_table(evaluations: Sequence[Evaluation], names: Mapping[str, str]) -> pd.DataFrame:
    """One row a run: each value with its interval, as text."""
    rows = []
    for found in evaluations:
        row = {"Run": names[found.run], "Measured at": _("the end") if found.percent == 100 else f"{found.percent} %"}
        for metric in METRICS.values():
            number = found.measurement(metric.name)
            text = NO_VALUE if number is None else "{}  [{}, {}]".format(*number.shown)
            row[metric.title] = text
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.loc[:, ~(table == NO_VALUE).all()]


def sentences(ranking: Ranking, names: Mapping[str, str]) -> list[str]:
    """What the ranking says of each pair of neighbours, under the names that the page uses."""
    bold = {run_id: f"**{name}**" for run_id, name in names.items()}
    return [with_names(verdict.sentence, bold) for verdict in ranking.verdicts]


def basis(evaluation: Evaluation) -> str:
    """One sentence on what the numbers of a section stand on."""
    blind = evaluation.extractor_accuracy is None and evaluation.extractor != COORDINATES
    if blind:
        return _(
            "{basis}, a random network, as there is no judge for this data. Bars are 95 % intervals.",
            basis=ground(evaluation),
        )
    return _("{basis}. Bars are 95 % intervals.", basis=ground(evaluation))


def csv_file(evaluations: Sequence[Evaluation]) -> str:
    """One row a measurement, with all that it depends on."""
    rows = [
        {
            **found.model_dump(exclude={"measurements", "classes", "memorisation"}),
            "metric": number.name,
            "value": number.value,
            "low": number.low,
            "high": number.high,
        }
        for found in evaluations
        for number in found.measurements
    ]
    return pd.DataFrame(rows).to_csv(index=False)


def json_file(evaluations: Sequence[Evaluation]) -> str:
    """The evaluations as the runs' folders keep them."""
    entries = [found.model_dump(mode="json") for found in evaluations]
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
