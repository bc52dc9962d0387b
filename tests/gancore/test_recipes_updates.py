"""Updates of the recipes beyond the seeds against their papers', written out on the same weights and randomness."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from tiny_runs import MNIST, Recorded, players_of, tiny
from torch import Tensor, nn
from torch.nn import functional as F

from gancore.config import RecipeSettings
from gancore.networks import PointShape
from gancore.recipes import Players, recipe_of
from gancore.recipes.recipe import Feed

PLANE = PointShape()


def turn(players: Players, player: str, loss: Tensor) -> None:
    players.optimizers[player].zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    players.optimizers[player].step()


def slopes(network: nn.Module, samples: Tensor) -> Tensor:
    """(N,) lengths of the gradient of each score."""
    samples = samples.detach().clone().requires_grad_()
    scores = network(samples)
    (gradients,) = torch.autograd.grad(scores, samples, torch.ones_like(scores), create_graph=True)
    return gradients.flatten(1).norm(2, dim=1)


def minimax(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Goodfellow et al. 2014, Algorithm 1: D ascends and G descends the same value."""
    real = feed.real()
    count = len(real)
    d_real = players.discriminator(real).sigmoid()
    d_fake = players.discriminator(players.generator(feed.latents(count)).detach()).sigmoid()
    d_loss = -(d_real.log() + (1 - d_fake).log()).mean()
    turn(players, "discriminator", d_loss)
    g_loss = (1 - players.discriminator(players.generator(feed.latents(count))).sigmoid()).log().mean()
    turn(players, "generator", g_loss)
    return {"discriminator_loss": d_loss, "generator_loss": g_loss, "d_real": d_real.mean(), "d_fake": d_fake.mean()}


