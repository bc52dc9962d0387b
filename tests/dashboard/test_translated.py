"""Nothing is shown untranslated: every word that a page or one of its scripts shows goes through gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.jslexer import Token, tokenize

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "dashboard"
EXEMPT: set[str] = set()
"""Files whose words are still to be wrapped."""
NAMES = {"CSV", "JSON", "GIF", "GANscope", "cross-scores", "quick", "drawing"}
"""What is called the same in every language: formats, the program, names of files and of presets."""

SHOWN_FIRST = {
    "badge", "button", "caption", "checkbox", "code", "download_button", "error", "expander", "file_uploader",
    "header", "html", "info", "linked_pills", "linked_selectbox", "markdown", "metric", "multiselect", "NumberColumn",
    "number_input", "pills", "popover", "radio", "run_mark", "segmented_control", "select_slider",
    "selectbox", "slider", "spinner", "status", "subheader", "success", "tabs", "text", "text_area", "text_input",
    "TextColumn", "title", "to_come", "toast", "toggle", "warning", "_step",
}  # fmt: skip
"""Functions whose first argument is read by a person."""
SHOWN_SECOND = {"progress", "_step"}
SHOWN_NAMED = {
    "alt", "caption", "help", "hovertemplate", "label", "note", "placeholder", "show_spinner", "text", "title",
}  # fmt: skip
"""Named arguments that are read by a person, of whatever function."""
TRANSLATORS = {"_", "ngettext"}


def python_files() -> list[str]:
    files = (str(path.relative_to(PAGES)) for path in PAGES.rglob("*.py"))
    return sorted(name for name in files if name not in EXEMPT)


def words_in(text: str) -> bool:
    """Whether anything is left to be read once icons, colours, tags and lone symbols such as G and z are gone."""
    rest = re.sub(
        r"<script>.*</script>|:material/\w+:|:\w+(-badge)?(?=\[)|<[^<>]*>|%\{[^}]*\}|https?://\S+",
        " ",
        text,
        flags=re.DOTALL,
    )
    return rest.strip() not in NAMES and bool(re.search(r"[^\W\d_]{2,}", rest))


class Shown(ast.NodeVisitor):
    """What a module shows without translating it."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.found: list[tuple[int, str]] = []
        self.scopes: list[ast.AST] = [tree]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.scopes.append(node)
        self.generic_visit(node)
        self.scopes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        shown = [word.value for word in node.keywords if word.arg in SHOWN_NAMED]
        is_log = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "_LOG"
        shown += node.args[:1] if name in SHOWN_FIRST and not is_log else []
        shown += node.args[1:2] if name in SHOWN_SECOND else []
        for expression in shown:
            self.found += [(part.lineno, text) for part, text in self.plain(expression) if words_in(text)]
        if name in TRANSLATORS and node.args and isinstance(node.args[0], ast.JoinedStr):
            self.found.append((node.lineno, "an f-string cannot be looked up"))
        self.generic_visit(node)

    def plain(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> Iterator[tuple[ast.expr, str]]:
        """The literals that an expression is made of, those inside a translation left out."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value
        elif isinstance(node, ast.JoinedStr):
            # A placeholder may stand within a tag, so the literal is read as a whole.
            yield node, "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
        for part in parts_of(node):
            yield from self.plain(part, seen)
        if isinstance(node, ast.Name) and node.id not in seen:
            for value in self.values_of(node.id):
                yield from self.plain(value, seen | {node.id})

    def values_of(self, name: str) -> Iterator[ast.expr]:
        """What a name is set to in the function around, else in the module."""
        for scope in reversed(self.scopes):
            values = [
                each.args[0] if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "N_" else each
                for each in assigned(scope, name)
            ]
            if values:
                yield from values
                return


def parts_of(node: ast.expr) -> list[ast.expr]:
    """The expressions whose text is in an expression's."""
    if isinstance(node, ast.JoinedStr):
        values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return [value for value in values if not isinstance(value, ast.Name)]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    is_join = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"
    return node.args[:1] if isinstance(node, ast.Call) and is_join else []


def assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    yield node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            yield from [node.value] if node.value else []


def untranslated(source: str) -> list[tuple[int, str]]:
    tree = ast.parse(source)
    visitor = Shown(tree)
    visitor.visit(tree)
    return visitor.found


@pytest.mark.parametrize("name", python_files())
def test_what_a_page_shows_is_translated(name: str) -> None:
    assert untranslated((PAGES / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'st.button("Start")', 'st.caption(f"{n} runs left")', 'st.x(y, help="Why")', 'label = "Go"\nst.button(label)',
        'LOOK = N_("Look")\nst.caption(LOOK)', 'st.progress(0.5, "half" if a else _("whole"))', '_(f"{n} runs")',
        'st.caption(" · ".join(["one", b]))', 'st.html(f"<b class={c}>Bold</b>")',
    ],
)  # fmt: skip
def test_a_word_that_is_not_translated_is_found(source: str) -> None:
    assert untranslated(source)


@pytest.mark.parametrize(
    "source",
    [
        'st.button(_("Start"))', 'st.caption(f"{n} %")', 'st.badge(f":green[:material/check:] {_(LOOK)}")',
        'f("key")', 'st.html(f\'<div class="to-come">{text}</div>\')', 'st.download_button("CSV", key="csv")',
    ],
)  # fmt: skip
def test_what_is_no_word_of_a_language_is_let_be(source: str) -> None:
    assert not untranslated(source)


SENTENCE = re.compile(r"(^|\s)[A-Za-z]{2,}[.,:;]?\s+\(?[A-Za-z]{2,}")
READ = {"textContent", "innerText", "title", "alt", "ariaLabel", "placeholder"}
READ_ATTRIBUTES = {"aria-label", "aria-valuetext", "title", "alt", "placeholder"}
NO_WORDS = {"x unified", "hovered data", "label span"}
"""Settings of Plotly's, and a selector."""


def script_words(source: str) -> list[tuple[int, str]]:
    """Literals of a script that a person reads and that are not looked up."""
    tokens = [token for token in tokenize(source) if token.type not in ("linecomment", "multilinecomment")]
    found = []
    for index, token in enumerate(tokens):
        if token.type not in ("string", "template_string"):
            continue
        before = [each.value for each in tokens[max(0, index - 3) : index]]
        if before[-2:] == ["_", "("]:
            continue
        text = plain_text(token)
        is_read = before[-1:] == ["="] and before[-2:-1] and before[-2].rpartition(".")[2] in READ
        is_named = any(quoted.strip("\"'") in READ_ATTRIBUTES for quoted in before) and before[-1:] in ([","], [":"])
        if text not in NO_WORDS and (SENTENCE.search(text) or ((is_read or is_named) and words_in(text))):
            found.append((token.lineno, text))
    return found


def plain_text(token: Token) -> str:
    """A literal without quotes, placeholders, tags and settings of styles."""
    inside = re.sub(r"\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", "0", str(token.value)[1:-1])
    return re.sub(r"<[^<>]*>|linear-gradient\([^)]*|script\[[^\]]*\]", " ", inside).strip()


@pytest.mark.parametrize("name", sorted(str(path.relative_to(PAGES)) for path in PAGES.rglob("*.js")))
def test_what_a_script_shows_is_translated(name: str) -> None:
    assert script_words((PAGES / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'a.textContent = "Undo";', 'a.title = `Pause ${b}`;', 'a.setAttribute("aria-label", "Runs");',
        'element("b", "c", { "aria-label": `Lines of ${x}` });', "say(`no file ${a}; try again`);",
    ],
)  # fmt: skip
def test_a_word_of_a_script_that_is_not_translated_is_found(source: str) -> None:
    assert script_words(source)
