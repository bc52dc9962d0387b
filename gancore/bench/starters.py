"""The presets that are planned by time, measured over seeds, and one run of each shipped with the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gancore.bench.quality import COUNT
from gancore.bench.report import Spread, markdown
from gancore.bench.runner import train_all
from gancore.bench.shipped import ship
from gancore.evaluate.evaluate import Evaluation, evaluate_run, stored_evaluation
from gancore.i18n import _
from gancore.recipes import configure
from gancore.runs import RunManager

PRESETS = ("quick", "best")


def bench_starters(manager: RunManager, presets: Sequence[str], seeds: int, data: str, starters: Path) -> str:
    """Train the presets in their own time, one run after the other, and return the table.

    Args:
        manager: how many runs it trains at a time decides how far each gets in its time.
        starters: where the run with the middle distance of each preset is packed, as :func:`ship` does.

    Raises:
        ConfigError, RunError, DataError: as the other benches.
    """
    rows = []
    for preset in presets:
        runs = train_all(manager, [configure(preset, data=data, seed=seed) for seed in range(seeds)])
        found = [stored_evaluation(run, count=COUNT) or evaluate_run(run, COUNT) for run in runs]
        by_distance = sorted(zip(found, runs, strict=True), key=lambda pair: _value(pair[0], "frechet"))
        middle = by_distance[len(by_distance) // 2][1]
        ship(middle, starters / f"{preset}-{data}", f"gancore bench starters --preset {preset} --data {data}")
        intervals = "; ".join(_interval(evaluation) for evaluation in found)
        cells = [preset, str(runs[0].config.plan), _spread(found, "frechet", 1), intervals]
        cells += [_spread(found, "modes", 0), _spread(found, "precision", 2), _spread(found, "recall", 2)]
        cells.append(Spread(tuple(run.status().iteration for run in runs)).text(0))
        rows.append(cells)
    heading = (
        _("preset"), _("plan"), _("Fréchet, mean ± deviation of the seeds"), _("each seed with its 95 % interval"),
        _("classes"), _("precision"), _("recall"), _("iterations trained"),
    )  # fmt: skip
    return markdown(heading, rows)


def _value(evaluation: Evaluation, metric: str) -> float:
    return next(m.value for m in evaluation.measurements if m.name == metric)


def _interval(evaluation: Evaluation) -> str:
    found = next(m for m in evaluation.measurements if m.name == "frechet")
    return _("{value:.1f} ({low:.1f} to {high:.1f})", value=found.value, low=found.low, high=found.high)


def _spread(evaluations: Sequence[Evaluation], metric: str, digits: int) -> str:
    found = [evaluation.measurement(metric) for evaluation in evaluations]
    values = tuple(number.value for number in found if number is not None)
    return Spread(values).text(digits) if values else "-"  # without a judge no class is known
