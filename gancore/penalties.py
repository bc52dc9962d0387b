"""Gradient penalties: what a discriminator pays for its slope. They differ in where it is taken and in its target.

All are made of :func:`squared_slopes`, which a step takes once and hands on.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def squared_slopes(scores: Tensor, samples: Tensor, packing: int = 1) -> Tensor:
    """Squared length of the gradient of each score by what it was given, with a graph for another backward pass.

    Args:
        scores: (N / packing, 1) float32 scores, each of a pack of samples that follow one another.
        samples: (N, ...) what was scored, as it was before augmentation; it must require a gradient.
        packing: samples in a pack; its gradient is that by all of them.

    Returns:
        (N / packing,) at least 0.
    """
    (gradients,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
    return gradients[: len(scores) * packing].reshape(len(scores), -1).square().sum(1)


def one_centred(slopes: Tensor) -> Tensor:
    """Mean of (||gradient|| - 1)^2, to be multiplied by lambda.

    Gulrajani et al. 2017, arXiv:1704.00028, equation 3, between data and samples; Kodali et al. 2017,
    arXiv:1705.07215, with k = 1, around the data.

    Args:
        slopes: (N,) from :func:`squared_slopes`.

    Returns:
        Scalar, at least 0.
    """
    # A square root has no slope at 0, where a critic that says the same of everything is.
    return ((slopes + 1e-12).sqrt() - 1).square().mean()


def zero_centred(slopes: Tensor) -> Tensor:
    """Half the mean of ||gradient||^2, to be multiplied by gamma: R1 where taken on data, R2 on samples.

    Mescheder et al. 2018, arXiv:1801.04406, equation 9 (R1) and the one after it (R2).

    Args:
        slopes: (N,) from :func:`squared_slopes`.

    Returns:
        Scalar, at least 0.
    """
    return slopes.mean() / 2


def between(real: Tensor, fake: Tensor, uniform: Callable[..., Tensor], packing: int = 1) -> Tensor:
    """A random place on the line from each sample to the real one beside it.

    Gulrajani et al. 2017, Algorithm 1, line 6.

    Args:
        real: (N, ...) data.
        fake: (N, ...) detached samples.
        uniform: (sizes...) -> that many numbers in [0, 1).
        packing: samples in a pack; they share one place, because a pack is what the discriminator sees as one.

    Returns:
        (N, ...) that require a gradient.
    """
    share = uniform(-(-len(real) // packing)).repeat_interleave(packing)[: len(real)]
    share = share.reshape(-1, *[1] * (real.ndim - 1))
    return (share * real + (1 - share) * fake).detach().requires_grad_()


def around(real: Tensor, noise: float, uniform: Callable[..., Tensor]) -> Tensor:
    """Data moved a random part of the way towards their noisy copies.

    Kodali et al. 2017, arXiv:1705.07215, as their code has it: the noise is uniform in [0, ``noise`` * std(x)), where
    the paper writes a normal distribution.

    Args:
        real: (N, ...) data.
        noise: its size as a share of the batch's standard deviation.
        uniform: (sizes...) -> that many numbers in [0, 1).

    Returns:
        (N, ...) that require a gradient.
    """
    share = uniform(len(real)).reshape(-1, *[1] * (real.ndim - 1))
    return (real + share * noise * real.std() * uniform(*real.shape)).detach().requires_grad_()
