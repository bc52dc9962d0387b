"""What theory says, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from gancore.theory import divergences, fitted, layers, slopes, updates
from gancore.theory.divergences import LINE, normal

LOG_2, LOG_4 = math.log(2), math.log(4)


def test_the_best_discriminator_is_the_share_of_the_data() -> None:
    real, fake = np.array([0.2, 0.5, 0.0, 0.0]), np.array([0.2, 0.25, 0.3, 0.0])
    assert divergences.optimal_discriminator(real, fake) == pytest.approx([0.5, 2 / 3, 0.0, 0.5])


def test_the_value_of_the_game() -> None:
    # Two places of mass 1/2 each; D = 3/4 and 1/2 on the data, the samples all at the second.
    real, fake = np.array([0.5, 0.5]), np.array([0.0, 1.0])
    expected = 0.5 * math.log(0.75) + 0.5 * math.log(0.5) + math.log(0.5)
    assert divergences.game_value(real, fake, np.array([0.75, 0.5]), step=1.0) == pytest.approx(expected)


def test_the_game_is_minus_log_4_plus_twice_js() -> None:
    real, fake = normal(0.0), normal(1.5)
    value = divergences.game_value(real, fake, divergences.optimal_discriminator(real, fake))
    assert value == pytest.approx(-LOG_4 + 2 * divergences.js_divergence(real, fake), abs=1e-9)
    assert divergences.best_values(np.array([0.0])) == pytest.approx([-LOG_4])


def test_divergences_of_normals() -> None:
    # KL of two normals of the same sigma is half the squared distance; W1 is the distance.
    real, fake = normal(0.0), normal(2.0)
    assert divergences.kl_divergence(real, fake) == pytest.approx(2.0)
    assert divergences.wasserstein(real, fake) == pytest.approx(2.0)
    assert divergences.js_divergence(real, real) == pytest.approx(0.0)
    nowhere = np.where(LINE > 0, 0.0, real)
    assert divergences.kl_divergence(real, nowhere) == math.inf


def test_apart_js_is_log_2_and_wasserstein_the_distance() -> None:
    js, w1 = divergences.apart(np.array([0.0, 0.25, 0.5, 3.0]))
    # Half of each overlaps at 0.25: there both have the same density, elsewhere one has none.
    assert js == pytest.approx([0.0, LOG_2 / 2, LOG_2, LOG_2])
    assert w1 == pytest.approx([0.0, 0.25, 0.5, 3.0], abs=1e-9)


def test_the_place_of_the_maximum() -> None:
    y = np.linspace(0.001, 0.999, 999)
    value = divergences.two_outcomes(y, 3.0, 1.0)
    assert y[value.argmax()] == pytest.approx(0.75)
    assert value.max() == pytest.approx(3 * math.log(0.75) + math.log(0.25))


def test_the_losses_push_as_their_divergences() -> None:
    pushes = divergences.generator_pushes(np.array([0.5, 2.0]))
    assert pushes["saturating"] == pytest.approx(pushes["2 JS"], abs=1e-6)
    assert pushes["non_saturating"] == pytest.approx(pushes["KL - 2 JS"], abs=1e-6)
    assert abs(pushes["non_saturating"] - pushes["2 JS"])[1] > 1


def test_slopes_of_the_generator_losses() -> None:
    # D = 1/2 and, at log 3, 3/4.
    saturating, other = slopes.generator_slopes(np.array([0.0, math.log(3)]))
    assert saturating == pytest.approx([0.5, 0.75])
    assert other == pytest.approx([0.5, 0.25])
    assert slopes.slope_by_probability(np.array([0.0, 0.5])) == pytest.approx([1.0, 2.0])


def test_sums_of_losses() -> None:
    minimax, other = slopes.sums_of_losses(np.array(0.5), np.array([0.25, 0.75]))
    assert minimax == pytest.approx([LOG_2, LOG_2])
    assert other == pytest.approx([LOG_2 - math.log(0.75) + LOG_4, LOG_2 + LOG_4 - math.log(0.75)])


def test_the_least_discriminator_loss_holds_for_any_samples() -> None:
    assert slopes.least_discriminator_loss(np.array([LOG_2])) == pytest.approx([LOG_2])
    said = np.random.default_rng(0).uniform(0.01, 0.99, (200, 16))
    generator, discriminator = -np.log(said).mean(1), -np.log1p(-said).mean(1)
    assert (discriminator >= slopes.least_discriminator_loss(generator) - 1e-12).all()


def test_forms_of_cross_entropy_agree_until_the_sigmoid_is_full() -> None:
    forms = slopes.cross_entropy_by_form(np.array([0.0, 5.0, 30.0]))
    for values, gradients in forms.values():
        assert values[:2] == pytest.approx([LOG_2, math.log1p(math.exp(5))], rel=1e-4)
        assert gradients[0] == pytest.approx(0.5)
    assert [forms[name][0][2] for name in forms] == pytest.approx([30.0, 100.0, -math.log(1.19e-7)], rel=1e-2)
    assert [forms[name][1][2] for name in ("softplus", "clamped")] == [1.0, 0.0]
    assert 16 < slopes.overflow_score() < 18


def test_the_smallest_game() -> None:
    assert slopes.crossing_points(1, 0.5, at_once=True)[1] == pytest.approx([0.5, 1.5])
    assert slopes.crossing_points(1, 0.5, at_once=False)[1] == pytest.approx([0.5, 1.25])
    away = np.linalg.norm(slopes.crossing_points(50, 0.2, at_once=True), axis=1)
    assert away[-1] / away[0] == pytest.approx(math.sqrt(1 + 0.2**2) ** 50)
    assert np.abs(slopes.crossing_points(2000, 0.2, at_once=False)).max() < 2


def test_what_detach_keeps_clean_is_the_generator() -> None:
    found = updates.with_and_without_detach()
    assert found.discriminator.size > 0
    assert found.discriminator.difference == pytest.approx(0.0, abs=1e-6)
    assert found.left_in_generator[0] == 0 < found.left_in_generator[1]


def test_reversal_is_minus_the_gradient_and_one_adam_is_two() -> None:
    for found in (updates.reversed_gradient(), updates.one_and_two_optimizers()):
        assert found.size > 0
        assert found.difference < 1e-5 * found.size


def test_adam_forgets_a_factor_and_plain_descent_does_not() -> None:
    found = updates.step_of_mean_against_sum()
    assert found["Adam"] == pytest.approx(1.0, abs=1e-2)
    assert found["SGD"] == pytest.approx(0.5, abs=0.05)


def test_adams_second_memory_is_of_squares() -> None:
    assert updates.adam_memories(3.0, 0.5, 0.999) == pytest.approx((1.5, 0.009))


def test_a_fitted_discriminator_approaches_the_formula() -> None:
    found = fitted.fit_discriminator(400)
    assert found.error < 0.05
    assert found.value <= found.best_value + 1e-3
    assert found.value == pytest.approx(found.best_value, abs=0.01)


def test_a_winning_discriminator_silences_the_saturating_loss_alone() -> None:
    found = fitted.winning_discriminator()
    assert found.d_fake[-1] < 0.01
    assert found.saturating[-1] < 0.1 * found.saturating.max()
    assert found.non_saturating[-1] > 0.9 * found.non_saturating.max()


def test_a_clipped_critic_measures_a_multiple() -> None:
    narrow, wide = (fitted.clipped_critic(clip) for clip in (0.01, 0.1))
    # Three layers scale as the cube of the clip.
    assert 100 < wide.ratio / narrow.ratio < 10_000
    assert (np.diff(wide.scores) > 0).all()
    deep = fitted.clipped_critic(0.01, depth=8, width=32, iterations=60)
    assert len(deep.layer_gradients) == 8
    assert deep.gradient_left < 1e-6


def test_batchnorm_with_a_large_eps_does_not_normalise() -> None:
    assert layers.batchnorm_scale(np.array([0.8]), 0.8) == pytest.approx([math.sqrt(0.5)])
    large, usual = layers.batchnorm_in_generator(0.8), layers.batchnorm_in_generator(1e-5)
    assert usual.after == pytest.approx([1, 1, 1], abs=0.01)
    assert large.after.max() < 0.5
    assert large.momenta == usual.momenta == (0.1, 0.1, 0.1)
    momentum, eps = layers.momentum_against_eps()
    assert momentum == 0 < eps


def test_units_die_without_a_slope() -> None:
    relu, leaky = layers.dead_units(0.0), layers.dead_units(0.1)
    assert relu.without_gradient > 0
    assert leaky.without_gradient == 0


def test_what_presets_are_made_of() -> None:
    lab = layers.layer_counts("dcgan-lab")
    assert lab["discriminator"]["Linear"] == 2
    assert not any("BatchNorm" in kind for kind in lab["discriminator"])
    assert layers.flattened_width("dcgan-lab") == 64 * 7 * 7


def test_a_sign_tells_the_labs_data() -> None:
    lab, fitting = (layers.sign_rule(name) for name in ("[0, 1]", "[-1, 1]"))
    assert lab.accuracy > 0.99
    assert fitting.accuracy == pytest.approx(0.5, abs=0.01)
