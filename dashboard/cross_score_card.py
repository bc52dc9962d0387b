"""The matrix of cross scores on a page: every run's discriminator on every run's samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.prints import figure_buttons, heat_map
from dashboard.run_names import with_names
from gancore.errors import GanCoreError
from gancore.evaluate.cross_readings import readings
from gancore.evaluate.cross_scores import SAMPLES, CrossScores, cross_scores
from gancore.i18n import N_, _
from gancore.run import Run

# Orange for samples taken for real, blue for samples told from data; told apart without red and green.
COLORS = ((0.0, "#b35806"), (0.25, "#f1a340"), (0.5, "#f7f7f7"), (0.75, "#67a9cf"), (1.0, "#2166ac"))
CELL_PIXELS, MARGIN_PIXELS = 48, 130
CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 3, "filename": "cross-scores"},
}
HOW_TO_READ = N_(
    "A row is one run's discriminator, a column one run's samples. The number is how often that discriminator scores "
    "a real image above a sample: 1, it always tells them apart; 0.5, it cannot; below 0.5, it takes the samples for "
    "more real than data. Along a high row the discriminator is sharp; down a low column the samples fool many. A "
    "discriminator has learned its own generator's faults only, so samples that fool it need not look good. Frames "
    "mark a run's own pair."
)


def cross_score_card(runs: Sequence[Run], names: Mapping[str, str], *, key: str = "cross-scores") -> None:
    """One bordered card: a button, and once pressed the matrix, what it says, and its numbers as a file.

    Args:
        runs: Those compared.
        names: By run id.
        key: Of the card.
    """
    with st.container(border=True, key=key):
        st.markdown(_("**Every discriminator on every run's samples**"))
        ids, version = tuple(run.id for run in runs), tuple(map(_version, runs))
        kept_ids, kept_version, found = st.session_state.get(f"{key}.found", (ids, version, None))
        if kept_ids != ids:
            found = None
        if found is None:
            st.caption(
                _(
                    "Who fools whom: the runs exchange their players, and each discriminator has to tell data from "
                    "the others' samples too. Takes some seconds."
                )
            )
        is_old = found is not None and kept_version != version
        if found is None or is_old:
            label = _("Score again") if is_old else _("Let them judge one another")
            if st.button(label, key=f"{key}-button", icon=":material/balance:", disabled=len(runs) < 2):
                found = _compute(runs, version, names)
                if found is not None:
                    st.session_state[f"{key}.found"] = (ids, version, found)
                    st.rerun(scope="app")
            if is_old:
                st.caption(_("The runs have trained on since this was computed."))
            if len(runs) < 2:
                st.caption(_("It takes two runs."))
        if found is not None:
            _show(found, names, key)


def _compute(runs: Sequence[Run], version: tuple[object, ...], names: Mapping[str, str]) -> CrossScores | None:
    try:
        with st.spinner(_("The discriminators are judging")):
            return _scored(runs, version)
    except (GanCoreError, OSError) as error:
        st.error(with_names(str(error), names), icon=":material/error:")
        return None


@st.cache_data(max_entries=32, show_spinner=False)
def _scored(_runs: Sequence[Run], version: tuple[object, ...]) -> CrossScores:
    return cross_scores(_runs)


def _version(run: Run) -> tuple[str, str, int]:
    """What changes when a run's players do: its last checkpoint, or else its last milestone."""
    found = [path / "discriminator.safetensors" for path in run.folder.checkpoints()[:1]]
    try:
        file = (found or [run.folder.path / "galleries.json"])[0]
        return run.id, file.parent.name, file.stat().st_mtime_ns
    except OSError:
        return run.id, "", 0


def _show(found: CrossScores, names: Mapping[str, str], key: str) -> None:
    for sentence in readings(found, names):
        st.markdown(f":material/arrow_right: {sentence}")
    st.plotly_chart(matrix_figure(found, names), config=CONFIG, key=f"{key}-chart")
    st.caption(f"{_(HOW_TO_READ)} {basis(found, names)}")
    for note in found.notes:
        st.caption(with_names(note, names))
    with st.container(horizontal=True, gap="small"):
        _downloads(found, names, key)


