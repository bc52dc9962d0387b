"""The runs that ship with the program: one of each family, small and trained for minutes, and how each is packed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from gancore import images
from gancore.bench.report import markdown
from gancore.bench.runner import train_all
from gancore.checkpoint import SHIPPED_FILE, Gallery, RunFolder
from gancore.config import RunConfig
from gancore.errors import CheckpointError, ConfigError
from gancore.evaluate.evaluate import FILE as EVALUATION_FILE
from gancore.evaluate.evaluate import evaluate_run, stored_evaluation, stored_evaluations
from gancore.evaluate.metrics import METRICS
from gancore.evaluate.ranking import main_metric
from gancore.files import write_aside, write_json
from gancore.history import HISTORY_FILE, SIGNALS_FILE, read_history, write_small_history
from gancore.i18n import _
from gancore.player_files import read_state, write_state
from gancore.recipes import configure, recipe_of
from gancore.run import Run
from gancore.runs import RunManager
from gancore.shelf import ShippedFolder
from gancore.sources import is_points

MOST_BYTES = 12_000_000
"""Of all shipped runs together."""
MOST_WEIGHT_BYTES = 5_000_000
"""Of one run's weights."""
ROWS = 1_000
"""Most rows of a shipped log."""
_COPIED = ("config.json", "resolved.json", "status.json", "conditions.safetensors", "quality.json", "quality.arrow")


@dataclass(frozen=True)
class Starter:
    """A run to ship: a preset with networks small enough, and how long it trains."""

    preset: str
    plan: str
    data: str = "mnist"
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's id on the shelf."""
        return f"{self.preset}-{self.data}"

    @property
    def config(self) -> RunConfig:
        """What is trained."""
        shared = {"grid": 5, "sample_every": None, "keep_checkpoints": "last"}
        return configure(self.preset, data=self.data, plan=self.plan, **{**shared, **self.overrides})


_CALM = {"ema_decay": 0.99, "rate_decay": "linear"}
_COMPACT = {
    "latent_dim": 32, "generator_channels": 32, "discriminator_channels": 16, "discriminator_hidden": 64,
    "batch_size": 32, "learning_rate": 1e-3, **_CALM,
}  # fmt: skip
_LABELLED = {
    "latent_dim": 32, "generator_channels": 48, "discriminator_channels": 24, "learning_rate": 1e-3, **_CALM,
}  # fmt: skip
_CONVOLUTIONAL = {"latent_dim": 32, "generator_hidden": 64, "generator_channels": 16, "batch_size": 32, **_CALM}
_PLANE = {"point_widths": (64, 64, 64)}
_DENSE = {"generator_widths": (128, 128), "discriminator_widths": (256, 128)}
_DCGAN = {"discriminator_channels": 8, "discriminator_hidden": 64, "learning_rate": 1e-3}
_CRITIC = {"critic_channels": 8, "critic_hidden": 64, "learning_rate": 3e-4}
_GRL = {"base_channels": 8, "batch_size": 32, "latent_dim": 32, "learning_rate": 1e-3, **_CALM}

STARTERS = (
    Starter("quick", "3000it", overrides={"grid": 8}),
    Starter("best", "28000it", overrides={"grid": 8}),
    Starter("gan-simple", "8000it", overrides=_DENSE),
    Starter("dcgan", "1500it", overrides=_CONVOLUTIONAL | _DCGAN),
    Starter("wgan", "300it", overrides=_CONVOLUTIONAL | _CRITIC),
    Starter("grl", "1000it", overrides=_GRL),
    Starter("minimax", "1500it", overrides=_COMPACT),
    Starter("ns-gan", "1500it", overrides=_COMPACT),
    Starter("lsgan", "1500it", overrides=_COMPACT),
    Starter("wgan-gp", "300it", overrides=_COMPACT),
    Starter("dragan", "1500it", overrides=_COMPACT),
    Starter("sngan", "1500it", overrides=_COMPACT),
    Starter("sagan", "300it", overrides=_COMPACT),
    Starter("r3gan", "1500it", overrides=_COMPACT),
    Starter("cgan", "2500it", overrides=_LABELLED),
    Starter("acgan", "1800it", overrides=_LABELLED),
    Starter("pix2pix-edges", "1000it", overrides=_COMPACT),
    Starter("r3gan", "5000it", "ring", _PLANE),
    Starter("ns-gan", "5000it", "grid", _PLANE),
)
"""What ships, in the order of its table."""


def chosen_starters(names: Sequence[str]) -> list[Starter]:
    """The starters of these names, in the table's order; all without names.

    Raises:
        ConfigError: listing the names there are.
    """
    known = [starter.name for starter in STARTERS]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(
            _("--only: expected one of {known}, found {found!r}", known=", ".join(known), found=unknown[0])
        )
    return [starter for starter in STARTERS if not names or starter.name in names]


