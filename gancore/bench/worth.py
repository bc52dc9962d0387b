"""What samples are worth as training data: one classifier trained on real images, on samples, and on both.

Every classifier is the judge's network, trained the same number of steps and tested on the real test set. After
Ravuri and Vinyals 2019, arXiv:1905.10887, who score a conditional generator by a classifier trained on its samples
alone. An unconditional generator's samples get their classes from a classifier that saw the same few real images: the
package's own judge, which saw them all, would tell more than they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

from gancore.bench.report import markdown
from gancore.data import ImageData, load_images
from gancore.errors import ConfigError
from gancore.evaluate.bootstrap import LEVEL
from gancore.evaluate.judge import IMAGES_AT_ONCE, JudgeNetwork
from gancore.evaluate.judge_training import fit_network
from gancore.i18n import N_, _
from gancore.networks import ImageShape
from gancore.run import Run
from gancore.sampling import open_sampler

REAL = (100, 1_000, 10_000)
GENERATED = 10_000
SHOWN = 300_000
"""Images each classifier is shown in training, repeats counted, however few there are."""
HEADING = (
    N_("real images"),
    N_("generator"),
    N_("classes from"),
    N_("real alone"),
    N_("samples alone"),
    N_("both"),
)
_SAMPLE_SEED = 4_000_037

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Score:
    """Test accuracies of classifiers that differ by seed."""

    values: tuple[float, ...]

    @property
    def text(self) -> str:
        """``98.31 (98.10 to 98.52)``: mean and 95 % interval of the mean over seeds, by Student's t."""
        values = 100 * torch.tensor(self.values, dtype=torch.float64)
        mean = float(values.mean())
        if len(values) < 2:
            return f"{mean:.2f}"
        reach = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * values.std() / len(values) ** 0.5)
        return _("{value:.2f} ({low:.2f} to {high:.2f})", value=mean, low=mean - reach, high=mean + reach)


def bench_worth(
    runs: Sequence[Run],
    real: Sequence[int] = REAL,
    *,
    generated: int = GENERATED,
    seeds: int = 3,
    shown: int = SHOWN,
    progress: Progress | None = None,
) -> str:
    """Train and test every classifier, and return the table: a row for each run and number of real images.

    Args:
        runs: of images of one data set, which has at least ``max(real)`` of them.
        real: numbers of real images; each is a fixed draw for a seed, the same for all runs.
        generated: samples of each run.
        seeds: classifiers of each kind; a seed also draws the real images, and the samples.
        shown: training length in images.

    Raises:
        ConfigError: when the runs are of different data, or there are too few real images.
        RunError, CheckpointError, DataError: when files are missing or damaged.
    """
    say = progress or (lambda _doing: None)
    data = {run.config.data for run in runs}
    if len(data) != 1:
        raise ConfigError(_("expected runs on one data set, found {names}", names=", ".join(sorted(data)) or "none"))
    name = data.pop()
    sizes = {(run.config.image_size, run.config.channels) for run in runs}
    if len(sizes) != 1:
        raise ConfigError(_("expected runs on images of one size, found {count} sizes", count=len(sizes)))
    size, channels = sizes.pop()
    train, test = (load_images(name, size, channels, split) for split in ("train", "test"))
    if not 2 <= min(real) <= max(real) <= len(train.images):
        raise ConfigError(
            _(
                "expected 2 to {most:,} real images of {data}, found {real}",
                most=len(train.images),
                data=name,
                real=real,
            )
        )
    drawn: dict[tuple[str, int], tuple[Tensor, Tensor | None]] = {}
    rows = []
    for count in real:
        alone: list[float] = []
        scores: dict[str, tuple[list[float], list[float]]] = {run.id: ([], []) for run in runs}
        for seed in range(seeds):
            chosen = torch.randperm(len(train.images), generator=torch.Generator().manual_seed(seed))[:count]
            images, labels = train.images[chosen], train.labels[chosen]
            say(_("{count:,} real images, seed {seed}", count=count, seed=seed))
            teacher = _train(images, labels, train, shown, seed)
            alone.append(accuracy(teacher, test))
            for run in runs:
                say(_("{count:,} real images, seed {seed}, samples of {run}", count=count, seed=seed, run=run.id))
                if (run.id, seed) not in drawn:
                    drawn[run.id, seed] = samples_of(run, generated, seed)
                samples, told = drawn[run.id, seed]
                classes = _predict(teacher, samples) if told is None else told
                by_samples = _train(samples, classes, train, shown, seed)
                by_both = _train(torch.cat([images, samples]), torch.cat([labels, classes]), train, shown, seed)
                scores[run.id][0].append(accuracy(by_samples, test))
                scores[run.id][1].append(accuracy(by_both, test))
        for run in runs:
            is_told = drawn[run.id, 0][1] is not None
            labelled = _("the generator") if is_told else _("the classifier of the real images")
            generated_alone, both = scores[run.id]
            cells = (f"{count:,}", run.config.preset, labelled)
            rows.append((*cells, *(Score(tuple(values)).text for values in (alone, generated_alone, both))))
    return markdown([_(cell) for cell in HEADING], rows)


def samples_of(run: Run, count: int, seed: int) -> tuple[Tensor, Tensor | None]:
    """(count, C, H, W) uint8 samples of a run, and the classes they were made under, where it was told any."""
    sampler = open_sampler(run)
    if not isinstance(sampler.shape, ImageShape):
        raise ConfigError(_("{run} makes points in the plane; expected a run on images", run=run.id))
    return sampler.images(sampler.latents(_SAMPLE_SEED + seed, count)), sampler.labels(count)


def accuracy(network: JudgeNetwork, test: ImageData) -> float:
    """Share of the test images whose most probable class is right."""
    return float((_predict(network, test.images) == test.labels).double().mean())


def _train(images: Tensor, labels: Tensor, like: ImageData, shown: int, seed: int) -> JudgeNetwork:
    """A classifier after as many images as the others; few of them come round often."""
    data = ImageData(like.name, images, labels, like.classes)
    return fit_network(data, shown, seed).cpu()


def _predict(network: JudgeNetwork, images: Tensor) -> Tensor:
    """(N,) the most probable class of each."""
    network.eval()
    with torch.inference_mode():
        found = [network(block.float() / 127.5 - 1)[1].argmax(dim=1) for block in torch.split(images, IMAGES_AT_ONCE)]
    return torch.cat(found)
