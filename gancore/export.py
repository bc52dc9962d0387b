"""A run's curves, log or generator in another program's format.

A table (``csv``), the loss curves as a figure (``pdf``, ``png``), a TensorBoard log with the tags of seed 004
(``tensorboard``), and the generator for other runtimes (``onnx``). All but the table need packages of the ``export``
extra, which are therefore imported where they are used. Files are written aside and then renamed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from gancore import images
from gancore.config_file import config_file
from gancore.errors import CheckpointError, ConfigError, MissingExtraError, RunError
from gancore.figure_fonts import figure_fonts
from gancore.files import replace, write_aside
from gancore.history import Columns
from gancore.history_tables import CSV, table_of, thinned
from gancore.i18n import _
from gancore.onnx_writer import write_onnx
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Series
from gancore.run import Run
from gancore.sampling import milestone_of
from gancore.structure import example_networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EVENTS_SUFFIX = ".gancore"
_CURVE_POINTS = 4000
_COLOURS = ("#2a78d6", "#eb6834", "#1baf7a", "#8a5cd6")


def export(run: Run, kind: str, out: Path) -> Path:
    """Write ``run`` to ``out`` in the format ``kind`` and return what was written.

    Args:
        kind: a key of :data:`EXPORTS`.
        out: a file; for ``tensorboard`` a folder. Folders above it are made.

    Raises:
        ConfigError: when there is no such format.
        RunError: when the run has nothing to export yet.
        MissingExtraError: when a package of the ``export`` extra is not installed.
        CheckpointError: when ``out`` cannot be written, or the run's files are damaged.
    """
    if kind not in EXPORTS:
        raise ConfigError(
            _("there is no export {kind!r}; choose one of {known}", kind=kind, known=", ".join(EXPORTS)),
            {"kind": "unknown"},
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return EXPORTS[kind](run, out)
    except OSError as error:
        raise CheckpointError(_("cannot write {path}: {error}", path=out, error=error.strerror or error)) from error


def to_csv(run: Run, out: Path) -> Path:
    """The history as a table, one row an iteration: counts as integers, other numbers to nine digits."""
    table = table_of(_rows(run))
    with _aside(out) as aside:
        table.to_csv(aside, **CSV)
    return out


def to_pdf(run: Run, out: Path) -> Path:
    """The loss curves as a PDF figure; the same run gives the same bytes."""
    return _figure(run, out, "pdf", {"Title": f"Losses of {run.id}", "Creator": "gancore", "CreationDate": None})


def to_png(run: Run, out: Path) -> Path:
    """The loss curves as a PNG figure of 1600 pixels."""
    return _figure(run, out, "png", {"Title": f"Losses of {run.id}", "Software": "gancore"})


def to_tensorboard(run: Run, out: Path) -> Path:
    """A TensorBoard log in the folder ``out``, with the tags and steps that seed 004 asks for.

    - ``<family>/Loss/Discriminator``, ``<family>/Loss/Generator``, ...: the mean of each epoch at its number, from 0.
      An epoch is one pass through the data; the last may be unfinished.
    - ``<family>/Iteration/...``: every value, at its iteration.
    - ``Generated Images``: every gallery, at its iteration rather than its epoch, which several may share.
    - the networks' graphs. TensorBoard shows one graph a folder, so they lie in ``generator`` and ``discriminator``
      below ``out`` and appear as runs of their own.

    The time axis follows the training time. A log written here before is replaced.
    """
    _require("TensorBoard", "tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    rows, family, started = _rows(run), recipe_of(run.config.preset).family, run.status().created_at
    pictures = [(gallery, _read_picture(run.folder.path / gallery.image)) for gallery in run.galleries()]
    for old in out.glob(f"**/events.out.tfevents.*{_EVENTS_SUFFIX}"):
        old.unlink()

    with SummaryWriter(str(out), filename_suffix=_EVENTS_SUFFIX) as writer:
        times = started + rows["elapsed_s"]
        epochs, last_rows, _every = _epochs(rows)
        for series in _series(run, "loss"):
            if not series.tag:
                continue
            means = _epoch_means(rows, series.name)
            for epoch, mean, row in zip(epochs, means, last_rows, strict=True):
                writer.add_scalar(f"{family}/Loss/{series.tag}", mean, int(epoch), float(times[row]))
            for iteration, value, when in zip(rows["iteration"], rows[series.name], times, strict=True):
                writer.add_scalar(f"{family}/Iteration/{series.tag}", value, int(iteration), when)
        for gallery, picture in pictures:
            when = started + gallery.elapsed_s
            writer.add_image("Generated Images", picture, gallery.iteration, when)
    _write_graphs(run, out)
    return out


def to_onnx(run: Run, out: Path) -> Path:
    """The last milestone's generator as one ONNX file, for any number of latents at once.

    Input ``latents`` (batch, latent_dim) float32 and, of a conditional recipe, ``condition``: (batch,) int64 labels
    or (batch, C, H, W) float32 images; output ``images`` (batch, C, H, W) float32 in the range that the file's
    metadata names under ``image_range``.

    Written by torch's exporter of today, which needs onnxscript (5 MB, pure Python). The one before it
    (``dynamo=False``) still works in torch 2.15 and needs onnx only, but has been deprecated since 2.9.
    """
    _require("ONNX", "onnx", "onnxscript")
    gallery, config = milestone_of(run), run.config
    generator, inputs = example_networks(run)["generator"]
    generator.load_state_dict(run.folder.generator_weights(gallery))
    facts = {
        "run": run.id,
        "preset": config.preset,
        "data": Path(config.data).name,
        "iteration": str(gallery.iteration),
        "latent_distribution": config.settings.latent_distribution,
        "image_range": config.settings.data_range,
    }
    write_aside(out, write_onnx(generator, inputs, facts))
    return out


def to_config(run: Run, out: Path) -> Path:
    """The configuration as JSON that ``gancore train --config`` trains again; see :mod:`gancore.config_file`."""
    write_aside(out, config_file(run.config, run.folder.read_resolved()))
    return out


EXPORTS: dict[str, Callable[[Run, Path], Path]] = {
    "csv": to_csv,
    "tensorboard": to_tensorboard,
    "pdf": to_pdf,
    "png": to_png,
    "onnx": to_onnx,
    "config": to_config,
}
"""Format -> function of (run, where to write), which returns what it wrote; see :func:`export` for the errors."""


def _require(format_name: str, *packages: str) -> None:
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise MissingExtraError(
                _(
                    "exporting to {format} needs the package {package}; install it with: "
                    "uv pip install 'ganscope[export]'",
                    format=format_name,
                    package=package,
                )
            ) from error


def _rows(run: Run) -> Columns:
    rows, count = run.history().since()
    if count == 0:
        raise RunError(_("run {run} has not trained an iteration yet, so there is nothing to export", run=run.id))
    return rows


def _series(run: Run, kind: str) -> list[Series]:
    return [series for series in recipe_of(run.config.preset).series if series.kind == kind]


def _epochs(rows: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Epoch numbers from 0, the index of each one's last row, and the epoch of every row.

    An iteration that takes several batches belongs to the epoch it ends in.
    """
    epoch_of_row = np.ceil(rows["epoch"] - 1e-9).astype(np.int64) - 1
    epochs, counts = np.unique(epoch_of_row, return_counts=True)
    return epochs, np.cumsum(counts) - 1, epoch_of_row


