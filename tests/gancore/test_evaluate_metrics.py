"""Metrics against closed forms, hand-worked numbers, and torch-fidelity's own calculation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import Tensor
from torch.utils.data import Dataset
from torch_fidelity import calculate_metrics
from torch_fidelity.metric_prc import prc_features_to_metric

from gancore.data import load_images
from gancore.evaluate.bootstrap import centred, frechet_replicates, kernel_replicates, mean_interval
from gancore.evaluate.extractors import RandomExtractor, StackedExtractor, extractor_for
from gancore.evaluate.judge import SHIPPED, load_judge
from gancore.evaluate.memorisation import memorisation
from gancore.evaluate.metrics import (
    Measurement,
    class_divergence,
    covered_classes,
    frechet_distance,
    kernel_distance,
    measure,
    quick_quality,
)
from gancore.evaluate.neighbours import Manifold, nearest, overlap
from gancore.evaluate.reference import Reference, TrainingImages, reference_for
from gancore.networks import ImageShape

DIGITS = ImageShape(1, 28, 28)


class Images(Dataset[Tensor]):
    """Images as torch-fidelity takes them."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


def normal(count: int, dim: int, seed: int) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def noisy_digits(count: int, seed: int = 0) -> Tensor:
    images = load_images("digits").images[:count].float()
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed)) * 30
    return (images + noise).clamp(0, 255).to(torch.uint8)


def test_frechet_distance_of_two_diagonal_gaussians_is_the_closed_form() -> None:
    """|m1 - m2|^2 + sum (s1 - s2)^2 = 3^2 + 4^2 + (1 - 3)^2 + (2 - 0.5)^2 = 31.25."""
    one = {"mu": np.array([0.0, 0.0]), "sigma": np.diag([1.0, 4.0])}
    other = {"mu": np.array([3.0, 4.0]), "sigma": np.diag([9.0, 0.25])}
    assert frechet_distance(one, other) == pytest.approx(31.25)


def test_frechet_distance_of_covariances_that_do_not_commute() -> None:
    one = {"mu": np.zeros(2), "sigma": np.array([[2.0, 1.0], [1.0, 3.0]])}
    other = {"mu": np.ones(2), "sigma": np.array([[1.0, -0.5], [-0.5, 4.0]])}
    expected = 2 + 10 - 2 * np.trace(sqrtm(one["sigma"] @ other["sigma"])).real
    assert frechet_distance(one, other) == pytest.approx(expected)


def test_a_set_is_at_no_distance_from_itself() -> None:
    extractor = extractor_for("digits", DIGITS)
    data = load_images("digits")
    reference = Reference(data, "all", extractor)
    found = {m.name: m for m in measure(reference.features, None, reference)}
    assert found["frechet"].value == pytest.approx(0, abs=1e-2)
    assert found["kernel"].value <= 0  # unbiased for independent sets only: pairs of one image twice lower it
    assert [found[name].value for name in ("precision", "recall", "coverage")] == [1, 1, 1]
    # Each lies in its own ball and, in the mean, in 5 others, on whose edge it may be for rounding.
    assert found["density"].value == pytest.approx(1.2, abs=0.02)
    assert {m.samples for m in found.values()} == {1797}
    assert {m.extractor for m in found.values()} == {extractor.name}


def test_precision_recall_density_and_coverage_on_a_line() -> None:
    """Worked by hand for real points 0 to 6 and samples 8, 9, 10, 11, 100, 101.

    Radii to the 3rd neighbour are 3, 2, 2, 2, 2, 2, 3 and to the 5th 5, 4, 3, 3, 3, 4, 5. Samples 8 and 9 lie
    within 3 of point 6. Of the samples' balls only that of 8, with radius 3, reaches real points: 5 and 6. Samples 8
    and 9 lie in 2 of the balls of the 5th neighbour, 10 and 11 in 1, all around the points 5 and 6.
    """
    real = Manifold.of(torch.tensor([[float(x), 0.0] for x in range(7)]))
    samples = torch.tensor([[float(x), 0.0] for x in (8, 9, 10, 11, 100, 101)])
    found = overlap(samples, real)
    assert real.precision_radii.tolist() == [3, 2, 2, 2, 2, 2, 3]
    assert real.density_radii.tolist() == [5, 4, 3, 3, 3, 4, 5]
    assert found.precision.tolist() == [1, 1, 0, 0, 0, 0]
    assert found.recall.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert found.density.tolist() == pytest.approx([0.4, 0.4, 0.2, 0.2, 0, 0])
    assert found.coverage.tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_precision_and_recall_equal_torch_fidelitys() -> None:
    samples, real = normal(1300, 40, 0) * 0.9 + 0.2, normal(1100, 40, 1)
    ours = overlap(samples, Manifold.of(real))
    theirs = prc_features_to_metric(samples, real, prc_neighborhood=3, verbose=False)
    assert float(ours.precision.mean()) == pytest.approx(theirs["precision"], abs=1e-6)
    assert float(ours.recall.mean()) == pytest.approx(theirs["recall"], abs=1e-6)


