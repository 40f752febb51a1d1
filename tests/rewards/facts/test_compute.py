"""Facts of a rollout, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rewards.facts.columns import ROLLOUT_COLUMNS, TYPE_GROUPS, column_index, columns
from rewards.facts.compute import FactsComputer, Task
from rewards.facts.rollout import parse_rollout
from tagger.errors import UserError
from tagger.novelty import KnownWords
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.thinking.split import ThinkingDelimiters
from tests.rewards.fakes import KeywordTagger
from tests.tagger.tokenizers_made_here import byte_fallback, byte_level

THINK = ThinkingDelimiters("<think>", "</think>")
STEPS = ["3 + 4 = 7.", "So the answer is 7.", "Let me check: 3 + 4 = 7.", "Hmm. Check é 🙂 again."]
RIGHT = "\n\n".join(STEPS) + "\n</think>\n\nThe answer is \\boxed{7}."
TASK = Task("3 + 4 = ?", "7")


def ids_of(text: str, end: bool = True) -> list[int]:
    tokenizer = byte_level()
    ids = [int(i) for i in tokenizer.encode(text, add_special_tokens=False)]
    return ids + [tokenizer.eos_token_id] if end else ids


def facts_of(text: str, end: bool = True, task: Task = TASK) -> dict[str, float]:
    computer = FactsComputer(KeywordTagger(), byte_level(), THINK)
    (row,) = computer([ids_of(text, end)], [task])
    return dict(zip(computer.columns, row.tolist(), strict=True))


def test_columns_are_in_a_fixed_order() -> None:
    names = columns(REASONTYPE)
    assert names[: len(ROLLOUT_COLUMNS)] == ROLLOUT_COLUMNS
    assert len(names) == len(set(names)) == len(ROLLOUT_COLUMNS) + 14 * len(TYPE_GROUPS)
    assert names[column_index(names, "tokens_after/VERIFY")] == "tokens_after/VERIFY"
    with pytest.raises(UserError, match="did you mean 'tokens'"):
        column_index(names, "token")


def test_a_right_rollout() -> None:
    facts = facts_of(RIGHT)
    lengths = [len(ids_of(s + "\n\n", end=False)) for s in STEPS[:-1]]
    lengths.append(len(ids_of(STEPS[-1] + "\n", end=False)))
    assert (facts["correct"], facts["format_ok"], facts["finished"]) == (1, 1, 1)
    assert facts["tokens"] == len(ids_of(RIGHT))
    assert facts["thinking_tokens"] == sum(lengths)
    assert facts["answer_tokens"] == facts["tokens"] - facts["thinking_tokens"]
    assert (facts["steps"], facts["answer_step"], facts["keywords"]) == (4, 0, 3)
    assert (facts["count/VERIFY"], facts["count_after/VERIFY"]) == (2, 2)
    assert (facts["count/CONCLUDE"], facts["count_after/CONCLUDE"]) == (1, 1)
    assert (facts["count/SUBSTITUTE"], facts["count_after/SUBSTITUTE"]) == (1, 0)
    assert facts["tokens/VERIFY"] == facts["tokens_after/VERIFY"] == lengths[2] + lengths[3]
    assert facts["tokens/SUBSTITUTE"] == lengths[0]
    assert facts["tokens_after/SUBSTITUTE"] == 0
    assert facts["confidence"] == pytest.approx(0.87)
    assert facts["step_length"] == pytest.approx(sum(lengths) / 4)
    assert facts["steps_per_1k"] == pytest.approx(4000 / sum(lengths))
    assert facts["audit_verification"] == -1


def test_a_wrong_answer_after_a_right_thought() -> None:
    facts = facts_of("3 + 4 = 7.\n</think>\n\nThe answer is \\boxed{8}.")
    assert (facts["correct"], facts["format_ok"], facts["answer_step"]) == (0, 1, 0)


def test_unfinished_thinking_is_wrong_whatever_it_says() -> None:
    facts = facts_of("3 + 4 = 7.\n\nThe answer is \\boxed{7}.", end=False)
    assert (facts["correct"], facts["format_ok"], facts["finished"]) == (0, 0, 0)
    assert facts["thinking_tokens"] == facts["tokens"]
    assert facts["answer_tokens"] == 0


def test_an_end_token_inside_the_thinking_is_no_thinking() -> None:
    facts = facts_of("3 + 4 = 7.", end=True)
    assert facts["thinking_tokens"] == facts["tokens"] - 1
    assert facts["finished"] == 0
    assert (facts["ended"], facts["thought"], facts["answered"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("a\n</think>\n\n7", 1),
        ("<think>\na\n</think>\n\n7", 1),
        ("a</think>b</think>7", 0),
        ("a<think>b</think>7", 0),
        ("<think><think>b</think>7", 0),
        (" \n</think>7", 0),
        ("a</think> \n", 0),
        ("a", 0),
    ],
)
def test_format(text: str, ok: int) -> None:
    assert facts_of(text)["format_ok"] == ok


def test_answer_cut_off_is_not_finished() -> None:
    facts = facts_of("3 + 4 = 7.\n</think>\n\nThe answer is \\boxed{7}.", end=False)
    assert (facts["correct"], facts["finished"]) == (1, 0)
    assert (facts["ended"], facts["thought"], facts["answered"]) == (0, 1, 1)


def test_empty_thinking_has_no_steps() -> None:
    facts = facts_of("</think>7")
    assert (facts["steps"], facts["confidence"], facts["step_length"]) == (0, 0, 0)
    assert facts["steps_per_1k"] == 0


def test_the_batch_is_tagged_once_and_rows_do_not_depend_on_it() -> None:
    tagger = KeywordTagger()
    computer = FactsComputer(tagger, byte_level(), THINK)
    texts = [RIGHT, "</think>7", "x", RIGHT[::-1], "é🙂" * 9 + "\n\ncheck</think>7"]
    ids = [ids_of(t) for t in texts]
    together = computer(ids, [TASK] * len(ids))
    assert tagger.batches == [len(ids)]
    apart = np.concatenate([computer([row], [TASK]) for row in ids])
    assert np.array_equal(together, apart)
    assert together.dtype == np.float32


def test_the_audit_tagger_counts_apart() -> None:
    audit = KeywordTagger({"hmm": "VERIFY"})
    computer = FactsComputer(KeywordTagger(), byte_level(), THINK, audit_tagger=audit)
    (row,) = computer([ids_of(RIGHT)], [TASK])
    facts = dict(zip(computer.columns, row.tolist(), strict=True))
    assert (facts["audit_verification"], facts["count/VERIFY"]) == (1, 2)


def test_what_stands_after_the_answer_or_outside_the_thinking() -> None:
    before = "Let me check: 1 + 1 = 2.\n\n"
    facts = facts_of(before + RIGHT + "\n\nLet me check: 4 + 3 = 7.")
    assert facts["answer_step"] == 1
    assert (facts["count/VERIFY"], facts["count_after/VERIFY"]) == (3, 2)
    assert (facts["count_completion/VERIFY"], facts["count_after_completion/VERIFY"]) == (4, 3)
    outside = facts["tokens_completion/VERIFY"] - facts["tokens/VERIFY"]
    assert facts["tokens_after_completion/VERIFY"] == facts["tokens_after/VERIFY"] + outside > 0
    hidden = facts_of("3.\n</think>\n\nIt is \\boxed{7}.\n\nLet me check: 4 + 3 = 7.")
    assert hidden["answer_step"] == -1
    assert (hidden["count_after/VERIFY"], hidden["count_after_completion/VERIFY"]) == (0, 1)


def test_steps_in_words_the_tagger_does_not_know_are_counted() -> None:
    known = KnownWords.of_texts([" ".join(STEPS)] * 3)
    computer = FactsComputer(KeywordTagger(), byte_level(), THINK, known_words=known)
    strange = RIGHT.replace(STEPS[2], "Moment, ich rechne das nach.")
    ids = [ids_of(RIGHT), ids_of(strange), ids_of("</think>7")]
    table = computer(ids, [TASK] * 3)
    assert table[:, computer.columns.index("unfamiliar")].tolist() == [0.0, 0.25, 0.0]
    assert [found.unfamiliar for found in computer.analyze(ids, [TASK] * 3)] == [0, 1, 0]
    assert facts_of(strange)["unfamiliar"] == -1, "its words are not known"


def test_an_audit_tagger_may_cut_steps_its_own_way() -> None:
    from tagger.segmentation.registry import get_segmenter

    audit = KeywordTagger()
    audit.segmenter = get_segmenter("paragraph", min_chars=1000)
    computer = FactsComputer(KeywordTagger(), byte_level(), THINK, audit_tagger=audit)
    (row,) = computer([ids_of(RIGHT)], [TASK])
    assert row[computer.columns.index("audit_verification")] == 1


@pytest.mark.parametrize("tokenizer", [byte_level, byte_fallback])
def test_every_thinking_token_belongs_to_one_step(tokenizer: object) -> None:
    made = tokenizer()  # type: ignore[operator]
    segmenter = get_paragraphs()
    for text in (RIGHT, "<think>\n\n" + RIGHT, "🙂\n\né é\n\n数学\n\n\n", "no end"):
        ids = made.encode(text, add_special_tokens=False)
        rollout = parse_rollout(ids, made, THINK, segmenter, {made.eos_token_id})
        assert sum(rollout.step_tokens) == rollout.thinking_tokens
        assert all(n >= 1 for n in rollout.step_tokens)


def get_paragraphs() -> object:
    from tagger.segmentation.registry import get_segmenter

    return get_segmenter("paragraph")


def test_facts_are_the_same_whichever_end_token_is_written() -> None:
    tokenizer = byte_level()
    first, second = tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<think>")
    computer = FactsComputer(KeywordTagger(), tokenizer, THINK, end_ids={first, second})
    body = ids_of(RIGHT, end=False)
    table = computer([[*body, first], [*body, second], [*body, second, first]], [TASK] * 3)
    facts = dict(zip(computer.columns, table[1].tolist(), strict=True))
    assert (facts["correct"], facts["finished"]) == (1, 1)
    assert (table == table[0]).all()
