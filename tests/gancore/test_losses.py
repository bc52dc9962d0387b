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


def test_the_minimax_generator_takes_what_the_discriminator_pays_on_samples() -> None:
    # D = 1/2 and 3/4, so log(1 - D) = -log 2 and -log 4.
    both = scores(0.0, math.log(3))
    assert losses.saturating(both).item() == pytest.approx(-1.5 * math.log(2))
    assert losses.saturating(both).item() == pytest.approx(-losses.bce_fake(both).item())


def test_the_saturating_gradient_fades_where_the_non_saturating_one_is_largest() -> None:
    for value, saturating, other in ((-8.0, 0.0, -1.0), (0.0, -0.5, -0.5), (8.0, -1.0, 0.0)):
        gradients = []
        for loss in (losses.saturating, losses.non_saturating):
            score = scores(value)
            loss(score).backward()
            assert score.grad is not None
            gradients.append(score.grad.item())
        assert gradients == pytest.approx([saturating, other], abs=1e-3)


def test_least_squares() -> None:
    # ((2 - 1)^2 + (0 - 1)^2) / 2 = 1 on data, (0 + 9) / 2 = 4.5 on samples; half of the sum.
    assert losses.least_squares_discriminator(scores(2.0, 0.0), scores(0.0, 3.0)).item() == pytest.approx(2.75)
    assert losses.least_squares_discriminator(scores(0.5), scores(0.5)).item() == pytest.approx(0.25)
    assert losses.least_squares_discriminator(scores(1.0), scores(0.0)).item() == 0
    assert losses.least_squares_generator(scores(0.0, 3.0)).item() == pytest.approx(1.25)


def test_hinge_at_and_beyond_its_margins() -> None:
    assert losses.hinge_discriminator(scores(1.0, 7.0), scores(-1.0, -9.0)).item() == 0
    assert losses.hinge_discriminator(scores(0.0), scores(0.0)).item() == pytest.approx(2.0)
    # 1 - 0.5 and nothing on data, 1 + 0.25 and nothing on samples, means over two.
    assert losses.hinge_discriminator(scores(0.5, 2.0), scores(0.25, -2.0)).item() == pytest.approx(0.875)
    real, fake = scores(0.5, 2.0), scores(0.25, -2.0)
    losses.hinge_discriminator(real, fake).backward()
    assert real.grad is not None
    assert fake.grad is not None
    assert real.grad.flatten().tolist() == [-0.5, 0.0]
    assert fake.grad.flatten().tolist() == [0.5, 0.0]


def test_relativistic_pairs() -> None:
    same = scores(1.0, -30.0)
    assert losses.relativistic(same, same).item() == pytest.approx(math.log(2))
    # Differences of log 3 and -log 3: -log(3/4) and -log(1/4).
    one, two = scores(math.log(3), 5.0), scores(0.0, 5.0 + math.log(3))
    expected = (math.log(4 / 3) + math.log(4)) / 2
    assert losses.relativistic(one, two).item() == pytest.approx(expected)
    assert losses.relativistic(two, one).item() == pytest.approx(expected), "pairs turned round are each other's"
    assert losses.relativistic(one + 100, two + 100).item() == pytest.approx(expected), "only differences count"
    assert losses.relativistic(scores(200.0), scores(0.0)).item() == pytest.approx(0, abs=1e-12)
    assert losses.relativistic(scores(0.0), scores(200.0)).item() == pytest.approx(200)


def test_class_cross_entropy() -> None:
    logits = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])
    found = losses.class_cross_entropy(logits, torch.tensor([1, 0]))
    assert found.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    assert losses.class_cross_entropy(torch.zeros(3, 10), torch.tensor([0, 5, 9])).item() == pytest.approx(
        math.log(10)
    )


def test_l1_distance() -> None:
    samples, targets = torch.tensor([[[[0.0, 0.5]]]]), torch.tensor([[[[1.0, -0.5]]]])
    assert losses.l1_distance(samples, targets).item() == pytest.approx(1.0)
    assert losses.l1_distance(samples, samples).item() == 0
