"""What conditional recipes are told, and what attention does, against the formulas written out."""

from __future__ import annotations

import math

import pytest
import torch
from tiny_runs import CLASSES, MNIST, Recorded, players_of, tiny
from torch import nn
from torch.nn import functional as F

from gancore.networks import LabelledGenerator, PointShape, SelfAttention
from gancore.recipes import acgan, pix2pix, recipe_of
from gancore.recipes.cgan import ProjectionDiscriminator

PLANE = PointShape()


def test_attention_starts_as_the_identity_and_learns_its_share() -> None:
    torch.manual_seed(0)
    attention, maps = SelfAttention(16), torch.randn(2, 16, 6, 6)
    assert torch.equal(attention(maps), maps)
    attention(maps).square().sum().backward()
    assert attention.gamma.grad is not None
    assert attention.gamma.grad.item() != 0


@pytest.mark.parametrize("gamma", [1.0, -0.3])
def test_attention_is_the_papers_formula(gamma: float) -> None:
    torch.manual_seed(1)
    attention, maps = SelfAttention(16), 3 * torch.randn(2, 16, 5, 4)
    with torch.no_grad():
        attention.gamma.fill_(gamma)
    f, g, h, v = (getattr(attention, name).weight.flatten(1) for name in "fghv")
    assert f.shape == g.shape == h.shape == (2, 16)
    expected = maps.clone()
    for image, places in enumerate(maps.flatten(2)):
        for j in range(20):
            similarity = torch.stack([(f @ places[:, i]) @ (g @ places[:, j]) for i in range(20)])
            shares = similarity.exp() / similarity.exp().sum()
            seen = v @ sum(shares[i] * (h @ places[:, i]) for i in range(20))
            expected[image, :, j // 4, j % 4] += gamma * seen
    torch.testing.assert_close(attention(maps), expected, rtol=1e-4, atol=1e-5)


def test_a_labels_embedding_stands_beside_z() -> None:
    generator = LabelledGenerator(nn.Identity(), CLASSES, 3)
    latents, labels = torch.randn(4, 5), torch.tensor([7, 0, 7, 2])
    told = generator(latents, labels)
    assert torch.equal(told[:, :5], latents)
    assert torch.equal(told[:, 5:], generator.embedding.weight[labels])


@pytest.mark.parametrize("packing", [1, 2])
def test_the_projection_is_the_papers_formula(packing: int) -> None:
    torch.manual_seed(0)
    phi = nn.Sequential(nn.Linear(2 * packing, 6), nn.ReLU())
    discriminator = ProjectionDiscriminator(phi, 6, CLASSES).eval()
    samples, labels = torch.randn(3, 2 * packing), torch.randint(CLASSES, (3, packing))
    psi, embed = discriminator.unconditional, discriminator.embedding.weight
    for index, score in enumerate(discriminator(samples, labels)):
        features = phi(samples[index])
        embedded = sum(embed[label] for label in labels[index]) / packing
        expected = psi.weight[0] @ features + psi.bias[0] + embedded @ features
        assert score.item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("preset", ["cgan", "acgan"])
@pytest.mark.parametrize("shape", [MNIST, PLANE], ids=["images", "points"])
def test_the_label_decides_the_sample(preset: str, shape: tuple[int, ...]) -> None:
    players = players_of(tiny(preset), shape)
    players.generator.eval()
    z = torch.randn(1, 8).expand(CLASSES, 8)
    samples = players.generate(z, torch.arange(CLASSES))
    assert len({tuple(sample.flatten().tolist()) for sample in samples}) == CLASSES
    torch.testing.assert_close(samples[3:4], players.generate(z[:1], torch.tensor([3])))


def test_cgan_judges_data_with_their_labels_and_samples_with_the_ones_they_were_made_for() -> None:
    config = tiny("cgan", packing=2)
    players, feed = players_of(config), Recorded(config)
    made, judged = [], []
    players.generator.register_forward_pre_hook(lambda _network, args: made.append(args[1].clone()))
    players.discriminator.register_forward_pre_hook(lambda _network, args: judged.append(args[1].clone()))
    recipe_of("cgan").step(players, config.settings, feed)
    assert [labels.shape for labels in judged] == [(8, 2)] * 3
    assert torch.equal(judged[0].flatten(), feed.labels())
    assert torch.equal(judged[1].flatten(), made[0])
    assert torch.equal(judged[2].flatten(), made[1])
    assert not torch.equal(made[0], made[1])


@pytest.mark.parametrize("packing", [1, 2])
def test_acgan_tells_the_class_of_every_sample_of_a_pack(packing: int) -> None:
    players = players_of(tiny("acgan", packing=packing), PLANE)
    samples, labels = torch.randn(5, 2), torch.tensor([1, 0, 9, 4, 4])
    whole = 5 // packing * packing
    columns = players.discriminator(samples[:whole].reshape(-1, 2 * packing))
    assert columns.shape == (whole // packing, 1 + packing * CLASSES)
    scores, class_loss, accuracy = acgan.judge(players, samples, labels)
    assert torch.equal(scores, columns[:, :1])
    logs, right = [], []
    for index in range(whole):
        start = 1 + index % packing * CLASSES
        logits = columns[index // packing, start : start + CLASSES]
        logs.append(-(logits[labels[index]].exp() / logits.exp().sum()).log())
        right.append(logits.argmax().item() == labels[index].item())
    assert class_loss.item() == pytest.approx(sum(logs).item() / whole, abs=1e-6)  # type: ignore[union-attr]
    assert accuracy.item() == pytest.approx(sum(right) / whole)


def test_acgans_update_equals_the_papers() -> None:
    config = tiny("acgan")
    ours, theirs = (players_of(config, PLANE) for _ in range(2))
    our_feed, feed = (Recorded(config, PLANE) for _ in range(2))
    logged = recipe_of("acgan").step(ours, config.settings, our_feed)
    real, labels, told = feed.real(), feed.labels(), feed.random_labels(16)
    d_real = theirs.discriminator(real)
    d_fake = theirs.discriminator(theirs.generator(feed.latents(16), told).detach())
    adversarial = -F.logsigmoid(d_real[:, 0]).mean() - F.logsigmoid(-d_fake[:, 0]).mean()
    d_loss = adversarial + F.cross_entropy(d_real[:, 1:], labels) + F.cross_entropy(d_fake[:, 1:], told)
    theirs.optimizers["discriminator"].zero_grad()
    d_loss.backward()
    theirs.optimizers["discriminator"].step()
    latents, wanted = feed.latents(16), feed.random_labels(16)
    made = theirs.discriminator(theirs.generator(latents, wanted))
    g_loss = -F.logsigmoid(made[:, 0]).mean() + F.cross_entropy(made[:, 1:], wanted)
    assert logged["discriminator_loss"].item() == pytest.approx(d_loss.item(), rel=1e-5)
    assert logged["generator_loss"].item() == pytest.approx(g_loss.item(), rel=1e-4)


def test_edges_of_a_step_a_corner_and_nothing() -> None:
    image = torch.zeros(1, 1, 8, 8)
    assert pix2pix.edges(image + 0.7).abs().max().item() < 1e-6, "the border is no edge"
    image[..., 4:] = 1
    assert torch.equal(pix2pix.edges(image)[0, 0, 3], torch.tensor([0.0, 0, 0, 1, 1, 0, 0, 0]))
    assert torch.equal(pix2pix.edges(image.mT)[0, 0], pix2pix.edges(image)[0, 0].mT)
    corner = torch.zeros(1, 2, 8, 8)
    corner[:, 1, 4:, 4:] = 0.5
    found = pix2pix.edges(corner)
    assert found[0, 0].abs().max() == 0, "each channel has its own"
    # Beside the corner each direction sees 3/4 of half a step.
    assert found[0, 1, 4, 4].item() == pytest.approx(math.hypot(0.375, 0.375))


@pytest.mark.parametrize("data_range", ["[-1, 1]", "[0, 1]"])
def test_sources_are_in_the_range_of_the_data(data_range: str) -> None:
    unit = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    low = -1.0 if data_range == "[-1, 1]" else 0.0
    images = unit * 2 - 1 if low else unit
    half = pix2pix.sources_of(tiny("pix2pix-half", data_range=data_range).settings, images)  # type: ignore[arg-type]
    torch.testing.assert_close(half[:, :, :14], images[:, :, :14])
    assert (half[:, :, 14:] == low).all()
    edges = pix2pix.sources_of(tiny("pix2pix-edges", data_range=data_range).settings, images)  # type: ignore[arg-type]
    assert edges.shape == images.shape
    assert edges.min() >= low
    assert edges.max() <= 1
    torch.testing.assert_close(edges - low, pix2pix.edges(unit) * (1 - low))


@pytest.mark.parametrize("task", ["edges", "half"])
def test_pix2pixs_update_equals_the_papers(task: str) -> None:
    config = tiny(f"pix2pix-{task}")
    ours, theirs = (players_of(config) for _ in range(2))
    our_feed, feed = (Recorded(config) for _ in range(2))
    logged = recipe_of(config.preset).step(ours, config.settings, our_feed)
    real = feed.real()
    sources = pix2pix.sources_of(config.settings, real)  # type: ignore[arg-type]
    fake = theirs.generator(feed.latents(16), sources).detach()
    d_real = theirs.discriminator(torch.cat([sources, real], 1))
    d_fake = theirs.discriminator(torch.cat([sources, fake], 1))
    assert d_real.shape == (16, 49)
    d_loss = -(F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean()) / 2
    theirs.optimizers["discriminator"].zero_grad()
    d_loss.backward()
    theirs.optimizers["discriminator"].step()
    made = theirs.generator(feed.latents(16), sources)
    adversarial = -F.logsigmoid(theirs.discriminator(torch.cat([sources, made], 1))).mean()
    distance = F.l1_loss(made, real)
    theirs.optimizers["generator"].zero_grad()
    (adversarial + 100 * distance).backward()
    theirs.optimizers["generator"].step()
    expected = {"discriminator_loss": d_loss, "generator_loss": adversarial, "l1_distance": distance}
    assert {name: logged[name].item() for name in expected} == pytest.approx(
        {name: value.item() for name, value in expected.items()}, rel=1e-4
    )
    for one, two in zip(ours.generator.parameters(), theirs.generator.parameters(), strict=True):
        assert ((one - two).abs() < 0.1 * config.settings.learning_rate).float().mean() > 0.98


def test_pix2pix_sees_z_and_its_source() -> None:
    players = players_of(tiny("pix2pix-edges"))
    players.generator.eval()
    z, sources = torch.randn(2, 8), torch.rand(2, 1, 28, 28)
    images = players.generate(z, sources)
    assert not torch.equal(images, players.generate(z.flip(0), sources))
    assert not torch.equal(images, players.generate(z, sources.flip(0)))