@pytest.mark.parametrize("kind", ["judge", "random"])
def test_torch_fidelity_computes_the_same_through_the_registered_extractor(kind: str, tmp_path: object) -> None:
    data = load_images("digits")
    extractor = extractor_for("digits" if kind == "judge" else str(tmp_path), DIGITS)
    assert extractor.name.startswith(kind)
    samples = noisy_digits(500)
    theirs = calculate_metrics(
        input1=Images(samples), input2=Images(data.images), feature_extractor=extractor.name,
        fid=True, kid=True, prc=True, cuda=False, save_cpu_ram=True, cache=False, verbose=False, kid_subset_size=500,
    )  # fmt: skip
    features, probabilities = extractor.examine(samples)
    ours = {m.name: m.value for m in measure(features, probabilities, Reference(data, "all", extractor))}
    assert ours["frechet"] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    assert ours["kernel"] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-3)
    assert ours["precision"] == pytest.approx(theirs["precision"], abs=0.01)
    assert ours["recall"] == pytest.approx(theirs["recall"], abs=0.01)


def test_a_class_is_covered_from_a_tenth_of_its_share_on() -> None:
    shares = np.array([0.5, 0.4, 0.1])
    # Needed of 100 samples: 5, 4 and 1.
    assert covered_classes(np.array([96, 3, 1]), shares).tolist() == [True, False, True]
    assert covered_classes(np.array([96, 4, 0]), shares).tolist() == [True, True, False]
    assert covered_classes(np.array([[5, 95, 0], [4, 95, 1]]), shares).sum(axis=1).tolist() == [2, 2]


def test_divergence_of_class_histograms() -> None:
    """KL((1/2, 1/2, 0) || (1/4, 1/4, 1/2)) = ln 2; KL((3/4, 1/4) || (1/2, 1/2)) = ln 2 - H(1/4)."""
    assert class_divergence(np.array([50, 50, 0]), np.array([0.25, 0.25, 0.5])) == pytest.approx(math.log(2))
    entropy = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert class_divergence(np.array([75, 25]), np.array([0.5, 0.5])) == pytest.approx(math.log(2) - entropy)
    assert class_divergence(np.array([10, 20]), np.array([1 / 3, 2 / 3])) == pytest.approx(0)
    assert class_divergence(np.array([1, 1]), np.array([1.0, 0.0])) == math.inf


def test_the_interval_of_a_frechet_distance_holds_the_truth_about_95_times_in_100() -> None:
    real = {"mu": np.zeros(3), "sigma": np.eye(3)}
    truth = 4 + 3 * (1.5 - 1) ** 2
    hits = 0
    for trial in range(60):
        samples = normal(500, 3, 100 + trial) * 1.5 + torch.tensor([2.0, 0.0, 0.0])
        value = frechet_distance(
            {"mu": samples.double().mean(0).numpy(), "sigma": np.cov(samples.double().numpy(), rowvar=False)}, real
        )
        low, high = centred(value, frechet_replicates(samples, real, seed=trial), lowest=0)
        hits += low <= truth <= high
    assert 53 <= hits <= 60  # 57 expected, standard deviation 1.7


def test_replicates_of_a_kernel_distance_spread_as_new_samples_do() -> None:
    real = normal(300, 4, 0)
    fresh = [kernel_distance(normal(300, 4, seed) + 0.3, real) for seed in range(1, 31)]
    spread = np.mean([kernel_replicates(normal(300, 4, seed) + 0.3, real).std() for seed in range(1, 5)])
    assert spread == pytest.approx(np.std(fresh), rel=0.35)


def test_an_interval_of_a_share_is_that_of_the_binomial() -> None:
    low, high = mean_interval(torch.cat([torch.ones(300), torch.zeros(700)]))
    half = 1.96 * math.sqrt(0.3 * 0.7 / 1000)
    assert low == pytest.approx(0.3 - half, abs=0.006)
    assert high == pytest.approx(0.3 + half, abs=0.006)


def test_the_nearest_of_a_bank_is_found_across_blocks() -> None:
    bank = normal(3000, 8, 0)
    points = bank[[5, 2500]] + 1e-3
    distances, indices = nearest(points, bank)
    assert indices.tolist() == [5, 2500]
    assert distances.tolist() == pytest.approx([1e-3 * math.sqrt(8)] * 2, rel=1e-2)


