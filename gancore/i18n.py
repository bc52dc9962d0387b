"""The language of messages: English in the code, others from gettext catalogues (`locale/<language>/LC_MESSAGES`).

A message that is shown at once is written ``_("run {run} has no samples", run=run.id)``. A constant is only marked,
``LABEL = N_("Loss")``, and translated where it is shown, ``_(LABEL)``. What `_` returns knows what it was made from,
so that a message stored by one process is shown by another in its reader's language.
"""

from __future__ import annotations

import functools
import gettext
import io
import numbers
import os
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh_CN": "简体中文"}
"""Code -> what its speakers call it."""
VARIABLE = "GANCORE_LANGUAGE"
"""The environment variable that goes before ``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``."""

_FORMAT = re.compile(r"(?!.*\d{3})[^{}]{0,6}")
"""Of a value in a stored message: nothing nested, and no width or precision of more than two digits."""
_folders = [Path(__file__).with_name("locale")]
_spoken: ContextVar[str | None] = ContextVar("language", default=None)


def _nobody() -> str | None:
    return None


_ask: Callable[[], str | None] = _nobody


class Text(str):
    """A translated message, and the English one it was made from.

    In another message, ``{name:lower}`` puts it into lower case.
    """

    template: str
    values: Mapping[str, Any]
    plural: str | None
    """The template for other numbers than one, of a message that depends on a number."""

    def __new__(cls, text: str, template: str, values: Mapping[str, Any], plural: str | None = None) -> Text:
        """``text`` is what ``template`` and ``values`` came to."""
        made = super().__new__(cls, text)
        made.template, made.values, made.plural = template, values, plural
        return made

    def __getnewargs__(self) -> tuple[str, str, Mapping[str, Any], str | None]:  # type: ignore[override]
        """What a copy, in this process or another, is made from."""
        return str(self), self.template, self.values, self.plural

    def __format__(self, spec: str) -> str:
        return self.lower() if spec == "lower" else super().__format__(spec)


class _Pattern(string.Formatter):
    """:meth:`str.format`, with a space before ``%``, as all our text has it (SI Brochure, 5.4.7)."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text: str = super().format_field(value, format_spec)
        return f"{text[:-1]} %" if format_spec.endswith("%") else text


_PATTERN = _Pattern()


def _(message: str, /, **values: Any) -> Text:
    """A message in the language in force.

    Args:
        message: in English; with ``values``, a pattern of :meth:`str.format`.
        values: what stands in for its names.
    """
    translated = _translations(language()).gettext(message) if message else ""
    return Text(_PATTERN.vformat(translated, (), values) if values else translated, message, values)


def N_(message: str) -> str:
    """Mark a constant for the catalogues; it stays English."""
    return message


def ngettext(singular: str, plural: str, count: int, /, **values: Any) -> Text:
    """A message that depends on a number, which it has as ``{count}``."""
    values = {"count": count, **values}
    translated = _translations(language()).ngettext(singular, plural, count)
    return Text(_PATTERN.vformat(translated, (), values), singular, values, plural)


def language() -> str:
    """The code of the language in force: one of :data:`LANGUAGES`."""
    return _spoken.get() or _ask() or _of_process()


def locale() -> Locale:
    """The language in force, for :mod:`babel.dates` and :mod:`babel.numbers`."""
    return Locale.parse(language())


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Messages of this thread are in a language until the block ends."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


def ask_for_language(function: Callable[[], str | None]) -> None:
    """Have a program say which language is in force where it asks; None: the process's own."""
    global _ask  # noqa: PLW0603 (one program, one way to tell)
    _ask = function


def add_catalogues(folder: Path) -> None:
    """Look messages up in the catalogues of another package too."""
    if folder not in _folders:
        _folders.append(folder)
        _translations.cache_clear()
        catalogues.cache_clear()


def best_language(preferred: Iterable[str]) -> str:
    """The language we have that comes first in ``preferred``, such as ``["zh-Hans-CN", "fr"]``; else English."""
    wanted = [code.split(".")[0].replace("-", "_") for code in preferred if code]
    for code in wanted:
        # Of the Chinese scripts there is the simplified one, which readers of the other know better than English.
        if code.lower().startswith("zh"):
            return "zh_CN"
        if found := negotiate_locale([code], LANGUAGES, sep="_"):
            return found
    return ENGLISH


def to_json(value: Any) -> Any:
    """A message as it is stored: text, or what :func:`from_json` makes it from in any language."""
    if isinstance(value, Text):
        stored = {"template": value.template, "values": {name: to_json(part) for name, part in value.values.items()}}
        return stored if value.plural is None else {**stored, "plural": value.plural}
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else None if value is None else str(value)


def from_json(value: Any) -> Any:
    """A stored message in the language in force."""
    if isinstance(value, Mapping):
        _check_pattern(value["template"])
        _check_pattern(value.get("plural") or "")
        template, values = value["template"], {name: from_json(part) for name, part in value["values"].items()}
        if "plural" in value:
            return ngettext(template, value["plural"], values.pop("count"), **values)
        return _(template, **values)
    return value


def _check_pattern(pattern: str) -> None:
    """A file from elsewhere may hold any pattern, and one can reach into objects or ask for gigabytes of blanks.

    Raises:
        ValueError: when it is none of ours, whose names are plain and whose formats are short and for short texts.
    """
    for _literal, name, spec, _conversion in string.Formatter().parse(pattern):
        if name is not None and not (name.isidentifier() and _FORMAT.fullmatch(spec or "")):
            raise ValueError(f"not a message of ours: {pattern!r}")


def again(text: str) -> str:
    """A message that may have been made in another language, in the one in force."""
    return str(from_json(to_json(text)))


def in_english(text: str) -> str:
    """A message as the code has it, whatever language it was made in."""
    with speaking(ENGLISH):
        return again(text)


def reason_of(error: BaseException) -> str:
    """An error's message, with what it was made from where it is one of ours: ``str(error)`` forgets that."""
    return error.args[0] if error.args and isinstance(error.args[0], Text) else str(error)


def either(choices: Iterable[str]) -> str:
    """Choices as a sentence has them: ``cpu, cuda or mps``."""
    *others, last = choices
    return _("{others} or {last}", others=", ".join(others), last=last) if others else last


def words_of(script: str) -> dict[str, str]:
    """The messages of a script for browsers, ``dashboard/curves/board.js`` -> English -> the language in force."""
    return {
        str(message.id): str(message.string)
        for catalogue in catalogues(language())
        for message in catalogue
        if message.id and any(place == script for place, _line in message.locations)
    }


@functools.cache
def catalogues(code: str) -> tuple[Catalog, ...]:
    """The catalogues of a language; none for English."""
    found = []
    for folder in _folders:
        for path in sorted((folder / code / "LC_MESSAGES").glob("*.po")):
            with path.open("rb") as file:
                found.append(read_po(file, locale=code))
    return tuple(found)


@functools.cache
def _translations(code: str) -> gettext.NullTranslations:
    translations = gettext.NullTranslations()
    for catalogue in catalogues(code):
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        package = gettext.GNUTranslations(compiled)
        package.add_fallback(translations)
        translations = package
    return translations


@functools.cache
def _of_process() -> str:
    named = (os.environ.get(name, "") for name in (VARIABLE, "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return best_language(next((text for text in named if text), "").split(":"))
