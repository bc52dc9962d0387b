"""A report's figures: curves and rows of galleries, each with the numbers behind it, drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from gancore import i18n
from gancore.errors import CheckpointError
from gancore.figure_fonts import chinese_font
from gancore.history import POSITION
from gancore.history_tables import table_of, thinned
from gancore.i18n import N_, _
from gancore.recipes.recipe import Series
from gancore.report.drawing import HALF, WIDE, Figure
from gancore.report.reported import COLORS, Reported

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

LINE_STYLES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
QUALITY = {
    "frechet": N_("Fréchet distance"),
    "wasserstein": N_("Sliced Wasserstein distance"),
    "modes": N_("Classes or modes covered"),
    "confidence": N_("Mean confidence"),
    "high_quality": N_("Share of high quality"),
}
"""Column of a run's live quality -> what an axis calls it."""
_POINTS = 1200
_SMOOTHED_OVER = 60


def loss_figure(run: Reported, number: int) -> Figure | None:
    """One run's losses, and beside them D(x) and D(G(z)) where it logs them; None before its first iteration."""
    kinds = {
        kind: [series for series in run.recipe.series if series.kind == kind and series.name in run.rows]
        for kind in ("loss", "probability")
    }
    panels = [(kind, series) for kind, series in kinds.items() if series]
    found = [each for _kind, series in panels for each in series]
    if not len(run.rows["iteration"]):
        return None

    def draw(drawing: Drawing) -> None:
        titles = {"loss": _("Loss"), "probability": _("Probability")}
        for axes, (kind, series) in zip(np.atleast_1d(drawing.subplots(1, len(panels))), panels, strict=True):
            for each, color in zip(series, _series_colors(series), strict=True):
                _line(axes, run.rows["epoch"], run.rows[each.name], color, _(each.label), faint=True)
            if kind == "probability":
                axes.axhline(0.5, color=_ink(axes), linewidth=0.6, linestyle=":")
                axes.set_ylim(0, 1)
            _finish(axes, titles[kind], _("Epoch"))

    return Figure(
        name=f"losses-{number}",
        title=_("Losses of {run}", run=run.name),
        alt=_("Losses of {run} over the epochs: {lines}.", run=run.name, lines=_labels(found)),
        draw=draw,
        table=table_of({name: run.rows[name] for name in (*POSITION, *(each.name for each in found))}),
        size=WIDE if len(panels) > 1 else (WIDE[0], 2.6),
    )


def overlaid_figures(runs: Sequence[Reported]) -> list[Figure]:
    """What several runs logged, over one another by epoch: one figure for each number that two or more share."""
    found: dict[str, Series] = {}
    for run in runs:
        for series in run.recipe.series:
            if len(run.rows["iteration"]):
                found.setdefault(series.name, series)
    figures = []
    for name, series in found.items():
        having = [run for run in runs if name in run.rows and len(run.rows["iteration"])]
        if len(having) > 1:
            lines = [(run, run.rows["epoch"], run.rows[name]) for run in having]
            is_probability = series.kind == "probability"
            figures.append(_overlaid(f"compared-{name}", _(series.label), lines, smooth=True, share=is_probability))
    return figures


def quality_figures(runs: Sequence[Reported]) -> list[Figure]:
    """What was measured of the samples while they trained, over one another by epoch."""
    figures = []
    for name, title in QUALITY.items():
        lines = [
            (run, run.quality.history.column("epoch"), run.quality.history.column(name))
            for run in runs
            if run.quality is not None and name in run.quality.history.names and len(run.quality.history)
        ]
        if lines:
            figures.append(_overlaid(f"quality-{name}", _(title), lines, smooth=False, share=name == "confidence"))
    return figures


