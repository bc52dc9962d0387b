"""Forms made from the configuration's own declarations: titles, help, limits, choices and errors.

Nothing here names a setting: a new field of a recipe's settings class appears in the form by itself.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import annotated_types
import streamlit as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from streamlit.delta_generator import DeltaGenerator

from gancore.config import RunConfig
from gancore.errors import ConfigError
from gancore.i18n import _
from gancore.recipes import configure

COLUMNS = 4


@dataclass(frozen=True)
class Bounds:
    """A number's limits, as its field declares them."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    multiple_of: float | None = None

    @classmethod
    def of(cls, info: FieldInfo) -> Bounds:
        """The limits among a field's annotations."""
        found: dict[str, Any] = {}
        for limit in info.metadata:
            if isinstance(limit, annotated_types.Ge):
                found |= {"low": limit.ge}
            elif isinstance(limit, annotated_types.Gt):
                found |= {"low": limit.gt, "low_open": True}
            elif isinstance(limit, annotated_types.Le):
                found |= {"high": limit.le}
            elif isinstance(limit, annotated_types.Lt):
                found |= {"high": limit.lt, "high_open": True}
            elif isinstance(limit, annotated_types.MultipleOf):
                found |= {"multiple_of": limit.multiple_of}
        return cls(**found)

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return ""
        low = _("above {number}", number=f"{self.low:,g}") if self.low_open else f"{self.low:,g}"
        high = _("below {number}", number=f"{self.high:,g}") if self.high_open else f"{self.high:,.10g}"
        if self.multiple_of:
            return str(_("{low} to {high} in steps of {step:g}", low=low, high=high, step=self.multiple_of))
        return str(_("{low} to {high}", low=low, high=high))


@dataclass
class Fields:
    """What was entered under one heading, and where each field's error goes."""

    values: dict[str, Any] = field(default_factory=dict)
    """Only what differs from the shown defaults."""
    slots: dict[str, DeltaGenerator] = field(default_factory=dict)

    def show_errors(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Write each problem beside its field; returns those that belong to no field here."""
        rest = {}
        for name, text in problems.items():
            if name in self.slots:
                self.slots[name].markdown(f":red[{text[0].upper()}{text[1:]}]")
            else:
                rest[name] = text
        return rest


def draw_fields(
    model: type[BaseModel],
    names: Sequence[str],
    defaults: Mapping[str, Any],
    key: str,
    choices: Mapping[str, Sequence[Any]] | None = None,
) -> Fields:
    """Draw inputs for fields of a pydantic model in columns.

    Args:
        names: which fields, in order.
        defaults: shown at first; a field without one starts empty and stays out of ``values`` until filled.
        key: prefix of the widgets' keys.
        choices: options of fields that are free text to the model.
    """
    drawn = Fields()
    for start in range(0, len(names), COLUMNS):
        for column, name in zip(st.columns(COLUMNS), names[start : start + COLUMNS], strict=False):
            with column:
                default = defaults.get(name)
                options = (choices or {}).get(name)
                value = _draw(model.model_fields[name], default, f"{key}.{name}", options)
                drawn.slots[name] = st.empty()
            if value is not None and value != default:
                drawn.values[name] = value
            elif value is None and default is not None:
                drawn.values[name] = None
    return drawn


def _draw(info: FieldInfo, default: Any, key: str, options: Sequence[Any] | None) -> Any:
    """One widget; what it returns is for the model to validate."""
    kind, optional = _kind(info.annotation)
    bounds = Bounds.of(info)
    description = info.description or ""
    label: str = _(info.title or key)
    help_ = _(description)
    if str(bounds):
        help_ = _("{description} Limits: {bounds}.", description=help_, bounds=bounds)
    if options is None and typing.get_origin(kind) is Literal:
        options = typing.get_args(kind)
    if options is not None:
        index = list(options).index(default or options[0])
        return st.selectbox(label, options, index, help=help_, key=key, persist_state="session")
    if kind is bool:
        return st.toggle(label, value=bool(default), help=help_, key=key, persist_state="session")
    if kind is int:
        label = f"{label} :gray[{bounds}]" if str(bounds) else label
        return st.number_input(
            label,
            min_value=None if bounds.low is None else int(bounds.low),
            max_value=None if bounds.high is None else int(bounds.high),
            value=None if default is None else int(default),
            step=int(bounds.multiple_of or 1),
            placeholder=_("own default"),
            help=help_,
            key=key,
            persist_state="session",
        )
    if kind is float:
        label = f"{label} :gray[{bounds}]" if str(bounds) else label
    shown = _as_text(default)
    text = st.text_input(
        label,
        value=shown,
        placeholder=_("none") if optional else _("own default"),
        help=help_,
        key=key,
        persist_state="session",
    )
    return default if text.strip() == shown else (text.strip() or None)


def _kind(annotation: Any) -> tuple[Any, bool]:
    """A field's type without ``| None``, and whether that was there."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not type(None)]
        return _kind(parts[0])[0], True
    return annotation, False


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def validate(presets: Sequence[str], shared: Fields, own: Mapping[str, Fields], **fixed: Any) -> dict[str, RunConfig]:
    """Preset -> configuration for each that is valid; problems are written beside their fields.

    Args:
        shared: settings of every run; an empty one leaves the preset's own.
        own: recipe settings by preset.
        fixed: settings chosen elsewhere, such as the data set.
    """
    valid: dict[str, RunConfig] = {}
    for preset in presets:
        filled = {name: value for name, value in shared.values.items() if value is not None}
        try:
            valid[preset] = configure(preset, **filled, **own[preset].values, **fixed)
        except ConfigError as error:
            rest = own[preset].show_errors(shared.show_errors(error.fields))
            if rest or not error.fields:
                st.error(str(error), icon=":material/error:")
    return valid
