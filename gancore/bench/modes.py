"""PacGAN's ring of 8 and grid of 25: how many modes a recipe makes, and how well.

Lin et al. 2018, arXiv:1712.04086, section 4.1: 2,500 samples; a mode is covered when a sample lies within 3 sigma of
it, and a sample is of high quality when it does. The data and the metrics are the paper's. The networks are ours
(multilayer perceptrons of three layers of 128 where the paper has maxout units), and so is the length of training.
"""

from __future__ import annotations

from collections.abc import Sequence

from gancore.bench.report import Spread, markdown
from gancore.bench.runner import Variant, train_all
from gancore.evaluate.plane import plane_quality
from gancore.i18n import N_, _
from gancore.plane import COUNTED
from gancore.points import make_points
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler

DATA = ("ring", "grid")
BUDGET = "20000it"
VARIANTS = ("ns-gan", "ns-gan packing=2", "ns-gan packing=4", "dragan", "r3gan")
PUBLISHED = (
    ("GAN (VEEGAN's paper, 2017)", "1", "99.3 %", "3.3", "0.5 %"),
    ("Unrolled GAN (VEEGAN's paper)", "7.6", "35.6 %", "23.6", "16 %"),
    ("VEEGAN", "8", "52.9 %", "24.6", "40 %"),
    ("GAN (PacGAN's paper, 2018)", "6.3 ± 0.5", "98.2 %", "17.3 ± 0.8", "94.8 %"),
    ("PacGAN2", "7.9 ± 0.1", "95.6 %", "23.8 ± 0.7", "91.3 %"),
    ("PacGAN4", "7.8 ± 0.1", "95.9 %", "24.8 ± 0.2", "93.6 %"),
)
"""Model and paper; modes and high quality on the ring, the same on the grid."""
HEADING = (
    N_("ring: modes of 8"),
    N_("ring: high quality"),
    N_("grid: modes of 25"),
    N_("grid: high quality"),
)


def bench_modes(
    manager: RunManager, variants: Sequence[Variant], seeds: int, budget: str, data: Sequence[str] = DATA
) -> str:
    """Train every variant on every data set from every seed, and return the table.

    Args:
        data: of :data:`DATA`; the columns keep that order.

    Raises:
        ConfigError: when a variant is not valid, or cannot be trained on points.
        RunError: when a run fails.
    """
    data = [name for name in DATA if name in data]
    wanted = {
        (variant.label, name): variant.configs(seeds, data=name, plan=budget) for name in data for variant in variants
    }
    runs = train_all(manager, [config for configs in wanted.values() for config in configs])
    by_place = dict(zip(wanted, _grouped(runs, seeds), strict=True))
    rows: list[Sequence[str]] = [row for row in PUBLISHED if tuple(data) == DATA]
    for variant in variants:
        cells = [variant.label]
        for name in data:
            found = [_quality(run, name) for run in by_place[variant.label, name]]
            cells.append(Spread(tuple(each["modes"] for each in found)).text(1))
            cells.append(Spread(tuple(each["high_quality"] for each in found)).text(1, 100) + " %")
        rows.append(cells)
    heading = (_("model"), *(_(cell) for cell in HEADING if cell.split(":")[0] in data))
    return markdown(heading, rows)


def _grouped(runs: Sequence[Run], size: int) -> list[Sequence[Run]]:
    return [runs[start : start + size] for start in range(0, len(runs), size)]


def _quality(run: Run, name: str) -> dict[str, float]:
    sampler = open_sampler(run)
    return plane_quality(sampler.images(sampler.latents(0, COUNTED)), make_points(name))
