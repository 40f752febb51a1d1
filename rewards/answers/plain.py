r"""One spelling for what people and models write: ASCII, plain LaTeX, no mark-up.

``**20**``, ``\text{20}``, ``２０``, ``\(20\)`` and ``$20$`` all become ``20``. White space and
line ends stay apart from digits, so numbers of two lines never become one.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MEMO_LONGEST = 120
"""Characters of the longest text whose plain form is remembered."""
_TABLE = str.maketrans(
    {
        **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)},  # full width
        "负": "-",
        **dict.fromkeys("−–—‐‑‒―﹣", "-"),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u3000", " "),
        **dict.fromkeys("\u2008\u2009\u200a\u202f\u205f", "\\,"),  # thin spaces: thousands
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
        **dict.fromkeys("‘’′", "'"),
        **dict.fromkeys("“”″", '"'),
        "。": ". ", "、": ", ", "×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ",
        "÷": "/", "⁄": "/", "∕": "/", "√": " sqrt", "π": "\\pi ", "∞": "\\infty ",
        "±": "\\pm ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "≃": "\\approx ",
        "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in ", "∅": "\\emptyset ", "°": "^\\circ ",
        "ℝ": "\\mathbb{R}", "º": "^\\circ ",
        "→": "\\to ", "⇒": "\\to ", "⟹": "\\to ", "➜": "\\to ", "➔": "\\to ",
        "⟶": "\\to ", "½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅕": " 1/5",
        "⅖": " 2/5", "⅗": " 3/5", "⅘": " 4/5", "⅙": " 1/6", "⅚": " 5/6", "⅛": " 1/8", "⅜": " 3/8",
        "⅝": " 5/8", "⅞": " 7/8", "✓": "", "✅": "",
    }
)  # fmt: skip

_RAISED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "₀₁₂₃₄₅₆₇₈₉"
_SCRIPTS = re.compile(rf"(?P<raised>[{_RAISED}]+)|[{_LOWERED}]+")
_LEVEL = str.maketrans(_RAISED + _LOWERED, "0123456789-+0123456789")
# Patterns begin with a character, and what must stand before it comes after it: `re` then looks for
# that character alone, several times as fast.
_ROOT = re.compile(r"√\s*([0-9]+(?:\.[0-9]+)?|[a-zA-Z])")
_SIZES = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|bf|rm|it|tiny|small|normalsize"
    r"|[lL]arge|LARGE|[hH]uge)(?![a-zA-Z])"
)
_ALIGNED = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|align\*?|gathered|split|equation\*?)\}|(?<!\\)&(?==|\s*=)"
)
_SIGNS = {
    "degree": "^\\circ ", "degrees": "^\\circ ", "textdegree": "^\\circ ", "pounds": "£",
    "textsterling": "£", "euro": "€", "texteuro": "€", "textdollar": "$", "yen": "¥",
    "lbrace": "\\{", "rbrace": "\\}",
}  # fmt: skip
_NAMED_SIGN = re.compile(rf"\\({'|'.join(_SIGNS)})(?![a-zA-Z])(?:\{{\}})?\s*")
_MATRIX = re.compile(
    r"[(\[]\s*\\begin\s*\{(array|smallmatrix|matrix)\}(?:\{[lcr| ]*\})?(.{1,1000}?)"
    r"\\end\s*\{\1\}\s*[)\]]",
    re.DOTALL,
)
_ROW_SPACE = re.compile(r"\\\\\s*\[\s*[\d.]+\s*(?:ex|em|pt|mm|cm)\s*\]")
_ANGLE = re.compile(r"\\ang\s*\{([^{};]*)\}")
_RAISED_O = re.compile(r"(?<=\d)\s?\^\s?\{?\s*o\s*\}?(?![a-zA-Z])")  # 90^o, as in old papers
_CYCLE = re.compile(r"(?<=\.)(\d*)\\(?:bar|overline)\s*\{?\s*(\d+)\s*\}?")
_DOTTED = re.compile(r"(?<=\.)(\d*)\\dot\s*\{?\s*(\d)\s*\}?(?:(\d*)\\dot\s*\{?\s*(\d)\s*\}?)?")
_GOES_ON = re.compile(
    r"(?<=\.)(\d{0,30}?)(\d)\2{2,30}\s?(?:\.{3,}|…|\\[lc]?dots(?![a-z]))"
)  # 0.1666...
_FRACTION_NAME = re.compile(r"\\[dtc]frac(?![a-zA-Z])")
_WRAPPER = (
    r"\\(?:text(?:bf|it|rm|tt|sf|sc|normal)?|math(?:rm|bf|it|sf|tt|normal)|mbox|hbox|boldsymbol|bm"
    r"|emph|underline|boxed|f(?:rame)?box|operatorname)(?![a-zA-Z])\s*"
)
_TEXT = re.compile(rf"{_WRAPPER}\{{([^{{}}]*)\}}")
_AROUND_MORE = re.compile(rf"{_WRAPPER}(?=\{{)|\\(?:boxed|fbox)(?![a-zA-Z])\s*")
_COLOUR = re.compile(r"\\(?:text)?color\s*\{[^{}]*\}")
_BRACED = re.compile(r"(?<![\w^}\]\\])\{([^{}\\,]*)\}")
_THOUSANDS_MARK = re.compile(r"(?<=\d)(?:\{,\}|,?\\[,!]|\{\\[,!]\})\s?(?=\d{3}(?!\d))")
_SPACES = re.compile(r"(?<!\\)(?:\\(?:[,;:! ]|q?quad(?![a-zA-Z]))|~)|\{\}")
_DELIMITERS = re.compile(r"\\(?<!\\\\)[()\[\]]")
_MATH = re.compile(r"\$(?<!\\\$)\$?(?!\s)((?:[^$\\\n]|\\.)+?)(?<!\s)\$\$?(?!\d)")
_LONE_DOLLAR = re.compile(r"\$(?<!\\\$)(?!\.?\d)")
_BOLD = re.compile(
    r"\*\*(?:(?<![\w)\]}]\*\*)|(?![\w(\\]))|__(?:(?<!\w__)|(?!\w))|`|</?(?:b|strong|i|em)>"
)
_ITALIC = re.compile(r"(?:(?<=[\s(\"])|^)\*([^*\s]+)\*(?=[\s.,;:!)\"]|$)")
_ARROW = re.compile(
    r"=(?<![<=]=)={0,2}>|-{1,2}>|\\(?:rightarrow|longrightarrow|implies|Longrightarrow|Rightarrow)\b"
)

_LATEX_FRACTION = re.compile(
    r"(?P<whole>\d\s*)?\\frac\s*"
    r"(?:\{\s*(?P<a>-?\d+(?:\.\d+)?)\s*\}|(?P<a1>\d))\s*"
    r"(?:\{\s*(?P<b>-?\d+(?:\.\d+)?)\s*\}|(?P<b1>\d))(?!\d)"  # not \frac{1}{2}3
)
_MINUS = re.compile(r"(?<=[\d)\]}])\s+minus\s+(?=[$€£(]?\.?\d)")
_SIGN_WORD = re.compile(r"(?<![a-zA-Z])(?:minus|negative)\s+(?=[$€£]?\.?\d)", re.IGNORECASE)
_AND_A_HALF = re.compile(r"(?<=\d)\s+and\s+an?\s+(half|third|quarter)(?![a-z])")
_PARTS = {"half": "1/2", "third": "1/3", "quarter": "1/4"}
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?!,?\d)")
_SWISS = re.compile(r"(?<![\w.,'])([1-9]\d{0,2}(?:'\d{3})+)(?![\d'])")  # 12'000, no 5'10'' of feet


def plain(text: str) -> str:
    r"""Put typography, mark-up and LaTeX wrappers into one plain form; mathematics stays LaTeX.

    Args:
        text: Any text.

    Returns:
        The text with ASCII signs, ``\frac`` for its kin, no ``\text{}``, bold or math delimiters,
        a comma as the only mark between thousands, and ``$`` only where it means money.
    """
    return _short(text) if len(text) <= _MEMO_LONGEST else _plain(text)


def _plain(text: str) -> str:
    if not text.isascii():
        text = _ROOT.sub(r"\\sqrt{\1}", _SCRIPTS.sub(_level, text)).translate(_TABLE)
    if "$" in text:
        text = _LONE_DOLLAR.sub("", _MATH.sub(r" \1 ", text)).replace("\\$", "$")
    if "{,}" in text or "\\" in text:
        text = _THOUSANDS_MARK.sub(",", text).replace("\\!", "")
    if "\\" in text:
        text = _NAMED_SIGN.sub(lambda m: _SIGNS[m[1]], _ANGLE.sub(r"\1^\\circ ", text))
        text = _FRACTION_NAME.sub(r"\\frac", _SIZES.sub("", text))
        if "\\end" in text:
            text = _MATRIX.sub(_matrix, _ROW_SPACE.sub(r"\\\\ ", text))
        for _ in range(3):  # wrappers within wrappers
            text, count = _TEXT.subn(r" \1 ", text)
            if not count:
                break
        text = _AROUND_MORE.sub("", text)
        text = _DELIMITERS.sub(" ", _ALIGNED.sub("", text))
        text = _SPACES.sub(" ", text).replace("\\%", "%").replace("\\varnothing", "\\emptyset")
        text = _COLOUR.sub("", text).removesuffix("\\")
    elif "~" in text:
        text = text.replace("~", " ")
    if "^" in text:
        text = _RAISED_O.sub("^\\\\circ ", text)
    if "." in text and ("\\" in text or "..." in text or "…" in text):
        text = _cycles(text)
    if "*" in text or "_" in text or "`" in text or "<" in text:
        text = _ITALIC.sub(r"\1", _BOLD.sub("", text))
    return _ARROW.sub(r"\\to ", text) if ">" in text or "\\" in text else text


_short = lru_cache(maxsize=4096)(_plain)  # one formula is read in many ways


def _level(match: re.Match[str]) -> str:
    """Raised and lowered digits in a row as one exponent or index."""
    digits = match[0].translate(_LEVEL)
    sign = "^" if match["raised"] else "_"
    return f"{sign}{digits}" if len(digits) == 1 else f"{sign}{{{digits}}}"


def _matrix(match: re.Match[str]) -> str:
    """An array in brackets as the matrix that it is."""
    return f"\\begin{{pmatrix}}{match[2]}\\end{{pmatrix}}"


def _cycles(text: str) -> str:
    r"""Repeating decimals as ``0.1\overline{6}``: with a bar, with dots, and ``0.1666...``."""
    text = _CYCLE.sub(r"\1\\overline{\2}", text)
    text = _DOTTED.sub(lambda m: f"{m[1]}\\overline{{{m[2]}{m[3] or ''}{m[4] or ''}}}", text)
    return _GOES_ON.sub(r"\1\\overline{\2}", text)


def clean(text: str) -> str:
    r"""As `plain`, with fractions of numbers as ``1/2`` or ``3 1/2`` and no mark of thousands.

    Args:
        text: Any text.
    """
    text = plain(text)
    if "'" in text:
        text = _SWISS.sub(lambda m: m[1].replace("'", ""), text)
    if "inus" in text or "egative" in text:
        text = _SIGN_WORD.sub("-", _MINUS.sub(" - ", text))
    if "\\frac" in text:
        text = _LATEX_FRACTION.sub(_slash, text)
    if " and a" in text:
        text = _AND_A_HALF.sub(lambda m: f" {_PARTS[m[1]]}", text)
    if "{" in text:
        text = _BRACED.sub(r"\1", text)
    return _THOUSANDS.sub(lambda m: m[1].replace(",", ""), text) if "," in text else text


def _slash(match: re.Match[str]) -> str:
    whole = f"{match['whole'].strip()} " if match["whole"] else ""
    return f"{whole}{match['a'] or match['a1']}/{match['b'] or match['b1']}"
