"""The plane as a run sees it, and the numbers of mixtures against hand-counted ones."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tiny
from torch import Tensor

from gancore import data
from gancore.config import RunConfig
from gancore.errors import DataError, RunError
from gancore.plane import PlaneView, latent_grid, look, mode_coverage
from gancore.players import build_players
from gancore.points import PointData, make_points
from gancore.recipes import RECIPES
from gancore.recipes.recipe import Players
from gancore.runs import RunManager

CORNERS = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def test_coverage_against_a_hand_count() -> None:
    points = torch.tensor([[1.0, 1.0], [1.0, 1.29], [1.0, 1.31], [-1.2, 1.2], [-1.0, 5.0], [0.9, -0.9]])
    found = mode_coverage(points, CORNERS, sigma=0.1)
    assert found.counts.tolist() == [2, 1, 0, 1], "1.31 is 3.1 sigma away, (-1, 5) is far out"
    assert found.covered == 3
    assert found.high_quality == pytest.approx(4 / 6)
    # 3, 2, 0 and 1 of the 6 lie nearest to each mode.
    assert found.kl == pytest.approx(3 / 6 * math.log(2) + 2 / 6 * math.log(4 / 3) + 1 / 6 * math.log(4 / 6))


def test_the_data_itself_covers_everything() -> None:
    for name, count in (("ring", 8), ("grid", 25)):
        dataset = make_points(name)
        assert dataset.modes is not None
        found = mode_coverage(dataset.points[:2500], dataset.modes, dataset.sigma)
        assert found.covered == count
        # A Gaussian of two dimensions has exp(-9 / 2) of its mass outside 3 sigma.
        assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.01)
        assert 0 <= found.kl < 0.02


def test_one_mode_alone_and_samples_that_are_not_finite() -> None:
    found = mode_coverage(CORNERS[:1].expand(5, 2), CORNERS, 0.1)
    assert (found.covered, found.high_quality) == (1, 1.0)
    assert found.kl == pytest.approx(math.log(4))
    broken = mode_coverage(torch.tensor([[math.nan, 0.0], [1.0, 1.0], [math.inf, 1.0], [1.0, 1.0]]), CORNERS, 0.1)
    assert (broken.covered, broken.high_quality) == (1, 0.5)
    nothing = mode_coverage(torch.full((3, 2), math.nan), CORNERS, 0.1)
    assert (nothing.covered, nothing.high_quality, nothing.kl) == (0, 0.0, math.inf)


PLANAR = [recipe.presets[0].name for recipe in RECIPES.values() if recipe.points is not None]


def planar(preset: str = "gan-simple", **settings: object) -> RunConfig:
    return tiny(preset, **{"data": "ring", "latent_dim": 2, **settings})


def prepared(config: RunConfig) -> tuple[Players, PointData]:
    dataset = make_points(config.data)
    return build_players(config, dataset.shape, torch.device("cpu"), "float32", len(dataset.classes)), dataset


def seen(config: RunConfig) -> PlaneView:
    players, dataset = prepared(config)
    return look(players, config, dataset, 3)


@pytest.mark.parametrize("preset", PLANAR)
@pytest.mark.parametrize("name", ["ring", "grid", "spiral", "moons"])
def test_every_recipe_of_points_can_be_looked_at(preset: str, name: str) -> None:
    view = seen(planar(preset, data=name))
    assert (view.iteration, view.real.shape[1], view.fake.shape, view.field.shape) == (3, 2, (800, 2), (48, 48))
    assert 1000 < len(view.real) <= 1500
    assert view.manifold.shape == (21, 21, 2)
    assert view.arrows.shape == (96, 2)
    assert (view.coverage is not None) == (name in ("ring", "grid"))
    low, middle, high = view.field_limits
    assert low < middle < high
    if view.field_kind == "probability":
        assert 0 <= float(view.field.min()) <= float(view.field.max()) <= 1
    assert 0 < float(view.arrows.norm(dim=1).max()) <= 2.001


class Slope(torch.nn.Module):
    """A discriminator whose score is known: 3 x + y, or its mean over a pack."""

    def forward(self, points: Tensor) -> Tensor:
        packs = points.reshape(len(points), -1, 2)
        return (3 * packs[..., 0] + packs[..., 1]).mean(dim=1, keepdim=True)


@pytest.mark.parametrize("packing", [1, 2])
def test_the_field_and_the_arrows_are_those_of_the_discriminator(packing: int) -> None:
    config = planar(packing=packing)
    players, dataset = prepared(config)
    players.discriminator = Slope()
    view = look(players, config, dataset, 0)
    axis = torch.linspace(-view.radius, view.radius, 48)
    assert torch.allclose(view.field, (3 * axis[None, :] + axis[:, None]).sigmoid(), atol=1e-6)
    assert torch.allclose(view.arrows[:, 0], 3 * view.arrows[:, 1], atol=1e-4)
    assert torch.allclose(view.arrows.norm(dim=1) * view.push, torch.tensor(math.sqrt(10)).expand(96), rtol=1e-3)


def test_the_manifold_is_the_generator_over_equally_likely_cells() -> None:
    config = planar()
    players, dataset = prepared(config)
    players.generator = torch.nn.Identity()
    view = look(players, config, dataset, 0)
    assert torch.equal(view.manifold, latent_grid(21, 2, "normal"))
    mass = torch.special.ndtr(view.manifold[0, :, 0]).diff()
    assert torch.allclose(mass, mass.mean().expand(20), atol=1e-5)
    assert torch.allclose(latent_grid(5, 2, "uniform")[3, 1], torch.tensor([0.25, 0.75]))
    assert latent_grid(5, 4, "uniform")[0, 0].tolist() == [0, 0, 0.5, 0.5]
    assert latent_grid(5, 1, "normal").shape == (1, 5, 1)


@pytest.mark.parametrize("dim", [1, 5])
def test_a_latent_of_any_length_has_a_manifold(dim: int) -> None:
    assert seen(planar(latent_dim=dim)).manifold.shape == ((1, 21, 2) if dim == 1 else (21, 21, 2))


def test_looking_leaves_no_trace() -> None:
    config = planar(batchnorm_eps=1e-5, ema_decay=0.9)
    players, dataset = prepared(config)
    players.random = torch.Generator().manual_seed(1)
    players.generator.train()
    first = next(iter(players.generator.modules()))
    frozen = next(module for module in players.generator.modules() if isinstance(module, torch.nn.BatchNorm1d)).eval()
    before = {name: value.clone() for name, value in players.generator.state_dict().items()}
    states = players.random.get_state(), torch.get_rng_state()
    one, two = look(players, config, dataset, 0), look(players, config, dataset, 0)
    assert all(torch.equal(before[name], value) for name, value in players.generator.state_dict().items())
    assert torch.equal(states[0], players.random.get_state())
    assert torch.equal(states[1], torch.get_rng_state())
    networks = players.generator, players.discriminator
    assert all(weight.grad is None for network in networks for weight in network.parameters())
    assert (first.training, frozen.training, players.discriminator.training) == (True, False, True)
    for name in ("fake", "field", "manifold", "arrows"):
        assert torch.equal(getattr(one, name), getattr(two, name)), name


def test_samples_come_from_the_averaged_generator() -> None:
    config = planar(ema_decay=0.9)
    players, dataset = prepared(config)
    assert players.averaged is not None
    before = look(players, config, dataset, 0)
    for weight in players.averaged.network.parameters():
        weight.data.zero_()
    after = look(players, config, dataset, 0)
    assert not torch.equal(before.fake, after.fake)
    assert float(after.fake.std(dim=0).max()) < 1e-6


@pytest.mark.parametrize("preset", ["gan-simple", "wgan-gp"])
def test_networks_that_are_not_finite_are_looked_at_too(preset: str) -> None:
    config = planar(preset)
    players, dataset = prepared(config)
    for weight in [*players.generator.parameters(), *players.discriminator.parameters()]:
        weight.data.fill_(math.nan)
    view = look(players, config, dataset, 0)
    assert view.coverage is not None
    assert (view.coverage.covered, view.push) == (0, 0.0)
    assert all(math.isfinite(limit) for limit in view.field_limits)


def test_a_recipe_that_is_told_a_label_is_shown_for_one_class() -> None:
    config = planar("cgan")
    players, dataset = prepared(config)
    views = [look(players, config, dataset, 0, label=label) for label in (0, 5, 99)]
    assert [view.label for view in views] == ["mode 0", "mode 5", "mode 7"]
    assert not torch.equal(views[0].field, views[1].field)
    assert not torch.equal(views[0].manifold, views[1].manifold)
    assert torch.equal(views[0].fake, views[1].fake), "samples have every class in turn"
    assert seen(planar()).label is None


def test_a_run_is_looked_at_live_and_afterwards(manager: RunManager) -> None:
    run = manager.start(planar(plan="1000000it"))
    live = run.look()
    run.step()
    run.stop()
    assert run.wait(60)
    ended = run.look()
    assert live.iteration <= ended.iteration == run.status().iteration
    assert ended.coverage is not None
    assert torch.equal(ended.real, live.real)
    assert torch.equal(ended.fake, run.look().fake)


def test_training_is_the_same_with_and_without_onlookers(manager: RunManager) -> None:
    plain = manager.start(planar(plan="40it"))
    assert plain.wait(60)
    watched = manager.start(planar(plan="40it"))
    watched.pause()
    for _ in range(5):
        watched.look()
        watched.step()
    watched.resume()
    assert watched.wait(60)
    losses = [run.history().column("generator_loss").tolist() for run in (plain, watched)]
    assert losses[0] == losses[1]


def test_what_cannot_be_looked_at_is_one_sentence(manager: RunManager, tmp_path: Path) -> None:
    pictures = manager.start(tiny("gan-simple", plan="1it"))
    assert pictures.wait(60)
    with pytest.raises(RunError, match="digits is a data set of images; expected one of points"):
        pictures.look()
    drawing = tmp_path / "drawing.csv"
    drawing.write_text("\n".join(f"{i},{i * i}" for i in range(20)))
    drawn = manager.start(planar(data=str(drawing), plan="1it"))
    assert drawn.wait(60)
    assert drawn.look().coverage is None
    drawing.unlink()
    with pytest.raises(DataError, match="there is no data set or folder"):
        drawn.look()
    for checkpoint in drawn.folder.checkpoints():
        checkpoint.rename(tmp_path / checkpoint.name)
    drawing.write_text("\n".join(f"{i},{i * i}" for i in range(20)))
    data.load(str(drawing))
    with pytest.raises(RunError, match="has no checkpoint whose plane could be shown"):
        drawn.look()


def test_a_slow_run_answers_at_once_and_its_waits_are_not_training(manager: RunManager) -> None:
    run = manager.start(planar(plan="1000000it"))
    run.pace(1 / 3600)
    assert run.paced == 1 / 3600
    reached = run.look().iteration
    time.sleep(0.5)
    run.pause()
    run.step()
    assert reached <= run.look().iteration <= reached + 3
    run.stop()
    assert run.wait(60)
    assert max(np.diff(run.history().column("elapsed_s")), default=0.0) < 0.5
    assert run.paced is None
    with pytest.raises(RunError, match="cannot be controlled"):
        run.pace(None)
