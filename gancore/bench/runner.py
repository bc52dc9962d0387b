"""Training what a bench needs; what an earlier call of it has finished is taken as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from gancore.config import RunConfig
from gancore.errors import ConfigError, RunError
from gancore.i18n import _
from gancore.recipes import configure
from gancore.run import Run
from gancore.runs import RunManager
from gancore.status import RunState


@dataclass(frozen=True)
class Variant:
    """A preset with some settings of its own."""

    preset: str
    overrides: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Variant:
        """``r3gan packing=4 ema_decay=0.999``.

        Raises:
            ConfigError: when it is not a preset followed by NAME=VALUE pairs.
        """
        preset, *pairs = text.split() or [""]
        split = [pair.partition("=") for pair in pairs]
        if not preset or not all(name and separator for name, separator, _ in split):
            raise ConfigError(
                _("expected a preset and NAME=VALUE pairs, such as 'ns-gan packing=2', found {found!r}", found=text)
            )
        if fixed := {name for name, _, _ in split} & {"preset", "seed"}:
            raise ConfigError(
                _(
                    "{setting} is what the bench chooses; expected other settings in {found!r}",
                    setting=fixed.pop(),
                    found=text,
                )
            )
        return cls(preset, {name: value for name, _, value in split})

    @property
    def label(self) -> str:
        """What :meth:`parse` reads."""
        return " ".join([self.preset, *(f"{name}={value}" for name, value in self.overrides.items())])

    def configs(self, seeds: int, **shared: Any) -> list[RunConfig]:
        """One configuration for each of the seeds 0, 1, ...; the bench's own settings give way to the variant's.

        Raises:
            ConfigError: when the preset or a setting is not valid.
        """
        fixed = {
            "measure_every": None,
            "sample_every": None,
            "keep_checkpoints": "last",
            **shared,
            **self.overrides,
        }
        return [configure(self.preset, **fixed, seed=seed) for seed in range(seeds)]


def train_all(manager: RunManager, configs: Sequence[RunConfig]) -> list[Run]:
    """Finished runs of these configurations, in order; those not found in the manager's folder are trained.

    Raises:
        RunError: when a run ends in another way than finished or diverged; what has finished stays.
    """
    finished = {_key(run.config): run for run in manager.runs() if _ended(run) and _is_plain(run)}
    started = {_key(config): manager.start(config) for config in configs if _key(config) not in finished}
    with tqdm(total=len(started), desc="training", disable=not started) as bar:
        for run in started.values():
            while not run.wait(1.0):
                bar.refresh()
            bar.update()
            if not _ended(run):
                raise RunError(
                    _(
                        "run {run} ended as {state}: {message}",
                        run=run.id,
                        state=run.status().state.words,
                        message=run.status().words or _("stopped"),
                    )
                )
    runs = {**finished, **started}
    return [runs[_key(config)] for config in configs]


def _ended(run: Run) -> bool:
    return run.status().state in (RunState.FINISHED, RunState.DIVERGED)


def _is_plain(run: Run) -> bool:
    """Whether its configuration alone says what it computed."""
    return run.parent() is None and not run.changes()


def _key(config: RunConfig) -> str:
    return config.model_dump_json(exclude={"keep_checkpoints"})


def parse_variants(texts: Iterable[str]) -> list[Variant]:
    """Variants from the command line.

    Raises:
        ConfigError: as :meth:`Variant.parse`.
    """
    return [Variant.parse(text) for text in texts]
