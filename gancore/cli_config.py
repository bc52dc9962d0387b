"""The option that trains from a file, for ``gancore train``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gancore.config import RunConfig
from gancore.errors import ConfigError
from gancore.i18n import _

DEFAULT_PRESET = "dcgan"
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help=_(
            "A configuration, .json or .toml, as `gancore export --to config` makes it; other options go before it."
        ),
    ),
]


def configuration(file: Path | None, preset: str | None, overrides: Mapping[str, Any]) -> RunConfig:
    """What to train: a file's settings or a preset's, with the options given beside it over them.

    Raises:
        ConfigError: when both are given, or a setting is not valid.
    """
    from gancore.config_file import configured_by
    from gancore.recipes import configure

    if file is None:
        return configure(preset or DEFAULT_PRESET, **overrides)
    if preset is not None:
        raise ConfigError(
            _("give either --preset or --config, which names its own; any other option may go beside it")
        )
    return configured_by(file, overrides)
