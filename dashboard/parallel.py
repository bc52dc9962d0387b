"""Settings and results of runs as parallel coordinates; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.comparison import NO_VALUE, Compared, column_title
from gancore.i18n import _
from gancore.run_words import settings_of

FEWEST_AXES = 2
MOST_AXES = 12
"""More cannot be told apart on a page."""
_AXIS_PX = 118
_HEIGHT = 380


def coordinates(runs: Sequence[Compared], results: pd.DataFrame) -> pd.DataFrame:
    """One row a run: the settings that differ, and the numbers that it came to; what all share is left out.

    Where there are more than fit, half are numbers, of which the later ones tell more.

    Args:
        results: from :func:`dashboard.comparison.results`, in the order of the runs.
    """
    values: dict[str, list[Any]] = {}
    listed = [{setting.title: setting for setting in settings_of(run.config)} for run in runs]
    for title in dict.fromkeys(title for settings in listed for title in settings):
        texts = [settings[title].text if title in settings else "" for settings in listed]
        if len(set(texts)) > 1:
            values[title] = [_number(text) for text in texts] if all(_is_number(text) for text in texts) else texts
    reached = [str(title) for title in results if pd.api.types.is_numeric_dtype(results[title])]
    reached = [title for title in reached if results[title].nunique() > 1][-MOST_AXES // 2 :]
    values = {title: values[title] for title in list(values)[: MOST_AXES - len(reached)]}
    for title in reached:
        # A recipe may have a setting of that name.
        shown = column_title(title)
        values[_("{title}, last", title=shown) if shown in values else shown] = results[title].tolist()
    return pd.DataFrame(values, index=pd.Index([run.name for run in runs], name=_("Run")))


def parallel_figure(runs: Sequence[Compared], table: pd.DataFrame) -> go.Figure:
    """A line for each run through its value on each axis, in the run's colour."""
    ids = list(range(len(runs)))
    axes = [
        _axis(_("Run"), [run.name for run in runs]),
        *(_axis(str(title), table[title].tolist()) for title in table),
    ]
    steps = max(1, len(runs) - 1)
    scale = [[index / steps, run.look.color] for index, run in enumerate(runs)]
    figure = go.Figure(
        go.Parcoords(
            dimensions=axes,
            line={"color": ids, "colorscale": scale if len(runs) > 1 else [[0, scale[0][1]], [1, scale[0][1]]]},
            labelangle=-20,
            labelside="bottom",
        )
    )
    figure.update_layout(
        height=_HEIGHT, width=max(640, _AXIS_PX * len(axes)), margin={"l": 110, "r": 60, "t": 24, "b": 96}
    )
    return figure


def _axis(title: str, values: list[Any]) -> dict[str, Any]:
    """Numbers as they are, rates that span orders of magnitude by their logarithm, words by their number."""
    if not all(isinstance(value, int | float) or value is None for value in values):
        words = list(dict.fromkeys(str(value) for value in values))
        numbered = [words.index(str(value)) for value in values]
        return {"label": title, "values": numbered, "tickvals": list(range(len(words))), "ticktext": words}
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return {"label": title, "values": np.zeros(len(numbers)), "tickvals": [0], "ticktext": [NO_VALUE]}
    is_log = known.min() > 0 and known.max() / known.min() > 100
    if len(known) == len(numbers) and not is_log:
        return {"label": title, "values": numbers}
    ticks = np.unique(known) if is_log else np.linspace(known.min(), known.max(), 5)
    places, marks = (np.log10(numbers), np.log10(ticks)) if is_log else (numbers, ticks)
    labels = [f"{tick:.3g}" for tick in ticks]
    if len(known) < len(numbers):
        # Plotly draws no line that lacks a value: it goes through a place of its own below the others.
        below = marks[0] - 0.2 * ((marks[-1] - marks[0]) or 1.0)
        places, marks = np.where(np.isfinite(places), places, below), np.array([below, *marks])
        labels = [NO_VALUE, *labels]
    return {"label": title, "values": places, "tickvals": marks, "ticktext": labels}


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def _number(text: str) -> float:
    value = float(text.replace(",", ""))
    return int(value) if value.is_integer() else value
