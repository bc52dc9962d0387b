"""The chapter on quality: what was measured of each run's samples, with intervals, and what is noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import Evaluation
from gancore.evaluate.metrics import METRICS, Measurement
from gancore.evaluate.ranking import basis, comparable_groups, main_metric, rank
from gancore.i18n import _
from gancore.report.blocks import Block, Section, Table, Text
from gancore.report.figures import QUALITY
from gancore.report.reported import Reported
from gancore.report.sections import NO_VALUE
from gancore.run_words import with_names


def metrics(runs: Sequence[Reported]) -> Section:
    """One table for each set of runs that were measured alike, and one of what was measured while they trained."""
    names = {run.run.id: run.name for run in runs}
    by_id = {run.run.id: run for run in runs}
    # An evaluation tells the run by the id it had, which a folder that was copied has no more.
    evaluated = [run.evaluation.model_copy(update={"run": run.run.id}) for run in runs if run.evaluation is not None]
    blocks: list[Block] = []
    for group in comparable_groups(evaluated):
        blocks.append(_evaluated(group, [by_id[found.run] for found in group]))
        blocks.append(Text(_("{basis}; 95 % intervals in brackets.", basis=basis(group[0])), is_note=True))
        blocks += [Text(with_names(sentence, names)) for sentence in _verdicts(group)]
        blocks += [
            Text(_("{run}: {verdict}", run=names[found.run], verdict=with_names(found.verdict, names)))
            for found in group
            if found.verdict
        ]
    blocks += _live([run for run in runs if run.evaluation is None and run.quality is not None])
    if not blocks:
        blocks.append(Text(_("Nothing was measured. gancore evaluate, or the Ranking page, measures finished runs.")))
    return Section("metrics", _("Quality of the samples"), blocks, on_new_page=True)


def _evaluated(group: Sequence[Evaluation], runs: Sequence[Reported]) -> Table:
    rows = [[_("Measured at"), *(NO_VALUE if found.percent is None else f"{found.percent} %" for found in group)]]
    for metric in METRICS.values():
        numbers = [found.measurement(metric.name) for found in group]
        if any(numbers):
            rows.append([metric.directed_title, *map(_cell, numbers)])
    looks = [run.look for run in runs]
    return Table(_("Evaluation"), ["", *(run.name for run in runs)], rows, looks, numbers=True)


def _cell(number: Measurement | None) -> str:
    return NO_VALUE if number is None else "{}\n[{}, {}]".format(*number.shown)


def _verdicts(group: Sequence[Evaluation]) -> list[str]:
    try:
        return [verdict.sentence for verdict in rank(group, main_metric(group)).verdicts]
    except GanCoreError:  # a metric that not all of them have
        return []


def _live(runs: Sequence[Reported]) -> list[Block]:
    rows = []
    for name, title in QUALITY.items():
        values = [_measured(run, name) for run in runs]
        if any(len(found) for found in values):
            rows.append([_(title), *(f"{found[-1]:.4g}" if len(found) else NO_VALUE for found in values)])
    if not rows:
        return []
    samples = ", ".join(dict.fromkeys(f"{run.quality.facts.samples:,}" for run in runs if run.quality))
    note = _("From {samples} samples each: its course can be read, its value cannot be compared.", samples=samples)
    heads, looks = ["", *(run.name for run in runs)], [run.look for run in runs]
    table = Table(_("Last measured while training"), heads, rows, looks, numbers=True)
    return [table, Text(note, is_note=True)]


def _measured(run: Reported, name: str) -> NDArray[np.float64]:
    known = run.quality is not None and name in run.quality.history.names
    return run.quality.history.column(name) if known and run.quality is not None else np.empty(0)
