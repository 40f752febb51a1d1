"""Results: every number, the schema, the claims in words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from rl.analysis.claims import make_claims
from rl.analysis.claims.base import reached
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


def interval(low: float, high: float) -> dict[str, float]:
    return {"mean": (low + high) / 2, "low": low, "high": high}


@pytest.mark.parametrize(
    ("name", "place", "reaches", "crosses", "misses"),
    [
        ("tokens_halved", ("tokens_change",), (-0.58, -0.5), (-0.58, -0.49), (-0.49, -0.4)),
        ("accuracy_kept", ("accuracy",), (-0.02, 0.01), (-0.021, 0.04), (-0.05, -0.021)),
        (
            "easy_verification",
            ("bands", EASY, "verification_steps_change"),
            (-0.9, -0.7), (-0.9, -0.69), (-0.69, -0.5),
        ),
    ],
)  # fmt: skip
def test_claims_go_by_the_whole_interval(
    results: dict[str, Any],
    name: str,
    place: tuple[str, ...],
    reaches: tuple[float, float],
    crosses: tuple[float, float],
    misses: tuple[float, float],
) -> None:
    for ends, holds in ((reaches, True), (crosses, None), (misses, False)):
        r = copy.deepcopy(results)
        part = r["paired"]["trained_vs_base"]
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = interval(*ends)
        claim = claims_of(r)[name]
        assert claim["holds"] is holds
        assert "whole interval" in claim["text"]


@pytest.mark.parametrize(
    ("lows", "highs", "holds"),
    [
        ((0.01, 0.02), (0.1, 0.1), True),
        ((0.01, 0.0), (0.1, 0.1), None),  # 0 itself is not above
        ((-0.2, -0.1), (0.1, 0.1), None),
        ((0.01, -0.1), (0.1, 0.0), False),  # as accurate at most
    ],
)
def test_above_monitored_takes_every_stop(
    results: dict[str, Any], lows: tuple[float, ...], highs: tuple[float, ...], holds: bool | None
) -> None:
    r = copy.deepcopy(results)
    points = r["frontier"]["base"]["trained"]["points"]
    names = sorted(points)[:2]
    for name, row in points.items():
        row["as_cheap"] = name in names
    for name, low, high in zip(names, lows, highs, strict=True):
        found = interval(low, high)
        points[name].update(
            accuracy_difference=found, above=found["mean"] > 0, above_for_sure=low > 0
        )
    claim = claims_of(r)["above_monitored"]
    assert claim["holds"] is holds
    sure = sum(low > 0 for low in lows)
    assert f"({sure} of 2 with the whole paired interval above 0; target: all)" in claim["text"]


@pytest.mark.parametrize(
    ("ends", "holds"),
    [((0.2, 0.3), True), ((0.1, 0.5), None), ((-0.1, 0.19), False)],
)
def test_verifies_where_incorrect_goes_by_the_whole_interval(
    results: dict[str, Any], ends: tuple[float, float], holds: bool | None
) -> None:
    r = copy.deepcopy(results)
    own = r["arms"]["trained"]["selectivity"]
    own["difference"] = interval(*ends)
    for kind in ("wrong", "right"):
        own[f"verified_if_first_{kind}"] = interval(0.2, 0.4)
    assert claims_of(r)["verifies_where_incorrect"]["holds"] is holds


def test_reached_takes_the_target_itself_but_of_a_sign() -> None:
    at, flat = {"low": 0.0, "high": 0.1}, {"low": 0.0, "high": 0.0}
    assert reached(at, 0.0) is True and reached(at, 0.0, sign=True) is None
    assert reached(at, 0.1) is None and reached(at, 0.11) is False
    assert reached(at, 0.1, fewer=True) is True and reached(at, 0.0, fewer=True) is None
    assert reached(flat, 0.0, sign=True) is False is reached(flat, 0.0, fewer=True, sign=True)
    assert reached({"low": None, "high": None}, 0.0) is None


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
    trained["confidence"]["mean"] = 0.88
    for old, new, told in ((0.01, 0.05, False), (0.01, 0.07, True), (None, 0.5, False)):
        base["unfamiliar"]["mean"], trained["unfamiliar"]["mean"] = old, new
        claim = claims_of(r)["audit"]
        text = "steps unlike the tagger's training data rose from 1 % to 7 %"
        assert (text in claim["text"]) is told and claim["holds"] is not told
    del base["unfamiliar"]  # as in results of an earlier version
    assert claims_of(r)["audit"]["holds"] is True


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