def ns_gan(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Goodfellow et al. 2014, section 3: G ascends log D(G(z))."""
    real = feed.real()
    count = len(real)
    d_real = players.discriminator(real).sigmoid()
    d_fake = players.discriminator(players.generator(feed.latents(count)).detach()).sigmoid()
    d_loss = -(d_real.log() + (1 - d_fake).log()).mean()
    turn(players, "discriminator", d_loss)
    g_loss = -players.discriminator(players.generator(feed.latents(count))).sigmoid().log().mean()
    turn(players, "generator", g_loss)
    return {"discriminator_loss": d_loss, "generator_loss": g_loss}


def lsgan(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Mao et al. 2017, equation 9."""
    real = feed.real()
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    d_real = players.discriminator(real)
    d_fake = players.discriminator(players.generator(feed.latents(len(real))).detach())
    d_loss = 0.5 * F.mse_loss(d_real, ones) + 0.5 * F.mse_loss(d_fake, zeros)
    turn(players, "discriminator", d_loss)
    g_loss = 0.5 * F.mse_loss(players.discriminator(players.generator(feed.latents(len(real)))), ones)
    turn(players, "generator", g_loss)
    return {
        "discriminator_loss": d_loss, "generator_loss": g_loss,
        "real_score": d_real.mean(), "fake_score": d_fake.mean(),
    }  # fmt: skip


def wgan_gp(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Gulrajani et al. 2017, Algorithm 1, with lambda 10 and five critic steps."""
    critic_losses, paid = [], []
    for _ in range(5):
        real = feed.real()
        fake = players.generator(feed.latents(len(real))).detach()
        critic_loss = players.discriminator(fake).mean() - players.discriminator(real).mean()
        epsilon = feed.uniform(len(real)).view(-1, *[1] * (real.ndim - 1))
        between = epsilon * real + (1 - epsilon) * fake
        penalty = 10 * ((slopes(players.discriminator, between) - 1) ** 2).mean()
        turn(players, "discriminator", critic_loss + penalty)
        critic_losses.append(critic_loss)
        paid.append(penalty)
    g_loss = -players.discriminator(players.generator(feed.latents(len(real)))).mean()
    turn(players, "generator", g_loss)
    return {"critic_loss": sum(critic_losses) / 5, "penalty": sum(paid) / 5, "generator_loss": g_loss}  # type: ignore[dict-item]


def dragan(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Kodali et al. 2017 and their code: a slope of 1 around the data, lambda 10."""
    real = feed.real()
    d_fake = players.discriminator(players.generator(feed.latents(len(real))).detach())
    d_loss = F.softplus(-players.discriminator(real)).mean() + F.softplus(d_fake).mean()
    share = feed.uniform(len(real)).view(-1, *[1] * (real.ndim - 1))
    noisy = real + 0.5 * real.std() * feed.uniform(*real.shape)
    penalty = 10 * ((slopes(players.discriminator, real + share * (noisy - real)) - 1) ** 2).mean()
    turn(players, "discriminator", d_loss + penalty)
    g_loss = F.softplus(-players.discriminator(players.generator(feed.latents(len(real))))).mean()
    turn(players, "generator", g_loss)
    return {"discriminator_loss": d_loss, "penalty": penalty, "generator_loss": g_loss}


def r3gan(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Huang et al. 2024: RpGAN + R1 + R2, gamma 1."""
    real = feed.real()
    fake = players.generator(feed.latents(len(real))).detach()
    r1, r2 = (0.5 * (slopes(players.discriminator, samples) ** 2).mean() for samples in (real, fake))
    ahead = players.discriminator(real) - players.discriminator(fake)
    d_loss = (1 + (-ahead).exp()).log().mean()
    turn(players, "discriminator", d_loss + r1 + r2)
    ahead = players.discriminator(players.generator(feed.latents(len(real)))) - players.discriminator(real)
    g_loss = (1 + (-ahead).exp()).log().mean()
    turn(players, "generator", g_loss)
    return {"discriminator_loss": d_loss, "r1": r1, "r2": r2, "generator_loss": g_loss}


def equal(ours: Players, theirs: Players, settings: RecipeSettings) -> None:
    # A step of Adam is at first as long as its rate whatever the gradient, so that rounding of a gradient near zero
    # moves a weight by up to that much: the tolerance is a tenth of one step.
    for one, two in ((ours.generator, theirs.generator), (ours.discriminator, theirs.discriminator)):
        pairs = zip(one.parameters(), two.parameters(), strict=True)
        difference = torch.cat([(ours_ - theirs_).abs().flatten() for ours_, theirs_ in pairs])
        assert (difference < 0.1 * settings.learning_rate).float().mean() > 0.99


@pytest.mark.parametrize("shape", [MNIST, PLANE], ids=["images", "points"])
@pytest.mark.parametrize(
    ("preset", "by_hand"),
    [
        ("minimax", minimax), ("ns-gan", ns_gan), ("lsgan", lsgan), ("wgan-gp", wgan_gp), ("dragan", dragan),
        ("r3gan", r3gan),
    ],
)  # fmt: skip
def test_updates_equal_the_papers(
    preset: str, by_hand: Callable[[Players, Feed], dict[str, Tensor]], shape: tuple[int, ...]
) -> None:
    config = tiny(preset, batch_size=6, generator_channels=8)
    ours, theirs = (players_of(config, shape) for _ in range(2))
    our_feed, their_feed = (Recorded(config, shape) for _ in range(2))
    for _ in range(3):
        logged = recipe_of(preset).step(ours, config.settings, our_feed)
        for name, value in by_hand(theirs, their_feed).items():
            torch.testing.assert_close(logged[name], value.detach(), rtol=1e-4, atol=1e-5)
    equal(ours, theirs, config.settings)


class Normalised(nn.Module):
    """A perceptron whose weights are divided by their largest singular values, found by one power iteration a call.

    Miyato et al. 2018, Algorithm 1.
    """

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        linear = [layer for layer in discriminator.modules() if isinstance(layer, nn.Linear)]
        self.weights = nn.ParameterList([layer.parametrizations.weight.original.detach().clone() for layer in linear])
        self.biases = nn.ParameterList([layer.bias.detach().clone() for layer in linear])
        self.left = [layer.parametrizations.weight[0]._u.clone() for layer in linear]
        self.right = [layer.parametrizations.weight[0]._v.clone() for layer in linear]

    def forward(self, samples: Tensor) -> Tensor:
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            with torch.no_grad():
                self.left[index] = F.normalize(weight @ self.right[index], dim=0)
                self.right[index] = F.normalize(weight.T @ self.left[index], dim=0)
            largest = self.left[index] @ weight @ self.right[index]
            samples = samples @ (weight / largest).T + bias
            if index < len(self.weights) - 1:
                samples = F.leaky_relu(samples, 0.2)
        return samples


def sngan(players: Players, feed: Feed) -> dict[str, Tensor]:
    """Miyato et al. 2018, equations 16 and 17."""
    real = feed.real()
    d_real = players.discriminator(real)
    d_fake = players.discriminator(players.generator(feed.latents(len(real))).detach())
    d_loss = -torch.minimum(torch.zeros(()), d_real - 1).mean() - torch.minimum(torch.zeros(()), -1 - d_fake).mean()
    turn(players, "discriminator", d_loss)
    g_loss = -players.discriminator(players.generator(feed.latents(len(real)))).mean()
    turn(players, "generator", g_loss)
    return {"discriminator_loss": d_loss, "generator_loss": g_loss}


def test_sngans_update_equals_the_papers() -> None:
    config = tiny("sngan", batch_size=6)
    ours, theirs = (players_of(config, PLANE) for _ in range(2))
    theirs.discriminator = Normalised(theirs.discriminator)
    theirs.optimizers["discriminator"] = torch.optim.Adam(theirs.discriminator.parameters(), 2e-4, (0.5, 0.999))
    our_feed, their_feed = (Recorded(config, PLANE) for _ in range(2))
    for _ in range(4):
        logged = recipe_of("sngan").step(ours, config.settings, our_feed)
        for name, value in sngan(theirs, their_feed).items():
            torch.testing.assert_close(logged[name], value.detach(), rtol=1e-4, atol=1e-5)
    samples = Recorded(config, PLANE).real()
    torch.testing.assert_close(
        ours.discriminator.eval()(samples), theirs.discriminator(samples), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("preset", ["sngan", "sagan", "cgan"])
def test_normalised_layers_stretch_nothing_by_more_than_one(preset: str) -> None:
    config = tiny(preset)
    players, feed = players_of(config), Recorded(config)
    for _ in range(10):
        recipe_of(preset).step(players, config.settings, feed)
    layers = [
        layer for layer in players.discriminator.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)
    ]
    assert len(layers) == {"sngan": 4, "sagan": 8, "cgan": 5}[preset]
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
        assert largest == pytest.approx(1, abs=0.05)


def test_the_penalty_of_a_linear_critic_is_known_exactly() -> None:
    config = tiny("wgan-gp", critic_steps=1, penalty=10, data="ring")
    players = players_of(config, PLANE)
    critic = players.discriminator = nn.Linear(2, 1)
    players.optimizers["discriminator"] = torch.optim.SGD(critic.parameters(), 0.0)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, -4.0]]))
    logged = recipe_of("wgan-gp").step(players, config.settings, Recorded(config, PLANE))
    assert logged["penalty"].item() == pytest.approx(10 * 16)
    assert critic.weight.grad is not None


def test_r1_and_r2_of_a_linear_critic_are_half_its_squared_slope() -> None:
    config = tiny("r3gan", gamma=0.5, data="ring")
    players = players_of(config, PLANE)
    critic = players.discriminator = nn.Linear(2, 1)
    players.optimizers["discriminator"] = torch.optim.SGD(critic.parameters(), 0.0)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, -4.0]]))
    logged = recipe_of("r3gan").step(players, config.settings, Recorded(config, PLANE))
    assert [logged["r1"].item(), logged["r2"].item()] == pytest.approx([0.25 * 25, 0.25 * 25])
