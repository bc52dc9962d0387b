"""Rankings: the order, what is noise, and what may not be compared."""

from __future__ import annotations

import math
import statistics

import pytest
from scipy import stats

from gancore.errors import ConfigError
from gancore.evaluate.evaluate import Evaluation
from gancore.evaluate.memorisation import Memorisation
from gancore.evaluate.metrics import Measurement
from gancore.evaluate.ranking import between_variants, by_seed, comparable_groups, difference_interval, rank
from gancore.i18n import speaking


def evaluation(run: str, value: float, half: float = 1.0, **changes: object) -> Evaluation:
    """One with a Fréchet distance of value ± half and a precision of value / 100."""
    extractor = str(changes.get("extractor", "judge-a"))
    numbers = {"frechet": (value, half), "precision": (value / 100, half / 100)}
    fields = {
        "run": run,
        "preset": "dcgan",
        "data": "digits",
        "iteration": 10,
        "percent": 100,
        "count": 1000,
        "seed": 0,
        "train_seed": 0,
        "variant": run,
        "extractor": extractor,
        "extractor_accuracy": 0.99,
        "reference": "all",
        "reference_size": 1797,
        "measurements": tuple(
            Measurement(name=name, value=v, low=v - h, high=v + h, samples=1000, extractor=extractor)
            for name, (v, h) in numbers.items()
        ),
        "classes": (),
        "memorisation": Memorisation(suspicious=False, verdict="No sign of copies.", pairs=()),
    }
    return Evaluation.model_validate(fields | changes)


def test_the_best_comes_first_by_any_metric() -> None:
    runs = [evaluation("b", 20), evaluation("a", 10), evaluation("c", 30)]
    assert [found.run for found in rank(runs).evaluations] == ["a", "b", "c"]
    assert [found.run for found in rank(runs, "precision").evaluations] == ["c", "b", "a"]


def test_neighbours_within_one_anothers_noise_are_called_noise() -> None:
    ranking = rank([evaluation("a", 10), evaluation("b", 11), evaluation("c", 20)])
    near, far = ranking.verdicts
    assert (near.better, near.worse, near.is_noise) == ("a", "b", True)
    assert "may be noise of sampling" in near.sentence
    assert (far.better, far.worse, far.is_noise) == ("b", "c", False)
    assert "better than c by 9" in far.sentence


def test_the_interval_of_a_difference_adds_squared_reaches() -> None:
    """Reaches 3 and 4 make 5: the difference 10 goes from 5 to 15."""
    low, high = difference_interval(
        evaluation("a", 10, half=3).measurements[0], evaluation("b", 20, half=4).measurements[0]
    )
    assert (low, high) == pytest.approx((5, 15))


def test_uneven_intervals_take_the_sides_that_face_each_other() -> None:
    first = Measurement(name="frechet", value=10, low=9, high=13, samples=1, extractor="x")
    second = Measurement(name="frechet", value=20, low=16, high=22, samples=1, extractor="x")
    low, high = difference_interval(first, second)
    assert low == pytest.approx(10 - math.hypot(4, 3))
    assert high == pytest.approx(10 + math.hypot(2, 1))


@pytest.mark.parametrize(
    "change",
    [{"extractor": "judge-b"}, {"data": "mnist"}, {"count": 500}, {"reference": "test"}, {"reference_size": 10}],
    ids=lambda change: next(iter(change)),
)
def test_what_was_measured_differently_is_not_ranked_together(change: dict[str, object]) -> None:
    runs = [evaluation("a", 10), evaluation("b", 20, **change), evaluation("c", 30)]
    with pytest.raises(ConfigError, match=r"cannot be ranked together.*a: 1,000 samples.*b: "):
        rank(runs)
    assert [[found.run for found in group] for group in comparable_groups(runs)] == [["a", "c"], ["b"]]


@pytest.mark.parametrize("metric", ["beauty", "copies"])
def test_an_order_needs_a_metric_with_a_better_end(metric: str) -> None:
    with pytest.raises(ConfigError, match=f"one of frechet, .*; found '{metric}'"):
        rank([evaluation("a", 1)], metric)


