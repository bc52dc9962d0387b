"""What a run is configured by: one validated source for the form, the command line and the documents.

A :class:`RunConfig` holds what every run has (data, plan, seed, device) and the recipe's own
:class:`RecipeSettings`. Limits, help and choices stand in the field declarations only; the dashboard's form and
``gancore presets --json`` read them from there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializeAsAny,
    ValidationError,
    model_validator,
)

from gancore.errors import ConfigError
from gancore.i18n import N_, _, either, ngettext, reason_of

Unit = Literal["ep", "it", "img", "s"]
UNIT_NAMES: dict[Unit, str] = {
    "ep": N_("epochs"),
    "it": N_("iterations"),
    "img": N_("images"),
    "s": N_("seconds"),
}
_UNIT_ALIASES: dict[str, tuple[Unit, float]] = {
    "ep": ("ep", 1), "epoch": ("ep", 1), "epochs": ("ep", 1),
    "it": ("it", 1), "iteration": ("it", 1), "iterations": ("it", 1),
    "img": ("img", 1), "image": ("img", 1), "images": ("img", 1),
    "s": ("s", 1), "second": ("s", 1), "seconds": ("s", 1), "min": ("s", 60), "h": ("s", 3600),
}  # fmt: skip
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*([a-z]*)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Length:
    """An amount of training: ``3ep``, ``20000it``, ``600000img`` (real images seen) or ``60s``."""

    amount: float
    unit: Unit

    @classmethod
    def parse(cls, text: Length | str | float, default_unit: Unit = "ep") -> Length:
        """Read a length; a bare number counts in ``default_unit``.

        Raises:
            ValueError: when the text is not a positive, finite number followed by a known unit.
        """
        if isinstance(text, Length):
            return text
        match = _LENGTH.fullmatch(str(text))
        if match is None:
            raise ValueError(
                _("expected a length such as 3ep, 20000it, 600000img or 60s, found {found!r}", found=str(text))
            )
        number, suffix = match.groups()
        if suffix and suffix.lower() not in _UNIT_ALIASES:
            raise ValueError(
                _(
                    "unknown unit {unit!r}; choose ep (epochs), it (iterations), img (images), s, min or h",
                    unit=suffix,
                )
            )
        unit, factor = _UNIT_ALIASES[suffix.lower()] if suffix else (default_unit, 1)
        amount = float(number) * factor
        if not 0 < amount < math.inf:
            raise ValueError(_("expected a length greater than 0, found {found!r}", found=str(text)))
        if unit in ("it", "img") and amount != int(amount):
            units = _(UNIT_NAMES[unit])
            raise ValueError(_("expected a whole number of {units}, found {found!r}", units=units, found=str(text)))
        return cls(amount, unit)

    def __str__(self) -> str:
        short = f"{self.amount:.12g}" if self.amount < 1e11 else repr(float(self.amount)).removesuffix(".0")
        return short + self.unit

    def describe(self) -> str:
        """The length in words, such as ``3 epochs`` or ``60 seconds``."""
        amount, count = self.amount, 1 if self.amount == 1 else 2
        if self.unit == "ep":
            return ngettext("{amount:,.12g} epoch", "{amount:,.12g} epochs", count, amount=amount)
        if self.unit == "it":
            return ngettext("{amount:,.12g} iteration", "{amount:,.12g} iterations", count, amount=amount)
        if self.unit == "img":
            return ngettext("{amount:,.12g} image", "{amount:,.12g} images", count, amount=amount)
        return ngettext("{amount:,.12g} second", "{amount:,.12g} seconds", count, amount=amount)


LengthField = Annotated[Length, BeforeValidator(Length.parse), PlainSerializer(str, return_type=str)]


def _widths(value: Any) -> Any:
    return [part for part in re.split(r"[\s,]+", value.strip()) if part] if isinstance(value, str) else value


Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=8192)], ...], BeforeValidator(_widths)]
"""Layer widths, first to last; a string such as ``256, 512`` is read too."""


def _device(value: Any) -> Any:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", str(value)):
        raise ValueError(_("expected auto, cpu, cuda, cuda:N or mps, found {found!r}", found=value))
    return value


DeviceName = Annotated[str, BeforeValidator(_device)]


class RecipeSettings(BaseModel):
    """What every recipe can be told; a recipe's own settings derive from it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    batch_size: int = Field(128, ge=2, le=8192, title=N_("Batch size"), description=N_("Real images in one batch."))
    latent_dim: int = Field(
        100, ge=1, le=1024, title=N_("Latent dimensions"), description=N_("Length of the vector z.")
    )
    latent_distribution: Literal["normal", "uniform"] = Field(
        "normal", title=N_("Latent distribution"), description=N_("normal: N(0, 1); uniform: U[0, 1).")
    )
    data_range: Literal["[-1, 1]", "[0, 1]"] = Field(
        "[-1, 1]",
        title=N_("Data range"),
        description=N_("Range real images are scaled to, and samples are shown from."),
    )
    learning_rate: float = Field(
        2e-4, gt=0, le=1, title=N_("Learning rate"), description=N_("Step size of the optimizers.")
    )
    rate_decay: Literal["none", "linear"] = Field(
        "none",
        title=N_("Rate decay"),
        description=N_("linear: the learning rates fall to 0 over the planned length, which calms the end."),
    )
    packing: int = Field(
        1,
        ge=1,
        le=8,
        title=N_("Packing"),
        description=N_(
            "Samples the discriminator judges at once (PacGAN, arXiv:1712.04086); it sees a lack of variety."
        ),
    )
    augment: Literal["none", "translation", "color, translation", "color, translation, cutout"] = Field(
        "none",
        title=N_("Augmentation"),
        description=N_(
            "Random changes to what the discriminator sees, real and fake (DiffAugment, arXiv:2006.10738)."
        ),
    )
    ema_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        title=N_("Averaging of G"),
        description=N_("Share of the past in the averaged generator that samples come from, such as 0.999; 0: none."),
    )

    @model_validator(mode="after")
    def _whole_packs(self) -> Self:
        if self.batch_size % self.packing or self.batch_size == self.packing > 1:
            # A rule over several fields names the one to change.
            raise ValueError(
                "packing",
                _(
                    "expected a divisor of the batch size {batch_size} that leaves two packs or more, "
                    "found {packing}",
                    batch_size=self.batch_size,
                    packing=self.packing,
                ),
            )
        return self


