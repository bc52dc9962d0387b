"""The generator that all views of the latent-space page show, and what is kept of it under a name."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import ValidationError
from torch import Tensor

from dashboard.latent_explorer import Keep
from dashboard.latent_explorer.generators import Generators
from dashboard.latent_explorer.questions import Question, Where, direction_of, latents_of
from gancore import kept_latents
from gancore.errors import ConfigError
from gancore.i18n import _
from gancore.run import Run
from gancore.sampler import Sampler


@dataclass(frozen=True)
class Chosen:
    """The generator that all views show."""

    run: Run
    moment: str
    """``50 %``, or ``now@1234``: what the live generator was when it was copied."""
    condition: int | None
    """Number of what a conditional generator is told."""
    generators: Generators

    @property
    def where(self) -> Where:
        """For the routes."""
        return Where(run=self.run.id, at=self.moment, condition=self.condition)

    @property
    def sampler(self) -> Sampler:
        """Its weights are those of the moment until another is asked for: use it within ``generators.lock``."""
        return self.generators.sampler(self.moment)

    def file(self, what: str) -> str:
        """A download's name, without its ending."""
        moment = self.moment.split("@")[0].replace(" %", "pct")
        return f"{self.run.id}-{moment}-{what}"


def keep(wish: Keep, chosen: Chosen) -> None:
    """Keep a z or a direction with the run, or let go of it."""
    folder = chosen.run.folder
    if wish.forget:
        kept_latents.forget(folder, wish.name, wish.kind)
    else:
        kept_latents.keep(folder, wish.name, wish.kind, _vector(wish, chosen), wish.source)


def _vector(wish: Keep, chosen: Chosen) -> Tensor:
    with chosen.generators.lock:
        if wish.kind == "direction":
            return direction_of(wish.of, chosen.where, chosen.generators, chosen.sampler)
        try:
            question = Question.model_validate(wish.question)
        except ValidationError as error:
            raise ConfigError(_("this z cannot be kept: {error}", error=error.errors()[0]["msg"])) from error
        vectors: Tensor = latents_of(question, chosen.where, chosen.generators)
        if len(vectors) != 1 or not torch.isfinite(vectors).all():
            raise ConfigError(_("this z cannot be kept: expected one, found {count}", count=len(vectors)))
        return vectors[0]
