"""The recipes, one file each, and the registry of their presets.

Every module of this folder that defines ``RECIPE`` is found; adding a file is the only edit a new variant needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from gancore.config import RUN_FIELDS, RunConfig, config_error, explain
from gancore.errors import ConfigError
from gancore.i18n import _
from gancore.recipes.recipe import Feed, Players, Preset, Recipe, Series
from gancore.sources import has_few_images, is_points

__all__ = [
    "PRESETS",
    "RECIPES",
    "Feed",
    "Players",
    "Preset",
    "Recipe",
    "Series",
    "configure",
    "load_config",
    "recipe_of",
    "reconfigure",
]


def _discover() -> dict[str, Recipe]:
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    recipes = (module.RECIPE for module in modules if hasattr(module, "RECIPE"))
    return {recipe.name: recipe for recipe in sorted(recipes, key=lambda recipe: (recipe.order, recipe.name))}


RECIPES: dict[str, Recipe] = _discover()
"""Recipe name -> recipe, in the order a menu shows them."""

PRESETS: dict[str, Preset] = {preset.name: preset for recipe in RECIPES.values() for preset in recipe.presets}
"""Preset name -> preset."""

_RECIPE_OF = {preset.name: recipe for recipe in RECIPES.values() for preset in recipe.presets}


def recipe_of(preset: str) -> Recipe:
    """The recipe that a preset belongs to.

    Raises:
        ConfigError: when there is no such preset.
    """
    if preset not in _RECIPE_OF:
        raise ConfigError(
            _("there is no preset {preset!r}; choose one of {presets}", preset=preset, presets=", ".join(PRESETS)),
            {"preset": _("unknown")},
        )
    return _RECIPE_OF[preset]


def configure(preset: str, **overrides: Any) -> RunConfig:
    """A run's configuration: the preset's values, what points or few images change, and ``overrides`` over them.

    Args:
        preset: a name in :data:`PRESETS`.
        overrides: run settings (``data``, ``plan``, ``seed``, ...) and the recipe's own (``batch_size``, ...) alike.

    Raises:
        ConfigError: naming every setting that is unknown or out of its limits.
    """
    recipe, chosen = recipe_of(preset), PRESETS[preset]
    run: dict[str, Any] = {"preset": preset, **chosen.run}
    settings: dict[str, Any] = dict(chosen.settings)
    data = str(overrides.get("data", RunConfig.model_fields["data"].default))
    if chosen.few and has_few_images(data):
        settings |= chosen.few
    if recipe.points is not None and is_points(data):
        settings |= recipe.points
        # bfloat16's steps at 2 to 4 are as wide as a mode of the grid, and networks this small are no faster with it.
        run["precision"] = "float32"
    for name, value in overrides.items():
        (run if name in RUN_FIELDS else settings)[name] = value
    return _validated(recipe, run, settings)


def reconfigure(config: RunConfig, **overrides: Any) -> RunConfig:
    """A run's configuration with some of its settings changed, and nothing else.

    Raises:
        ConfigError: naming every setting that is unknown or out of its limits.
    """
    run = config.model_dump(mode="json")
    settings = run.pop("settings")
    for name, value in overrides.items():
        (run if name in RUN_FIELDS else settings)[name] = value
    return _validated(recipe_of(config.preset), run, settings)


def load_config(stored: Mapping[str, Any]) -> RunConfig:
    """A configuration read back from ``config.json``.

    Raises:
        ConfigError: when the preset is unknown here or a value is not valid.
    """
    recipe = recipe_of(str(stored.get("preset")))
    return _validated(recipe, {k: v for k, v in stored.items() if k != "settings"}, dict(stored.get("settings", {})))


def _validated(recipe: Recipe, run: dict[str, Any], settings: dict[str, Any]) -> RunConfig:
    problems: dict[str, str] = {}
    checked = None
    try:
        checked = recipe.settings.model_validate(settings)
    except ValidationError as error:
        problems |= explain(error)
    try:
        config = RunConfig.model_validate({**run, "settings": checked or recipe.settings()})
    except ValidationError as error:
        problems |= explain(error)
    if checked is not None and checked.augment != "none" and is_points(str(run.get("data", ""))):
        problems["augment"] = _("changes images and cannot change points; expected none")
    if problems:
        raise config_error(run["preset"], problems, (*RUN_FIELDS, *recipe.settings.model_fields))
    if recipe.points is None and is_points(config.data):
        able = ", ".join(name for name in PRESETS if _RECIPE_OF[name].points is not None)
        found = _("needs images, found {data}, a data set of points in the plane", data=config.data)
        raise ConfigError(
            _("{preset}: data: {found}; presets for it are {able}", preset=config.preset, found=found, able=able),
            {"data": found},
        )
    return config
