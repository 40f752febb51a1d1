"""The reward of a run in words: every term with its weight, its settings and its formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.terms.registry import MODULES, term_text


def reward_section(reward: Mapping[str, Any]) -> str:
    """Markdown on a reward.

    Args:
        reward: The section ``reward`` of the run's config.

    Returns:
        The sum, then each term: its first sentence, its settings, and the formula from its
        documentation.
    """
    terms = {name: dict(term or {}) for name, term in (reward.get("terms") or {}).items()}
    total = " + ".join(f"{_weight(term)} × `{name}`" for name, term in terms.items())
    parts = [f"For each completion: reward = {total}."]
    if reward.get("aggregation"):
        parts.append(f"How terms become advantages: `{_plain(reward['aggregation'])}`.")
    for name, term in terms.items():
        kind = str(term.get("kind", name))
        settings = {k: v for k, v in term.items() if k not in ("kind", "weight") and v is not None}
        shown = f" Settings: `{_plain(settings)}`." if settings else ""
        what, formula = _documented(kind)
        of = "" if kind == name else f" (`{kind}`)"
        parts.append(f"**`{name}`**{of}: {what}{shown}")
        if formula:
            parts.append(f"```\n{formula}\n```")
    return "\n\n".join(parts)


def formula_of(text: str) -> str:
    """The first indented block of a term's documentation; empty if it has none before its notes."""
    block: list[str] = []
    for line in text.splitlines():
        if line.startswith(("Source:", "Example", "Incorrect rollouts:")):
            break
        if line.startswith("    "):
            block.append(line[4:])
        elif block and line.strip():
            break
    return "\n".join(block).rstrip()


def _documented(kind: str) -> tuple[str, str]:
    if kind not in MODULES:  # of another version
        return "a term that this version does not know.", ""
    text = term_text(kind)
    return " ".join(text.partition("\n\n")[0].split()), formula_of(text)


def _weight(term: Mapping[str, Any]) -> str:
    weight = term.get("weight", 1.0)
    return _plain(weight) if not isinstance(weight, Mapping) else f"weight({_plain(weight)})"


def _plain(value: Any) -> str:
    """A setting in one line, as YAML has it."""
    import yaml

    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6)
    return text.removesuffix("...\n").strip()
