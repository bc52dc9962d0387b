"""A run's configuration as a file that a person keeps, hands on, and trains again from: JSON or TOML.

The file has the fields of :class:`gancore.config.RunConfig`, the recipe's own under ``settings``, as a run's own
``config.json`` does. What it leaves out comes from the preset it names.
"""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from gancore.config import RUN_FIELDS, RunConfig
from gancore.errors import ConfigError
from gancore.i18n import _
from gancore.recipes import PRESETS, RECIPES, configure
from gancore.status import Resolved

ENDINGS = (".json", ".toml")
EMPTY = ("", "none")
"""What stands for no value of an optional setting where there is no null to be written."""


def read_config_file(path: Path) -> dict[str, Any]:
    """The settings in a file, run's and recipe's alike, by name; ``preset`` is among them.

    Raises:
        ConfigError: when the file cannot be read, is neither JSON nor TOML, or names no preset.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(
            _("{path}: expected a file that ends in {endings}", path=path, endings=" or ".join(ENDINGS))
        )
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise ConfigError(_("{path} cannot be read: {error}", path=path, error=error.strerror or error)) from error
    except ValueError as error:
        raise ConfigError(_("{path} is damaged: {error}", path=path, error=error)) from error
    settings = found.pop("settings", {}) if isinstance(found, dict) else None
    if not isinstance(settings, dict):
        raise ConfigError(
            _("{path}: expected the settings of a run by their names, as in its config.json", path=path)
        )
    if twice := sorted(set(found) & set(settings)):
        raise ConfigError(_("{path}: {names} stands in it twice", path=path, names=", ".join(twice)))
    if not isinstance(found.get("preset"), str):
        raise ConfigError(
            _("{path} names no preset; expected one of {presets}", path=path, presets=", ".join(PRESETS))
        )
    return {name: empty_as_none(name, value) for name, value in (found | settings).items()}


def empty_as_none(name: str, value: Any) -> Any:
    """A value as it is, but None where an optional setting is given as nothing; ``augment`` none stays a choice."""
    return None if name in _optional() and str(value).strip().lower() in EMPTY else value


@functools.cache
def _optional() -> frozenset[str]:
    models: tuple[type[BaseModel], ...] = (RunConfig, *(recipe.settings for recipe in RECIPES.values()))
    fields = (field for model in models for field in model.model_fields.items())
    return frozenset(name for name, field in fields if type(None) in get_args(field.annotation))


def configured_by(path: Path, overrides: Mapping[str, Any]) -> RunConfig:
    """The configuration in a file, with ``overrides`` over what it says.

    Raises:
        ConfigError: naming every setting that is unknown or out of its limits, with the valid names.
    """
    given = {**read_config_file(path), **overrides}
    return configure(given.pop("preset"), **given)


def config_file(config: RunConfig, resolved: Resolved | None) -> bytes:
    """A run's configuration as JSON that trains it again.

    Args:
        resolved: what it came to; its precision takes the place of ``auto``, which another machine may read
            otherwise. The number of threads is no setting, yet losses on the CPU are the same bit for bit only with
            as many.
    """
    stored = config.model_dump(mode="json")
    if resolved is not None:
        stored["precision"] = resolved.precision
    return (json.dumps(stored, indent=2, ensure_ascii=False) + "\n").encode()


def train_command(config: RunConfig) -> list[str]:
    """The words of a command line that trains a configuration again, without the file: what differs from its preset.

    The preset's own defaults may change in a later version; a file does not.
    """
    words = ["gancore", "train", "--preset", config.preset, "--data", config.data, "--budget", str(config.plan)]
    words += ["--seed", str(config.seed)]
    usual = _by_name(configure(config.preset, data=config.data))
    for name, value in _by_name(config).items():
        if name not in ("preset", "data", "plan", "seed") and value != usual[name]:
            words += ["--set", f"{name}={_written(value)}"]
    return words


def _by_name(config: RunConfig) -> dict[str, Any]:
    stored = config.model_dump(mode="json")
    return {**{name: stored[name] for name in ("preset", *RUN_FIELDS)}, **stored["settings"]}


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return "none" if value is None else str(value)
