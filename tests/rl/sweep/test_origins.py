"""What the runs and samples of a sweep were made by, where that differs."""

from __future__ import annotations

from typing import Any

from rl.sweep.analysis.origins import mixed_origins, mixed_sampling, resumed_elsewhere


def test_origins_that_differ_are_counted_and_those_that_agree_are_not_named() -> None:
    versions = {"torch": "2.13.0", "trl": "1.16.0"}
    one = {"commit": "c" * 40, "tagger_fingerprint": "f" * 64, "versions": versions}
    assert mixed_origins([]) == mixed_origins([one, one]) == []
    newer = {**one, "versions": {**versions, "trl": "1.17.0"}}
    (row,) = mixed_origins([one, newer, one])
    assert (row["what"], row["runs"]) == ("trl", {"1.16.0": 2, "1.17.0": 1})


def _origin(processor: str, accelerator: str | None) -> dict[str, Any]:
    return {"commit": "c" * 40, "machine": {"processor": processor, "accelerator": accelerator}}


def test_other_accelerators_and_starts_on_other_machines_are_told() -> None:
    one, two = _origin("EPYC", "H100"), _origin("EPYC", "A100")
    (row,) = mixed_origins([one, two, two])
    assert row["text"] == (
        "The runs were not all trained with the same accelerator: A100 (2), H100 (1)."
    )
    (row,) = resumed_elsewhere([[one], [one, two], [], [one, two, one]])
    assert row["text"] == (
        "Runs were resumed with another accelerator than they began with: H100 then A100 (2)."
    )
    assert resumed_elsewhere([[one], [two]]) == []


def test_policies_that_were_sampled_differently_are_told() -> None:
    one = {"code": "aaaaaaaabb", "versions": {"torch": "2.13.0", "processor": "EPYC"}}
    assert mixed_sampling([one, one]) == []
    (row,) = mixed_sampling([one, {**one, "code": "cccccccc"}])
    assert (row["what"], row["runs"]) == ("sampling code", {"aaaaaaaa": 1, "cccccccc": 1})
    (row,) = mixed_sampling([one, {**one, "versions": {**one["versions"], "accelerator": "H100"}}])
    assert row["text"] == (
        "The policies were not all sampled with the same accelerator: none (1), H100 (1)."
    )


def test_what_was_not_recorded_is_not_called_none() -> None:
    old = {"code": "aaaaaaaa", "versions": {"torch": "2.13.0"}}
    new = {"code": "aaaaaaaa", "versions": {"torch": "2.13.0", "processor": "EPYC"}}
    (row,) = mixed_sampling([old, old, new])
    assert row["text"] == (
        "The policies were not all sampled with the same processor: not recorded (2), EPYC (1)."
    )
    gpu = {"code": "aaaaaaaa", "versions": {**new["versions"], "accelerator": "H100"}}  # type: ignore[dict-item]
    counts = {row["what"]: row["runs"] for row in mixed_sampling([old, new, gpu])}
    assert counts["sampling accelerator"] == {"not recorded": 1, "none": 1, "H100": 1}
