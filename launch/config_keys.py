"""Every key of the configs of training and comparison, parameters of terms and rules included."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from tagger.config.explain import KeyDoc, as_yaml, key_docs
from tagger.errors import unknown_name

CONFIGS = ("train", "compare")
"""The configs, and the sections of a file that serves both."""


def keys_of(config: str) -> list[KeyDoc]:
    """All keys of one of `CONFIGS`, in the order of its file."""
    return list({"train": _training_keys, "compare": _comparison_keys}[config]())


def explained(key: str) -> list[KeyDoc]:
    """What can be said of a key, and of the keys below it.

    Args:
        key: Dotted, with ``train.`` or ``compare.`` before it or without.

    Returns:
        The key and those below, named in full; of both configs if both have it.

    Raises:
        UserError: No such key; the nearest one is suggested.
    """
    first, _, rest = key.partition(".")
    wanted = rest if first in CONFIGS else key
    configs = (first,) if first in CONFIGS else CONFIGS
    found, known = [], []
    for config in configs:
        docs = keys_of(config)
        known += [doc.key for doc in docs]
        below = [d for d in docs if not wanted or _under(d.key, wanted)]
        below = below or _foreign(config, wanted)
        found += [KeyDoc(f"{config}.{d.key}", d.allowed, d.default, d.text) for d in below]
    if not found:
        raise unknown_name("config key", wanted, dict.fromkeys(known))
    return found


def _under(key: str, wanted: str) -> bool:
    """Whether a key is the one wanted or below it; names of the user's fit any place-holder."""
    from rewards.terms.registry import MODULES
    from tagger.stopping.rules.registry import RULES

    known: dict[str, Collection[str]] = {"TERM": MODULES, "RULE": RULES}
    parts, asked = key.split("."), wanted.split(".")
    return len(parts) >= len(asked) and all(
        part == word
        or part == "NAME"
        or (part in known and (word in known[part] or asked[-1] is not word))
        for part, word in zip(parts, asked, strict=False)
    )


def _training_keys() -> Iterator[KeyDoc]:
    from rl.training.config import RunConfig

    for doc in key_docs(RunConfig):
        yield doc
        if doc.key == "reward.terms":
            yield from _term_keys()
        elif doc.key == "reward.aggregation":
            yield from _aggregation_keys()


def _term_keys() -> Iterator[KeyDoc]:
    from rewards.terms.registry import MODULES, term_kind, term_text
    from rewards.weights import CONTROLLERS

    yield KeyDoc(
        "reward.terms.TERM.kind",
        f"one of {', '.join(MODULES)}",
        "TERM",
        "Kind of the term; to be given where its name is another, so that one kind serves twice.",
    )
    yield KeyDoc(
        "reward.terms.TERM.weight",
        f"a finite number, or a schedule or controller: one of {', '.join(CONTROLLERS)}",
        "1.0",
        "What the term is multiplied with, e.g. `{schedule: linear, start: 0, end: 0.2}`.",
    )
    yield KeyDoc(
        "reward.terms.TERM.weight.schedule",
        f"one of {', '.join(CONTROLLERS)}",
        "constant",
        "How the weight goes: `constant`, `linear` and `cosine` by step alone, the others by what "
        "the run shows; see docs/rewards.md.",
    )
    for name, schedule in CONTROLLERS.items():
        for doc in key_docs(schedule, "reward.terms.TERM.weight."):
            text = f"(schedule {name}) {doc.text}"
            yield KeyDoc(doc.key, doc.allowed, doc.default, text)
    for name in MODULES:
        about = term_text(name).partition("\n\n")[0]
        yield KeyDoc(f"reward.terms.{name}", "a mapping", "{}", about)
        yield from key_docs(term_kind(name).params, f"reward.terms.{name}.")


def _aggregation_keys() -> Iterator[KeyDoc]:
    from rewards.aggregation.registry import NAMES, method_kind, method_text

    abouts = (f"`{name}`: {method_text(name).partition(chr(10))[0]}" for name in NAMES)
    yield KeyDoc("reward.aggregation.kind", f"one of {', '.join(NAMES)}", "none", " ".join(abouts))
    for name in NAMES:
        for doc in key_docs(method_kind(name).PARAMS, "reward.aggregation."):
            yield KeyDoc(doc.key, doc.allowed, doc.default, f"(kind {name}) {doc.text}")


def _comparison_keys() -> Iterator[KeyDoc]:
    from rl.comparison.config import CompareConfig

    for doc in key_docs(CompareConfig):
        yield doc
        if doc.key == "rules":
            yield from _rule_keys()


_OR_SHARE = "none, it or share must be given"


def _rule_keys() -> Iterator[KeyDoc]:
    from rl.comparison.grid import BUDGETS
    from tagger.stopping.rules.registry import RULES

    yield KeyDoc(
        "rules.RULE.kind",
        f"one of {', '.join(RULES)}",
        "RULE",
        "Kind of the rule; to be given where its name is another, so that one kind serves twice.",
    )
    for name, rule in RULES.items():
        about = (rule.__doc__ or "").partition("\n\n")[0].replace("\n", " ").strip()
        yield KeyDoc(f"rules.{name}", "a mapping; a list of numbers is a grid", "{}", about)
        for doc in key_docs(rule, f"rules.{name}.", hidden=frozenset({"taxonomy"})):
            alone = name not in BUDGETS or not doc.key.endswith(".limit")
            yield doc if alone else KeyDoc(doc.key, doc.allowed, _OR_SHARE, doc.text)
        if name in BUDGETS:
            text = (
                f"Limits as shares of base's mean number of {BUDGETS[name]} on the calibration"
                " problems, in place of `limit` or next to it."
            )
            yield KeyDoc(f"rules.{name}.share", "a number above 0, or a list of them", "none", text)


def _foreign(config: str, key: str) -> list[KeyDoc]:
    """A field of TRL's `GRPOConfig` or peft's `LoraConfig`; their import takes some seconds."""
    owner, _, name = key.partition(".")
    if config != "train" or not name or owner not in ("grpo", "lora"):
        return []
    found: dict[str, Any] = {}
    ours: Mapping[str, Any] = {}
    if owner == "grpo":
        from trl import GRPOConfig

        from rl.training.grpo_config import DEFAULTS

        found, ours = {f.name: f for f in fields(GRPOConfig) if f.init}, DEFAULTS
    else:
        from peft import LoraConfig

        found = {f.name: f for f in fields(LoraConfig) if f.init}
    if name not in found:
        raise unknown_name("config key", key, [f"{owner}.{n}" for n in found])
    field = found[name]
    kind = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", "")
    default = ours.get(name, field.default)
    shown = as_yaml(default) if isinstance(default, str | int | float | bool | None) else "its own"
    text = " ".join(str(field.metadata.get("help", "")).split())
    if owner == "grpo":
        text = f"{text} {_of_grpo(name)}".strip()
    return [KeyDoc(key, kind, shown, text)]


def _of_grpo(name: str) -> str:
    """What the kit makes of a field of `GRPOConfig`; empty where that is what TRL says."""
    from rl.training.grpo.keys import CONDITIONAL, REFUSED, RESERVED

    if name in RESERVED:
        return f"Here it is set by {RESERVED[name]}."
    if name in REFUSED:
        return f"Here any other value is refused: it {REFUSED[name]}."
    if name in CONDITIONAL:
        other, value = CONDITIONAL[name]
        return f"Acts only if grpo.{other} is {value}."
    return ""
