"""Rules by hand-made sequences of types."""

from __future__ import annotations

import pytest

from tagger.errors import UserError
from tagger.steps import Step
from tagger.stopping.rules.registry import RULES, StreamState, build_rule
from tagger.taxonomies.taxonomy import StepType, Taxonomy
from tests.tagger.stopping.fakes import one_hot


def run(config, tags, tokens_a_step=10):
    """Steps taken until the rule stopped, and what it said; None if it never did.

    A tag may be a pair, with the text of its step.
    """
    rule = build_rule(config).start()
    state = StreamState()
    for number, tag in enumerate(tags, 1):
        tag, text = tag if isinstance(tag, tuple) else (tag, "x")
        step = one_hot(Step(text, 0, len(text)), tag)
        state.steps += 1
        state.counts[step.type] += 1
        decision = rule.update(step, state)
        for _ in range(tokens_a_step):
            state.tokens += 1
            state.thinking_tokens += 1
            decision = decision or rule.on_token(state)
        if decision:
            assert decision.stop
            return number, decision.reason
    return None


V, S, M, C, R = "VERIFY", "SUBSTITUTE", "META", "CONCLUDE", "RECALL"


@pytest.mark.parametrize(
    ("config", "tags", "expected"),
    [
        ({"limit": 2}, [S, V, S, V, V], (4, "2 verification steps, limit 2")),
        ({"limit": 1}, [S, V], (2, "1 verification step, limit 1")),
        ({"limit": 3}, [V, S, V], None),
        ({"limit": 2, "types": [M, V]}, [V, S, M], (3, "2 meta-cognition or verification steps,")),
        ({"limit": 1, "types": ["Meta-Cognition / Self-Talk"]}, [V, M], (2, "1 meta-cognition")),
        ({"limit": 2, "types": [V, "Verification / Sanity Check"]}, [V, S, V], (3, "2 verific")),
        ({"limit": 1, "types": "META"}, [V, M], (2, "1 meta-cognition step")),
    ],
)
def test_stopping_rules_count(config, tags, expected):
    result = run({"name": "count", **config}, tags)
    if expected is None:
        assert result is None
    else:
        assert result[0] == expected[0]
        assert result[1].startswith(expected[1])


@pytest.mark.parametrize(
    ("config", "tags", "expected"),
    [
        ({"limit": 2}, [V, S, V, V, V], (4, "2 verification steps in a row, limit 2")),
        ({"limit": 1}, [S, V], (2, "1 verification step in a row, limit 1")),
        ({"limit": 2}, [V, S, V, C, V], None),
        ({"limit": 3, "types": [V, M]}, [V, M, S, M, V, M], (6, "3 verification or meta-cog")),
    ],
)
def test_stopping_rules_run(config, tags, expected):
    result = run({"name": "run", **config}, tags)
    assert (result and result[0]) == (expected and expected[0])
    assert expected is None or result[1].startswith(expected[1])


STATED = (S, "So 3 + 4 = 7, and the answer is 7.")


@pytest.mark.parametrize(
    ("config", "tags", "expected"),
    [
        # Verification before the answer does not count, nor does the answer step itself.
        (
            {"limit": 2},
            [V, V, C, S, V, V],
            (6, "2 verification steps after the first stated answer, limit 2"),
        ),
        ({"limit": 1}, [S, V, V, V], None),
        ({"limit": 1}, [STATED, V], (2, "1 verification step after the first stated")),
        ({"limit": 1, "by_text": False}, [STATED, V, C, V], (4, "1 verification step after")),
        ({"limit": 0}, [V, (V, r"\boxed{7}")], (2, "an answer was stated")),
        ({"limit": 2, "types": [V, C]}, [C, V, C], (3, "2 verification or final concl")),
        ({"limit": 1, "answers": [R]}, [C, V, R, V], (4, "1 verification step after")),
    ],
)
def test_stopping_rules_after_answer(config, tags, expected):
    result = run({"name": "after_answer", **config}, tags)
    assert (result and result[0]) == (expected and expected[0])
    assert expected is None or result[1].startswith(expected[1])


@pytest.mark.parametrize("name", ["run", "after_answer"])
def test_stopping_rules_rule_of_steps_in_order_keeps_sequences_apart(name):
    rule = build_rule({"name": name, "limit": 1, "types": [M]})
    first, second = rule.start(), rule.start()
    concluded, doubt = one_hot(Step("x", 0, 1), C), one_hot(Step("x", 0, 1), M)
    assert first.update(concluded, StreamState(steps=1)) is None
    assert (second.update(doubt, StreamState(steps=1)) is None) is (name == "after_answer")
    assert first.update(doubt, StreamState(steps=2)) is not None


@pytest.mark.parametrize(
    ("threshold", "patience", "tags", "expected"),
    [
        # shares after each step: 0, 1/2, 2/3, 3/4, 4/5, 5/6, 6/7
        (0.5, 5, [S, V, V, C, V, V, V], 7),
        (0.5, 4, [S, V, V, C, V, V, V], 6),
        # one half is not over one half
        (0.5, 1, [S, V, S, V], None),
        # 1, 1, 2/3, 1/2 breaks the streak, 3/5, 4/6, 5/7
        (0.55, 4, [V, V, S, S, V, V, V], None),
        (0.55, 3, [V, V, S, S, V, V, V], 3),
        (0.0, 2, [S, S, C, R], 4),
    ],
)
def test_stopping_rules_ratio(threshold, patience, tags, expected):
    result = run({"name": "ratio", "threshold": threshold, "patience": patience}, tags)
    assert (result and result[0]) == expected


