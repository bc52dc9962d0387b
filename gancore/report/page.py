"""The report as one HTML page that needs nothing else: no script, no network, no file beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader

from gancore import i18n
from gancore.answers import answers
from gancore.i18n import _
from gancore.report import sections
from gancore.report.blocks import Section
from gancore.report.drawing import Figure, inline_svg
from gancore.report.metrics import metrics
from gancore.report.questions import AUTHOR
from gancore.report.reported import Look, Reported, read_all
from gancore.run import Run

_HERE = Path(__file__).parent


def lab_report(
    runs: Sequence[Run], names: Mapping[str, str] | None = None, looks: Mapping[str, Look] | None = None
) -> str:
    """The lab report on one run, or on several side by side, in the language in force.

    Args:
        runs: one or more, in the order to be told of.
        names, looks: by run id; see :func:`gancore.report.reported.read_all`.

    Raises:
        CheckpointError: when a run's files are gone or damaged.
        MissingExtraError: when matplotlib is not installed.
    """
    return page(read_all(runs, names, looks))


def page(runs: Sequence[Reported]) -> str:
    """The page about runs that have been read."""
    chapters = [
        sections.summary(runs),
        sections.settings(runs),
        sections.curves(runs),
        sections.galleries(runs),
        metrics(runs),
        sections.diagnosis(runs),
        sections.networks(runs),
        sections.environment(runs),
        sections.repeating(runs),
    ]
    drawn = {figure.name: inline_svg(figure) for figure in figures_of(chapters)}
    # Last, as the figures take seconds in which an answer may still be saved.
    written = answers([run.run.folder for run in runs])
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.get_template("report.html")
    made = template.render(
        language=i18n.language().replace("_", "-"),
        style=(_HERE / "report.css").read_text(encoding="utf-8"),
        title=_title(runs),
        print_title=_("GAN lab report"),
        author=written.get(AUTHOR, ""),
        author_label=_("Author:"),
        contents_label=_("Contents"),
        date=format_datetime(datetime.now(), "long", locale=i18n.locale()),
        no_answer=_("Not answered yet; room to write by hand."),
        sections=[*chapters, sections.questions(runs, written)],
        drawn=drawn,
        data_uri=_data_uri,
    )
    return made.strip() + "\n"


def figures_of(chapters: Sequence[Section]) -> list[Figure]:
    """Every figure of these chapters."""
    return [
        figure
        for chapter in chapters
        for block in chapter.blocks
        if block.kind == "charts"
        for figure in block.figures
    ]


def _title(runs: Sequence[Reported]) -> str:
    presets = ", ".join(dict.fromkeys(run.config.preset for run in runs))
    data = ", ".join(dict.fromkeys(Path(run.config.data).name for run in runs))
    return _("GAN lab report: {presets} on {data}", presets=presets, data=data)


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
