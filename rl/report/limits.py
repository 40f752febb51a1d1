"""What a comparison cannot show, from its own facts: the first thing a critical reader asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, CONTROL, LENGTH_TWIN, TRAINED, policy_names
from rl.problems.registry import is_generated


def limitations(results: Mapping[str, Any]) -> list[str]:
    """The limitations, in sentences; the first one is about the size of the model."""
    names = policy_names(results)
    found = [_size(results), _runs(results)]
    if CONTROL not in names and TRAINED in names:
        found.append(
            "No control, trained on correctness alone, is part of this comparison. Such"
            " training changes accuracy and length, so what is said here of the trained policy is"
            " not yet a statement about the shaped reward."
        )
    elif TRAINED in names and LENGTH_TWIN not in names:
        found.append(
            "No policy trained with a plain charge on tokens is part of this comparison, so it does"
            " not say whether typing the steps does more than charging for length."
        )
    if any(results["arms"][name].get("verification_value") for name in names):
        found.append(
            "The value of a verification step puts everything that changes between first and final"
            " answer down to verification, whatever else stands between them; it is a mean over the"
            " steps the policy writes, not what one more or one fewer would change."
        )
    found.append(
        "Types are those of the frozen tagger, which errs; the reward of a trained policy reads the"
        " same tagger. The audit compares it with counters that no reward read."
        + " The words of the tagger's training data are not with it, so nothing tells whether these"
        " steps are like that data." * _words_missing(results)
    )
    return [text for text in found if text]


def _words_missing(results: Mapping[str, Any]) -> bool:
    """Whether base has steps but no share of unfamiliar ones; False for results without the row."""
    audit = results["arms"][BASE].get("audit", {})
    if "unfamiliar" not in audit or audit["step_tokens"]["mean"] is None:
        return False
    return bool(audit["unfamiliar"]["mean"] is None)


def _size(results: Mapping[str, Any]) -> str:
    base = next(policy for policy in results["policies"] if policy["name"] == BASE)
    count = results["problems"]["count"]
    config = results["provenance"]["config"]
    problems = config.get("problems") if isinstance(config, Mapping) else None
    source = str((problems or {}).get("source", "")) if isinstance(problems, Mapping) else ""
    model, size = base["model"] or BASE, parameters(base.get("parameters"))
    small = (base.get("parameters") or 0) < SMALL
    text = f"The base policy, {model}, has {size}" if size else f"The base policy is {model}"
    if size and small:
        text += ", very few for a language model"
    if source and is_generated(source):
        text += (
            f", and its {count} problems are written from templates (source {source!r}). The"
            " figures say how the method behaves on such a model and such problems; how much it"
            " saves on a large model and on people's problems they do not say."
        )
    else:
        text += (
            f", asked {count} problems{f' of {source}' if source else ''}; the figures are about"
            " these, and say little about other models and other problems."
        )
    return text


SMALL = 100_000_000
"""Parameters below which a model is called small."""


def parameters(count: int | None) -> str:
    """A number of parameters in words; empty if it is not known."""
    if count is None:
        return ""
    for unit, name in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if count >= unit:
            return f"{count / unit:.3g} {name} parameters"
    return f"{count} parameters"


def _runs(results: Mapping[str, Any]) -> str:
    """How many training runs stand behind each policy."""
    untrained = (BASE, *results.get("baselines", ()))
    trained = [name for name in policy_names(results) if name not in untrained]
    if not trained:
        return ""
    seeds = results.get("pooled") or {}
    single = [name for name in trained if name not in seeds]
    if single:
        which = "Each policy" if len(single) == len(trained) else f"Each of {', '.join(single)}"
        return (
            f"{which} is one training run: the intervals are over problems and leave out what"
            " another seed, or another processor, would change, which can be some points."
        )
    number = min(len(members) for members in seeds.values())
    return (
        f"Intervals are over problems and, by Student's t, over {number} training runs of each"
        " policy: they are about the mean over all seeds; a single further run may be further off."
    )
