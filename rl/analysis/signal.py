"""Why there is no signal: counts of what became of rollouts, turned into causes with a remedy.

Training and evaluation use the same causes; they differ in the keys a remedy names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rewards.facts.outcomes import Outcomes
from tagger.errors import UserError

MOST = 0.5
"""Share of rollouts from which a cause is named."""
EXIT_NO_SIGNAL = 3
"""Exit code of a training run that never had a gradient."""


class NoSignalError(UserError):
    """A whole run had no gradient; the message says why and what to do."""

    exit_code = EXIT_NO_SIGNAL


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An answer that did not match its reference.

    Attributes:
        answer: As it was compared.
        reference: As it was compared.
    """

    answer: str
    reference: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What the sentences of a diagnosis name.

    Attributes:
        limit: Most tokens of a completion; None if unknown.
        limit_key: The config key of that limit.
        opening: Opening delimiter of the thinking; empty if it has none or is unknown.
        closing: Closing delimiter; empty if unknown.
        delimiters_key: The config key of the delimiters; empty if the command has none.
        mismatch: One answer that did not match, if any.
    """

    limit: int | None = None
    limit_key: str = "max_new_tokens"
    opening: str = ""
    closing: str = ""
    delimiters_key: str = ""
    mismatch: Mismatch | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a missing signal.

    Attributes:
        name: ``cut_off``, ``no_thinking``, ``no_answer``, ``unmatched`` or ``equal_rewards``.
        share: Share of the rollouts (of the groups for ``equal_rewards``) it holds for, 0 to 1.
        text: One sentence with the remedy.
    """

    name: str
    share: float
    text: str

    def to_dict(self) -> dict[str, object]:
        """The cause as plain data."""
        return {"name": self.name, "share": round(self.share, 6), "text": self.text}


def diagnose(outcomes: Outcomes, setting: Setting, least: float = MOST) -> list[Cause]:
    """Name what keeps rollouts from being correct, the commonest first.

    Args:
        outcomes: What became of the rollouts.
        setting: Keys, limits and an example for the sentences.
        least: Smallest share from which a cause is named. An answer that does not match is a
            cause only if no rollout at all is correct: else it is an ordinary wrong answer.

    Returns:
        The causes; empty if none is common enough.
    """
    texts = {
        "cut_off": _cut_off(setting),
        "no_thinking": _no_thinking(setting),
        "no_answer": (
            "ended without an answer that can be read; ask for it in the prompt, e.g. in"
            " \\boxed{}, or check the delimiters"
        ),
        "unmatched": _unmatched(setting),
    }
    named = [
        Cause(name, outcomes.share(name), f"{_of(outcomes, name)} {text}.")
        for name, text in texts.items()
        if outcomes.share(name) >= max(least, 1e-9)
        and (name != "unmatched" or outcomes.correct == 0)
    ]
    return sorted(named, key=lambda cause: -cause.share)


def equal_rewards(outcomes: Outcomes, groups: int, flat: int) -> Cause:
    """The cause of a zero advantage: groups in which all rewards are equal.

    Args:
        outcomes: What became of the rollouts.
        groups: Groups in all.
        flat: Groups without spread.
    """
    correct = outcomes.share("correct")
    if correct == 1.0:
        why = "every completion is correct, so the reward tells none apart; take harder problems"
    elif correct == 0.0:
        why = "no completion is correct, so the reward tells none apart; take easier problems"
    else:
        why = (
            f"{correct:.0%} of completions are correct; raise grpo.num_generations, or give the"
            " reward a term (with a weight above 0) that differs between them"
        )
    return Cause(
        "equal_rewards",
        flat / groups if groups else 0.0,
        f"{flat} of {groups} groups had equal advantages, which are then all 0: {why}.",
    )


def join(causes: Sequence[Cause]) -> str:
    """The sentences of some causes, one after the other."""
    return " ".join(cause.text for cause in causes)


def _of(outcomes: Outcomes, name: str) -> str:
    share = f"{outcomes.share(name) * 100:.0f} %"
    return f"{getattr(outcomes, name)} of {outcomes.rollouts} completions ({share})"


def _cut_off(setting: Setting) -> str:
    limit = "by the length limit" if setting.limit is None else f"at {setting.limit} tokens"
    return f"were cut off {limit} before they ended; raise {setting.limit_key}"


def _no_thinking(setting: Setting) -> str:
    between = ""
    if setting.closing:
        between = (
            f" between {setting.opening!r} and {setting.closing!r}"
            if setting.opening
            else f" before {setting.closing!r}"
        )
    remedy = (
        f"name the policy's own in {setting.delimiters_key}"
        if setting.delimiters_key
        else "check that the policy thinks and which delimiters it writes"
    )
    return f"hold no closed thinking{between}; {remedy}"


def _unmatched(setting: Setting) -> str:
    text = "gave an answer, and none matches its reference"
    if setting.mismatch is not None:
        answer, reference = (
            _short(t) for t in (setting.mismatch.answer, setting.mismatch.reference)
        )
        text += f" (e.g. the answer {answer} against the reference {reference})"
    return f"{text}; look at the references of the problems"


def _short(text: str, most: int = 60) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= most else f"{flat[: most - 1]}…")
