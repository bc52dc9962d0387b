"""Finding the z of an image by optimisation; of an image with a hidden part, several ways to repair it.

Zhu et al. 2016, arXiv:1609.03552, section 3.1; Creswell & Bharath 2016, arXiv:1611.05644; for uniform z Lipton &
Tripathi 2017, arXiv:1702.04782. Repair: Yeh et al. 2017, arXiv:1607.07539.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gancore import data, latents
from gancore.errors import DataError, RunError
from gancore.evaluate.discriminators import Discriminator, describe
from gancore.i18n import _
from gancore.networks import ImageShape
from gancore.repair import Realism, context_loss, context_weights, rmse
from gancore.sampler import Sampler
from gancore.target_images import check_mask

REPORT_EVERY = 10
"""Steps between two reports."""
APART = 0.04
"""Root mean square difference above which two candidates count as different, in pixel values from 0 to 1."""
_LEAST_DRAWN = 32
_BATCH = 256


@dataclass(frozen=True)
class Plan:
    """How long and how widely to look."""

    steps: int = 300
    starts: int = 20
    """z that are optimised side by side for one image; each goes its own way."""
    drawn: int = 512
    """z that are drawn, the best of which are the starts."""
    learning_rate: float = 0.1
    """Of Adam, at first; it falls to a twentieth along a cosine."""
    shell_weight: float = 1e-3
    """Of (|z|^2 / latent_dim - 1)^2 beside the mean square error of the pixels: keeps a normal z as long as those
    that the generator was trained on."""
    realism_weight: float = 3e-3
    """Of the discriminator's say in a repair, lambda in Yeh et al., section 3.2."""


@dataclass(frozen=True)
class Progress:
    """Where a search stands."""

    step: int
    steps: int
    errors: Tensor
    """(T,) of the best z of each target so far: root mean square over its visible pixels, in values from 0 to 1."""


@dataclass(frozen=True)
class Found:
    """A z, and what the generator makes of it."""

    z: Tensor
    """(latent_dim,)."""
    condition: int | None
    """Number of the condition it is made under."""
    image: Tensor
    """(C, H, W) uint8."""
    error: float
    """Root mean square difference to the target over the visible pixels, in values from 0 to 1."""
    hidden_error: float | None
    """The same over the hidden pixels, which the search did not see; None without a mask."""
    blended: Tensor
    """(C, H, W) uint8: the target where it is visible, ``image`` where it is hidden, without smoothing the seam."""


