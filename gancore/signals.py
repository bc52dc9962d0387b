"""Numbers that mean the same for every GAN, whatever its loss, and how they are computed.

Losses of different variants cannot be compared, and a critic's have no bounds. What is here can be, because it asks
who is in front (an order of scores), how hard each player is pushed (gradients), how far it moves (updates), and
what the samples are like (spread, range). :class:`gancore.probe.Probe` takes them while a step runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gancore.i18n import N_

PROBE_EVERY = 10
"""Iterations from one probe to the next, the first iteration included: what one costs is shared by so many."""


@dataclass(frozen=True)
class Signal:
    """One column of a run's signals."""

    name: str
    label: str
    """What a legend calls it."""
    help: str
    """One sentence that says what it shows."""
    limits: tuple[float, float | None] | None = None
    """Lowest and highest value of its axis, None where the data decide; None: both."""
    log: bool = False
    """Whether a logarithmic axis suits it."""


SIGNALS: tuple[Signal, ...] = (
    Signal(
        "d_accuracy",
        N_("D tells pairs"),
        N_("How often D scores a real sample above a generated one: 0.5 is guessing, 1 is always."),
        (0.0, 1.0),
    ),
    Signal("real_score", N_("Score of data"), N_("Mean of what D says of real samples, before any sigmoid.")),
    Signal("fake_score", N_("Score of samples"), N_("Mean of what D says of generated samples, before any sigmoid.")),
    Signal(
        "d_gradient",
        N_("Gradient of D"),
        N_("Length of the gradient over all weights of D, as its optimizer sees it."),
        log=True,
    ),
    Signal(
        "g_gradient",
        N_("Gradient of G"),
        N_("Length of the gradient over all weights of G, as its optimizer sees it."),
        log=True,
    ),
    Signal(
        "sample_gradient",
        N_("Gradient at samples"),
        N_("How strongly G's loss pulls at one sample; near 0, D teaches G nothing."),
        log=True,
    ),
    Signal(
        "d_update", N_("Update of D"), N_("How far one step moves D's weights, as a share of their length."), log=True
    ),
    Signal(
        "g_update", N_("Update of G"), N_("How far one step moves G's weights, as a share of their length."), log=True
    ),
    Signal(
        "spread",
        N_("Spread of samples"),
        N_("How much samples of a batch differ, against how much real ones do: 1 is as much, near 0 all are alike."),
        (0.0, None),
    ),
    Signal(
        "outside",
        N_("Samples out of range"),
        N_("Share of the samples' values that no real image can have, as they lie outside the data's range."),
        (0.0, 1.0),
    ),
)
"""Every signal, in the order of a history's columns."""

SIGNAL_NAMES = tuple(signal.name for signal in SIGNALS)


def order_accuracy(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Share of (real, fake) pairs whose real score is the higher one; a tie counts half.

    The area under the ROC curve (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747), which no increasing
    function of the scores changes.

    Args:
        real_scores: (N,) of any scale.
        fake_scores: (M,) of the same.

    Returns:
        Scalar in [0, 1]; nan where a score is not finite.
    """
    ordered = real_scores.sort().values
    # How many real scores lie below each fake one, and how many not above it: sorting spares the N x M table.
    fake_scores = fake_scores.contiguous()
    below, not_above = torch.searchsorted(ordered, fake_scores), torch.searchsorted(ordered, fake_scores, right=True)
    accuracy = 1 - (below + not_above).float().mean() / (2 * len(ordered))
    return accuracy + 0 * (real_scores.sum() + fake_scores.sum())


def spread(samples: Tensor) -> Tensor:
    """(N, ...) samples -> mean over their values of the standard deviation over the batch."""
    return (samples - samples.mean(0)).square().mean(0).sqrt().mean()


def outside(samples: Tensor, limits: tuple[float, float]) -> Tensor:
    """Share of the values below or above ``limits``; what rounding alone puts there is not counted."""
    margin = 1e-3 * (limits[1] - limits[0])
    within = samples.clamp(limits[0] - margin, limits[1] + margin)
    return torch.count_nonzero(within != samples) / samples.numel()


def pull(gradient: Tensor, packing: int = 1) -> Tensor:
    """Mean length of a loss's gradient at single samples, the batch's mean undone.

    Args:
        gradient: (N, ...) of a loss that is a mean over the N / packing packs of a batch.
        packing: samples that are judged at once.
    """
    lengths: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return lengths.mean() * (len(gradient) // packing)


def length(values: list[Tensor]) -> Tensor:
    """L2 norm over all the numbers of some tensors of one device."""
    norms: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(values)))
    return norms
