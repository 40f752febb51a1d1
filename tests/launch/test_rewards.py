"""`suffice rewards list` and `explain`."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from launch.cli import main
from launch.commands.rewards.entries import (
    AGGREGATIONS,
    TERMS,
    WEIGHTS,
    entries,
    needs,
    pays_incorrect,
    text_of,
)
from rewards.aggregation import registry
from rewards.terms.registry import MODULES, term_kind
from rewards.weights import registry as weights
from tests.launch.light import light


def test_rewards_list_names_every_term_and_imports_no_torch() -> None:
    done = light("rewards", "list")
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    assert [name for name in MODULES if name not in words] == []
    assert "2505.15612" in words


@pytest.mark.parametrize("columns", ["40", "80", "120", "200"])
def test_rewards_list_cuts_nothing_whatever_the_width(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["rewards", "list"]) == 0
    text = capsys.readouterr().out
    assert "…" not in text
    found = entries()
    assert [entry.name for entry in found if entry.name not in text] == []
    words = " ".join(text.split())
    if int(columns) < 120:
        for entry in (entry for entry in found if entry.section == TERMS):
            assert f"{entry.name} {entry.source} {entry.what} Incorrect rollouts: " in words
        assert max(map(len, text.splitlines())) <= max(int(columns), 80)
    assert "gfpo: Only the k shortest" in words and "price: The weight from what" in words


def test_rewards_list_as_json_has_the_columns_of_the_table() -> None:
    done = light("rewards", "list", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["name"] for row in rows if row["section"] == TERMS] == list(MODULES)
    found = {(row["section"], row["name"]): row for row in rows}
    assert found[TERMS, "length_window"] == {
        "section": TERMS,
        "name": "length_window",
        "what": "Pays correct rollouts inside the window of lengths that solve the problem, or at "
        "its middle.",
        "source": "Wu et al. 2025 (LAPO), arXiv 2507.15758",
        "incorrect": "0",
        "needs": "groups of 2 or more, budget of the problem with stage: 2",
    }
    assert found[AGGREGATIONS, "gfpo"]["source"].startswith("GFPO, arXiv 2508.09726; TRL's")
    assert found[WEIGHTS, "linear"]["source"] == "ours"
    assert found[WEIGHTS, "price"]["needs"] is None


def test_rewards_list_says_who_is_paid_and_what_is_needed() -> None:
    assert pays_incorrect(term_kind("correctness")) == "0"
    assert pays_incorrect(term_kind("laser_de")) == "0 to 1"
    assert pays_incorrect(term_kind("cosine")) == "0; gate: none -1 to -0.5"
    assert needs(term_kind("correctness")) == ""
    assert needs(term_kind("length_sigmoid")) == "groups of 2 or more"
    assert needs(term_kind("budget_value")) == "groups of 2 or more, <predict> blocks"
    assert needs(term_kind("length_target")) == "budget of the problem or the parameter budget"
    wanted = "reference_accuracy of the problem with subtract_reference: true"
    assert needs(term_kind("no_thinking_bonus")) == wanted


def test_rewards_explain_shows_text_parameters_and_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rewards", "explain", "soft_overlong"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("soft_overlong\n\nCharges completions that come near the limit")
    assert "DAPO, arXiv 2503.14476, eq. 13" in text and "Example:\n    soft_overlong: {" in text
    assert "default parameters: correct rollouts -1 to 0, incorrect rollouts 0.\n" in text
    limit = "reward.terms.soft_overlong.limit\n  may be: a whole number of at least 1\n"
    assert limit + "  default: 20480\n  Tokens of the completion" in text


@pytest.mark.parametrize("name", ["correctness", "length_sigmoid", "step_count"])
def test_rewards_explain_works_for_every_kind(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewards", "explain", name]) == 0
    text = capsys.readouterr().out
    assert ("grpo.num_generations must be 2" in text) == (name == "length_sigmoid")
    assert ("It has no parameters." in text) == (name == "correctness")


def test_rewards_explain_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewards", "explain", "soft_overlng"]) == 2
    assert "did you mean 'soft_overlong'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "sentence", "key"),
    [
        ("gfpo", "An aggregation, how terms become advantages: ", "reward.aggregation.keep"),
        ("rdpo", "An aggregation, how terms become advantages: ", "It has no parameters."),
        ("price", "goes by what the run shows: ", "reward.terms.TERM.weight.tokens_per_point"),
        ("linear", "goes by step alone: ", "reward.terms.TERM.weight.steps"),
    ],
)
def test_rewards_explain_knows_aggregations_and_weights(
    name: str, sentence: str, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewards", "explain", name]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{name}\n\n") and sentence in text and f"\n{key}\n" in text


def test_rewards_explain_shows_both_where_a_term_and_a_weight_share_a_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rewards", "explain", "cosine"]) == 0
    text = capsys.readouterr().out
    assert "reward.terms.cosine.limit" in text and "reward.terms.TERM.weight.begin" in text


@pytest.mark.parametrize(
    ("section", "published"),
    [(AGGREGATIONS, registry.PUBLISHED), (WEIGHTS, weights.PUBLISHED)],
)
def test_names_of_papers_stand_in_the_documentation_of_what_is_theirs(
    section: str, published: Mapping[str, str]
) -> None:
    for paper, ours in published.items():
        assert paper in text_of(section, ours).casefold()


def test_rewards_explain_finds_what_was_published_under_another_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, ours in (
        ("gdpo", "normalize_then_sum"),
        ("REINFORCE++", "batch"),
        ("L1", "length_target"),
        ("laconic", "length_dual"),
        ("acoer", "length_budget, suffice rewards explain accuracy_drop"),
    ):
        assert main(["rewards", "explain", name]) == 2
        assert f"is here: suffice rewards explain {ours}." in capsys.readouterr().err
    assert main(["rewards", "explain", "the"]) == 2
    assert "Unknown reward term, aggregation or weight 'the'" in capsys.readouterr().err
