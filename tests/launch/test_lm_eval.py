"""The task file for lm-evaluation-harness reads the answers that the kit reads."""

from __future__ import annotations

import re

import yaml

from launch.command import CONFIGS

ENDED = "6 / 2 is \\boxed{9}? No.\n</think>\n\nSo \\boxed{2}, or better \\boxed{3}."


def test_lm_eval_task_takes_the_last_boxed_answer_behind_the_thinking() -> None:
    file = CONFIGS / "lm_eval" / "suffice_problems.yaml"
    task = yaml.safe_load(file.read_text(encoding="utf-8"))
    (chosen,) = task["filter_list"]
    pattern = re.compile(chosen["filter"][0]["regex_pattern"])
    assert pattern.findall(ENDED) == ["3"]
    assert pattern.findall("6 / 2 is \\boxed{3}. Let me check: 3 * 2 is") == []
    assert task["doc_to_text"] == "{{question}}" and task["doc_to_target"] == "{{reference}}"
    assert task["generation_kwargs"]["do_sample"] is False
