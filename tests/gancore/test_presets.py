"""Each preset against its document: layer by layer, and update by update against the seeds' own arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny_runs import CLASSES, CPU, MNIST, Recorded, tiny
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gancore.config import RUN_FIELDS
from gancore.networks import ImageShape
from gancore.players import build_players
from gancore.recipes import PRESETS, RECIPES, Players, configure, recipe_of

BCE = nn.BCELoss()


def players_of(preset: str, shape: ImageShape = MNIST, **overrides: Any) -> Players:
    return build_players(configure(preset, data="mnist", **overrides), shape, CPU, "float32", CLASSES)


def layers(network: nn.Module) -> list[str]:
    """What a network is made of, in order, without its containers."""

    def name(layer: nn.Module) -> str:
        match layer:
            case nn.Linear() | nn.Embedding():
                linear = isinstance(layer, nn.Linear)
                inputs, outputs = reversed(layer.weight.shape) if linear else layer.weight.shape
                return f"{'linear' if linear else 'embedding'} {inputs} {outputs}"
            case nn.Conv2d() | nn.ConvTranspose2d():
                kind = "up" if isinstance(layer, nn.ConvTranspose2d) else "conv"
                size, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
                return f"{kind} {layer.in_channels} {layer.out_channels} ({size}, {stride}, {padding})"
            case nn.BatchNorm1d() | nn.BatchNorm2d():
                return f"norm {layer.num_features} {layer.eps:g} {layer.momentum:g}"
            case nn.LeakyReLU():
                return f"leaky {layer.negative_slope:g}"
            case nn.MaxPool2d():
                return f"pool {layer.kernel_size}"
        return type(layer).__name__.lower()

    if parametrize.is_parametrized(network, "weight"):
        return [f"spectral {name(network)}"]
    children = list(network.children())
    return [part for child in children for part in layers(child)] if children else [name(network)]


CONV_GENERATOR = [
    "linear 100 1024", "norm 1024 1e-05 0.1", "relu", "linear 1024 6272", "norm 6272 1e-05 0.1", "relu", "unflatten",
    "up 128 64 (4, 2, 1)", "norm 64 1e-05 0.1", "relu", "up 64 1 (4, 2, 1)", "tanh",
]  # fmt: skip
CONV_DISCRIMINATOR = [
    "conv 1 32 (5, 1, 2)", "leaky 0.1", "pool 2", "conv 32 64 (5, 1, 2)", "leaky 0.1", "pool 2", "flatten",
    "linear 3136 1024", "leaky 0.1", "linear 1024 1",
]  # fmt: skip
COMPACT_GENERATOR = [
    "linear 64 3136", "unflatten", "norm 64 1e-05 0.1", "relu", "up 64 32 (4, 2, 1)", "norm 32 1e-05 0.1", "relu",
    "up 32 1 (4, 2, 1)", "tanh",
]  # fmt: skip
LABELLED_GENERATOR = ["embedding 10 16", "linear 80 3136", *COMPACT_GENERATOR[1:]]
COMPACT_FEATURES = [
    "conv 1 16 (4, 2, 1)", "leaky 0.2", "conv 16 32 (4, 2, 1)", "leaky 0.2",
    "flatten", "linear 1568 128", "leaky 0.2",
]  # fmt: skip
COMPACT_DISCRIMINATOR = [*COMPACT_FEATURES, "linear 128 1"]
SPECTRAL_FEATURES = [
    f"spectral {layer}" if layer.startswith(("conv", "linear")) else layer for layer in COMPACT_FEATURES
]
UNET = [
    "conv 1 32 (4, 2, 1)", "leaky 0.2", "conv 32 64 (4, 2, 1)", "norm 64 1e-05 0.1", "leaky 0.2",
    "linear 64 3136", "unflatten", "norm 64 1e-05 0.1", "relu",
    "up 128 32 (4, 2, 1)", "norm 32 1e-05 0.1", "relu", "up 64 1 (4, 2, 1)", "tanh",
]  # fmt: skip
PATCHES = ["conv 2 16 (4, 2, 1)", "leaky 0.2", "conv 16 32 (4, 2, 1)", "leaky 0.2", "conv 32 1 (3, 1, 1)", "flatten"]


def quick_networks(z: int, hidden: int, channels: int, maps: int, width: int) -> tuple[list[str], list[str]]:
    inner = 14 * 14 * channels
    return (
        [f"linear {z} {hidden}", f"norm {hidden} 1e-05 0.1", "relu", f"linear {hidden} {inner}",
         f"norm {inner} 1e-05 0.1", "relu", "unflatten", f"conv {channels} {channels} (3, 1, 1)",
         f"norm {channels} 1e-05 0.1", "relu", f"conv {channels} 4 (3, 1, 1)", "pixelshuffle", "tanh"],
        ["pixelunshuffle", f"conv 4 {maps} (3, 2, 1)", f"norm {maps} 1e-05 0.1", "leaky 0.2", "flatten",
         f"linear {49 * maps} {width}", f"norm {width} 1e-05 0.1", "leaky 0.2", f"linear {width} {width}",
         f"norm {width} 1e-05 0.1", "leaky 0.2", f"linear {width} 1"],
    )  # fmt: skip


ARCHITECTURES = {
    "quick": quick_networks(32, 256, 16, 32, 128),
    "best": quick_networks(64, 384, 32, 64, 256),
    "gan-simple": (
        ["linear 100 256", "relu", "linear 256 512", "relu", "linear 512 784", "tanh", "unflatten"],
        ["flatten", "linear 784 512", "leaky 0.2", "linear 512 256", "leaky 0.2", "linear 256 1"],
    ),
    "gan-deep": (
        ["linear 100 128", "leaky 0.2", "linear 128 256", "norm 256 0.8 0.1", "leaky 0.2", "linear 256 512",
         "norm 512 0.8 0.1", "leaky 0.2", "linear 512 1024", "norm 1024 0.8 0.1", "leaky 0.2", "linear 1024 784",
         "tanh", "unflatten"],
        ["flatten", "linear 784 512", "leaky 0.2", "linear 512 256", "leaky 0.2", "linear 256 1"],
    ),
    "gan-lab": (
        ["linear 100 256", "relu", "linear 256 256", "relu", "linear 256 784", "tanh", "unflatten"],
        ["flatten", "linear 784 256", "leaky 0.1", "linear 256 256", "leaky 0.1", "linear 256 1"],
    ),
    **dict.fromkeys(("dcgan", "dcgan-lab", "wgan", "wgan-lab"), (CONV_GENERATOR, CONV_DISCRIMINATOR)),
    **dict.fromkeys(("grl", "grl-in-turns"), (
        ["linear 64 2304", "unflatten", "norm 256 1e-05 0.1", "relu", "up 256 128 (4, 2, 1)", "norm 128 1e-05 0.1",
         "relu", "up 128 64 (2, 1, 0)", "norm 64 1e-05 0.1", "relu", "up 64 32 (4, 2, 1)", "norm 32 1e-05 0.1",
         "relu", "up 32 1 (4, 2, 1)", "sigmoid"],
        ["conv 1 32 (4, 2, 1)", "norm 32 1e-05 0.1", "relu", "conv 32 64 (4, 2, 1)", "norm 64 1e-05 0.1", "relu",
         "conv 64 128 (2, 1, 0)", "norm 128 1e-05 0.1", "relu", "conv 128 256 (4, 2, 1)", "norm 256 1e-05 0.1",
         "relu", "conv 256 1 (1, 1, 0)", "adaptiveavgpool2d", "flatten"],
    )),
    **dict.fromkeys(
        ("minimax", "ns-gan", "lsgan", "wgan-gp", "dragan", "r3gan"), (COMPACT_GENERATOR, COMPACT_DISCRIMINATOR)
    ),
    "sngan": (COMPACT_GENERATOR, [*SPECTRAL_FEATURES, "spectral linear 128 1"]),
    "sagan": (
        [*COMPACT_GENERATOR[:7], *["conv 32 4 (1, 1, 0)"] * 3, "conv 4 32 (1, 1, 0)", *COMPACT_GENERATOR[7:]],
        [*SPECTRAL_FEATURES[:2], *["spectral conv 16 2 (1, 1, 0)"] * 3, "spectral conv 2 16 (1, 1, 0)",
         *SPECTRAL_FEATURES[2:], "spectral linear 128 1"],
    ),
    "cgan": (LABELLED_GENERATOR, [*SPECTRAL_FEATURES, "spectral linear 128 1", "spectral embedding 10 128"]),
    "acgan": (LABELLED_GENERATOR, [*COMPACT_FEATURES, "linear 128 11"]),
    **dict.fromkeys(("pix2pix-edges", "pix2pix-half"), (UNET, PATCHES)),
}  # fmt: skip
PLANS = {
    "quick": ("60s", 8, "3s", 128, "[-1, 1]"),
    "best": ("1800s", 8, "60s", 128, "[-1, 1]"),
    "gan-simple": ("100ep", 4, "10ep", 128, "[-1, 1]"),
    "gan-deep": ("200ep", 5, "400it", 64, "[-1, 1]"),
    "gan-lab": ("30ep", 8, "1ep", 128, "[0, 1]"),
    "dcgan": ("30ep", 8, "1ep", 128, "[-1, 1]"),
    "dcgan-lab": ("30ep", 8, "1ep", 128, "[0, 1]"),
    "wgan": ("30ep", 8, "1ep", 128, "[-1, 1]"),
    "wgan-lab": ("30ep", 8, "1ep", 128, "[-1, 1]"),
    **dict.fromkeys(("grl", "grl-in-turns"), ("100ep", 8, "1ep", 512, "[0, 1]")),
    **dict.fromkeys(
        ("minimax", "ns-gan", "lsgan", "wgan-gp", "dragan", "sngan", "sagan", "r3gan",
         "pix2pix-edges", "pix2pix-half"),
        ("30ep", 8, "1ep", 64, "[-1, 1]"),
    ),
    **dict.fromkeys(("cgan", "acgan"), ("30ep", 10, "1ep", 64, "[-1, 1]")),
}  # fmt: skip
ADAM = {
    "quick": (4e-3, 0.5, 0.99), "best": (2e-3, 0.5, 0.99),
    "grl": (2e-4, 0.5, 0.9), "grl-in-turns": (2e-4, 0.5, 0.9), "wgan-gp": (1e-4, 0.0, 0.9),
    "r3gan": (2e-4, 0.0, 0.99),
}  # fmt: skip
"""Learning rate and betas, where they are not 2e-4, 0.5 and 0.999."""


@pytest.mark.parametrize("preset", ARCHITECTURES)
def test_networks_are_the_documents(preset: str) -> None:
    players = players_of(preset)
    assert (layers(players.generator), layers(players.discriminator)) == ARCHITECTURES[preset]


@pytest.mark.parametrize("preset", PLANS)
def test_plan_batch_grid_and_range_are_the_documents(preset: str) -> None:
    config = configure(preset, data="mnist")
    found = str(config.plan), config.grid, str(config.sample_every), config.settings.batch_size
    assert (*found, config.settings.data_range) == PLANS[preset]
    assert config.settings.latent_distribution == ("uniform" if preset.startswith("grl") else "normal")


def test_every_preset_is_held_to_a_document_and_cites_it(preset: str) -> None:
    assert preset in ARCHITECTURES
    assert preset in PLANS
    authors_and_year = recipe_of(preset).paper.split(",")[0]
    documents = ("seed 000", "seed 001", "seed 002", "seed 004", authors_and_year)
    assert any(document in PRESETS[preset].source for document in documents)
    assert "arXiv:" in recipe_of(preset).paper


@pytest.mark.parametrize("preset", [name for name in ARCHITECTURES if name not in ("wgan", "wgan-lab")])
def test_adam_is_the_documents(preset: str) -> None:
    optimizers = players_of(preset).optimizers
    assert len(optimizers) == (1 if preset == "grl" else 2)
    for optimizer in optimizers.values():
        assert isinstance(optimizer, torch.optim.Adam)
        assert (optimizer.defaults["lr"], *optimizer.defaults["betas"]) == ADAM.get(preset, (2e-4, 0.5, 0.999))


def test_grl_has_one_optimizer_over_both_players() -> None:
    players = players_of("grl")
    (optimizer,) = players.optimizers.values()
    held = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    both = [*players.generator.parameters(), *players.discriminator.parameters()]
    assert held == {id(weight) for weight in both}


@pytest.mark.parametrize("preset", ["wgan", "wgan-lab"])
def test_rmsprop_is_the_documents(preset: str) -> None:
    players, settings = players_of(preset), configure(preset).settings
    for optimizer in players.optimizers.values():
        assert isinstance(optimizer, torch.optim.RMSprop)
        assert optimizer.defaults["lr"] == 5e-5
    assert (settings.critic_steps, settings.clip) == (5, 0.01)  # type: ignore[attr-defined]


def test_settings_of_recipes_do_not_hide_settings_of_runs() -> None:
    for recipe in RECIPES.values():
        assert not set(recipe.settings.model_fields) & {*RUN_FIELDS, "preset"}, recipe.name


@pytest.mark.parametrize("side", [16, 20, 28, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_build_for_every_size(preset: str, side: int, channels: int) -> None:
    shape = ImageShape(channels, side, side)
    config, recipe = tiny(preset), recipe_of(preset)
    players = build_players(config, shape, CPU, "float32", CLASSES)
    told = {"nothing": None, "label": torch.tensor([0, 9, 3]), "image": torch.rand(3, *shape)}[recipe.conditioned_on]
    images = players.generate(torch.rand(3, config.settings.latent_dim), told)
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    assert not preset.startswith("grl") or images.min() >= 0
    if recipe.name == "pix2pix":
        scores = players.score(torch.cat([told, images], 1))
        assert scores.shape == (3, (side // 4) ** 2)
    elif recipe.name == "acgan":
        assert players.score(images).shape == (3, 1 + CLASSES)
    else:
        assert players.score(images, told).shape == (3, 1)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_step_moves_both_players_and_reports_its_series(preset: str, precision: str) -> None:
    config = tiny(preset)
    players = build_players(config, MNIST, CPU, precision, CLASSES)
    networks = (players.generator, players.discriminator)
    before = [[weight.clone() for weight in network.parameters()] for network in networks]
    feed = Recorded(config)
    logs = recipe_of(preset).step(players, config.settings, feed)
    assert set(logs) == {series.name for series in recipe_of(preset).series}
    assert all(value.shape == () and not value.requires_grad and value.isfinite() for value in logs.values())
    assert len(feed.taken) == recipe_of(preset).batches_per_iteration(config.settings)
    for old, network in zip(before, networks, strict=True):
        assert any(not torch.equal(one, two) for one, two in zip(old, network.parameters(), strict=True))
        assert all(weight.requires_grad for weight in network.parameters())


# The seeds' updates, written with a sigmoid and BCELoss as they are, on the same networks.


def gan_simple(players: Players, feed: Recorded) -> dict[str, Tensor]:
    """Seed 002: D first on the sum, then G on fresh z."""
    real, (optimizer_g, optimizer_d) = feed.real(), optimizers_of(players)
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    d_real = players.discriminator(real).sigmoid()
    d_fake = players.discriminator(players.generator(feed.latents(len(real)))).sigmoid()
    d_loss = BCE(d_real, ones) + BCE(d_fake, zeros)
    optimizer_d.zero_grad()
    d_loss.backward()
    optimizer_d.step()
    g_loss = BCE(players.discriminator(players.generator(feed.latents(len(real)))).sigmoid(), ones)
    optimizer_g.zero_grad()
    g_loss.backward()
    optimizer_g.step()
    return {"discriminator_loss": d_loss, "generator_loss": g_loss, "d_real": d_real.mean(), "d_fake": d_fake.mean()}


def gan_deep(players: Players, feed: Recorded) -> dict[str, Tensor]:
    """Seed 001: G first, then D on the same samples and on the mean."""
    real, (optimizer_g, optimizer_d) = feed.real(), optimizers_of(players)
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    optimizer_g.zero_grad()
    fake = players.generator(feed.latents(len(real)))
    g_loss = BCE(players.discriminator(fake).sigmoid(), ones)
    g_loss.backward()
    optimizer_g.step()
    optimizer_d.zero_grad()
    d_loss = (
        BCE(players.discriminator(real).sigmoid(), ones) + BCE(players.discriminator(fake.detach()).sigmoid(), zeros)
    ) / 2
    d_loss.backward()
    optimizer_d.step()
    return {"discriminator_loss": d_loss, "generator_loss": g_loss}


def wgan_lab(players: Players, feed: Recorded) -> dict[str, Tensor]:
    """Seed 004, task 3: five clipped critic steps on one real batch, then G."""
    real, (optimizer_g, optimizer_d) = feed.real(), optimizers_of(players)
    total = torch.zeros(())
    for _ in range(5):
        real_scores = players.discriminator(real)
        fake_scores = players.discriminator(players.generator(feed.latents(len(real))).detach())
        loss = -(real_scores.mean() - fake_scores.mean())
        optimizer_d.zero_grad()
        loss.backward()
        optimizer_d.step()
        for weight in players.discriminator.parameters():
            weight.data.clamp_(-0.01, 0.01)
        total += loss.detach()
    g_loss = -players.discriminator(players.generator(feed.latents(len(real)))).mean()
    optimizer_g.zero_grad()
    g_loss.backward()
    optimizer_g.step()
    return {"critic_loss": total / 5, "generator_loss": g_loss}


class Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor) -> Tensor:
        return inputs.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.neg()


def grl(players: Players, feed: Recorded) -> dict[str, Tensor]:
    """Seed 000: one loss and one optimizer, the reversal on the fake path."""
    real = feed.real()
    (optimizer,) = players.optimizers.values()
    fake_scores = players.discriminator(Reversal.apply(players.generator(feed.latents(len(real)))))
    fake_loss = nn.functional.softplus(fake_scores).mean()
    real_loss = nn.functional.softplus(-players.discriminator(real)).mean()
    optimizer.zero_grad()
    (fake_loss + real_loss).backward()
    optimizer.step()
    return {"fake_loss": fake_loss, "real_loss": real_loss, "discriminator_loss": fake_loss + real_loss}


def grl_in_turns(players: Players, feed: Recorded) -> dict[str, Tensor]:
    """The minimax game of seed 000 in turns: D descends, then G ascends D's loss on fresh samples."""
    real, (optimizer_g, optimizer_d) = feed.real(), optimizers_of(players)
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    d_fake = players.discriminator(players.generator(feed.latents(len(real))).detach()).sigmoid()
    d_real = players.discriminator(real).sigmoid()
    d_loss = BCE(d_real, ones) + BCE(d_fake, zeros)
    optimizer_d.zero_grad()
    d_loss.backward()
    optimizer_d.step()
    g_loss = -BCE(players.discriminator(players.generator(feed.latents(len(real)))).sigmoid(), zeros)
    optimizer_g.zero_grad()
    g_loss.backward()
    optimizer_g.step()
    return {"discriminator_loss": d_loss, "generator_loss": g_loss}


