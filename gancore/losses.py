"""The equations, one function each, on scores (a discriminator's output before any sigmoid).

The stable forms replace log(sigmoid(s)) by -softplus(-s); a sigmoid followed by binary cross-entropy, as the seed
documents write it, is the same function but overflows in float32 once a score passes about 17.
"""

from torch import Tensor
from torch.nn.functional import softplus


def bce_real(real_scores: Tensor) -> Tensor:
    """Cross-entropy of real images against the label 1: mean of -log D(x).

    Goodfellow et al. 2014, arXiv:1406.2661, equation 1, first term with the sign flipped.

    Args:
        real_scores: (N, 1) unbounded scores of real images.

    Returns:
        Scalar, at least 0.
    """
    return softplus(-real_scores).mean()


def bce_fake(fake_scores: Tensor) -> Tensor:
    """Cross-entropy of samples against the label 0: mean of -log(1 - D(G(z))).

    Goodfellow et al. 2014, equation 1, second term with the sign flipped. A generator behind a gradient-reversal
    layer ascends it, which is the minimax game.

    Args:
        fake_scores: (N, 1) unbounded scores of samples.

    Returns:
        Scalar, at least 0.
    """
    return softplus(fake_scores).mean()


def non_saturating(fake_scores: Tensor) -> Tensor:
    """Generator loss, mean of -log D(G(z)); its gradient does not vanish where D(G(z)) is near 0.

    Goodfellow et al. 2014, section 3; the seed documents' BCE of samples against the label 1.

    Args:
        fake_scores: (N, 1) unbounded scores of samples, with a graph back to the generator.

    Returns:
        Scalar, at least 0; log 2 when the discriminator cannot tell.
    """
    return softplus(-fake_scores).mean()


def wasserstein_critic(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Critic loss, mean D(G(z)) - mean D(x), which the critic minimises.

    Arjovsky et al. 2017, arXiv:1701.07875, Algorithm 1 with the sign flipped.

    Args:
        real_scores: (N, 1) unbounded critic outputs on data.
        fake_scores: (M, 1) unbounded critic outputs on detached samples.

    Returns:
        Scalar; its negative estimates the Wasserstein-1 distance up to a constant factor.
    """
    return fake_scores.mean() - real_scores.mean()


def wasserstein_generator(fake_scores: Tensor) -> Tensor:
    """Generator loss, -mean D(G(z)).

    Arjovsky et al. 2017, Algorithm 1.

    Args:
        fake_scores: (N, 1) unbounded critic outputs on samples, with a graph back to the generator.

    Returns:
        Scalar of any sign.
    """
    return -fake_scores.mean()