def _epoch_means(rows: Columns, name: str) -> NDArray[np.float64]:
    _numbers, last_rows, _every = _epochs(rows)
    starts = np.concatenate([[0], last_rows[:-1] + 1])
    means: NDArray[np.float64] = np.add.reduceat(rows[name], starts) / (last_rows - starts + 1)
    return means


def _read_picture(path: Path) -> torch.Tensor:
    try:
        return images.read_png(path)
    except OSError as error:
        raise CheckpointError(_("{path} cannot be read as an image: {error}", path=path, error=error)) from error


def _write_graphs(run: Run, out: Path) -> None:
    """Both networks' graphs; they hold no weights, so new networks do."""
    from torch.utils.tensorboard import SummaryWriter

    for name, (network, example) in example_networks(run).items():
        with SummaryWriter(str(out / name), filename_suffix=_EVENTS_SUFFIX) as writer:
            writer.add_graph(network.eval(), example)


def _figure(run: Run, out: Path, file_format: str, metadata: dict[str, Any]) -> Path:
    _require(file_format.upper(), "matplotlib")
    from matplotlib.figure import Figure  # no pyplot: that one keeps figures in a list all threads share

    rows = _rows(run)
    with figure_fonts():
        panels = [
            (label, series)
            for label, series in ((_("Loss"), _series(run, "loss")), (_("Probability"), _series(run, "probability")))
            if series
        ]
        figure = Figure(figsize=(8, 1.2 + 2.9 * len(panels)), layout="constrained")
        title = _("{preset} on {data}", preset=run.config.preset, data=Path(run.config.data).name)
        figure.suptitle(f"{title}\n{run.id}", fontsize=11, parse_math=False)
        axes = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
        for axis, (label, series) in zip(axes, panels, strict=True):
            for each, colour in zip(series, _COLOURS, strict=False):
                _draw_series(axis, rows, each, colour)
            axis.set_ylabel(label)
            axis.grid(alpha=0.25, linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
            axis.legend(frameon=False, fontsize=9)
        axes[-1].set_xlabel(_("Epoch (faint: every iteration; bold: mean of an epoch)"))
        with _aside(out) as aside:
            figure.savefig(aside, format=file_format, dpi=200, metadata=metadata)
    return out


def _draw_series(axis: Axes, rows: Columns, series: Series, colour: str) -> None:
    finite = np.isfinite(rows[series.name])
    x, y = thinned(rows["epoch"][finite], rows[series.name][finite], _CURVE_POINTS)
    axis.plot(x, y, color=colour, alpha=0.3, linewidth=0.7)
    means = _epoch_means(rows, series.name)
    middles = _epoch_means(rows, "epoch")
    marker = "o" if len(means) <= 30 else ""
    axis.plot(middles, means, color=colour, linewidth=1.8, marker=marker, markersize=3.5, label=_(series.label))


@contextlib.contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place when the block ends well."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