def quick(players: Players, feed: Recorded) -> dict[str, Tensor]:
    """DCGAN with samples drawn once: D on data and samples, then G through the new D on the same samples."""
    real, (optimizer_g, optimizer_d) = feed.real(), optimizers_of(players)
    ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    fake = players.generator(feed.latents(len(real)))
    d_loss = BCE(players.discriminator(real).sigmoid(), ones)
    d_loss = d_loss + BCE(players.discriminator(fake.detach()).sigmoid(), zeros)
    optimizer_d.zero_grad()
    d_loss.backward()
    optimizer_d.step()
    g_loss = BCE(players.discriminator(fake).sigmoid(), ones)
    optimizer_g.zero_grad()
    g_loss.backward()
    optimizer_g.step()
    return {"discriminator_loss": d_loss, "generator_loss": g_loss}


def optimizers_of(players: Players) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    generator, discriminator = players.optimizers.values()
    return generator, discriminator


@pytest.mark.parametrize(
    ("preset", "by_hand"),
    [
        ("gan-simple", gan_simple), ("gan-deep", gan_deep), ("gan-lab", gan_simple), ("dcgan-lab", gan_simple),
        ("wgan-lab", wgan_lab), ("grl", grl), ("grl-in-turns", grl_in_turns), ("quick", quick),
    ],
)  # fmt: skip
def test_updates_equal_the_seeds(preset: str, by_hand: Callable[..., dict[str, Tensor]]) -> None:
    config = tiny(preset, data="mnist", batch_size=6)
    ours, theirs = (build_players(config, MNIST, CPU, "float32") for _ in range(2))
    our_feed, their_feed = Recorded(config), Recorded(config)
    for _ in range(3):
        logged = recipe_of(preset).step(ours, config.settings, our_feed)
        for name, value in by_hand(theirs, their_feed).items():
            torch.testing.assert_close(logged[name], value.detach(), rtol=1e-4, atol=1e-5)
    # A step of Adam or RMSprop is at first as long as its rate whatever the gradient, so that rounding of a gradient
    # near zero moves a weight by up to that much: the tolerance is a tenth of one step.
    for one, two in ((ours.generator, theirs.generator), (ours.discriminator, theirs.discriminator)):
        pairs = zip(one.parameters(), two.parameters(), strict=True)
        difference = torch.cat([(ours_ - theirs_).abs().flatten() for ours_, theirs_ in pairs])
        assert (difference < 0.1 * config.settings.learning_rate).float().mean() > 0.995


