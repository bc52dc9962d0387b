"""Directions of a generator's latent space, found from the generator itself, without labels.

Both methods look at the layer that z enters. :func:`sefa` needs its weights alone; :func:`ganspace` looks at what
comes of it for many z.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancore.errors import CheckpointError
from gancore.i18n import _
from gancore.players import DrawFrom
from gancore.sampler import Sampler

SAMPLES, SEED = 2048, 0
"""Latents that principal components are found from, and the seed that stands for them."""
_BLOCK = 256
_LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


@dataclass(frozen=True)
class Directions:
    """Directions of one latent space, the strongest first."""

    vectors: Tensor
    """(count, latent_dim), each of length 1; its largest number is positive."""
    shares: Tensor
    """(count,) what part of all variation each stands for, 0 to 1."""


def sefa(sampler: Sampler, count: int) -> Directions:
    """Closed-form factorisation: the z to whose change the first layer answers most.

    Shen and Zhou 2021, arXiv:2007.06600, equation 5: the eigenvectors of A^T A with the largest eigenvalues, where A
    is the weight of the layer that z enters. Shares are those of the eigenvalues' sum.

    Args:
        count: of directions; no more than z has numbers.

    Raises:
        CheckpointError: when no layer of the generator takes z as it is.
    """
    weight = _layers(sampler, sampler.latents(SEED, 2))[0][1]
    # Of a layer that is told a class beside z, the columns of z.
    matrix = weight.flatten(1)[:, : sampler.latent_dim]
    _left, values, vectors = torch.linalg.svd(matrix.double(), full_matrices=False)
    power = values.square()
    return Directions(_signed(vectors[:count].float()), (power / power.sum())[:count].float())


def ganspace(sampler: Sampler, count: int, condition: int | None = None) -> Directions:
    """Principal components of the generator's features, brought back to z.

    Härkönen et al. 2020, arXiv:2004.02546, section 2.2, as for BigGAN: PCA of the features of N samples at an early
    layer; then the direction of each component in z by least squares, min over u of sum_j |u x_j - z_j|^2, with x_j a
    sample's coordinate. The features are what the second layer is given, normalised and activated. Shares are those
    of the features' variance.

    Args:
        count: of directions; no more than z has numbers.
        condition: number of what a conditional generator is told.

    Raises:
        CheckpointError: when no layer of the generator takes z as it is.
    """
    z = sampler.latents(SEED, SAMPLES)
    # Fewer at a time than a sampler draws at once.
    features = torch.cat([_second(sampler, block, condition) for block in torch.split(z, _BLOCK)])
    features, count = features - features.mean(0), min(count, sampler.latent_dim)
    with DrawFrom(torch.Generator().manual_seed(SEED)):
        left, values, _right = torch.svd_lowrank(features, q=min(count + 8, *features.shape), niter=4)
    # Coordinates of different components are uncorrelated, so that the least squares fall apart into one each.
    directions = left[:, :count].T @ (z - z.mean(0))
    return Directions(_signed(directions), values[:count].square() / features.square().sum().clamp(min=1e-12))


def _signed(vectors: Tensor) -> Tensor:
    """Rows of length 1; an eigenvector's sign is arbitrary."""
    unit = vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-12)
    largest = unit.gather(1, unit.abs().argmax(1, keepdim=True))
    return torch.where(largest < 0, -unit, unit)


def _second(sampler: Sampler, z: Tensor, condition: int | None) -> Tensor:
    """What the layer after the one that z enters is given: (N, features)."""
    return _layers(sampler, z, condition)[1][0].flatten(1)


class _Enough(Exception):
    """Both layers have been seen; the rest of the generator need not run."""


def _layers(sampler: Sampler, z: Tensor, condition: int | None = None) -> list[tuple[Tensor, Tensor]]:
    """(input, weight) of the layer that z enters and of the one that runs after it."""
    seen: list[tuple[Tensor, Tensor]] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        given = inputs[0]
        enters = given.ndim == 2 and given.shape[1] >= z.shape[1] and torch.equal(given[:, : z.shape[1]], z)
        if seen or enters:
            weight = layer.weight
            if not isinstance(weight, Tensor):
                raise TypeError(f"expected a layer with one weight, found {layer}")
            seen.append((given, weight.detach()))
        if len(seen) == 2:
            raise _Enough

    hooks = [layer.register_forward_pre_hook(note) for layer in sampler.modules() if isinstance(layer, _LAYERS)]
    try:
        with suppress(_Enough):
            sampler.images(z, condition)
    finally:
        for hook in hooks:
            hook.remove()
    if len(seen) < 2:
        raise CheckpointError(_("no layer of run {run}'s generator takes z as it is", run=sampler.id))
    return seen
