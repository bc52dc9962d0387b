"""The report and everything in it as files of their own: figures and their numbers, pictures, configurations."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from gancore.config_file import config_file
from gancore.history_tables import CSV
from gancore.report.drawing import Figure, figure_bytes
from gancore.report.figures import (
    gallery_figure,
    gallery_file,
    gallery_png,
    loss_figure,
    overlaid_figures,
    quality_figures,
)
from gancore.report.page import page
from gancore.report.reported import Look, Reported, read_all
from gancore.run import Run

_DATED = (1980, 1, 1, 0, 0, 0)


def report_archive(
    runs: Sequence[Run], names: Mapping[str, str] | None = None, looks: Mapping[str, Look] | None = None
) -> bytes:
    """A ZIP file of the lab report.

    ``report.html``; every figure as ``figures/<name>.png`` and ``.pdf`` with the numbers behind it in
    ``data/<name>.csv``; ``galleries/<number>-<percent>.png``; ``configs/<number>-<run>.json``, from which
    ``gancore train --config`` trains again; and ``data/evaluation-<number>.json`` where a run was evaluated. Runs are
    numbered from 1 in the order given.

    Args:
        runs, names, looks: as in :func:`gancore.report.page.lab_report`, which also says what is raised.
    """
    reported = read_all(runs, names, looks)
    contents = io.BytesIO()
    with zipfile.ZipFile(contents, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name, _DATED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)

        for figure in all_figures(reported):
            for kind in ("png", "pdf"):
                add(f"figures/{figure.name}.{kind}", figure_bytes(figure, kind))
            add(f"data/{figure.name}.csv", figure.table.to_csv(**CSV).encode())
        for number, run in enumerate(reported, 1):
            for share, gallery in run.galleries:
                add(gallery_file(number, share), gallery_png(run, gallery.image))
            add(f"configs/{number}-{run.run.id}.json", config_file(run.config, run.resolved))
            if run.evaluation is not None:
                add(f"data/evaluation-{number}.json", run.evaluation.model_dump_json(indent=2).encode())
        add("report.html", page(reported).encode())
    return contents.getvalue()


def all_figures(runs: Sequence[Reported]) -> list[Figure]:
    """Every figure of a report, and each run's galleries as one more."""
    each = [make(run, number) for make in (loss_figure, gallery_figure) for number, run in enumerate(runs, 1)]
    return [*(figure for figure in each if figure is not None), *overlaid_figures(runs), *quality_figures(runs)]