class AdamSettings(RecipeSettings):
    """Settings of the recipes that Adam trains (Kingma and Ba 2015, arXiv:1412.6980)."""

    beta1: float = Field(0.5, ge=0, lt=1, title=N_("Adam beta 1"), description=N_("Decay of the gradient's mean."))
    beta2: float = Field(
        0.999, ge=0, lt=1, title=N_("Adam beta 2"), description=N_("Decay of the squared gradient's mean.")
    )


class RunConfig(BaseModel):
    """Everything that decides what a run computes.

    Made by :func:`gancore.recipes.configure`, which fills in a preset's values; stored as ``config.json``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    preset: str = Field(title=N_("Preset"), description=N_("The named settings the run started from."))
    data: str = Field(
        "digits", min_length=1, title=N_("Data set"), description=N_("A data set's name, or a folder of images.")
    )
    plan: LengthField = Field(
        Length(10, "ep"),
        title=N_("Planned length"),
        description=N_("3ep (epochs), 20000it (iterations), 600000img (images) or 60s; the percentages follow it."),
    )
    seed: int = Field(
        0, ge=0, le=2**32 - 1, title=N_("Seed"), description=N_("Decides weights, batches, z and the galleries' z.")
    )
    device: DeviceName = Field("auto", title=N_("Device"), description=N_("auto takes a GPU when there is one."))
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        title=N_("Floating-point precision"),
        description=N_(
            "bfloat16 computes the networks in half the bits; auto takes it on CPUs that are faster with it."
        ),
    )
    image_size: int | None = Field(
        None,
        ge=16,
        le=128,
        multiple_of=4,
        title=N_("Image size"),
        description=N_("Pixels a side; empty: the data set's own."),
    )
    channels: Literal["auto", "grey", "rgb"] = Field(
        "auto", title=N_("Channels"), description=N_("grey has 1 channel, rgb has 3; auto: as the data set has them.")
    )
    grid: int = Field(
        5, ge=1, le=16, title=N_("Gallery side"), description=N_("A gallery shows this number squared.")
    )
    sample_every: LengthField | None = Field(
        None,
        title=N_("Extra galleries every"),
        description=N_("Such as 400it or 10ep; empty: only at 0, 25, 50, 75 and 100 %."),
    )
    measure_every: LengthField | None = Field(
        Length(100, "it"),
        title=N_("Measure every"),
        description=N_(
            "Quality while it trains, such as every 100it; waits where it would keep a core busy "
            "for over 3 % of the time. Empty: never."
        ),
    )
    keep_checkpoints: Literal["milestones", "last"] = Field(
        "milestones",
        title=N_("Keep checkpoints"),
        description=N_(
            "milestones: one at 0, 25, 50, 75 and 100 % each, to branch from; with Adam each "
            "takes about three times the disk space of both networks. last: only the newest."
        ),
    )
    settings: SerializeAsAny[RecipeSettings] = Field(title=N_("Recipe settings"))


RUN_FIELDS: tuple[str, ...] = tuple(name for name in RunConfig.model_fields if name not in ("preset", "settings"))
"""The fields of :class:`RunConfig` that a person sets, in the order a form shows them."""


_NO_SETTING = N_("is not a setting")
_PROBLEMS = {
    "extra_forbidden": _NO_SETTING,
    "missing": N_("is missing"),
    "greater_than": N_("expected greater than {gt}, found {found!r}"),
    "greater_than_equal": N_("expected at least {ge}, found {found!r}"),
    "less_than": N_("expected less than {lt}, found {found!r}"),
    "less_than_equal": N_("expected at most {le}, found {found!r}"),
    "multiple_of": N_("expected a multiple of {multiple_of}, found {found!r}"),
    "literal_error": N_("expected {choices}, found {found!r}"),
    "finite_number": N_("expected a finite number, found {found!r}"),
    "int": N_("expected a valid integer, found {found!r}"),
    "float": N_("expected a valid number, found {found!r}"),
    "bool": N_("expected true or false, found {found!r}"),
    "string": N_("expected text, found {found!r}"),
    "tuple": N_("expected a list, found {found!r}"),
}
"""Pydantic's types of errors, or what several begin with -> what is told of them."""