def _downloads(found: CrossScores, names: Mapping[str, str], key: str) -> None:
    table = pd.DataFrame(
        found.areas.tolist(),
        index=[names[run] for run in found.discriminators],
        columns=[names[run] for run in found.generators],
    )
    size = 2.5 + 0.8 * len(found.generators), 2.0 + 0.6 * len(found.discriminators)
    figure_buttons("cross-scores", heat_map(table, COLORS, _("samples of"), _("discriminator of")), size)
    st.download_button(
        "CSV",
        csv_file(found, names),
        file_name="cross-scores.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{key}-csv",
        on_click="ignore",
    )


def basis(found: CrossScores, names: Mapping[str, str]) -> str:
    """What the numbers stand on."""
    numbers = {"count": SAMPLES, "error": float(found.errors.nan_to_num(0.0).max())}
    if found.real == "test":
        text = _(
            "{count} samples of each run and as many real ones, from official test images, which no run has trained "
            "on; standard errors up to {error:.2f} (Hanley and McNeil 1982), and sentences only for differences "
            "beyond them.",
            **numbers,
        )
    else:
        text = _(
            "{count} samples of each run and as many real ones, from the training data; standard errors up to "
            "{error:.2f} (Hanley and McNeil 1982), and sentences only for differences beyond them.",
            **numbers,
        )
    packs = (
        _("{run}'s discriminator judges packs of {size}.", run=names[run], size=size)
        for run, size in found.packs.items()
    )
    return " ".join([text, *packs])


def matrix_figure(found: CrossScores, names: Mapping[str, str]) -> go.Figure:
    """The areas as a heat map, 0.5 in the middle of its colours."""
    rows, columns = found.discriminators, found.generators
    areas = [[None if math.isnan(area) else area for area in row] for row in found.areas.tolist()]
    figure = go.Figure(
        go.Heatmap(
            z=areas,
            zmin=0,
            zmid=0.5,
            zmax=1,
            colorscale=COLORS,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            customdata=[
                [[names[row], names[column], error] for column, error in zip(columns, errors, strict=True)]
                for row, errors in zip(rows, found.errors.tolist(), strict=True)
            ],
            hovertemplate=_(
                "D of {discriminator}, samples of {generator}",
                discriminator="%{customdata[0]}",
                generator="%{customdata[1]}",
            )
            + "<br>%{z:.3f} ± %{customdata[2]:.3f}<extra></extra>",
            colorbar={"thickness": 10, "tickvals": [0, 0.5, 1], "outlinewidth": 0},
        )
    )
    for row, judge in enumerate(rows):
        for column, judged in enumerate(columns):
            figure.add_annotation(x=column, y=row, showarrow=False, **_cell_text(areas[row][column]))
            if judge == judged:
                box = {"x0": column - 0.47, "x1": column + 0.47, "y0": row - 0.46, "y1": row + 0.46}
                figure.add_shape(type="rect", **box, line={"width": 2.5, "color": "#1d2233"})
    axis = {"showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True}
    figure.update_xaxes(
        **axis,
        tickvals=list(range(len(columns))),
        ticktext=[names[run] for run in columns],
        title=_("samples of"),
        side="top",
        range=[-0.5, len(columns) - 0.5],
    )
    figure.update_yaxes(
        **axis,
        tickvals=list(range(len(rows))),
        ticktext=[names[run] for run in rows],
        title=_("discriminator of"),
        range=[len(rows) - 0.5, -0.5],
    )
    figure.update_layout(
        height=MARGIN_PIXELS + CELL_PIXELS * max(2, len(rows)), margin={"l": 8, "r": 8, "t": 8, "b": 8}
    )
    return figure


def _cell_text(area: float | None) -> dict[str, object]:
    if area is None:
        return {"text": "–"}
    # Dark on the light middle of the colours, white on their ends.
    color = "#ffffff" if abs(area - 0.5) > 0.33 else "#1d2233"
    return {"text": f"{area:.2f}", "font": {"size": 14, "color": color}}


def csv_file(found: CrossScores, names: Mapping[str, str]) -> str:
    """One line a cell; empty where the discriminator cannot judge the samples."""
    lines = [
        {
            "discriminator": judge,
            "discriminator_name": names[judge],
            "samples": judged,
            "samples_name": names[judged],
            "area_under_roc": float(found.areas[row, column]),
            "standard_error": float(found.errors[row, column]),
        }
        for row, judge in enumerate(found.discriminators)
        for column, judged in enumerate(found.generators)
    ]
    return pd.DataFrame(lines).to_csv(index=False)
