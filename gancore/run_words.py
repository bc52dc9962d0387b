"""Runs in words: what each was asked for, the shortest names that tell several apart, sentences in those names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gancore.config import RUN_FIELDS, Length, RunConfig
from gancore.i18n import _

_OWN = "settings."


@dataclass(frozen=True)
class Setting:
    """One setting of a run as a table shows it."""

    name: str
    """The field's name; a recipe's own is preceded by ``settings.``."""
    title: str
    text: str

    @property
    def is_own(self) -> bool:
        """Whether it is the recipe's, not one that every run has."""
        return self.name.startswith(_OWN)


def settings_of(config: RunConfig) -> list[Setting]:
    """The preset, what every run has, and then the recipe's own settings, in the order of their declarations."""
    own = config.settings
    return [
        *(_setting(config, name, name) for name in ("preset", *RUN_FIELDS)),
        *(_setting(own, name, f"{_OWN}{name}") for name in type(own).model_fields),
    ]


def _setting(model: BaseModel, field: str, name: str) -> Setting:
    value = getattr(model, field)
    return Setting(name, _(type(model).model_fields[field].title or field), value_text(value))


def value_text(value: Any) -> str:
    """A setting's value as a person writes it."""
    match value:
        case None:
            return _("none")
        case bool():
            return _("yes") if value else _("no")
        case Length():
            return value.describe()
        case float():
            return f"{value:g}"
        case tuple() | list():
            return ", ".join(value_text(part) for part in value)
    return str(value)


def short_names(configs: Mapping[str, RunConfig], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Run id -> the least that tells it from the others: its preset, then what differs, at last its id.

    Args:
        given: run id -> the name that a person gave it, which goes before the preset.
    """
    given = given or {}
    parts = {
        run_id: (
            given.get(run_id, config.preset),
            config.preset,
            Path(config.data).name,
            config.plan.describe(),
            _("seed {seed}", seed=config.seed),
            *(f"{setting.title.lower()} {setting.text}" for setting in settings_of(config) if setting.is_own),
        )
        for run_id, config in configs.items()
    }
    names = {run_id: " · ".join(_telling(run_id, parts)) for run_id in parts}
    often = Counter(names.values())  # a given name may be what another run is called by its settings
    return {run_id: name if often[name] == 1 else f"{name} · {run_id}" for run_id, name in names.items()}


def _telling(run_id: str, parts: Mapping[str, tuple[str, ...]]) -> list[str]:
    own = parts[run_id]
    rivals = [other for name, other in parts.items() if name != run_id and other[0] == own[0]]
    told = [own[0]]
    for index in range(1, len(own)):
        if any(other[index] != own[index] for other in rivals):
            told.append(own[index])
            rivals = [other for other in rivals if other[index] == own[index]]
    return [*told, run_id.removeprefix(f"{own[1]}-")] if rivals else told


def with_names(sentence: str, names: Mapping[str, str]) -> str:
    """A sentence with every run id in it replaced.

    Args:
        names: by run id.
    """
    if not names:
        return sentence
    # At once and the longest first: one id may be part of another, or of a name.
    ids = sorted(names, key=len, reverse=True)
    pattern = rf"(?<![\w-])(?:{'|'.join(map(re.escape, ids))})(?![\w-])"
    return re.sub(pattern, lambda found: names[found[0]], sentence)
