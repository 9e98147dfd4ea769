"""Formulas of docstrings, which are LaTeX, as a person writes them in one line."""

import re
import unicodedata
from collections.abc import Callable, Iterator

TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\s+|.", re.DOTALL)
GREEK = ("alpha", "beta", "delta", "rho", "tau")
WRITTEN = {
    **{f"\\{name}": unicodedata.lookup(f"greek small letter {name}") for name in GREEK},
    **{r"\sum": "Σ", r"\le": "≤", r"\cdot": "·", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\,": " ", r"\qquad": " "},
    **{r"\left": "", r"\right": "", "&": "if", r"\\": ";"},  # the last two of cases
}
# A fraction within others, whose marks go when what is around it is known.
BEGIN, END = "\x01", "\x02"
FRACTION = re.compile(rf"(?P<before>.?)(?P<space> ?){BEGIN}(?P<inside>[^{BEGIN}{END}]*){END}(?P<after>(?: if|..?|$))")
# A number, a name, a call of one, or the size of something.
WHOLE = re.compile(r"[^\s=+-]+|\w+\([^()]*\)|\|[^|]*\|")
# What stands for all pairs needs no limits.
OF_ALL_PAIRS = re.compile(r"\\sum_\{i=1\}\^\{n\}")


def plain_formula(latex: str) -> str:
    """Return a formula without commands and with as many parentheses as it needs."""
    tokens = iter(TOKEN.findall(OF_ALL_PAIRS.sub(r"\\sum_i", latex)))
    written = re.sub(r"\s+", " ", _read(tokens))
    while FRACTION.search(written):
        written = FRACTION.sub(_set_off, written)
    return re.sub(r" (?=[,;)}])|(?<=[({]) ", "", written).strip()


def _read(tokens: Iterator[str], end: str = "") -> str:
    """Return what comes before the end of a group."""
    parts = []
    for token in tokens:
        if token == end:
            break
        parts.append(_written(token, tokens))
    return "".join(parts)


def _argument(tokens: Iterator[str]) -> str:
    token = next(tokens)
    while token.isspace():
        token = next(tokens)
    return _written(token, tokens)


def _written(token: str, tokens: Iterator[str]) -> str:
    if token == "{":
        return _read(tokens, "}")
    if token in COMMANDS:
        return COMMANDS[token](tokens)
    return WRITTEN.get(token, token.removeprefix("\\"))


def _fraction(tokens: Iterator[str]) -> str:
    above, below = _argument(tokens), _argument(tokens)
    return f"{BEGIN}{_one(above)} / {_one(below)}{END}"


def _set_off(found: re.Match[str]) -> str:
    """Return a fraction, in parentheses where it is a factor."""
    before, space, inside, after = found["before"], found["space"], found["inside"], found["after"]
    is_factor = re.search(r"[\w)]$", before) or (re.match(r" ?[\wΣ√({]", after) and not after.startswith(" if"))
    return f"{before}{space}({inside}){after}" if is_factor else f"{before}{space}{inside}{after}"


def _one(text: str) -> str:
    """Return what a sign before or behind it is about as a whole."""
    return text if WHOLE.fullmatch(text) else f"({text.strip()})"


def _accent(sign: str) -> Callable[[Iterator[str]], str]:
    def accented(tokens: Iterator[str]) -> str:
        letter = _argument(tokens)
        return unicodedata.normalize("NFC", letter + sign) if len(letter) == 1 else f"mean({letter})"

    return accented


def _cases(tokens: Iterator[str]) -> str:
    return "{" if _argument(tokens) == "cases" else ""


COMMANDS: dict[str, Callable[[Iterator[str]], str]] = {
    r"\frac": _fraction,
    r"\sqrt": lambda tokens: f"√({_argument(tokens).strip()})",
    r"\hat": _accent("\u0302"),
    r"\bar": _accent("\u0304"),
    r"\operatorname": lambda tokens: f"{_argument(tokens)}",
    r"\text": lambda tokens: f"{_argument(tokens)}",
    r"\begin": _cases,
    r"\end": lambda tokens: "}" if _argument(tokens) == "cases" else "",
    "_": lambda tokens: f"_{_one(_argument(tokens))}",
    "^": lambda tokens: f"^{_one(_argument(tokens))}",
}
