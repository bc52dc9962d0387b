"""What a run can be told while it trains, and the log of what was changed.

A change made after iteration n holds from iteration n + 1 on. What is in force follows from the configuration and the
changes, so that the log is all that has to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from gancore.config import RecipeSettings, RunConfig, config_error, explain
from gancore.i18n import N_, _
from gancore.recipes.recipe import Players
from gancore.schedule import Position

Trains = Literal["both", "generator", "discriminator"]
"""Who learns; the other plays along and stays exactly as it is."""
Value = int | float | str

_RATE = "learning_rate."
_SHORT = {
    "generator": N_("G rate"),
    "discriminator": N_("D rate"),
    "critic": N_("Critic rate"),
    "both": N_("Rate"),
}
_TRAINS_TEXT = {
    "both": N_("Both train"),
    "generator": N_("Only G trains"),
    "discriminator": N_("Only D trains"),
}


class Steering(BaseModel):
    """What is in force of all that a live run can be told."""

    model_config = ConfigDict(frozen=True)

    learning_rates: dict[str, float]
    """Optimizer -> its full rate, from which a linear decay falls. Gradient reversal has one optimizer, ``both``."""
    critic_steps: int | None = None
    """Critic updates an iteration; None where the recipe has no such setting."""
    trains: Trains = "both"


class Change(BaseModel):
    """One thing that was changed, and when."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    epoch: float
    images_seen: int
    elapsed_s: float
    what: str
    """``learning_rate.<optimizer>``, ``critic_steps``, ``trains``, or a setting that a branch changed."""
    before: Value
    after: Value
    text: str
    """What a chart's marker says, in English."""

    @property
    def words(self) -> str:
        """What a chart's marker says in the language in force."""
        numbers = f" {_number(self.before)} → {_number(self.after)}"
        label = self.text.removesuffix(numbers)
        return _(self.text) if label == self.text else f"{_(label)}{numbers}"

    @classmethod
    def at(cls, position: Position, what: str, before: Value, after: Value, label: str = "") -> Change:
        """A change after the iteration of ``position``; ``label`` names what it is where the name does not."""
        if what == "trains":
            text = _TRAINS_TEXT[str(after)]
        else:
            name = what.removeprefix(_RATE)
            label = _SHORT.get(name, f"Rate of {name}") if what.startswith(_RATE) else label
            text = f"{label or name.replace('_', ' ').capitalize()} {_number(before)} → {_number(after)}"
        return cls(**vars(position), what=what, before=before, after=after, text=text)


def _number(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def planned_steering(players: Players, settings: RecipeSettings) -> Steering:
    """What the configuration says, before any change.

    Args:
        players: as they were built, before a decay or a checkpoint touched the optimizers' rates.
    """
    rates = {name: float(optimizer.param_groups[0]["lr"]) for name, optimizer in players.optimizers.items()}
    return Steering(learning_rates=rates, critic_steps=getattr(settings, "critic_steps", None))


def in_force(planned: Steering, changes: Iterable[Change]) -> Steering:
    """What holds after all of these changes."""
    values: dict[str, Any] = _flat(planned)
    values |= {change.what: change.after for change in changes if change.what in values}
    rates = {name: float(values[_RATE + name]) for name in planned.learning_rates}
    return Steering(learning_rates=rates, critic_steps=values.get("critic_steps"), trains=values["trains"])


def wanted(
    now: Steering,
    config: RunConfig,
    learning_rates: Mapping[str, float] | None = None,
    critic_steps: int | None = None,
    trains: Trains | None = None,
) -> Steering:
    """``now`` with what is not None changed, held to the settings' own limits.

    Raises:
        ConfigError: naming everything that is not valid, in one sentence.
    """
    problems: dict[str, str] = {}
    rates = dict(now.learning_rates)
    for name, rate in (learning_rates or {}).items():
        if name in rates:
            rates[name] = _checked(config.settings, "learning_rate", rate, f"{_RATE}{name}", problems)
        else:
            problems[_RATE + name] = _("there is no such optimizer; choose one of {names}", names=", ".join(rates))
    steps = now.critic_steps
    if critic_steps is not None and steps is None:
        problems["critic_steps"] = _("its critic takes one step an iteration, which cannot be changed")
    elif critic_steps is not None:
        steps = _checked(config.settings, "critic_steps", critic_steps, "critic_steps", problems)
    if trains is not None and trains not in get_args(Trains):
        problems["trains"] = _("expected both, generator or discriminator, found {found!r}", found=trains)
    if problems:
        raise config_error(config.preset, problems)
    return Steering(learning_rates=rates, critic_steps=steps, trains=trains or now.trains)


def _checked(settings: RecipeSettings, field: str, value: Any, label: str, problems: dict[str, str]) -> Any:
    try:
        return getattr(type(settings).model_validate({**settings.model_dump(), field: value}), field)
    except ValidationError as error:
        problems[label] = explain(error)[field]
        return value


def differences(before: Steering, after: Steering, position: Position) -> list[Change]:
    """The changes that lead from one to the other."""
    old, new = _flat(before), _flat(after)
    return [Change.at(position, what, old[what], new[what]) for what in old if old[what] != new[what]]


def merged(changes: Sequence[Change], new: Sequence[Change]) -> list[Change]:
    """The log with ``new`` after it; of what changed several times between two iterations the outcome is kept."""
    log = list(changes)
    for change in new:
        same = [old for old in log if (old.iteration, old.what) == (change.iteration, change.what)]
        before = same[0].before if same else change.before
        log = [old for old in log if old not in same]
        if before != change.after:
            position = Position(change.iteration, change.images_seen, change.elapsed_s, change.epoch)
            log.append(Change.at(position, change.what, before, change.after) if same else change)
    return log


def _flat(steering: Steering) -> dict[str, Any]:
    values: dict[str, Any] = {_RATE + name: rate for name, rate in steering.learning_rates.items()}
    if steering.critic_steps is not None:
        values["critic_steps"] = steering.critic_steps
    return values | {"trains": steering.trains}


def player_updates(
    iterations: ArrayLike, config: RunConfig, changes: Sequence[Change]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each player's optimizer had stepped by the end of these iterations.

    An iteration is one generator update and ``critic_steps`` discriminator updates, or one where the recipe has no
    such setting; with gradient reversal one of each. A player that was held had none.

    Args:
        iterations: (N,) numbers of iterations, in any order.
        changes: of the run, oldest first.

    Returns:
        (N,) generator updates and (N,) discriminator updates.
    """
    told = [change for change in changes if change.what in ("critic_steps", "trains")]
    first = {change.what: change.before for change in reversed(told)}
    steps = int(first.get("critic_steps", getattr(config.settings, "critic_steps", 1)))
    trains = first.get("trains", "both")
    starts, pace = [0], [_pace(steps, trains)]
    for change in told:
        if change.what == "critic_steps":
            steps = int(change.after)
        else:
            trains = change.after
        starts.append(change.iteration)
        pace.append(_pace(steps, trains))
    begun, each = np.array(starts, dtype=np.float64), np.array(pace, dtype=np.float64)
    reached = np.vstack([np.zeros(2), np.cumsum(np.diff(begun)[:, None] * each[:-1], axis=0)])
    asked = np.asarray(iterations, dtype=np.float64)
    piece = np.searchsorted(begun, asked, side="right") - 1
    updates = reached[piece] + (asked - begun[piece])[:, None] * each[piece]
    return updates[:, 0], updates[:, 1]


def _pace(critic_steps: int, trains: Value) -> tuple[int, int]:
    return int(trains != "discriminator"), critic_steps * (trains != "generator")
