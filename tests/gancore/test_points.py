"""Points in the plane: the generated sets, files of points, and the pictures of both."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from gancore import data
from gancore.errors import ConfigError, DataError
from gancore.gallery import POINTS_SHOWN, SCATTER_SIDE, Painter, scatter
from gancore.networks import PointShape
from gancore.players import build_players
from gancore.points import COUNT, GENERATED, PointData, make_points, read_points
from gancore.recipes import configure


def load(name: str) -> PointData:
    loaded = data.load(name)
    assert isinstance(loaded, PointData)
    return loaded


@pytest.mark.parametrize("name", list(GENERATED))
def test_a_generated_set_is_always_the_same(name: str) -> None:
    dataset = load(name)
    assert (dataset.name, dataset.points.shape, dataset.points.dtype) == (name, (COUNT, 2), torch.float32)
    assert dataset.shape == PointShape(2)
    assert torch.equal(dataset.points, make_points(name).points)
    assert sorted(set(dataset.labels.tolist())) == list(range(len(dataset.classes)))
    assert float(dataset.points.abs().max()) < dataset.radius
    assert float(dataset.points.mean(dim=0).abs().max()) < 0.05 * dataset.radius, "around 0"


@pytest.mark.parametrize(("name", "sigma", "count"), [("ring", 0.01, 8), ("grid", 0.05, 25)])
def test_mixtures_are_those_of_pacgan(name: str, sigma: float, count: int) -> None:
    dataset = load(name)
    assert dataset.modes is not None
    assert (dataset.sigma, dataset.modes.shape) == (sigma, (count, 2))
    away = dataset.points - dataset.modes[dataset.labels]
    assert away.std(dim=0).tolist() == pytest.approx([sigma, sigma], rel=0.02)
    shares = torch.bincount(dataset.labels) / COUNT
    assert float(shares.min()) > 0.9 / count


def test_the_ring_and_the_grid_stand_where_the_paper_has_them() -> None:
    ring, grid = make_points("ring").modes, make_points("grid").modes
    assert ring is not None
    assert grid is not None
    assert torch.allclose(ring.norm(dim=1), torch.ones(8))
    assert torch.allclose(ring[1], torch.tensor([math.sqrt(0.5), math.sqrt(0.5)]))
    assert {tuple(place) for place in grid.tolist()} == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


@pytest.mark.parametrize("name", ["spiral", "moons"])
def test_curves_have_two_parts_and_no_modes(name: str) -> None:
    dataset = load(name)
    assert dataset.modes is None
    assert abs(float(dataset.labels.float().mean()) - 0.5) < 0.01


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_file_of_points_is_centred_and_scaled(tmp_path: Path) -> None:
    file = write(tmp_path / "line.csv", "x,y\n" + "".join(f"{100 + i},{2 * i}\n" for i in range(11)) + "nan,3\n")
    points = load(str(file)).points
    in_file = points[points[:, 1].argsort()]
    assert in_file[0].tolist() == pytest.approx([-0.5, -1.0])
    assert in_file[-1].tolist() == pytest.approx([0.5, 1.0])
    assert not torch.equal(points, in_file), "the first few are a fair draw"
    assert torch.equal(points, load(str(file)).points)
    assert (len(points), float(points.abs().max())) == (11, 1.0)
    assert load(str(file)).classes == ("line",)


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    file = write(tmp_path / "line.csv", "".join(f"{i},{i}\n" for i in range(10)))
    assert len(load(str(file)).points) == 10
    write(file, "".join(f"{i},{i}\n" for i in range(12)))
    os.utime(file, ns=(1, 1))
    assert len(load(str(file)).points) == 12


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,2\n3,4\n", "holds 2 points"),
        ("1,2\n" * 30, "holds 30 points in two columns; expected at least 10 that are not all the same"),
        ("1,2,3\n" * 30, "holds 0 points in two columns"),
        ("words\n", "holds 0 points in two columns"),
        ("1,2\n3\n", "cannot be read as points"),
    ],
)
def test_a_file_without_points_is_one_sentence(tmp_path: Path, text: str, found: str) -> None:
    file = write(tmp_path / "odd.csv", text)
    with pytest.raises(DataError, match=found) as caught:
        read_points(file)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        read_points(tmp_path / "gone.csv")


def test_points_are_for_recipes_that_can() -> None:
    config = configure("gan-simple", data="ring")
    assert (config.settings.latent_dim, config.settings.batch_size) == (2, 256)
    assert configure("gan-simple", data="ring", latent_dim=7).settings.latent_dim == 7
    with pytest.raises(
        ConfigError, match=r"dcgan: data: needs images, found moons, .* presets for it are gan-simple"
    ):
        configure("dcgan", data="moons")
    with pytest.raises(DataError, match="ring is a data set of points in the plane; expected one of images"):
        data.load_images("ring")


def test_a_scatter_shows_data_under_samples_with_y_upwards() -> None:
    corner = torch.tensor([[0.9, 0.9]]) + 0.001 * torch.randn(50, 2)
    dataset = PointData("corner", corner, torch.zeros(50, dtype=torch.int64), ("all",))
    nowhere = torch.full((5, 2), math.nan)
    picture = scatter(nowhere, dataset)
    assert (picture.shape, picture.dtype) == ((3, SCATTER_SIDE, SCATTER_SIDE), torch.uint8)
    rows, columns = np.nonzero(picture.sum(dim=0).numpy())
    lit = np.array([(row, column) for row, column in zip(rows, columns, strict=True) if (row, column) != (0, 0)])
    assert lit[:, 0].max() < SCATTER_SIDE / 4, "high up"
    assert lit[:, 1].min() > 3 * SCATTER_SIDE / 4, "at the right"
    both = scatter(corner, dataset)
    row, column = lit[0]
    assert not torch.equal(both[:, row, column], picture[:, row, column])


def test_a_gallery_of_points_is_a_scatter_of_many_samples() -> None:
    config, dataset = tiny("gan-simple", data="ring", latent_dim=2), load("ring")
    players = build_players(config, dataset.shape, torch.device("cpu"), "float32")
    painter = Painter(config, dataset, players)
    drawn = painter.sample()
    assert (drawn.shape, drawn.dtype) == ((POINTS_SHOWN, 2), torch.float32)
    assert torch.equal(drawn, painter.sample())
    assert painter.picture().shape == (3, SCATTER_SIDE, SCATTER_SIDE)
    assert painter.conditions is None
    assert players.generator.training


def test_batches_of_points_keep_their_scale() -> None:
    dataset = load("grid")
    batches = data.Batches(dataset, 64, "[-1, 1]", torch.Generator().manual_seed(0))
    assert float(batches.next().abs().max()) > 3
    samples = torch.tensor([[5.0, -7.0]])
    assert torch.equal(data.from_range(samples, "[0, 1]"), samples)
