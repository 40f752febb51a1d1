"""Results: every number, the schema, the claims in words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from rl.analysis.claims import make_claims
from rl.analysis.results import build_results, write_results
from rl.analysis.schema import load_results, validate_results
from tagger.errors import UserError
from tests.rl.synthetic import PROVENANCE, make_runs, make_selection, make_training

EASY = "easy"


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Results of a small synthetic comparison."""
    runs = make_runs(30, 2)
    return build_results(
        runs,
        seed=1,
        selection=make_selection(runs),
        training=make_training(12),
        provenance=PROVENANCE,
    )


def test_numbers_are_those_of_the_samples(results: dict[str, Any]) -> None:
    base = next(r for r in make_runs(30, 2) if r.name == "base").samples
    arm = results["arms"]["base"]
    assert arm["accuracy"]["mean"] == pytest.approx(sum(s.correct for s in base) / 60, abs=1e-6)
    assert arm["tokens"]["mean"] == pytest.approx(sum(s.tokens for s in base) / 60, abs=1e-6)
    easy = [s for s in base if s.band == EASY]
    checks = sum(s.verification_steps for s in easy) / len(easy)
    assert arm["bands"][EASY]["verification_steps"]["mean"] == pytest.approx(checks, abs=1e-6)
    by_type = sum(t["tokens"] for t in arm["by_type"].values())
    assert by_type == pytest.approx(arm["thinking_tokens"]["mean"], abs=1e-4)
    assert results["problems"] == {
        "count": 30,
        "samples": 60,
        "samples_per_problem": 2.0,
        "bands": {"easy": 10, "medium": 10, "hard": 10},
        "overlaps": {},
    }


def test_what_the_issue_names_is_there(results: dict[str, Any]) -> None:
    names = {"base", "monitored", "trained", "trained_monitored", "oracle", "monitored_count_1"}
    assert names <= set(results["arms"])
    for arm in results["arms"].values():
        for part in (arm, *arm["bands"].values()):
            for key in ("accuracy", "tokens", "thinking_tokens", "verification_steps"):
                assert part[key]["low"] <= part[key]["mean"] <= part[key]["high"]
    for pair in ("trained_vs_base", "trained_vs_monitored", "trained_vs_oracle", "oracle_vs_base"):
        assert pair in results["paired"]
    assert results["arms"]["monitored"]["point"] == "monitored_count_3"
    assert len(results["examples"]) == 3


def test_same_samples_same_results(results: dict[str, Any]) -> None:
    runs = make_runs(30, 2)
    again = build_results(
        runs[::-1],
        seed=1,
        selection=make_selection(runs),
        training=make_training(12),
        provenance=PROVENANCE,
    )
    assert {n: a["tokens"] for n, a in again["arms"].items()} == {
        n: a["tokens"] for n, a in results["arms"].items()
    }
    assert again["claims"] == results["claims"]


def test_written_and_read_back(results: dict[str, Any], tmp_path: Path) -> None:
    write_results(tmp_path / "results.json", results)
    assert load_results(tmp_path) == results
    assert load_results(tmp_path / "results.json") == results


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda r: r.update(schema_version=4), "schema version 4"),
        (lambda r: r.pop("claims"), "lacks 'claims'"),
        (lambda r: r["arms"].pop("base"), "lacks 'base'"),
        (lambda r: r["arms"]["trained"].pop("tokens"), "arms.trained lacks 'tokens'"),
        (lambda r: r["arms"]["base"]["tokens"].update(low=1e9), "above high"),
        (lambda r: r["arms"]["base"]["bands"]["hard"].pop("accuracy"), "bands.hard lacks"),
        (lambda r: r["arms"]["base"].update(steps={"mean": "x", "low": 0, "high": 1}), "not a num"),
        (lambda r: r["paired"].update(a_vs_b={}), "does not name two of the arms"),
        (lambda r: r["paired"]["trained_vs_base"].pop("bands"), "lacks 'bands'"),
        (lambda r: r["claims"][0].update(holds="maybe"), "not true, false or null"),
        (lambda r: r["provenance"].pop("commit"), "lacks 'commit'"),
    ],
)
def test_damaged_results_are_refused(results: dict[str, Any], damage: Any, message: str) -> None:
    bad = copy.deepcopy(results)
    damage(bad)
    with pytest.raises(UserError, match=message):
        validate_results(bad, "results.json")


def test_json_schema_of_the_models_is_the_one_in_the_documents() -> None:
    from rl.analysis.schema import json_schema

    file = Path(__file__).parents[3] / "docs" / "results.schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == json_schema(), (
        "python -m rl.analysis.schema > docs/results.schema.json"
    )


def test_keys_of_a_later_version_are_kept(results: dict[str, Any]) -> None:
    later = copy.deepcopy(results)
    later["new"] = later["arms"]["base"]["new"] = later["claims"][0]["new"] = 1
    validate_results(later)