def gallery_figure(run: Reported, number: int) -> Figure | None:
    """The run's galleries in a row, at 0, 25, 50, 75 and 100 % of its plan; None where there are none."""
    if not run.galleries:
        return None
    table = pd.DataFrame(
        [
            {
                "percent": share,
                "iteration": gallery.iteration,
                "epoch": gallery.epoch,
                "images_seen": gallery.images_seen,
                "elapsed_s": gallery.elapsed_s,
                "image": gallery_file(number, share),
            }
            for share, gallery in run.galleries
        ]
    )

    def draw(drawing: Drawing) -> None:
        every = np.atleast_1d(drawing.subplots(1, len(run.galleries)))
        for axes, (share, gallery) in zip(every, run.galleries, strict=True):
            with Image.open(io.BytesIO(gallery_png(run, gallery.image))) as picture:
                axes.imshow(np.asarray(picture.convert("RGB")), interpolation="nearest")
            axes.set_title(f"{share} %", fontsize=8.5)
            axes.axis("off")

    shares = ", ".join(f"{share} %" for share, _gallery in run.galleries)
    return Figure(
        name=f"galleries-{number}",
        title=_("Samples of {run}", run=run.name),
        alt=_("Samples of {run} at {shares} of its training.", run=run.name, shares=shares),
        draw=draw,
        table=table,
        size=(WIDE[0], 1.8),
    )


def gallery_png(run: Reported, file: str) -> bytes:
    """A gallery as it lies in the run's folder.

    Raises:
        CheckpointError: when it is gone.
    """
    try:
        return (run.folder / file).read_bytes()
    except OSError as error:
        path = run.folder / file
        raise CheckpointError(_("{path} cannot be read as an image: {error}", path=path, error=error)) from error


def gallery_file(number: int, share: int) -> str:
    """Where an archive has a gallery."""
    return f"galleries/{number}-{share:03d}.png"


def _overlaid(
    name: str,
    title: str,
    lines: Sequence[tuple[Reported, NDArray[np.float64], NDArray[np.float64]]],
    *,
    smooth: bool,
    share: bool,
) -> Figure:
    def draw(drawing: Drawing) -> None:
        axes = drawing.subplots()
        for run, x, y in lines:
            dash = LINE_STYLES[run.look.dash]
            _line(axes, x, y, run.look.color, _drawable(run), dash=dash, smooth=smooth)
        if share:
            axes.set_ylim(0, 1)
        _finish(axes, i18n.again(title), _("Epoch"))

    parts = [pd.DataFrame({"run": run.run.id, "epoch": x, name.partition("-")[2]: y}) for run, x, y in lines]
    names = ", ".join(run.name for run, _x, _y in lines)
    return Figure(
        name=name,
        title=title,
        alt=_("{quantity} over the epochs of {runs}.", quantity=title, runs=names),
        draw=draw,
        table=pd.concat(parts, ignore_index=True),
        size=HALF,
    )


def _line(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    color: str,
    label: str,
    *,
    dash: str = "-",
    faint: bool = False,
    smooth: bool = True,
) -> None:
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if faint and len(x) > _SMOOTHED_OVER:
        axes.plot(*thinned(x, y, _POINTS), color=color, alpha=0.22, linewidth=0.5)
    mean = moving_mean(y) if smooth else y
    marker = "o" if len(x) < 30 and not smooth else ""
    (line,) = axes.plot(
        *thinned(x, mean, _POINTS), color=color, linestyle=dash, linewidth=1.4, marker=marker, markersize=2.5
    )
    line.set_label(label)


def moving_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value's mean with its neighbours, a sixtieth of them all; fewer towards the ends."""
    reach = len(values) // _SMOOTHED_OVER // 2
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    low, high = np.maximum(places - reach, 0), np.minimum(places + reach + 1, len(values))
    means: NDArray[np.float64] = (sums[high] - sums[low]) / (high - low)
    return means


def _drawable(run: Reported) -> str:
    """Its name; its id where the name was made in a language that this figure has no font for."""
    spoken_otherwise = i18n.language() == i18n.ENGLISH and not run.name.isascii()
    return run.run.id if spoken_otherwise and not chinese_font() else run.name


def _finish(axes: Axes, title: str, x_title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, parse_math=False)
    axes.set_xlabel(x_title, fontsize=8)
    axes.grid(alpha=0.5, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.01)
    legend = axes.legend(frameon=False, fontsize=7.5, handlelength=1.6)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _ink(axes: Axes) -> Any:
    return axes.title.get_color()


def _series_colors(series: Sequence[Series]) -> Iterable[str]:
    own = {"generator_loss": COLORS[3], "discriminator_loss": COLORS[4], "critic_loss": COLORS[4]}
    own |= {"d_real": COLORS[0], "d_fake": COLORS[1]}
    rest = iter((COLORS[6], COLORS[7], COLORS[5], COLORS[2]) * 4)
    return [own.get(each.name) or next(rest) for each in series]


def _labels(series: Sequence[Series]) -> str:
    return ", ".join(_(each.label) for each in series)
