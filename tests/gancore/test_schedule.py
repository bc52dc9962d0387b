"""Plans against data sets: where percentages fall and what epochs are."""

import pytest

from gancore.config import Length
from gancore.schedule import Position, Schedule, whole_epochs


def at(schedule: Schedule, iteration: int) -> Position:
    return Position(iteration, 10 * iteration, iteration / 2, schedule.epoch_at(iteration))


def first_iteration(schedule: Schedule, share: float) -> int:
    return next(k for k in range(10**6) if schedule.progress(at(schedule, k)) >= share - 1e-9)


@pytest.mark.parametrize(
    ("plan", "batches", "in_iteration", "total", "milestones"),
    [
        ("3ep", 469, 1, 1407, [352, 704, 1056, 1407]),  # MNIST in batches of 128
        ("30ep", 469, 5, 2814, [704, 1407, 2111, 2814]),  # a critic takes five batches an iteration
        ("0.5ep", 469, 1, 235, [59, 118, 176, 235]),
        ("1ep", 1, 1, 1, [1, 1, 1, 1]),
        ("0.1ep", 10, 1, 1, [1, 1, 1, 1]),
        ("0.3ep", 10, 1, 3, [1, 2, 3, 3]),
        ("7it", 469, 1, 7, [2, 4, 6, 7]),
    ],
)
def test_percentages_fall_on_iterations(
    plan: str, batches: int, in_iteration: int, total: int, milestones: list[int]
) -> None:
    schedule = Schedule(Length.parse(plan), batches, in_iteration)
    assert schedule.total_iterations == total
    assert [first_iteration(schedule, percent / 100) for percent in (25, 50, 75, 100)] == milestones
    assert schedule.progress(at(schedule, total)) == 1.0
    assert schedule.progress(at(schedule, total - 1)) < 1.0


def test_time_and_images_have_no_number_of_iterations() -> None:
    timed = Schedule(Length.parse("60s"), 10, 1)
    assert timed.total_iterations is None
    assert timed.progress(Position(10**6, 10**6, 15.0)) == 0.25
    assert timed.progress(Position(1, 1, 61.0)) == 1.0
    counted = Schedule(Length.parse("1000img"), 10, 1)
    assert counted.progress(Position(10**6, 250, 10**6)) == 0.25


def test_an_epoch_is_one_pass_through_the_data() -> None:
    assert Schedule(Length.parse("1ep"), 469, 1).epoch_at(469) == 1.0
    assert Schedule(Length.parse("1ep"), 469, 5).epoch_at(94) == pytest.approx(470 / 469)
    assert Schedule(Length.parse("1ep"), 469, 5).iterations_per_epoch == 94


def test_epochs_are_counted_on_where_an_iteration_takes_other_batches() -> None:
    schedule = Schedule(Length.parse("3ep"), 10, 1, from_iteration=6, from_epoch=3 / 2)
    assert [schedule.epoch_at(k) for k in (6, 11, 21)] == [1.5, 2.0, 3.0]
    assert schedule.total_iterations == first_iteration(schedule, 1.0) == 21
    assert [whole_epochs(at(schedule, k)) for k in (6, 10, 11)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("every", "expected"),
    [("3it", [3, 6, 9]), ("1ep", [5, 10]), ("0.5ep", [3, 5, 8, 10]), ("40img", [4, 8]), ("2s", [4, 8])],
)
def test_extra_galleries_fall_due(every: str, expected: list[int]) -> None:
    schedule = Schedule(Length.parse("10it"), 5, 1, Length.parse(every))
    counts = [schedule.extra_galleries(at(schedule, k)) for k in range(11)]
    assert [k for k in range(1, 11) if counts[k] > counts[k - 1]] == expected
    assert Schedule(Length.parse("10it"), 5, 1).extra_galleries(Position(9)) == 0
