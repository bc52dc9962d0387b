"""Which numbers the charts know: all that recipes and probes log, each once."""

from __future__ import annotations

from collections import Counter

import pytest

from dashboard.quantities import GROUPS, QUANTITIES, Quantity, of_group
from gancore.recipes import RECIPES
from gancore.signals import SIGNALS


def named(column: str) -> Quantity:
    return next(quantity for quantity in QUANTITIES if quantity.column == column)


def test_every_series_and_every_signal_appears_exactly_once() -> None:
    times = Counter(quantity.column for quantity in QUANTITIES)
    logged = {series.name for recipe in RECIPES.values() for series in recipe.series}
    logged |= {signal.name for signal in SIGNALS}
    assert {name: times[name] for name in logged} == dict.fromkeys(logged, 1)
    assert set(times.values()) == {1}


def test_titles_tell_quantities_apart() -> None:
    titles = Counter(quantity.title for quantity in QUANTITIES)
    assert [title for title, times in titles.items() if times > 1] == []


def test_every_quantity_stands_under_one_heading() -> None:
    assert [quantity for group in GROUPS for quantity in of_group(group)] == sorted(
        QUANTITIES, key=lambda quantity: list(GROUPS).index(quantity.group)
    )
    assert all(of_group(group) for group in GROUPS)


@pytest.mark.parametrize(
    ("column", "group", "source"),
    [
        ("critic_loss", "Losses", "losses"),
        ("penalty", "Losses", "losses"),
        ("d_real", "Discriminator", "losses"),
        ("real_accuracy", "Discriminator", "losses"),
        ("d_accuracy", "Discriminator", "signals"),
        # Some recipes log scores too; the probe's are there for all of them.
        ("real_score", "Discriminator", "signals"),
        ("sample_gradient", "Gradients", "signals"),
        ("g_update", "Updates", "signals"),
        ("spread", "Quality", "signals"),
        ("frechet", "Quality", "quality"),
    ],
)
def test_where_numbers_belong(column: str, group: str, source: str) -> None:
    assert (named(column).group, named(column).source) == (group, source)


def test_what_is_a_share_has_the_range_of_one_and_no_logarithm() -> None:
    shares = [quantity for quantity in QUANTITIES if quantity.range == (0.0, 1.0)]
    assert {"d_real", "d_pair", "d_accuracy", "outside", "confidence"} <= {quantity.column for quantity in shares}
    assert {quantity.log for quantity in shares} == {"never"}
    assert {quantity.log for quantity in of_group("Gradients")} == {"always"}