def ship_all(manager: RunManager, starters: Sequence[Starter], shelf: Path) -> str:
    """Train, evaluate and pack the starters that are not on the shelf, and return the table of all that are.

    Raises:
        CheckpointError: when the shelf then takes more than :data:`MOST_BYTES`.
        RunError, DataError: as the other benches.
    """
    for starter in starters:
        if (shelf / starter.name / "config.json").is_file():
            continue
        (run,) = train_all(manager, [starter.config])
        if stored_evaluation(run) is None:
            evaluate_run(run)
        ship(run, shelf / starter.name, f"gancore bench shipped --only {starter.name}")
    if (size := size_of(shelf)) > MOST_BYTES:
        raise CheckpointError(
            _("{shelf} takes {size:,} bytes; expected at most {most:,}", shelf=shelf, size=size, most=MOST_BYTES)
        )
    return table(shelf)


def size_of(shelf: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in shelf.rglob("*") if path.is_file())


def ship(run: Run, target: Path, command: str) -> None:
    """Pack what the pages show of a finished run into ``target``, under that folder's name.

    The generator's weights are in half precision, those of the last milestone alone for images; the logs have at most
    :data:`ROWS` rows, in half the bits. Of points, whose networks are small, the last checkpoint comes too.

    Args:
        command: what makes the run again.

    Raises:
        CheckpointError: when the weights are larger than :data:`MOST_WEIGHT_BYTES`.
    """
    folder, milestones = run.folder, run.milestones()
    in_plane = is_points(run.config.data)
    shutil.rmtree(target, ignore_errors=True)
    (target / "galleries").mkdir(parents=True)
    index = []
    for gallery in milestones:
        name = "galleries/last" if gallery is milestones[-1] else f"galleries/{gallery.percent:03d}"
        weights = f"{name}.safetensors" if in_plane or gallery is milestones[-1] else None
        _write_picture(folder.path / gallery.image, target / f"{name}.png", target.name, gallery)
        if weights is not None:
            write_aside(target / weights, _halved(run.id, folder.generator_weights(gallery)))
        index.append(gallery.model_copy(update={"image": f"{name}.png", "weights": weights}))
    for name in _COPIED:
        if (folder.path / name).is_file():
            write_aside(target / name, (folder.path / name).read_bytes())
    for name in (HISTORY_FILE, SIGNALS_FILE):
        if (folder.path / name).is_file():
            write_small_history(read_history(folder.path / name), target / name, ROWS)
    if in_plane:
        newest = folder.checkpoints()[0]
        shutil.copytree(newest, target / newest.name)
        state = read_state(newest)
        # The order of a hundred thousand points is most of the file; a branch begins a pass of its own.
        state["batches"] = {**state["batches"], "order": torch.empty(0, dtype=torch.int64), "cursor": 0}
        write_state(target / newest.name, state)
    evaluations = [found.model_copy(update={"run": target.name}) for found in stored_evaluations(run)]
    write_json(target / EVALUATION_FILE, [found.model_dump(mode="json") for found in evaluations])
    RunFolder(target).write_galleries(index)
    write_json(target / SHIPPED_FILE, {"command": command})


def _halved(run_id: str, weights: Mapping[str, Tensor]) -> bytes:
    packed: bytes = save({n: value.half() if value.dtype == torch.float32 else value for n, value in weights.items()})
    if len(packed) > MOST_WEIGHT_BYTES:
        raise CheckpointError(
            _(
                "the weights of {run} take {size:,} bytes; expected at most {most:,}",
                run=run_id,
                size=len(packed),
                most=MOST_WEIGHT_BYTES,
            )
        )
    return packed


def _write_picture(source: Path, target: Path, run_id: str, gallery: Gallery) -> None:
    """A gallery's picture with one channel where all three are the same, which takes half the space."""
    picture = images.read_png(source)
    if len(picture) == 3 and bool((picture == picture[:1]).all()):
        picture = picture[:1]
    write_aside(target, images.png(picture, run=run_id, iteration=str(gallery.iteration)))


def table(shelf: Path) -> str:
    """What is on the shelf: a Markdown row a run."""
    rows = []
    for starter in STARTERS:
        path = shelf / starter.name
        if not (path / "config.json").is_file():
            continue
        run = Run(ShippedFolder(path, shelf))
        config, status = run.config, run.status()
        found = stored_evaluations(run)
        quality = "-"
        if found:
            metric = main_metric(found)
            value = found[-1].measurement(metric)
            quality = "-" if value is None else f"{_(METRICS[metric].title)} {value.value:.3g}"
        sizes = sum(weight.numel() for weight in run.folder.generator_weights(run.milestones()[-1]).values())
        rows.append(
            (
                f"`{starter.name}`", recipe_of(config.preset).family, f"{status.iteration:,}",
                f"{sizes / 1e3:,.0f}", quality, f"{size_of(path) / 1e3:,.0f}",
            )
        )  # fmt: skip
    heading = (
        _("run"), _("family"), _("iterations trained"), _("generator, thousand numbers"), _("quality"), "kB",
    )  # fmt: skip
    in_all = _("{size:.1f} MB in all.", size=size_of(shelf) / 1e6)
    return f"{markdown(heading, rows)}\n\n{in_all}"