class Search:
    """One search for the z of one or several images; deterministic by its seed, on a copy of the generator."""

    def __init__(
        self,
        sampler: Sampler,
        targets: Tensor,
        hidden: Tensor | None = None,
        *,
        condition: int | None = None,
        seed: int = 0,
        plan: Plan = Plan(),
        judge: Discriminator | None = None,
    ) -> None:
        """Args:
        targets: (T, C, H, W) uint8.
        hidden: (H, W) bool, True where the targets are not to be looked at.
        condition: number of the condition to make them under; None: each is tried.
        seed: decides which z are drawn.
        judge: the run's discriminator, asked in a repair how real a candidate looks.

        Raises:
            RunError: when the run's samples are points, or its generator has diverged.
            DataError: when targets or mask have another shape than its images, or there is no such condition.
        """
        _check(sampler, targets, hidden, condition)
        self.plan = plan
        self._data_range = sampler.config.settings.data_range
        self._realism: Realism | None = None
        self._uniform = sampler.config.settings.latent_distribution == "uniform"
        self._hidden, self._targets = hidden, targets
        self._visible = torch.ones(targets.shape[2:]) if hidden is None else (~hidden).float()
        self._weights = self._visible if hidden is None else context_weights(hidden)
        self._unit = targets.float() / 255
        self._conditions = sampler.conditions
        self._sampler = sampler.copy()
        self._random = torch.Generator().manual_seed(seed)
        self._z, self._numbers = self._starts(sampler, condition, judge)
        self._wanted = self._unit.repeat_interleave(len(self._z) // len(targets), 0)
        self._best_z = self._z.clone()
        self._best_loss = torch.full((len(self._z),), math.inf)
        self._best_error = torch.full((len(self._z),), math.inf)

    def run(self) -> Iterator[Progress]:
        """Look, and report before the first step, every :data:`REPORT_EVERY` steps and after the last.

        Whoever has seen enough stops asking; :meth:`found` answers at any time after the first report.
        """
        z = self._z.clone().requires_grad_()
        optimizer = torch.optim.Adam([z], self.plan.learning_rate, betas=(0.9, 0.99))
        for step in range(self.plan.steps + 1):
            loss = self._assess(z)
            if step % REPORT_EVERY == 0 or step == self.plan.steps:
                best = self._by_target(self._best_loss).argmin(1, keepdim=True)
                yield Progress(step, self.plan.steps, self._by_target(self._best_error).gather(1, best)[:, 0])
            if step == self.plan.steps:
                return
            share = (1 + math.cos(math.pi * step / self.plan.steps)) / 2
            optimizer.param_groups[0]["lr"] = self.plan.learning_rate * (0.05 + 0.95 * share)
            (z.grad,) = torch.autograd.grad(loss.sum(), [z])
            optimizer.step()
            if self._uniform:
                self._keep_inside(z)

    def found(self, target: int = 0, count: int = 1) -> list[Found]:
        """The best z of a target so far, best first, no two of which give (nearly) the same image.

        Args:
            count: at most; fewer where the starts came to fewer different images.
        """
        rows = self._by_target(torch.arange(len(self._z)))[target]
        rows = rows[self._best_loss[rows].argsort(stable=True)]
        images = self._images(self._best_z[rows], None if self._numbers is None else self._numbers[rows])
        chosen: list[int] = []
        area = self._visible if self._hidden is None else self._hidden.float()
        for index in range(len(rows)):
            if all(float(rmse(images[index] - images[other], area)) >= APART for other in chosen):
                chosen.append(index)
            if len(chosen) == count:
                break
        return [self._described(target, int(rows[index]), images[index]) for index in chosen]

    def _described(self, target: int, row: int, image: Tensor) -> Found:
        unit, own = self._unit[target], data.from_range(image, "[0, 1]")
        return Found(
            z=self._best_z[row].clone(),
            condition=None if self._numbers is None else int(self._numbers[row]),
            image=own,
            error=float(rmse(image - unit, self._visible)),
            hidden_error=None if self._hidden is None else float(rmse(image - unit, self._hidden.float())),
            blended=own if self._hidden is None else torch.where(self._hidden, own, self._targets[target]),
        )

    def _starts(
        self, sampler: Sampler, condition: int | None, judge: Discriminator | None
    ) -> tuple[Tensor, Tensor | None]:
        """The best of many drawn z for each target, as many under each condition that is tried."""
        known = None if sampler.conditions is None else len(sampler.conditions)
        tried = [condition] if condition is not None else list(range(known or 1))
        each = max(_LEAST_DRAWN, self.plan.drawn // len(tried))
        settings = sampler.config.settings
        z = latents.draw(each * len(tried), sampler.latent_dim, settings.latent_distribution, self._random)
        numbers = None if known is None else torch.tensor(tried).repeat_interleave(each)
        images = self._images(z, numbers)
        if not bool(torch.isfinite(images).all()):
            raise RunError(_("run {run} has diverged: its generator's images are not finite", run=sampler.id))
        if judge is not None and self._hidden is not None:
            realism = Realism(judge, images, self._labels(numbers))
            self._realism = realism if realism.is_usable else None
        errors = torch.stack([rmse(images - unit, self._visible) for unit in self._unit])
        taken = min(each, max(1, self.plan.starts // len(tried)))
        best = errors.view(len(errors), len(tried), each).topk(taken, largest=False)
        rows = (best.indices + torch.arange(0, len(z), each)[:, None]).flatten(1)
        # More conditions than starts: those whose best z is nearest.
        order = best.values.flatten(1).argsort(dim=1, stable=True)[:, : self.plan.starts]
        rows = rows.gather(1, order).flatten()
        return z[rows], None if numbers is None else numbers[rows]

    def _assess(self, z: Tensor) -> Tensor:
        """The loss of each row, whose best z is remembered."""
        images = self._to_unit(self._sampler.generate(z, self._numbers))
        difference = images - self._wanted
        loss = (difference**2).flatten(1).mean(1) if self._hidden is None else context_loss(difference, self._weights)
        if not self._uniform:
            loss = loss + self.plan.shell_weight * ((z**2).mean(1) - 1) ** 2
        if self._realism is not None:
            loss = loss + self.plan.realism_weight * self._realism.loss(images, self._labels(self._numbers))
        with torch.no_grad():
            better = loss < self._best_loss
            self._best_loss = torch.where(better, loss, self._best_loss)
            self._best_error = torch.where(better, rmse(difference, self._visible), self._best_error)
            self._best_z[better] = z[better]
        return loss

    def _labels(self, numbers: Tensor | None) -> Tensor | None:
        """The classes of rows, where the generator is told classes."""
        if numbers is None or self._conditions is None or self._conditions.ndim > 1:
            return None
        return self._conditions[numbers]

    def _keep_inside(self, z: Tensor) -> None:
        """Stochastic clipping: a number of z that has left [0, 1) is drawn anew (Lipton & Tripathi, section 3)."""
        with torch.no_grad():
            outside = (z < 0) | (z >= 1)
            z[outside] = torch.rand(int(outside.sum()), generator=self._random)

    def _images(self, z: Tensor, numbers: Tensor | None) -> Tensor:
        """(N, C, H, W) float32 in [0, 1], without gradients."""
        blocks = [slice(start, start + _BATCH) for start in range(0, len(z), _BATCH)]
        told = [None if numbers is None else numbers[block] for block in blocks]
        with torch.no_grad():
            parts = [self._sampler.generate(z[block], given) for block, given in zip(blocks, told, strict=True)]
        return self._to_unit(torch.cat(parts))

    def _to_unit(self, images: Tensor) -> Tensor:
        unit = images if self._data_range == "[0, 1]" else (images + 1) / 2
        # What is shown is clamped; gradients pass, or a pixel that is outside would stay there.
        return unit + (unit.clamp(0, 1) - unit).detach()

    def _by_target(self, rows: Tensor) -> Tensor:
        return rows.view(len(self._targets), -1)


def _check(sampler: Sampler, targets: Tensor, hidden: Tensor | None, condition: int | None) -> None:
    if not isinstance(sampler.shape, ImageShape):
        raise RunError(_("run {run} was trained on points; expected one on images", run=sampler.id))
    if tuple(targets.shape[1:]) != tuple(sampler.shape) or not len(targets):
        raise DataError(
            _(
                "run {run} makes {expected}; found images of shape {found}",
                run=sampler.id,
                expected=describe(sampler.shape),
                found=tuple(targets.shape[1:]),
            )
        )
    if hidden is not None:
        if tuple(hidden.shape) != tuple(sampler.shape[1:]):
            raise DataError(
                _(
                    "the mask has {found} pixels; expected {expected}, as the images of run {run}",
                    found=" x ".join(map(str, hidden.shape)),
                    expected=" x ".join(map(str, sampler.shape[1:])),
                    run=sampler.id,
                )
            )
        check_mask(hidden)
    known = 0 if sampler.conditions is None else len(sampler.conditions)
    if condition is not None and not 0 <= condition < known:
        raise DataError(
            _(
                "run {run} has {known} conditions; there is no number {condition}",
                run=sampler.id,
                known=known,
                condition=condition,
            )
        )