def explain(error: ValidationError) -> dict[str, str]:
    """Field name -> what was expected and found, one clause each; all problems at once."""
    problems: dict[str, str] = {}
    for detail in error.errors():
        place = [str(part) for part in detail["loc"] if part not in ("settings",)]
        name = place[0] if place else "configuration"
        if detail["type"] != "value_error":
            problems.setdefault(name, _clause(detail))
            continue
        problem = detail["ctx"]["error"]
        if not place:
            name, message = problem.args
            problems.setdefault(name, message)
        else:
            problems.setdefault(name, reason_of(problem))
    return problems


def _clause(detail: Any) -> str:
    kind, found, limits = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "too_short":
        least = limits["min_length"]
        return ngettext(
            "expected at least {count} item, found {found!r}",
            "expected at least {count} items, found {found!r}",
            least,
            found=found,
        )
    if kind == "string_too_short":
        least = limits["min_length"]
        return ngettext(
            "expected at least {count} character, found {found!r}",
            "expected at least {count} characters, found {found!r}",
            least,
            found=found,
        )
    problem = _PROBLEMS.get(kind) or _PROBLEMS.get(kind.split("_")[0])
    if problem is None:
        return _("{reason}, found {found!r}", reason=detail["msg"], found=found)
    told = {name: f"{value:.12g}" for name, value in limits.items() if isinstance(value, int | float)}
    if kind == "literal_error":
        told["choices"] = either(re.findall("'[^']*'", limits["expected"]))
    return _(problem, found=found, **told)


def config_error(subject: str, problems: Mapping[str, str], valid: tuple[str, ...] = ()) -> ConfigError:
    """One sentence for any number of problems, with the valid names when a name is unknown."""
    listed = "; ".join(f"{name}: {text}" for name, text in problems.items())
    unknown = any(text == _(_NO_SETTING) for text in problems.values())
    if not (unknown and valid):
        return ConfigError(_("{subject}: {problems}", subject=subject, problems=listed), dict(problems))
    told = _(
        "{subject}: {problems} (settings of {subject}: {names})",
        subject=subject,
        problems=listed,
        names=", ".join(valid),
    )
    return ConfigError(told, dict(problems))
