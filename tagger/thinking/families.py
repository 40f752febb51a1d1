r"""How model families write their thinking.

Sources: the chat templates of the models (those of DeepSeek-R1, Qwen3, Gemma 4 and gpt-oss as TRL
packages them, Magistral's from its repository) and OpenAI's description of the harmony format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagger.errors import UserError


@dataclass(frozen=True, slots=True)
class ThinkingDelimiters:
    r"""The two strings around the thinking, e.g. ``<think>`` and ``</think>``.

    Attributes:
        open: Before the thinking.
        close: After it; not part of the answer.
        direct: What an answer without any thinking begins with, if that differs from `close`;
            must be the end of `close`. Only harmony has one: its thinking ends with
            ``<|end|><|start|>assistant<|channel|>final<|message|>``, an answer at once begins
            with ``<|channel|>final<|message|>``.
        plain: The text bears no delimiters: all is thinking up to `close`, which is the beginning
            of the answer and stays with it; `open` is empty. Built by `plain_text` only.

    Raises:
        UserError: One of them is empty, they are equal, or `direct` is not the end of `close`.
    """

    open: str
    close: str
    direct: str = ""
    plain: bool = False

    def __post_init__(self) -> None:
        if not self.close or bool(self.open) == self.plain or self.open == self.close:
            raise UserError(
                f"Thinking delimiters {self.open!r} and {self.close!r} must be two different, "
                "non-empty strings."
            )
        if not self.close.endswith(self.direct):
            raise UserError(
                f"The beginning of a direct answer, {self.direct!r}, must be the end of the "
                f"closing delimiter {self.close!r}."
            )

    @property
    def closes(self) -> tuple[str, ...]:
        """The strings that end the thinking, the first of which in the text does."""
        return (self.close, self.direct) if self.direct else (self.close,)

    def find_close(self, text: str, start: int = 0) -> tuple[int, int]:
        """Span of the first closing delimiter at or after `start`; ``(-1, -1)`` if none."""
        found = [(text.find(c, start), len(c)) for c in self.closes]
        at, length = min((f for f in found if f[0] >= 0), default=(-1, 0))
        return at, at + length


def plain_text(answer_mark: str = "**Final Answer**") -> ThinkingDelimiters:
    """Delimiters for models that write no delimiters: all is thinking up to the answer.

    Never auto-detected; pass explicitly.

    Args:
        answer_mark: What the answer begins with; the mark is part of the answer.

    Raises:
        UserError: The mark is empty.
    """
    return ThinkingDelimiters("", answer_mark, plain=True)


@dataclass(frozen=True, slots=True)
class Family:
    r"""A way to write thinking.

    Attributes:
        delimiters: The strings around it.
        tokens: Special tokens that a tokenizer of this family has, besides or instead of the
            delimiters as a whole.
        before: Line breaks the model writes before the closing delimiter.
        after: And after it. Used where the chat template does not tell.
    """

    delimiters: ThinkingDelimiters
    tokens: tuple[str, ...] = ()
    before: str = "\n"
    after: str = "\n\n"


def _pair(open_: str, close: str) -> Family:
    return Family(ThinkingDelimiters(open_, close), (open_, close))


THINK = _pair("<think>", "</think>")
"""DeepSeek-R1 and its distills, Qwen3, QwQ, Magistral of June 2025, and most others."""

MAGISTRAL = Family(
    ThinkingDelimiters("[THINK]", "[/THINK]"), ("[THINK]", "[/THINK]"), before="", after=""
)
"""Magistral since July 2025 and Ministral 3: the chat template writes no line breaks."""

HARMONY = Family(
    ThinkingDelimiters(
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
        direct="<|channel|>final<|message|>",
    ),
    ("<|channel|>", "<|message|>", "<|start|>", "<|end|>"),
    before="",
    after="",
)
"""gpt-oss. Several analysis messages (there are some between tool calls) are one thinking."""

GEMMA = Family(
    ThinkingDelimiters("<|channel>thought", "<channel|>"), ("<|channel>", "<channel|>"), after=""
)
"""Gemma 4: a thought channel, ended by ``<channel|>``; the answer follows at once."""

FAMILIES: tuple[Family, ...] = (
    THINK,
    _pair("<thinking>", "</thinking>"),
    _pair("<thought>", "</thought>"),
    _pair("<seed:think>", "</seed:think>"),
    _pair("<|begin_of_thought|>", "<|end_of_thought|>"),
    _pair("◁think▷", "◁/think▷"),
    MAGISTRAL,
    HARMONY,
    GEMMA,
)
"""All that are auto-detected, the most common first."""


def family_of(delimiters: ThinkingDelimiters) -> Family:
    """The family that writes these delimiters; one of its own if none is known."""
    if delimiters.plain:
        return Family(delimiters, before="\n\n", after="\n\n")
    known = (f for f in FAMILIES if f.delimiters == delimiters)
    return next(known, Family(delimiters))


def delimiter_pair(named: Sequence[str] | Mapping[str, str]) -> tuple[str, str]:
    """Opening and closing delimiter, from a pair or from a config's ``{open, close}``.

    Raises:
        UserError: It is neither.
    """
    if isinstance(named, Mapping) and set(named) == {"open", "close"}:
        return named["open"], named["close"]
    if isinstance(named, (str, Mapping)) or len(named) != 2:
        raise UserError(
            f"delimiters are {named!r}; give the opening and the closing one, a pair or "
            "{open: …, close: …}."
        )
    return named[0], named[1]


def named_delimiters(open_: str, close: str) -> ThinkingDelimiters:
    """Delimiters as a config names them.

    Args:
        open_: Opening delimiter; empty asks for `plain_text`.
        close: Closing delimiter; for plain text, what the answer begins with.

    Returns:
        Those of a known family, if these are its two strings.

    Raises:
        UserError: As `ThinkingDelimiters`.
    """
    if not open_:
        return plain_text(close)
    pairs = {(f.delimiters.open, f.delimiters.close): f.delimiters for f in FAMILIES}
    return pairs.get((open_, close)) or ThinkingDelimiters(open_, close)