def test_copies_are_flagged_and_fresh_images_are_not() -> None:
    reference = reference_for("digits")
    training = reference.training
    copies, _ = memorisation(training.features[:300], training, "x")
    assert copies.suspicious
    assert "100.0 % of the samples" in copies.verdict
    assert [pair.training for pair in copies.pairs] == [pair.sample for pair in copies.pairs]

    fresh_images = reference.extractor.examine(load_images("digits", split="test").images)[0]
    fresh, measurements = memorisation(fresh_images, training, "x")
    assert not fresh.suspicious
    assert "No sign of copies" in fresh.verdict
    assert [m.name for m in measurements] == ["copies", "nearest_ratio"]
    assert measurements[0].value == pytest.approx(0.01, abs=0.005)
    assert measurements[1].value == pytest.approx(1, abs=0.01)


def test_a_fifth_of_copies_among_fresh_samples_is_enough_to_be_flagged() -> None:
    train, held_out, fresh = normal(2000, 5, 0), normal(500, 5, 1), normal(800, 5, 2)
    training = TrainingImages.__new__(TrainingImages)
    training.features, training.held_out_distances = train, nearest(held_out, train)[0]
    mixed, _ = memorisation(torch.cat([fresh, train[:200]]), training, "x")
    clean, _ = memorisation(fresh, training, "x")
    assert mixed.suspicious
    assert not clean.suspicious


def test_worse_samples_measure_worse() -> None:
    reference = reference_for("digits")
    noise = torch.randint(0, 256, (300, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    fine, rough, none = (
        {m.name: m.value for m in measure(*reference.extractor.examine(images), reference)}
        for images in (load_images("digits").images[:300], noisy_digits(300), noise)
    )
    assert fine["frechet"] < rough["frechet"] < none["frechet"]
    assert fine["kernel"] < rough["kernel"] < none["kernel"]
    # Not precision: a few real images without near neighbours claim so much room that noise falls within.
    assert max(none["recall"], none["coverage"]) < 0.05
    assert none["density"] < 0.5 * rough["density"]
    assert fine["modes"] == 10
    assert fine["confidence"] > 0.95


def test_quick_quality_gives_the_same_numbers_without_intervals() -> None:
    reference = reference_for("digits")
    images = noisy_digits(200)
    quick = quick_quality(images, reference)
    full = {m.name: m.value for m in measure(*reference.extractor.examine(images), reference)}
    assert quick == pytest.approx({name: full[name] for name in ("frechet", "modes", "confidence")})


def test_a_reference_is_computed_once() -> None:
    assert reference_for("digits") is reference_for("digits")
    assert reference_for("digits").split == "all"
    assert reference_for("digits").size == 1797


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 28, 28), (3, 128, 128)], ids=str)
def test_the_random_extractor_is_the_same_everywhere(shape: tuple[int, int, int]) -> None:
    images = torch.arange(2 * math.prod(shape)).remainder(251).to(torch.uint8).reshape(2, *shape)
    torch.manual_seed(1)
    first, probabilities = RandomExtractor(ImageShape(*shape)).examine(images)
    torch.manual_seed(2)
    again, _ = RandomExtractor(ImageShape(*shape)).examine(images)
    assert probabilities is None
    assert first.shape == (2, 64)
    assert torch.equal(first, again)
    assert not torch.allclose(first[0], first[1])


def test_stacked_digits_are_classed_as_the_number_they_spell() -> None:
    digits = load_images("digits", split="test")
    extractor = StackedExtractor(load_judge(SHIPPED / "digits.safetensors"))
    features, triples = extractor.examine(digits.images[:90].reshape(30, 3, 28, 28))
    spelled = digits.labels[:90].reshape(30, 3) @ torch.tensor([100, 10, 1])
    assert features.shape == (30, 384)
    assert triples is not None
    assert torch.allclose(triples.sum(dim=1), torch.ones(30), atol=1e-4)
    assert float((triples.argmax(dim=1) == spelled).float().mean()) > 0.9


@pytest.mark.usefixtures("mnist")
def test_mnist_is_compared_with_its_official_test_set() -> None:
    """Training images lie near the test images, and uniform noise far away."""
    reference = reference_for("mnist")
    assert (reference.split, reference.size) == ("test", 10_000)
    real = quick_quality(load_images("mnist").images[:2000], reference)
    noise = torch.randint(0, 256, (2000, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    assert real["frechet"] < 10
    assert real["modes"] == 10
    assert quick_quality(noise, reference)["frechet"] > 500


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (40.39, 38.62, 42.24, "40.4 [38.6, 42.2]"),
        (482.3, 480.0, 484.6, "482.3 [480.0, 484.6]"),
        (1234.0, 1010.0, 1450.0, "1234 [1010, 1450]"),
        (0.0016, 0.0008385, 0.002341, "0.0016 [0.0008, 0.0023]"),
        (10.0, 10.0, 10.0, "10 [10, 10]"),
    ],
)
def test_a_number_has_the_digits_that_its_interval_gives_meaning(
    value: float, low: float, high: float, shown: str
) -> None:
    found = Measurement(name="frechet", value=value, low=low, high=high, samples=10, extractor="judge")
    assert "{} [{}, {}]".format(*found.shown) == shown
