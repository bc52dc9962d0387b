"""What the latent-space page asks the server to draw, checked, and the answer."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from dashboard.latent_explorer.generators import Generators, generators_of
from dashboard.latent_explorer.pictures import moved
from gancore import latents
from gancore.errors import ConfigError, RunError
from gancore.i18n import _
from gancore.latent_points import kept_vector, point
from gancore.networks import ImageShape
from gancore.sampler import Sampler

MOST_IMAGES = 512
"""Of one question."""
UNIFORM_DEVIATION = 12**-0.5
"""Standard deviation of U[0, 1)."""
Number = Field(ge=-100, le=100, allow_inf_nan=False)


class Where(BaseModel):
    """A generator: of a run, at a moment, told a condition, or on the way to another moment."""

    model_config = ConfigDict(frozen=True)

    run: str = Field(max_length=200)
    at: str = Field(max_length=40)
    condition: int | None = Field(None, ge=0, le=100_000)
    toward: str = Field("", max_length=40)
    share: float = Field(0.0, ge=0, le=1)


class Move(BaseModel):
    """A step along a direction: ``z17``, ``sefa1``, ``pca1`` or ``kept:NAME``."""

    model_config = ConfigDict(frozen=True)

    of: str = Field(pattern=r"^(z\d{1,4}|(sefa|pca)[1-9]\d?|kept:.{1,80})$")
    by: float = Number


class Question(BaseModel):
    """Which z, for which generators: every generator draws all of them."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["points", "walk", "moved", "plane"]
    """The points themselves; from the first to the second; the first, moved; the plane through three or four."""
    where: tuple[Where, ...] = Field(min_length=1, max_length=64)
    points: tuple[str, ...] = Field(min_length=1, max_length=64)
    path: latents.Path = "linear"
    steps: int = Field(0, ge=0, le=64)
    """Of a walk: so many evenly spaced shares; 0: those in ``shares``."""
    shares: tuple[float, ...] = Field((), max_length=64)
    side: int = Field(0, ge=0, le=16)
    """Of a plane: rows and columns evenly spaced; 0: the places in ``places``."""
    places: tuple[tuple[float, float], ...] = Field((), max_length=64)
    moves: tuple[Move, ...] = Field((), max_length=64)
    truncation: float = Field(1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _fits(self) -> Question:
        needed = {"points": (1, 64), "walk": (2, 2), "moved": (1, 1), "plane": (3, 4)}[self.kind]
        if not needed[0] <= len(self.points) <= needed[1]:
            raise ValueError(f"{self.kind}: expected {needed[0]} to {needed[1]} points, found {len(self.points)}")
        each = max(len(self.points), self.steps, len(self.shares), self.side**2, len(self.places))
        if each * len(self.where) > MOST_IMAGES:
            raise ValueError(f"expected at most {MOST_IMAGES} images, found {each * len(self.where)}")
        if any(not -100 <= number <= 100 for number in (*self.shares, *sum(self.places, ()))):
            raise ValueError("shares and places: expected numbers from -100 to 100")
        return self


def answer(question: Question, where: Where) -> Tensor:
    """(N, C, H, W) uint8 images of one of the question's generators.

    Raises:
        GanCoreError: when the run, the moment, a point or a direction is not there.
    """
    from dashboard.engine import manager

    opened = generators_of(manager().get(where.run))
    with opened.lock:
        z = latents_of(question, where, opened)
        sampler = opened.sampler(where.at, where.toward, where.share)
        return sampler.images(z, checked_condition(sampler, where.condition))


def latents_of(question: Question, where: Where, opened: Generators) -> Tensor:
    """(N, latent_dim) what a question stands for in one run.

    Raises:
        GanCoreError: as :func:`answer` does.
    """
    with opened.lock:
        sampler = opened.sampler(where.at, where.toward, where.share)
        if not isinstance(sampler.shape, ImageShape):
            raise RunError(_("run {run} was trained on points; expected one on images", run=where.run))
        distribution = sampler.config.settings.latent_distribution
        points = torch.stack([point(sampler, opened.run.folder, name) for name in question.points])
        if question.kind == "walk":
            shares = torch.linspace(0, 1, question.steps) if question.steps else torch.tensor(question.shares)
            z = latents.PATHS[question.path](points[0], points[1], shares.float())
        elif question.kind == "plane":
            places = _square(question.side) if question.side else torch.tensor(question.places).reshape(-1, 2)
            z = latents.on_plane(points, places, question.path)
        elif question.kind == "moved":
            z = _moved(points[0], question, where, opened, sampler)[None]
        else:
            z = points
        return latents.truncate(z, question.truncation, distribution)


def checked_condition(sampler: Sampler, condition: int | None) -> int | None:
    """A condition that the sampler has; a conditional run without one draws its first.

    Raises:
        ConfigError: when there are not so many.
    """
    if sampler.conditions is None:
        return None
    count = len(sampler.conditions)
    if (condition or 0) >= count:
        raise ConfigError(_("condition: expected 0 to {last}, found {found}", last=count - 1, found=condition))
    return condition or 0


def _square(side: int) -> Tensor:
    """(side * side, 2) places (across, down), row by row."""
    steps = torch.linspace(0, 1, side)
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([across.flatten(), down.flatten()], 1)


def _moved(z: Tensor, question: Question, where: Where, opened: Generators, sampler: Sampler) -> Tensor:
    """A point moved along single numbers and along directions; a uniform one never out of its cube."""
    distribution = sampler.config.settings.latent_distribution
    single = {int(move.of[1:]): move.by for move in question.moves if move.of[1:].isdigit()}
    if any(number >= len(z) for number in single):
        raise ConfigError(_("z has the numbers 0 to {last}, found {found}", last=len(z) - 1, found=max(single)))
    z = moved(z, single, distribution)
    for move in question.moves:
        if not move.of[1:].isdigit():
            vector = direction_of(move.of, where, opened, sampler)
            z = z + move.by * (vector if distribution == "normal" else UNIFORM_DEVIATION * vector)
    return z if distribution == "normal" else z.clamp(0, 1)


def direction_of(name: str, where: Where, opened: Generators, sampler: Sampler) -> Tensor:
    """(latent_dim,) the direction of a name, of length 1.

    Raises:
        ConfigError: when there is none of that name.
    """
    if name.startswith("kept:"):
        return kept_vector(sampler, opened.run.folder, name.removeprefix("kept:"), "direction")
    method = name.rstrip("0123456789")
    if method == "z":
        return torch.eye(sampler.latent_dim)[int(name[1:])]
    found = opened.directions(method, where.at, checked_condition(sampler, where.condition)).vectors
    number = int(name.removeprefix(method))
    if number > len(found):
        raise ConfigError(_("{name}: there are {count} directions", name=name, count=len(found)))
    return found[number - 1]
