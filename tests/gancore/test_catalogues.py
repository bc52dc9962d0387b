"""Every message is in the catalogue of every language, translated and with the same values to fill in."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from gancore import errors
from gancore.i18n import ENGLISH, LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
METHODS = [("**.py", "python"), ("**.js", "javascript")]
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "gancore").rglob("*.py"))
OURS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}

Id = str | tuple[str, ...]


def messages_in(package: str) -> set[Id]:
    found = extract_from_dir(ROOT / package, METHODS, keywords=KEYWORDS)
    return {tuple(message) if isinstance(message, list | tuple) else message for _, _, message, _, _ in found}


def catalogue_of(package: str, code: str) -> Catalog:
    with (ROOT / package / "locale" / code / "LC_MESSAGES" / f"{package}.po").open("rb") as file:
        return read_po(file, locale=code)


def translations(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def values_of(text: str) -> set[tuple[str | None, str | None, str | None]]:
    """Name, format and conversion of all that is filled in."""
    return {part[1:] for part in string.Formatter().parse(text) if part[1] is not None}


@pytest.fixture(scope="module", params=[(p, c) for p in ("gancore", "dashboard") for c in LANGUAGES if c != ENGLISH])
def package_and_catalogue(request: pytest.FixtureRequest) -> tuple[str, Catalog]:
    package, code = request.param
    return package, catalogue_of(package, code)


def test_the_catalogue_has_every_message_and_no_other(package_and_catalogue: tuple[str, Catalog]) -> None:
    package, catalogue = package_and_catalogue
    wanted, there = messages_in(package), {message.id for message in catalogue if message.id}
    assert not wanted - there, "run `make messages`, then translate them"
    assert not there - wanted, "run `make messages`"
    assert not catalogue.obsolete


@pytest.mark.parametrize("package", ["gancore", "dashboard"])
def test_every_message_is_extracted(package: str) -> None:
    """Babel finds no message within an f-string, where it stays English on every page."""
    known = {
        text for message in messages_in(package) for text in ([message] if isinstance(message, str) else message)
    }
    overlooked = {
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and names_of(call) in KEYWORDS
        for text in call.args[:1]
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value not in known
    }
    assert not overlooked


def test_every_message_is_translated(package_and_catalogue: tuple[str, Catalog]) -> None:
    _, catalogue = package_and_catalogue
    entries = [message for message in catalogue if message.id]
    assert not [message.id for message in entries if not all(translations(message))]
    assert not [message.id for message in entries if message.fuzzy]
    plurals = [message for message in entries if message.pluralizable]
    assert not [message.id for message in plurals if len(translations(message)) != catalogue.num_plurals]


def test_translations_fill_in_what_the_english_does(package_and_catalogue: tuple[str, Catalog]) -> None:
    _, catalogue = package_and_catalogue
    differing = []
    for message in catalogue:
        english = message.id[-1] if isinstance(message.id, tuple) else message.id
        if message.id and any(values_of(text) != values_of(english) for text in translations(message)):
            differing.append(message.id)
    assert not differing


def untranslated(node: ast.expr | None) -> bool:
    """Whether an expression may come to words that no catalogue knows."""
    match node:
        case ast.Constant(value=str() as text):
            return any(character.isalpha() for character in text.removeprefix("gancore: "))
        case ast.JoinedStr(values=parts):
            return any(untranslated(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return untranslated(left) or untranslated(right)
        case ast.IfExp(body=body, orelse=other):
            return untranslated(body) or untranslated(other)
    return False


def shown_by(call: ast.Call) -> Iterator[ast.expr]:
    """What a call shows to a person."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in OURS or name == "echo":
        yield from call.args[:1]
    if name in ("Option", "Argument", "Typer", "command"):
        yield from (named[key] for key in ("help", "short_help") if key in named)
    if name == "Field":
        yield from (named[key] for key in ("title", "description") if key in named)


def names_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_says_goes_through_the_catalogues(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    bare = {text.lineno for call in calls for text in shown_by(call) if untranslated(text)}
    assert not bare, "lines with words outside _() or N_()"
    marked = [call for call in calls if names_of(call) in KEYWORDS]
    filled_in = {call.lineno for call in marked if any(isinstance(text, ast.JoinedStr) for text in call.args)}
    assert not filled_in, "f-strings, which no catalogue can know"
    commands = [call for call in calls if names_of(call) == "command" and isinstance(call.func, ast.Attribute)]
    helpless = {call.lineno for call in commands if all(keyword.arg != "help" for keyword in call.keywords)}
    assert not helpless, "commands whose help is their docstring"


@pytest.mark.parametrize(
    ("code", "finds"),
    [
        ('raise RunError(f"run {run} is gone")', True),
        ('raise RunError(_("run {run} is gone", run=run))', False),
        ('typer.echo("done" if good else _("failed"))', True),
        ('typer.echo(f"gancore: {error}")', False),
        ('typer.Option("--seed", help="Which z.")', True),
        ('Field(1, title="Seed")', True),
        ('Field(1, title=N_("Seed"))', False),
    ],
)
def test_words_outside_the_catalogues_are_found(code: str, finds: bool) -> None:
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    assert any(untranslated(text) for call in calls for text in shown_by(call)) is finds