@pytest.mark.parametrize(("preset", "batches"), [("wgan-lab", 1), ("wgan", 5)])
def test_critic_steps_take_their_batches_and_fresh_z(preset: str, batches: int) -> None:
    config = tiny(preset)
    players = build_players(config, MNIST, CPU, "float32")
    scored: list[Tensor] = []
    players.discriminator.register_forward_pre_hook(lambda _network, args: scored.append(args[0].detach().clone()))
    feed = Recorded(config)
    recipe_of(preset).step(players, config.settings, feed)
    assert len(feed.taken) == batches
    assert len({tuple(z.flatten().tolist()) for z in feed.drawn}) == len(feed.drawn) == 6
    for index in range(5):
        assert torch.equal(scored[2 * index], feed.taken[index if batches == 5 else 0])
    assert max(weight.detach().abs().max().item() for weight in players.discriminator.parameters()) <= 0.01


def test_grl_turns_the_generators_gradient_round_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny("grl")

    def gradients() -> tuple[list[Tensor], list[Tensor]]:
        players = build_players(config, MNIST, CPU, "float32")
        (optimizer,) = players.optimizers.values()
        monkeypatch.setattr(optimizer, "step", lambda: None)
        recipe_of("grl").step(players, config.settings, Recorded(config))
        return tuple(  # type: ignore[return-value]
            [weight.grad.clone() for weight in network.parameters() if weight.grad is not None]
            for network in (players.generator, players.discriminator)
        )

    generator, discriminator = gradients()
    monkeypatch.setattr("gancore.recipes.grl.reverse_gradient", lambda images: images)
    plain_generator, plain_discriminator = gradients()
    assert all(torch.equal(one, -two) for one, two in zip(generator, plain_generator, strict=True))
    assert all(torch.equal(one, two) for one, two in zip(discriminator, plain_discriminator, strict=True))
    assert any(bool(gradient.any()) for gradient in generator)