def test_unreadable_results(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        load_results(tmp_path)
    (tmp_path / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="not readable JSON"):
        load_results(tmp_path)


def test_schema_document_names_every_key(results: dict[str, Any]) -> None:
    text = (Path(__file__).parents[3] / "docs" / "results-schema.md").read_text(encoding="utf-8")
    keys = {*results, *results["arms"]["oracle"], *results["paired"]["trained_vs_base"]}
    keys |= {*results["frontier"]["base"]["trained"], *results["arms"]["base"]["selectivity"]}
    keys |= {*results["arms"]["base"]["audit"], *results["selection"], *results["provenance"]}
    missing = sorted(k for k in keys if f"`{k}`" not in text)
    assert not missing


def claims_of(results: dict[str, Any]) -> dict[str, Any]:
    return {c["name"]: c for c in make_claims(results)}


def test_claims_follow_the_figures(results: dict[str, Any]) -> None:
    r = copy.deepcopy(results)
    pair = r["paired"]["trained_vs_base"]
    pair["tokens_change"] = {"mean": -0.55, "low": -0.58, "high": -0.52}
    pair["accuracy"] = {"mean": 0.004, "low": -0.015, "high": 0.02}
    pair["bands"]["easy"]["verification_steps_change"] = {"mean": -0.8, "low": -0.9, "high": -0.6}
    r["frontier"]["base"]["trained"]["above_all"] = True
    claims = claims_of(r)
    for name in ("tokens_halved", "accuracy_kept", "easy_verification", "above_monitored"):
        assert claims[name]["holds"] is True, name
    assert "55 % fewer tokens" in claims["tokens_halved"]["text"]
    pair["accuracy"]["low"] = -0.021
    assert claims_of(r)["accuracy_kept"]["holds"] is False
    pair["accuracy"] = {"mean": -0.001, "low": -0.01, "high": 0.02}
    assert claims_of(r)["accuracy_kept"]["holds"] is False
    pair["tokens_change"]["mean"] = -0.49
    assert claims_of(r)["tokens_halved"]["holds"] is False
    pair["bands"]["easy"]["verification_steps_change"]["mean"] = -0.69
    assert claims_of(r)["easy_verification"]["holds"] is False


def test_no_monitored_point_as_cheap_settles_nothing(results: dict[str, Any]) -> None:
    r = copy.deepcopy(results)
    f = r["frontier"]["base"]["trained"]
    for row in f["points"].values():
        row["as_cheap"] = False
    f["above_all"] = None
    claim = claims_of(r)["above_monitored"]
    assert claim["holds"] is None
    assert "none to compare with" in claim["text"]


def test_selectivity_needs_separated_intervals(results: dict[str, Any]) -> None:
    r = copy.deepcopy(results)
    risk = r["arms"]["trained"]["selectivity"]["by_base_risk"]
    safe, risky = risk["never wrong"], risk["wrong in more than half"]
    risk["never wrong"]["problems"] = risk["wrong in more than half"]["problems"] = 10
    safe["verification_steps"] = {"mean": 0.3, "low": 0.2, "high": 0.4}
    for mean, low, holds in ((1.0, 0.8, True), (0.5, 0.35, None), (0.2, 0.1, False)):
        risky["verification_steps"] = {"mean": mean, "low": low, "high": 2.0}
        assert claims_of(r)["selective"]["holds"] is holds
    risky["problems"] = 9
    assert claims_of(r)["selective"]["holds"] is None


def test_audit_says_when_counters_part(results: dict[str, Any]) -> None:
    r = copy.deepcopy(results)
    r["paired"]["trained_vs_base"]["step_density"] = None  # as in results of an earlier version
    base, trained = (r["arms"][n]["audit"] for n in ("base", "trained"))
    base["verification_steps"]["mean"], trained["verification_steps"]["mean"] = 4.0, 0.8
    base["keywords"]["mean"], trained["keywords"]["mean"] = 5.0, 1.5
    base["step_tokens"]["mean"], trained["step_tokens"]["mean"] = 10.0, 11.0
    base["confidence"]["mean"], trained["confidence"]["mean"] = 0.9, 0.88
    assert claims_of(r)["audit"]["holds"] is True
    base["audit_verification"]["mean"], trained["audit_verification"]["mean"] = 4.0, 3.0
    claim = claims_of(r)["audit"]
    assert claim["holds"] is False
    assert "tagger and the audit tagger part (−80 % against −25 %)" in claim["text"]
    trained["audit_verification"]["mean"] = 0.9
    trained["step_tokens"]["mean"] = 15.0
    assert "steps grew 50 % longer" in claims_of(r)["audit"]["text"]
    trained["step_tokens"]["mean"], trained["confidence"]["mean"] = 10.0, 0.8
    assert "confidence fell from 0.90 to 0.80" in claims_of(r)["audit"]["text"]


def test_audit_explains_a_change_of_steps_per_1000_tokens(results: dict[str, Any]) -> None:
    r = copy.deepcopy(results)
    density = {"b": 70.0, "a": 105.0, "at_lengths_of_b": 104.0, "by_mix": 34.0, "by_length": 1.0}
    r["paired"]["trained_vs_base"]["step_density"] = density
    claim = claims_of(r)["audit"]
    assert "rose from 70 to 105" in claim["text"] and "gives 104; the rest, +1," in claim["text"]
    assert "of the same types grew" not in claim["text"]
    density["at_lengths_of_b"], density["by_length"] = 105.3, -0.3
    text = claims_of(r)["audit"]["text"]
    assert "gives 105, which is all of it." in text and "became" not in text
    density["at_lengths_of_b"], density["by_length"] = 75.0, 30.0
    claim = claims_of(r)["audit"]  # the same text in more steps: 75 / 105 - 1
    assert "steps of the same types grew 29 % shorter" in claim["text"]
    assert claim["holds"] is False


def test_without_a_trained_arm_nothing_is_claimed() -> None:
    runs = [r for r in make_runs(9, 1) if r.policy == "base" and r.kind != "oracle"]
    out = build_results(runs, seed=0, selection=None, training=None, provenance=PROVENANCE)
    assert out["claims"] == []
    assert out["frontier"] == {}
    assert [e["trained"] for e in out["examples"]] == [None] * 3
