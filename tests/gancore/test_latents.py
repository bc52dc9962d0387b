"""Walks through the latent space."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gancore import latents


def pair(seed: int, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = latents.from_seed(seed, 2, dim, "normal")
    return first, second


@given(st.integers(0, 10**6), st.integers(2, 200), st.integers(2, 12), st.sampled_from(["linear", "spherical"]))
@settings(deadline=None)
def test_walks_start_and_end_at_their_ends(seed: int, dim: int, steps: int, path: latents.Path) -> None:
    start, end = pair(seed, dim)
    walk = latents.walk(start, end, steps, path)
    assert walk.shape == (steps, dim)
    torch.testing.assert_close(walk[0], start, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(walk[-1], end, atol=1e-4, rtol=1e-4)


@given(st.integers(0, 10**6), st.integers(16, 200))
@settings(deadline=None)
def test_spherical_walks_keep_their_length_and_turn_evenly(seed: int, dim: int) -> None:
    start, end = pair(seed, dim)
    walk = latents.walk(start, end, 9, "spherical")
    expected = torch.linspace(float(start.norm()), float(end.norm()), 9)
    torch.testing.assert_close(walk.norm(dim=1), expected, rtol=1e-3, atol=1e-3)
    units = walk / walk.norm(dim=1, keepdim=True)
    angles = torch.acos((units[1:] * units[:-1]).sum(1).clamp(-1, 1))
    torch.testing.assert_close(angles, angles.mean().expand(8), rtol=2e-2, atol=2e-3)


def test_hand_computed_middles() -> None:
    start, end = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    half = torch.tensor([0.5])
    torch.testing.assert_close(latents.lerp(start, end, half)[0], torch.tensor([0.5, 0.5]))
    torch.testing.assert_close(latents.slerp(start, end, half)[0], torch.tensor([math.sqrt(0.5)] * 2))


@pytest.mark.parametrize("end", [[2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_vectors_in_one_line_fall_back_to_the_straight_walk(end: list[float]) -> None:
    start = torch.tensor([1.0, 0.0])
    walk = latents.walk(start, torch.tensor(end), 5, "spherical")
    torch.testing.assert_close(walk, latents.walk(start, torch.tensor(end), 5, "linear"))
    assert walk.isfinite().all()


def test_distributions_and_their_own_generator() -> None:
    uniform = latents.from_seed(0, 500, 20, "uniform")
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert uniform.mean().item() == pytest.approx(0.5, abs=0.02)
    normal = latents.from_seed(0, 500, 20, "normal")
    assert (normal.mean().item(), normal.std().item()) == (pytest.approx(0, abs=0.03), pytest.approx(1, abs=0.03))
    torch.manual_seed(5)
    assert torch.equal(latents.from_seed(0, 500, 20, "normal"), normal)
    assert torch.equal(latents.from_seed(0, 3, 20, "normal"), normal[:3]), "fewer are the first of more"


def test_truncation_goes_towards_the_mean() -> None:
    normal, uniform = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.25])
    assert latents.truncate(normal, 0.5, "normal").tolist() == [1.0, -0.5]
    assert latents.truncate(uniform, 0.5, "uniform").tolist() == [0.75, 0.375]
    assert torch.equal(latents.truncate(normal, 1, "normal"), normal)
    assert latents.truncate(uniform, 0, "uniform").tolist() == [0.5, 0.5]


def test_a_plane_goes_through_its_three_points() -> None:
    three = latents.from_seed(0, 3, 6, "normal")
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    found = latents.on_plane(three, places)
    torch.testing.assert_close(found[:3], three)
    torch.testing.assert_close(found[3], (three[1] + three[2]) / 2)


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_a_patch_goes_down_both_edges_and_then_across(path: latents.Path) -> None:
    four = latents.from_seed(0, 4, 6, "normal")
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.25, 0.5]])
    found = latents.on_plane(four, places, path)
    torch.testing.assert_close(found[:4], four, atol=1e-5, rtol=1e-5)
    left, right = (latents.walk(four[top], four[top + 2], 3, path)[1] for top in (0, 1))
    torch.testing.assert_close(found[4], latents.walk(left, right, 5, path)[1])
    with pytest.raises(ValueError, match="expected 3 or 4 points, found 2"):
        latents.on_plane(four[:2], places)
