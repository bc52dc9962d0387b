"""Stacked MNIST: how many of the 1,000 triples of digits a recipe makes.

Metz et al. 2017, arXiv:1611.02163, section 3.3, with PacGAN's count: 26,000 samples, each colour read by a digit
classifier; a mode is covered by a single sample. KL is of the samples' modes from the data's, which are even.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gancore.bench.report import Spread, markdown
from gancore.bench.runner import Variant, train_all
from gancore.errors import DataError
from gancore.evaluate.judge import find_judge
from gancore.i18n import _
from gancore.networks import ImageShape
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler

SAMPLES = 26_000
MODES = 1000
BUDGET = "20000it"
VARIANTS = ("quick packing=2", "best packing=2")
PUBLISHED = (
    ("DCGAN (VEEGAN's paper, 2017)", "99", "3.40"),
    ("Unrolled GAN (VEEGAN's paper)", "48.7", "4.32"),
    ("VEEGAN", "150", "2.95"),
    ("DCGAN (PacGAN's paper, 2018)", "78.9 ± 6.5", "4.50"),
    ("PacGAN2", "1000 ± 0", "0.06"),
    ("PacGAN4", "1000 ± 0", "0.07"),
)
"""Model and paper, modes of 1,000, KL."""


def divergence(counts: NDArray[np.integer]) -> float:
    """KL in nats of the samples' modes from even ones; 0 when every mode is made as often.

    Args:
        counts: (modes,) samples of each.
    """
    shares = counts[counts > 0] / counts.sum()
    return float((shares * np.log(shares * len(counts))).sum())


def count_modes(run: Run, samples: int = SAMPLES) -> NDArray[np.int64]:
    """(1000,) how many samples of each triple a run makes.

    Raises:
        DataError: when the MNIST judge is missing.
    """
    judge = find_judge("mnist", ImageShape(1, 28, 28))
    if judge is None:
        raise DataError(_("there is no judge of MNIST; make one with: gancore judge --data mnist"))
    sampler = open_sampler(run)
    drawn = sampler.images(sampler.latents(0, samples))
    digits = [judge.examine(drawn[:, color : color + 1])[1].argmax(dim=1) for color in range(3)]
    triples = (100 * digits[0] + 10 * digits[1] + digits[2]).numpy()
    return np.bincount(triples, minlength=MODES)


def bench_stacked(manager: RunManager, variants: Sequence[Variant], seeds: int, budget: str) -> str:
    """Train every variant from every seed, and return the table.

    Raises:
        ConfigError: when a variant is not valid.
        RunError: when a run fails.
        DataError: when MNIST or its judge is missing.
    """
    wanted = [variant.configs(seeds, data="stacked-mnist", plan=budget) for variant in variants]
    runs = iter(train_all(manager, [config for configs in wanted for config in configs]))
    rows = [(*row, "") for row in PUBLISHED]
    for variant in variants:
        mine = [next(runs) for _ in range(seeds)]
        counts = [count_modes(run) for run in mine]
        rows.append(
            (
                variant.label,
                Spread(tuple(float((each > 0).sum()) for each in counts)).text(1),
                Spread(tuple(divergence(each) for each in counts)).text(3),
                Spread(tuple(run.status().elapsed_s / 60 for run in mine)).text(1),
            )
        )
    return markdown((_("model"), _("modes of 1,000"), "KL", _("minutes")), rows)
