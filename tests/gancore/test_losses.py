"""The equations against numbers worked out by hand, and against the unstable forms where those hold."""

import math

import pytest
import torch

from gancore import losses


def scores(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None].requires_grad_()


def test_hand_computed_values() -> None:
    # D = sigmoid(0) = 1/2 and sigmoid(log 3) = 3/4.
    both = scores(0.0, math.log(3))
    assert losses.bce_real(both).item() == pytest.approx((math.log(2) - math.log(0.75)) / 2)
    assert losses.bce_fake(both).item() == pytest.approx((math.log(2) - math.log(0.25)) / 2)
    assert losses.non_saturating(both).item() == pytest.approx((math.log(2) - math.log(0.75)) / 2)
    assert losses.wasserstein_critic(scores(3.0, 1.0), scores(-1.0, 2.0, 5.0)).item() == pytest.approx(0.0)
    assert losses.wasserstein_critic(scores(3.0, 2.0), scores(-1.0)).item() == pytest.approx(-3.5)
    assert losses.wasserstein_generator(scores(-1.0, 4.0)).item() == pytest.approx(-1.5)


def test_equilibrium_of_the_original_game() -> None:
    undecided = scores(0.0, 0.0)
    total = losses.bce_real(undecided) + losses.bce_fake(undecided)
    assert total.item() == pytest.approx(math.log(4))
    assert losses.non_saturating(undecided).item() == pytest.approx(math.log(2))


def test_equal_to_sigmoid_and_binary_cross_entropy() -> None:
    many = torch.linspace(-12, 12, 101, dtype=torch.float64)[:, None]
    bce, probability = torch.nn.BCELoss(), many.sigmoid()
    assert losses.bce_real(many).item() == pytest.approx(bce(probability, torch.ones_like(many)).item())
    assert losses.bce_fake(many).item() == pytest.approx(bce(probability, torch.zeros_like(many)).item())


@pytest.mark.parametrize("function", [losses.bce_real, losses.bce_fake, losses.non_saturating])
@pytest.mark.parametrize("value", [-200.0, 200.0])
def test_confident_scores_stay_exact_and_keep_their_gradient(function, value: float) -> None:  # type: ignore[no-untyped-def]
    score = torch.tensor([[value]], requires_grad=True)
    loss = function(score)
    wrong = (value < 0) == (function is not losses.bce_fake)
    assert loss.item() == (200.0 if wrong else 0.0)
    loss.backward()
    assert score.grad is not None
    assert abs(score.grad.item()) == (1.0 if wrong else 0.0)
