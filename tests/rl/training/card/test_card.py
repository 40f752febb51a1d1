"""Reward, results and use in the words of a card."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rewards.terms.registry import MODULES, term_text
from rl.training.card.results import compared_name, results_section
from rl.training.card.reward import formula_of, reward_section
from rl.training.card.use import header, use_section
from tagger.errors import UserError
from tests.rl.training.card.making import comparison


def test_results_section_has_the_arms_of_the_policy_base_and_what_is_claimed() -> None:
    text = results_section(comparison(), "mine")
    assert text.splitlines()[0] == (
        "Measured by `suffice compare` on 100 problems, 2 completions each; 95 % intervals by "
        "bootstrap over problems."
    )
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows] == ["", "base", "monitored", "**mine**"]
    assert rows[-1] == "| **mine** | 80.0 % (70.0 to 90.0) | 60.0 (55.0 to 65.0) | 0.50 |"
    assert "* Mine uses fewer tokens." in text and "Other" not in text
    assert "0 of 100 test problems were also training problems." in text
    assert "commit `c0ffee`, 2026-11-29, seed of sampling 0, 1." in text


def test_results_section_of_pooled_runs_says_which_figures_are_the_policys_own() -> None:
    own = {"accuracy": 0.815, "tokens": 58.0}
    runs = [{"name": "mine", **own}, {"name": "mine_1", "accuracy": 0.785, "tokens": 62.0}]
    over = {"bootstrap": {"over": "problems and training runs"}, "pooled": {"mine": runs}}
    text = results_section(comparison() | over, "mine")
    assert text.splitlines()[0].endswith("by bootstrap over problems and training runs.")
    assert (
        "The figures of mine are means over 2 training runs that differ in their seed; this policy "
        "is one of them, with 81.5 % at 58.0 tokens."
    ) in text.splitlines()


def test_compared_name_is_told_by_the_weights() -> None:
    assert compared_name(comparison("2" * 64), {"3" * 64, "2" * 64}, "r.json") == "mine"
    with pytest.raises(UserError, match=r"r.json compares other weights \(base, mine\)"):
        compared_name(comparison("2" * 64), {"3" * 64}, "r.json")


def test_reward_section_names_weights_settings_and_formulas() -> None:
    schedule = {"schedule": "linear", "start": 0.0, "end": 0.2}
    text = reward_section(
        {
            "terms": {
                "correctness": {},
                "short": {"kind": "length_sigmoid", "weight": schedule},
                "step_count": {"weight": 0.1, "types": {"VERIFY": {"cap": 8}}},
                "gone": {},
            },
            "aggregation": "gfpo",
        }
    )
    assert text.startswith(
        "For each completion: reward = 1.0 × `correctness` + weight({schedule: linear, start: 0.0, "
        "end: 0.2}) × `short` + 0.1 × `step_count` + 1.0 × `gone`."
    )
    assert "**`short`** (`length_sigmoid`)" in text and "sigmoid((L - mean) / (sd + 1e-7))" in text
    assert "Settings: `{types: {VERIFY: {cap: 8}}}`." in text
    assert "`gfpo`" in text and "a term that this version does not know." in text


@pytest.mark.parametrize("name", MODULES)
def test_formula_of_every_term_is_documented(name: str) -> None:
    assert formula_of(term_text(name))


def test_header_names_only_what_the_hub_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"problems": {"source": "hf:org/set"}}
    found = yaml.safe_load(header(config, "org/base", adapter=True).split("---")[1])
    assert (found["base_model"], found["base_model_relation"]) == ("org/base", "adapter")
    assert (found["datasets"], found["library_name"]) == (["org/set"], "peft")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "first").mkdir(parents=True)
    for base in ("runs/first", "overthinker", "/models/base"):
        assert "base_model" not in header({}, base, adapter=False)


def test_use_section_says_how_it_was_asked() -> None:
    config = {
        "system_prompt": "Think.",
        "prompt_template": "Q: {question}",
        "chat_template_kwargs": {"enable_thinking": True},
        "grpo": {"temperature": 0.6},
    }
    text = use_section(config, "org/base", adapter=True)
    assert "with the system prompt 'Think.', by the user turn 'Q: {question}'" in text
    assert "{'enable_thinking': True}" in text and "at temperature 0.6." in text
    assert "vllm serve org/base --enable-lora" in text and "PeftModel.from_pretrained" in text
    compile(text.split("```python")[1].split("```")[0], "card", "exec")
