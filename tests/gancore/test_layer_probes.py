"""Layers and what passes through them, against what autograd says and what can be counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gancore.layer_probes import Tally, share_at_ends, watched
from gancore.layers import layer_name, layers_of, own_parameters, part_of
from gancore.networks import LabelledGenerator, SelfAttention


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (nn.Linear(64, 6272), "Linear 64 → 6272"),
        (nn.ConvTranspose2d(64, 32, 4, 2, 1), "ConvTranspose2d 64 → 32, 4×4, stride 2"),
        (nn.Conv2d(3, 8, (3, 5), (1, 2)), "Conv2d 3 → 8, 3×5, stride 1×2"),
        (nn.Conv2d(3, 8, 3), "Conv2d 3 → 8, 3×3"),
        (spectral_norm(nn.Conv2d(3, 8, 3)), "Conv2d 3 → 8, 3×3, spectral norm"),
        (nn.MaxPool2d(2), "MaxPool2d 2×2"),
        (nn.BatchNorm1d(128), "BatchNorm1d 128"),
        (nn.Embedding(10, 16), "Embedding 10 → 16"),
        (nn.LeakyReLU(0.2), "LeakyReLU 0.2"),
        (nn.PixelShuffle(2), "PixelShuffle 2"),
        (nn.Tanh(), "Tanh"),
    ],
)
def test_layers_are_named_in_words(layer: nn.Module, name: str) -> None:
    assert layer_name(layer) == name


def test_a_network_is_taken_apart_down_to_its_layers() -> None:
    inner = nn.Sequential(nn.Linear(6, 8), nn.Identity(), SelfAttention(8, spectral_norm))
    network = LabelledGenerator(inner, 10, 2)
    found = layers_of(network)
    parts = {path: part_of(network, path) for path in found}
    assert parts == {
        "embedding": "embedding",
        "network.0": "network",
        "network.2": "network",
        "network.2.f": "network SelfAttention f",
        "network.2.g": "network SelfAttention g",
        "network.2.h": "network SelfAttention h",
        "network.2.v": "network SelfAttention v",
    }
    counted = sum(value.numel() for module in found.values() for value in own_parameters(module).values())
    assert counted == sum(value.numel() for value in network.parameters())


def test_a_tally_of_parts_is_that_of_the_whole() -> None:
    values = 100 + 0.01 * torch.randn(1_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    tally = Tally()
    for part in values.split([1, 99, 900]):
        tally.add(part)
    assert tally.mean == pytest.approx(float(values.mean()))
    assert tally.std == pytest.approx(float(values.std(correction=0)))
    assert tally.rms == pytest.approx(float(values.square().mean().sqrt()))
    assert (tally.low, tally.high) == (float(values.min()), float(values.max()))


def test_a_share_at_ends_counts_one_per_cent_of_the_range() -> None:
    values = torch.tensor([-1.0, -0.985, -0.975, 0.0, 0.99, 1.2])
    assert share_at_ends(values, (-1.0, 1.0)) == pytest.approx(4 / 6)


class Pair:
    """A generator and a discriminator of two layers each, stepped by hand without freezing either."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.generator = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1))
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        self.optimizers = [torch.optim.SGD(network.parameters(), 0.0) for network in self.networks.values()]
        self.z, self.real = torch.randn(6, 3), torch.randn(6, 2)

    def update_discriminator(self) -> None:
        loss = (self.discriminator(self.generator(self.z).detach()) - self.discriminator(self.real)).mean()
        self.descend(1, loss)

    def update_generator(self) -> None:
        self.descend(0, -self.discriminator(self.generator(self.z)).mean())

    def descend(self, which: int, loss: Tensor) -> None:
        self.optimizers[which].zero_grad()
        loss.backward()
        self.optimizers[which].step()


def test_gradients_are_those_of_a_network_s_own_updates() -> None:
    pair = Pair()
    with watched(pair.networks, pair.optimizers) as probes:
        pair.update_discriminator()
        pair.update_generator()
    generator, discriminator = probes["generator"], probes["discriminator"]

    # D sees 12 samples in its own update, and its score's gradient is 1/6 for each; the 6 of G's are not counted.
    assert discriminator["2"].gradients.count == 12
    assert discriminator["2"].gradients.rms == pytest.approx(1 / 6)
    assert discriminator["2"].activations.count == 18
    slope = pair.discriminator[2].weight[0].detach() / 6
    assert float(slope.square().mean().sqrt()) != pytest.approx(1 / 6)
    assert discriminator["1"].gradients.rms == pytest.approx(float(slope.square().mean().sqrt()))

    hidden = pair.generator[0](pair.z)
    hidden.retain_grad()
    (-pair.discriminator(pair.generator[2](hidden.relu())).mean()).backward()
    assert hidden.grad is not None
    assert generator["0"].gradients.rms == pytest.approx(float(hidden.grad.square().mean().sqrt()))
    assert generator[""].gradients.rms == pytest.approx(generator["2"].gradients.rms)
    assert generator["0"].weight_gradients.count == 12, "3 x 4 weights, no biases"
    assert [generator[path].called for path in ("0", "1", "2")] == sorted(p.called or 0 for p in generator.values())[
        :3
    ]


def test_the_gradient_a_penalty_is_made_of_is_not_the_loss_s() -> None:
    pair = Pair()
    with watched(pair.networks, pair.optimizers) as probes:
        samples = pair.real.clone().requires_grad_()
        scores = pair.discriminator(samples)
        (slopes,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
        pair.descend(1, 0.5 * scores.mean() + 0 * slopes.square().sum())
    assert probes["discriminator"]["2"].gradients.count == 6
    assert probes["discriminator"]["2"].gradients.rms == pytest.approx(0.5 / 6)


def test_dead_and_saturated_units_are_counted() -> None:
    pair = Pair()
    with torch.no_grad():
        pair.generator[0].bias[:3] = -100.0
        pair.discriminator[0].bias.fill_(100.0)
    with watched(pair.networks, pair.optimizers) as probes:
        pair.update_discriminator()
    assert probes["generator"]["1"].dead == pytest.approx(3 / 4)
    assert probes["discriminator"]["1"].saturated == 1.0
    assert probes["generator"]["0"].dead is None
    assert probes["discriminator"]["0"].saturated is None


def test_a_feature_map_is_one_unit() -> None:
    maps = torch.zeros(2, 4, 3, 3)
    maps[1, 2, 0, 1] = 5.0  # one place of one sample
    network = nn.Sequential(nn.ReLU())
    with watched({"any": network}, []) as probes:
        network(maps)
    assert probes["any"]["0"].dead == pytest.approx(3 / 4)


def test_looking_at_normalised_weights_is_no_step_of_the_power_iteration() -> None:
    network = nn.Sequential(spectral_norm(nn.Linear(8, 8)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.eval()
    with watched({"any": network}, []) as probes:
        found = probes["any"]["0"].weights()
    assert found.rms == pytest.approx(float(network[0].weight.detach().square().mean().sqrt()))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_nothing_is_left_on_a_network() -> None:
    pair = Pair()
    with watched(pair.networks, pair.optimizers) as probes:
        pass
    pair.update_discriminator()
    assert probes["discriminator"]["0"].shape is None
    assert probes["discriminator"]["0"].gradients.count == 0
