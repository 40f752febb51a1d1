"""The term that docs/rewards.md adds works as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from rewards.terms import registry
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, table

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "rewards.md"


def test_adding_a_term_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[0]
    module = ModuleType("documented_term")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, str(DOCUMENT), "exec"), module.__dict__)
    monkeypatch.setitem(registry.MODULES, "answer_share", module.__name__)
    term = registry.build_term("answer_share", {"allowance": 0.1}, REASONTYPE)
    facts = table([rollout(1, 50, answer_tokens=20), rollout(0, 50, answer_tokens=20)])
    assert term(facts, torch.zeros(2)).tolist() == pytest.approx([-0.3, 0])
    assert registry.term_bounds("answer_share", {}).correct == (-1, 0)
    assert registry.term_text("answer_share").startswith("Charges correct rollouts")
    with pytest.raises(UserError, match="did you mean 'allowance'"):
        registry.build_term("answer_share", {"alowance": 0.1}, REASONTYPE)