def test_seeds_of_a_variant_are_put_together() -> None:
    """10, 12 and 14: mean 12, standard deviation 2, and t(0.975, 2) = 4.303 makes 12 ± 4.97."""
    seeds = [evaluation(f"a{seed}", 10 + 2 * seed, variant="A", train_seed=seed) for seed in range(3)]
    groups = by_seed([*seeds, evaluation("b", 5)])
    assert [group.variant for group in groups] == ["A"]
    assert (groups[0].mean, groups[0].spread) == pytest.approx((12, 2))
    assert (groups[0].low, groups[0].high) == pytest.approx((12 - 4.968, 12 + 4.968), abs=1e-3)
    assert groups[0].values == (10, 12, 14)


def test_a_variant_is_named_by_its_digest_only_where_it_has_to_be() -> None:
    def seeds(preset: str, digest: str) -> list[Evaluation]:
        variant, data = f"{preset} on mnist ({digest})", "../data/mnist"
        return [
            evaluation(f"{preset}{seed}", 10, variant=variant, preset=preset, data=data, train_seed=seed)
            for seed in range(2)
        ]

    alone = by_seed([*seeds("wgan", "0a1b2c"), *seeds("best", "0a1b2c")])
    assert {group.variant for group in alone} == {"wgan on mnist", "best on mnist"}
    alike = by_seed([*seeds("wgan", "0a1b2c"), *seeds("wgan", "d4e5f6")])
    assert {group.variant for group in alike} == {"wgan on mnist (0a1b2c)", "wgan on mnist (d4e5f6)"}
    with speaking("zh_CN"):
        (group,) = by_seed(seeds("wgan", "0a1b2c"))
        assert group.variant == "mnist 上的 wgan"


def test_a_seed_evaluated_twice_counts_once() -> None:
    twice = [evaluation("a", 10, variant="A"), evaluation("a", 10, variant="A")]
    assert by_seed(twice) == []


def test_two_seeds_that_differ_are_named_as_such() -> None:
    runs = [evaluation("a", 10, variant="A"), evaluation("b", 50, variant="A", train_seed=1)]
    assert "differ in their seed only" in rank(runs).verdicts[0].sentence


def test_a_run_without_the_metric_is_left_out() -> None:
    without = evaluation("b", 20).model_copy(update={"measurements": ()})
    assert [found.run for found in rank([evaluation("a", 10), without]).evaluations] == ["a"]


def test_a_difference_lies_inside_its_interval_whichever_end_is_better() -> None:
    for metric in ("frechet", "precision"):
        (verdict,) = rank([evaluation("a", 10), evaluation("b", 40)], metric).verdicts
        assert 0 < verdict.low < verdict.difference < verdict.high


def test_a_run_stopped_half_way_is_no_other_seed() -> None:
    runs = [evaluation(f"a{seed}", 10 + seed, variant="A", train_seed=seed) for seed in range(2)]
    stopped = evaluation("a9", 90, variant="A", train_seed=9, percent=25)
    (group,) = by_seed([*runs, stopped])
    assert len(group.values) == 2
    assert "differ in their seed only" not in rank([runs[0], stopped]).verdicts[0].sentence


def of_seeds(variant: str, *values: float) -> list[Evaluation]:
    return [
        evaluation(f"{variant}{seed}", value, variant=variant, train_seed=seed) for seed, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ((20.0, 21.0, 22.0), "A is better than B by 10 "),
        ((10.5, 12.0, 13.5), "A and B differ by 1 "),
    ],
)
def test_variants_are_told_apart_only_by_more_than_their_seeds(second: tuple[float, ...], says: str) -> None:
    (sentence,) = between_variants(by_seed([*of_seeds("A", 10.0, 11.0, 12.0), *of_seeds("B", *second)]))
    assert says in sentence
    low, high = (float(part) for part in sentence.split("means: ")[1].split(")")[0].split(" to "))
    # Welch: the variances' shares of the seeds add, and with them the degrees of freedom.
    shares = [statistics.variance(values) / 3 for values in ((10.0, 11.0, 12.0), second)]
    freedom = sum(shares) ** 2 / sum(share**2 / 2 for share in shares)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(sum(shares))
    assert high - low == pytest.approx(2 * reach, rel=0.02)


def test_seeds_that_agree_leave_no_doubt() -> None:
    (sentence,) = between_variants(by_seed([*of_seeds("A", 1.0, 1.0), *of_seeds("B", 2.0, 2.0)]))
    assert "better" in sentence
    (sentence,) = between_variants(by_seed([*of_seeds("A", 1.0, 1.0), *of_seeds("B", 1.0, 1.0)]))
    assert "noise" in sentence
