"""Every discriminator on every run's samples: areas by hand, and on runs as they are on disk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tiny_runs import CPU, MNIST, tiny
from torch import Tensor, nn

from gancore.errors import RunError
from gancore.evaluate.cross_readings import NOTHING, readings
from gancore.evaluate.cross_scores import CrossScores, area_under_roc, cross_scores, standard_error
from gancore.evaluate.discriminators import Discriminator, real_samples
from gancore.recipes import Players
from gancore.run import Run
from gancore.runs import RunManager

RUN_S = 120
COUNT = 40


class Brightness(nn.Module):
    """Scores a pack by its mean value, in training mode by nothing."""

    def forward(self, samples: Tensor) -> Tensor:
        assert not self.training
        return samples.flatten(1).mean(1, keepdim=True)


def by_brightness(packing: int = 1) -> Discriminator:
    players = Players(nn.Identity(), Brightness(), {}, CPU, packing=packing, augmentation="color, translation")
    return Discriminator("bright", tiny("gan-simple"), players, MNIST)


def flat(*levels: int) -> Tensor:
    """One image of each grey level."""
    return torch.tensor(levels, dtype=torch.uint8)[:, None, None, None].expand(-1, *MNIST)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Small finished runs: one a kind that is treated in a way of its own."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    configs = {
        "plain": tiny("gan-simple", plan="4it"),
        "critic": tiny("wgan-lab", plan="2it", latent_dim=20),
        "packed": tiny("gan-simple", plan="4it", packing=2, seed=3),
        "told": tiny("cgan", plan="2it"),
        "guesses": tiny("acgan", plan="2it"),
        "pairs": tiny("pix2pix-half", plan="2it"),
        "points": tiny("ns-gan", plan="2it", data="ring"),
        "points too": tiny("lsgan", plan="2it", data="ring"),
    }
    found = {}
    for name, config in configs.items():
        found[name] = manager.start(config)
        assert found[name].wait(RUN_S)
    yield found
    manager.shutdown()


def by_hand(real: list[float], fake: list[float]) -> float:
    wins = sum((r > f) + (r == f) / 2 for r in real for f in fake)
    return wins / (len(real) * len(fake))


@pytest.mark.parametrize(
    ("real", "fake"),
    [([1, 2, 3], [0, 0.5]), ([0], [1, 2]), ([1, 1], [1, 1, 1]), ([3, 1, 2, 2], [2, 0, 4]), ([0.1, -5], [-5, 0.2, 0])],
)
def test_the_area_is_the_share_of_pairs_in_order(real: list[float], fake: list[float]) -> None:
    assert area_under_roc(torch.tensor(real), torch.tensor(fake)) == pytest.approx(by_hand(real, fake))


def test_a_score_that_is_not_finite_has_no_area() -> None:
    assert math.isnan(area_under_roc(torch.tensor([1.0, math.nan]), torch.tensor([0.0, 1.0])))


def test_the_standard_error_is_that_of_areas_drawn_again() -> None:
    draw = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(300, 60, generator=draw) + shift for shift in (1.0, 0.0))
    areas = torch.tensor([area_under_roc(r, f) for r, f in zip(real, fake, strict=True)])
    assert standard_error(float(areas.mean()), 60, 60) == pytest.approx(float(areas.std()), rel=0.15)
    assert standard_error(0.5, 10, 10) == pytest.approx(math.sqrt((0.25 + 18 * (1 / 3 - 0.25)) / 100))
    assert 0 < standard_error(1.0, 500, 500) < 0.005


def test_a_known_discriminator_orders_samples_as_it_should() -> None:
    scores = by_brightness().scores(flat(0, 255, 51))
    assert scores.tolist() == pytest.approx([-1, 1, -0.6], abs=1e-6)
    assert torch.equal(scores, by_brightness().scores(flat(0, 255, 51))), "augmentation is left out"


def test_packs_are_of_neighbours_or_of_one_sample_repeated() -> None:
    judge = by_brightness(packing=2)
    assert judge.scores(flat(0, 255, 255, 255, 7)).tolist() == pytest.approx([0, 1], abs=1e-6)
    assert judge.scores(flat(0, 255, 51), alone=True).tolist() == pytest.approx([-1, 1, -0.6], abs=1e-6)


def test_another_shape_is_refused_in_words() -> None:
    with pytest.raises(
        RunError, match="takes images of 28 x 28 pixels, grey, found images of 32 x 32 pixels, in col"
    ):
        by_brightness().scores(torch.zeros(2, 3, 32, 32, dtype=torch.uint8))
    with pytest.raises(RunError, match="found points"):
        by_brightness().scores(torch.zeros(2, 2))


def test_each_cell_is_one_discriminator_on_one_runs_samples(runs: dict[str, Run]) -> None:
    chosen = [runs[name] for name in ("plain", "critic", "packed")]
    found = cross_scores(chosen, COUNT, seed=5)
    assert found.discriminators == found.generators == tuple(run.id for run in chosen)
    real, _, split = real_samples(runs["plain"].config, MNIST, COUNT)
    assert (split, found.real, found.notes) == ("all", "all", ())
    for i, row in enumerate(chosen):
        judge = Discriminator.open(row)
        packs = COUNT // judge.players.packing
        for j, column in enumerate(chosen):
            sampler = Discriminator.open(column).sampler(column)
            fake = judge.scores(sampler.images(sampler.common_latents(5, COUNT)))
            assert len(fake) == packs
            wanted = by_hand(judge.scores(real).tolist(), fake.tolist())
            assert float(found.areas[i, j]) == pytest.approx(wanted)
            assert float(found.errors[i, j]) == pytest.approx(standard_error(wanted, packs, packs))
    assert found.packs == {runs["packed"].id: 2}
    assert torch.equal(found.areas, cross_scores(chosen, COUNT, seed=5).areas)


def test_what_cannot_judge_is_left_out_in_words(runs: dict[str, Run]) -> None:
    chosen = [runs[name] for name in ("plain", "told", "guesses", "pairs", "points")]
    found = cross_scores(chosen, COUNT)
    plain, told, guesses, pairs, points = (run.id for run in chosen)
    assert found.discriminators == (plain, told, guesses)
    assert found.generators == (plain, told, guesses, pairs)
    unknown = found.areas.isnan().tolist()
    assert unknown == [[False] * 4, [True, False, False, True], [False] * 4]
    notes = " ".join(found.notes)
    assert f"{points} is left out: it was trained on ring (points)" in notes
    assert f"{pairs}'s discriminator judges a source and an image together" in notes
    assert f"{told}'s discriminator has to be told a class, which these samples lack: {plain}, {pairs}." in notes


def test_points_are_judged_too(runs: dict[str, Run]) -> None:
    found = cross_scores([runs["points"], runs["points too"]], COUNT)
    assert found.areas.shape == (2, 2)
    assert bool(((found.areas >= 0) & (found.areas <= 1)).all())


def test_a_run_without_a_checkpoint_has_samples_only(runs: dict[str, Run], tmp_path: Path) -> None:
    source = runs["plain"].folder.path
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "resolved.json", "status.json", "galleries.json", "galleries"):
        (bare / name).symlink_to(source / name)
    run = RunManager(tmp_path).get("bare")
    found = cross_scores([runs["critic"], run], COUNT)
    assert found.discriminators == (runs["critic"].id,)
    assert found.generators == (runs["critic"].id, "bare")
    assert found.notes == ("bare has no checkpoint with its discriminator.",)
    with pytest.raises(RunError, match="checkpoint with a discriminator"):
        cross_scores([run], COUNT)


def matrix(areas: list[list[float]], error: float = 0.01) -> CrossScores:
    ids = tuple("abcd"[: len(areas)])
    values = torch.tensor(areas, dtype=torch.float64)
    return CrossScores(ids, ids, values, torch.full_like(values, error))


NAMES = {run: f"run-{run}" for run in "abcd"}


def test_readings_name_the_best_generator_and_discriminator() -> None:
    clear = matrix([[0.9, 0.99, 0.7], [0.8, 0.9, 0.56], [0.8, 0.8, 0.9]])
    assert readings(clear, NAMES) == [
        "run-c's samples fool the other discriminators most: 0.63 on average.",
        "run-a's discriminator tells the others' samples best: 0.84 on average.",
        "run-c's own discriminator tells its samples better (0.90) than the others do (0.63 on average).",
    ]
    sharp = matrix([[0.9, 0.9, 0.9], [0.7, 0.7, 0.7], [0.7, 0.7, 0.7]])
    assert "run-a's discriminator tells the others' samples best: 0.90 on average." in readings(sharp, NAMES)


def test_runs_are_compared_over_discriminators_that_are_neithers() -> None:
    # c's column has the lower mean only because the blind discriminator of a is not its own.
    unfair = matrix([[0.5, 0.5, 0.5], [0.9, 0.9, 0.9], [0.9, 0.9, 0.9]])
    assert not any("fool the other discriminators most" in text for text in readings(unfair, NAMES))


def test_readings_stay_within_the_noise() -> None:
    assert readings(matrix([[0.70, 0.71, 0.69], [0.71, 0.7, 0.7], [0.7, 0.69, 0.7]]), NAMES) == [NOTHING]
    assert readings(matrix([[0.7, 0.45], [0.7, 0.7]], error=0.2), NAMES) == [NOTHING]


def test_two_runs_exchange_players() -> None:
    (sentence, *_) = readings(matrix([[0.8, 0.6], [0.9, 0.8]]), NAMES)
    assert sentence == (
        "With players exchanged, run-b's samples fool run-a's discriminator more (0.60) than run-a's fool run-b's "
        "(0.90)."
    )


def test_samples_taken_for_more_real_than_data_are_named() -> None:
    found = readings(matrix([[0.9, 0.3], [0.9, 0.9]]), NAMES)
    assert "run-a's discriminator takes run-b's samples for more real than data: 0.30." in found


def test_unknown_cells_are_no_evidence() -> None:
    nan = math.nan
    scores = matrix([[0.9, nan, nan], [0.9, 0.9, 0.6], [0.9, 0.6, 0.9]])
    assert not any("run-a's discriminator tells" in text for text in readings(scores, NAMES))