def test_stopping_rules_ratio_says_why_and_waits_for_five_by_default():
    assert run({"name": "ratio", "threshold": 0.4}, [V] * 6) == (
        5,
        "evaluative share over 40% after 5 consecutive steps, now 100%",
    )


def test_stopping_rules_rule_shared_by_sequences_keeps_them_apart():
    rule = build_rule({"name": "ratio", "threshold": 0.5, "patience": 2})
    first, second = rule.start(), rule.start()
    step, state = one_hot(Step("x", 0, 1), V), StreamState(steps=1)
    state.counts[step.type] = 1
    assert first.update(step, state) is None
    assert second.update(step, state) is None
    assert first.update(step, state) is not None


def test_stopping_rules_token_budget_stops_with_the_token_that_fills_it():
    rule = build_rule({"name": "token_budget", "limit": 3}).start()
    assert rule.on_token(StreamState(tokens=9, thinking_tokens=2)) is None
    decision = rule.on_token(StreamState(tokens=9, thinking_tokens=3))
    assert decision.reason == "3 thinking tokens, limit 3"
    assert run({"name": "token_budget", "limit": 25}, [S] * 9)[0] == 3


def test_stopping_rules_step_budget_counts_steps_of_every_type():
    assert run({"name": "step_budget", "limit": 3}, [S, V, M, V]) == (3, "3 steps, limit 3")
    assert run({"name": "step_budget", "limit": 1}, [R]) == (1, "1 step, limit 1")
    assert run({"name": "step_budget", "limit": 3}, [S, V]) is None


@pytest.mark.parametrize(
    "config",
    [
        {"name": "step_budget", "limit": 4},
        {"name": "count", "limit": 2, "types": ["META", "VERIFY"]},
        {"name": "ratio", "threshold": 0.25, "patience": 3},
        {"name": "run", "limit": 3, "types": ["VERIFY", "META"]},
        {
            "name": "after_answer",
            "limit": 0,
            "types": ["VERIFY"],
            "answers": ["CONCLUDE"],
            "by_text": False,
        },
        {"name": "token_budget", "limit": 120},
    ],
)
def test_stopping_rules_settings_make_an_equal_rule(config):
    rule = build_rule(config)
    assert rule.settings == config
    assert build_rule(rule.settings) == rule
    assert hash(rule) == hash(build_rule(config))


def test_stopping_rules_every_registered_rule_has_its_own_name():
    assert all(rule.name == name for name, rule in RULES.items())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "no name; give one of after_answer, count, ratio, run, step_budget, token_budget"),
        ({"name": "cuont"}, "did you mean 'count'"),
        ({"name": "count", "limitt": 3}, "did you mean 'limit'"),
        ({"name": "count", "limit": 3, "taxonomy": "x"}, "Unknown parameter"),
        ({"name": "count"}, "the parameter limit of stopping rule 'count' is missing"),
        ({"name": "count", "limit": 0}, "limit .* is 0"),
        ({"name": "count", "limit": True}, "limit .* is True"),
        ({"name": "count", "limit": 2, "types": []}, "no types"),
        ({"name": "count", "limit": 2, "types": ["VERIFI"]}, "did you mean 'VERIFY'"),
        ({"name": "ratio", "threshold": 1}, "threshold .* is 1"),
        ({"name": "ratio", "threshold": "0.5"}, "threshold .* is '0.5'"),
        ({"name": "ratio", "threshold": 0.5, "patience": 0}, "patience .* is 0"),
        ({"name": "token_budget", "limit": 2.5}, "limit .* is 2.5"),
        ({"name": "run", "limit": 0}, "limit .* is 0"),
        ({"name": "run", "limit": 2, "types": []}, "'run' has no types"),
        ({"name": "after_answer", "limit": -1}, "limit .* is -1"),
        ({"name": "after_answer", "limit": 1, "answers": []}, "'after_answer' has no types"),
        ({"name": "after_answer", "limit": 1, "answers": "CONCLUD"}, "did you mean 'CONCLUDE'"),
        ({"name": "after_answer", "limit": 1, "by_text": "no"}, "by_text .* is 'no'"),
    ],
)
def test_stopping_rules_bad_configs_are_reported_in_one_sentence(config, message):
    with pytest.raises(UserError, match=message):
        build_rule(config)


def test_stopping_rules_rules_of_types_follow_the_taxonomy_given():
    own = Taxonomy("own", (StepType("Doubt", "DOUBT", "evaluative", "d"),))
    assert build_rule({"name": "count", "limit": 1, "types": ["DOUBT"]}, own).types == ("Doubt",)
    with pytest.raises(UserError, match="Unknown step type of own"):
        build_rule({"name": "count", "limit": 1}, own)
    plain = Taxonomy("plain", (StepType("Work", "WORK", "other", "w"),))
    with pytest.raises(UserError, match="'plain' has none"):
        build_rule({"name": "ratio", "threshold": 0.5}, plain)
