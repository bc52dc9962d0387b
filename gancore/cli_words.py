"""Words and tables of the command line in languages other than English: typer's own messages, and wide characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import typer

from gancore.i18n import ENGLISH, N_, _, language

TYPERS_WORDS = (
    N_("Usage: "),
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("default: {value}"),
    N_("required"),
    N_("Missing command."),
    N_("Missing argument {name}."),
    N_("Missing option {name}."),
    N_("No such command {name}."),
    N_("No such option: {name} (Possible options: {names})"),
    N_("No such option: {name}"),
    N_("Option {name} requires an argument."),
    N_("Option {name} does not take a value."),
    N_("Got unexpected extra argument(s) ({names})"),
    N_("Invalid value for {name}: {reason}"),
    N_("Input should be a valid integer, unable to parse string as an integer"),
    N_("Input should be a valid number, unable to parse string as a number"),
    N_("Input should be greater than or equal to {limit}"),
    N_("Input should be less than or equal to {limit}"),
)
"""What typer says, with names for what it fills in; it has no catalogues of its own."""

_WIDE_WORD = re.compile(r"[\[（「『“]*[\u2e80-\uffef][，。；：、！？）」』”]*|[^\s\u2e80-\uffef]+|\s+")


def translated(text: str) -> str:
    """A message of typer's in the language in force; as it is where it is not one of :data:`TYPERS_WORDS`."""
    for words in TYPERS_WORDS:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(words))
        if found := re.fullmatch(pattern, text):
            return _(words, **{name: translated(part) for name, part in found.groupdict().items()})
    return text


def speak(app: typer.Typer) -> None:
    """Have an app lay out its help in the language in force."""
    if language() != ENGLISH:
        context: Any = typer.main.get_command(app).context_class
        context.formatter_class = _formatter(context.formatter_class)


def _formatter(base: type[Any]) -> type[Any]:
    """Typer's formatter of help with other words, which counts the columns that characters take."""

    class Formatter(base):  # type: ignore[misc]
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, translated(prefix or "Usage: "))

        def write_heading(self, heading: str) -> None:
            super().write_heading(translated(heading))

        def write_text(self, text: str) -> None:
            indent = " " * self.current_indent
            for line in wrapped(text, self.width - self.current_indent):
                self.write(f"{indent}{line}\n")

        def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
            column = min(max(width_of(name) for name, _help in rows), col_max) + col_spacing
            indent = " " * self.current_indent
            for name, text in rows:
                lines = wrapped(_line(text), max(self.width - self.current_indent - column, 10))
                if width_of(name) > column - col_spacing:
                    lines = ["", *lines]
                for first, line in zip_longest([name], lines, fillvalue=""):
                    self.write(f"{indent}{padded(first, column)}{line}".rstrip() + "\n")

    return Formatter


def _line(text: str) -> str:
    """The help of an option, whose last words in brackets are typer's."""
    found = re.fullmatch(r"(?s)(.*?)(?:  )?\[([^\[\]]+)\]", text)
    if found is None:
        return translated(text)
    extra = "; ".join(translated(part) for part in found[2].split("; "))
    return f"{found[1]}  [{extra}]".strip()


def width_of(text: str) -> int:
    """Columns that a terminal takes for it; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many columns; Chinese breaks after any character, but not before a stop."""
    lines, line = [], ""
    for word in _WIDE_WORD.findall(" ".join(text.split())):
        if line and width_of(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += word if line else word.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table's rows as lines with aligned columns."""
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def padded(text: str, width: int) -> str:
    """It and blanks, so that it takes so many columns."""
    return text + " " * (width - width_of(text))
