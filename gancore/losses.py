"""The equations, one function each, on scores (a discriminator's output before any sigmoid).

The stable forms replace log(sigmoid(s)) by -softplus(-s); a sigmoid followed by binary cross-entropy, as the seed
documents write it, is the same function but overflows in float32 once a score passes about 17.
"""

from torch import Tensor
from torch.nn.functional import cross_entropy, relu, softplus


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


def saturating(fake_scores: Tensor) -> Tensor:
    """Generator loss of the minimax game, mean of log(1 - D(G(z))): what the discriminator's second term gains.

    Goodfellow et al. 2014, arXiv:1406.2661, equation 1; its gradient vanishes where D(G(z)) is near 0.

    Args:
        fake_scores: (N, 1) unbounded scores of samples, with a graph back to the generator.

    Returns:
        Scalar, at most 0; -log 2 when the discriminator cannot tell.
    """
    return -softplus(fake_scores).mean()


def least_squares_discriminator(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Half the mean of (D(x) - 1)^2 and half the mean of D(G(z))^2.

    Mao et al. 2017, arXiv:1611.04076, equation 9, first line: labels 1 and 0.

    Args:
        real_scores: (N, 1) unbounded scores of data.
        fake_scores: (M, 1) unbounded scores of detached samples.

    Returns:
        Scalar, at least 0; 1/4 when the discriminator says 1/2 of everything.
    """
    return ((real_scores - 1).square().mean() + fake_scores.square().mean()) / 2


def least_squares_generator(fake_scores: Tensor) -> Tensor:
    """Half the mean of (D(G(z)) - 1)^2.

    Mao et al. 2017, equation 9, second line.

    Args:
        fake_scores: (N, 1) unbounded scores of samples, with a graph back to the generator.

    Returns:
        Scalar, at least 0.
    """
    return (fake_scores - 1).square().mean() / 2


def hinge_discriminator(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Mean of max(0, 1 - D(x)) and of max(0, 1 + D(G(z))): scores beyond the margins -1 and 1 cost nothing.

    Lim and Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, equation 16 with the sign flipped. The
    generator's loss that goes with it is :func:`wasserstein_generator` (Miyato's equation 17).

    Args:
        real_scores: (N, 1) unbounded scores of data.
        fake_scores: (M, 1) unbounded scores of detached samples.

    Returns:
        Scalar, at least 0; 2 when the discriminator says 0 of everything.
    """
    return relu(1 - real_scores).mean() + relu(1 + fake_scores).mean()


def relativistic(ahead: Tensor, behind: Tensor) -> Tensor:
    """Mean of -log sigmoid(a - b) over pairs of one score of each: the player wants a before b.

    The pairing loss RpGAN of Jolicoeur-Martineau 2018, arXiv:1807.00734, as Huang et al. 2024, arXiv:2501.05441,
    equation 2, have it. The discriminator puts data ahead, and the generator, which does not saturate, its samples.

    Args:
        ahead: (N, 1) unbounded scores.
        behind: (N, 1) unbounded scores, paired with ``ahead`` by place.

    Returns:
        Scalar, at least 0; log 2 when the discriminator cannot tell.
    """
    return softplus(behind - ahead).mean()


def class_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean of -log P(C = c | x): how badly the classes of samples, real or not, are told.

    Odena et al. 2017, arXiv:1610.09585, equation 3 with the sign flipped, one of its two terms.

    Args:
        logits: (N, classes) unbounded.
        labels: (N,) int64.

    Returns:
        Scalar, at least 0; log(classes) for a guess.
    """
    return cross_entropy(logits, labels)


def l1_distance(samples: Tensor, targets: Tensor) -> Tensor:
    """Mean of |y - G(x, z)| over pixels.

    Isola et al. 2017, arXiv:1611.07004, equation 3.

    Args:
        samples: (N, C, H, W) from the generator.
        targets: (N, C, H, W) the images they were to be.

    Returns:
        Scalar, at least 0.
    """
    return (targets - samples).abs().mean()
