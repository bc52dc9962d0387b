"""Gradient penalties against critics whose gradient is known exactly."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from gancore import penalties
from gancore.augment import augment
from gancore.networks import ImageShape
from gancore.recipes.alternating import build
from gancore.recipes.compact import CompactSettings

WEIGHTS = torch.tensor([3.0, -4.0], dtype=torch.float64)


def uniform(value: float):  # type: ignore[no-untyped-def]
    return lambda *sizes: torch.full(sizes, value, dtype=torch.float64)


def points(*values: tuple[float, float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).requires_grad_()


def test_a_linear_critic_has_the_same_slope_everywhere() -> None:
    weights = WEIGHTS.clone().requires_grad_()
    samples = points((0.0, 0.0), (5.0, 1.0), (-2.0, 9.0))
    slopes = penalties.squared_slopes((samples @ weights)[:, None], samples)
    assert slopes.tolist() == pytest.approx([25.0] * 3)
    penalty = penalties.one_centred(slopes)
    assert penalty.item() == pytest.approx((5 - 1) ** 2)
    penalty.backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == pytest.approx([2 * 4 * 3 / 5, -2 * 4 * 4 / 5]), "2 (|w| - 1) w / |w|"
    weights.grad = None
    zero = penalties.zero_centred(penalties.squared_slopes((samples @ weights)[:, None], samples))
    assert zero.item() == pytest.approx(12.5)
    zero.backward()
    assert weights.grad.tolist() == pytest.approx(WEIGHTS.tolist())


def test_a_quadratic_critics_slope_is_as_long_as_its_place() -> None:
    # D(x) = a |x|^2 / 2 has the gradient a x.
    scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    samples = points((3.0, 4.0), (0.0, 1.0))
    slopes = penalties.squared_slopes(scale * samples.square().sum(1, keepdim=True) / 2, samples)
    assert slopes.tolist() == pytest.approx([100.0, 4.0])
    penalty = penalties.zero_centred(slopes)
    assert penalty.item() == pytest.approx(26.0)
    penalty.backward()
    assert scale.grad is not None
    assert scale.grad.item() == pytest.approx(26.0), "a mean |x|^2"
    assert penalties.one_centred(slopes).item() == pytest.approx((81 + 1) / 2)


def test_a_packs_slope_is_by_all_its_samples_and_left_over_ones_have_none() -> None:
    samples = points((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0), (9.0, 9.0))
    scores = samples[:4].reshape(2, 4).square().sum(1, keepdim=True) / 2
    slopes = penalties.squared_slopes(scores, samples, packing=2)
    assert slopes.tolist() == pytest.approx([1 + 4 + 9 + 16, 25 + 36 + 49 + 64])


def test_a_critic_that_says_the_same_of_everything_can_still_learn() -> None:
    weights = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    samples = points((1.0, 2.0), (3.0, 4.0))
    penalty = penalties.one_centred(penalties.squared_slopes((samples @ weights)[:, None], samples))
    assert penalty.item() == pytest.approx(1.0, abs=1e-5)
    penalty.backward()
    assert weights.grad is not None
    assert weights.grad.isfinite().all()


def test_slopes_are_by_the_samples_as_they_were_before_augmentation() -> None:
    images = torch.rand(4, 1, 16, 16, dtype=torch.float64, requires_grad=True)
    generator = torch.Generator().manual_seed(0)
    changed = augment(images, "color, translation", lambda *sizes: torch.rand(sizes, generator=generator))
    slopes = penalties.squared_slopes(changed.flatten(1).sum(1, keepdim=True), images)
    assert slopes.shape == (4,)
    # Brightness moves, contrast keeps the mean: without a translation each pixel counts once.
    assert (slopes <= 256 + 1e-6).all()


def test_places_between_data_and_samples() -> None:
    real, fake = torch.ones(5, 1, 2, 2), torch.zeros(5, 1, 2, 2)
    assert torch.equal(penalties.between(real, fake, uniform(1.0)), real.double())
    assert torch.equal(penalties.between(real, fake, uniform(0.0)), fake.double())
    assert torch.equal(penalties.between(real, fake, uniform(0.25)), 0.25 * real.double())
    generator = torch.Generator().manual_seed(0)
    shares = penalties.between(real, fake, lambda *sizes: torch.rand(sizes, generator=generator), packing=2)
    assert shares.requires_grad
    assert shares.is_leaf
    each = [set(image.flatten().tolist()) for image in shares]
    assert all(len(values) == 1 for values in each)
    assert each[0] == each[1] != each[2] == each[3] != each[4]


def test_places_around_data_are_as_far_as_their_spread() -> None:
    real = torch.tensor([[0.0, 2.0], [4.0, 6.0]], dtype=torch.float64)
    spread = math.sqrt(20 / 3)
    assert real.std().item() == pytest.approx(spread)
    assert torch.equal(penalties.around(real, 0.0, uniform(1.0)), real)
    assert torch.equal(penalties.around(real, 0.5, uniform(0.0)), real)
    assert torch.allclose(penalties.around(real, 0.5, uniform(1.0)), real + 0.5 * spread)
    generator = torch.Generator().manual_seed(1)
    many = torch.randn(4000, 2, generator=generator)
    found = penalties.around(many, 0.5, lambda *sizes: torch.rand(sizes, generator=generator)) - many
    assert 0 <= found.min().item() <= found.max().item() < 0.5 * many.std().item()
    # The product of two uniform numbers is 1/4 on average.
    assert found.mean().item() == pytest.approx(0.5 * many.std().item() / 4, rel=0.05)


@pytest.mark.parametrize("centred", [penalties.one_centred, penalties.zero_centred])
def test_gradients_through_the_compact_discriminator_are_those_of_differences(centred) -> None:  # type: ignore[no-untyped-def]
    # Its activations work in place, which a second backward pass must survive.
    torch.manual_seed(0)
    settings = CompactSettings(generator_channels=2, discriminator_channels=2, discriminator_hidden=3)
    network = build(settings, ImageShape(1, 16, 16)).discriminator.double()
    samples = torch.rand(3, 1, 16, 16, dtype=torch.float64) - 0.5

    def penalty() -> Tensor:
        leaves = samples.clone().requires_grad_()
        value: Tensor = centred(penalties.squared_slopes(network(leaves), leaves))
        return value

    weights = [layer.weight for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    gradients = torch.autograd.grad(penalty(), weights)
    step = 1e-6
    for weight, gradient in zip(weights, gradients, strict=True):
        place = tuple(int(index) for index in (gradient.abs() == gradient.abs().max()).nonzero()[0])
        with torch.no_grad():
            weight[place] += step
        above = penalty().item()
        with torch.no_grad():
            weight[place] -= 2 * step
        below = penalty().item()
        with torch.no_grad():
            weight[place] += step
        assert (above - below) / (2 * step) == pytest.approx(gradient[place].item(), rel=1e-4, abs=1e-8)
