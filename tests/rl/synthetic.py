"""Synthetic samples of every arm: the shape of real ones, written without a model."""

from __future__ import annotations

import random
from dataclasses import dataclass

from rl.analysis.arms import ArmRun
from rl.evaluation.samples import Sample, SampleStep
from tagger.taxonomies.taxonomy import REASONTYPE

MISTAKES = {"easy": 0.08, "medium": 0.24, "hard": 0.45}
GRID = [("count", 1), ("count", 3), ("ratio", 0.3), ("ratio", 0.5), ("token_budget", 70)]


@dataclass
class Writer:
    """Writes one trace; the first pass depends only on problem and sample, as in real pairs."""

    rng: random.Random
    steps: list[tuple[str, str]]

    def say(self, tag: str, text: str) -> None:
        self.steps.append((tag, text))


def _checks(kind: str, band: str, wrong: bool, rng: random.Random) -> int:
    if kind in ("trained", "trained_monitored"):
        often = {"easy": 0.1, "medium": 0.5, "hard": 1.0}[band] + (0.7 if wrong else 0.0)
        return sum(rng.random() < often / 3 for _ in range(3))
    return rng.choice((1, 2, 2, 3, 3, 4, 5, 6))


def _limit(rule: tuple[str, float] | None, planned: int) -> int:
    if rule is None:
        return planned
    name, value = rule
    most = {"count": value, "ratio": value * 5, "token_budget": (value - 55) / 16}[name]
    return max(0, min(planned, int(most)))


def make_sample(kind: str, index: int, number: int, rule: tuple[str, float] | None) -> Sample:
    """One sample; base and monitored share the plan, so a stop can only cut it."""
    band = ("easy", "medium", "hard")[index % 3]
    rng = random.Random(f"{index}/{number}")
    a, b, c = rng.randint(2, 40), rng.randint(2, 40), rng.randint(2, 9)
    truth = a + b - c
    wrong = rng.random() < MISTAKES[band] * (0.6 if kind.startswith("trained") else 1.0)
    first = truth + rng.choice((-10, -1, 1, 2)) if wrong else truth
    planned = _checks(kind, band, wrong, random.Random(f"{kind[:4]}/{index}/{number}"))
    if kind in ("monitored", "oracle"):
        planned = _checks("base", band, wrong, random.Random(f"base/{index}/{number}"))
    checks = _limit(rule, planned)
    w = Writer(rng, [])
    w.say("RESTATE", f"I need to work out {a} + {b} - {c}.")
    w.say("HEURISTIC", "I will go from left to right, one operation at a time.")
    w.say("SUBSTITUTE", f"{a} + {b} = {a + b}.")
    w.say("SUBSTITUTE", f"{a + b} - {c} = {first}.")
    w.say("CONCLUDE", f"So the answer is {first}.")
    value, answer_step = first, -1 if wrong else 3
    finds = random.Random(f"find/{index}/{number}")
    for k in range(checks):
        if kind == "oracle" and value == truth:
            break
        if value != truth and finds.random() < 0.4:
            w.say("VERIFY", f"Check: {first} + {c} = {first + c}, but {a} + {b} = {a + b}.")
            w.say("META", "Hmm, these do not agree, so something went wrong above.")
            w.say("CONCLUDE", f"Then the answer is {truth}.")
            value = truth
            answer_step = len(w.steps) - 1
        else:
            text = ("Let me double-check: ", "Wait, let me verify once more: ", "Again, ")[k % 3]
            w.say("VERIFY", f"{text}{a} + {b} = {a + b} and {a + b} - {c} = {value}. Good <ok>.")
            if k % 3 == 2:
                w.say("ALTERNATIVE", f"Another way: {b} - {c} = {b - c}, then {a} + {b - c}.")
    stopped = rule is not None and checks < planned
    steps = tuple(
        SampleStep(text, REASONTYPE.get(tag).name, 0.7 + 0.29 * rng.random(), len(text) // 3 + 1)
        for tag, text in w.steps
    )
    thinking = "\n\n".join(s.text for s in steps)
    thinking_tokens = sum(s.tokens for s in steps)
    verify = REASONTYPE.get("VERIFY").name
    surplus = [s for s in steps[answer_step + 1 :] if s.type == verify and answer_step >= 0]
    words = thinking.lower()
    return Sample(
        problem_id=f"test-{index}",
        question=f"What is {a} + {b} - {c}?",
        reference=str(truth),
        band=band,
        family="chain_sum",
        sample=number,
        seed=7,
        text=f"{thinking}\n</think>\n\nThe answer is \\boxed{{{value}}}.",
        thinking=thinking,
        answer=f"The answer is \\boxed{{{value}}}.",
        finished=True,
        correct=value == truth,
        tokens=thinking_tokens + 12,
        thinking_tokens=thinking_tokens,
        answer_tokens=12,
        forced_tokens=3 if stopped else 0,
        steps=steps,
        answer_step=answer_step,
        first_answer_correct=not wrong,
        verification_steps=sum(s.type == verify for s in steps),
        surplus_verification=len(surplus),
        keywords=sum(words.count(k) for k in ("wait", "check", "verify", "but", "hmm")),
        stop_reason=f"{checks} verification steps, limit {checks}" if stopped else None,
        monitor_seconds=0.002 if rule else 0.0,
        seconds=0.00008 * (thinking_tokens + 12) + (0.002 if rule else 0.0),
        probe_tokens=240 if kind == "oracle" else 0,
    )


def make_arm(kind: str, problems: int, samples: int, rule: tuple[str, float] | None) -> ArmRun:
    """One arm of the comparison."""
    name, label = kind, kind.replace("_", " + ")
    if kind == "monitored" and rule:
        name, label = f"monitored_{rule[0]}_{rule[1]:g}", f"{rule[0]}, {rule[1]:g}"
    rows = [make_sample(kind, i, j, rule) for i in range(problems) for j in range(samples)]
    described = {"name": rule[0], "threshold": rule[1]} if rule else None
    policy = "trained" if kind.startswith("trained") else "base"
    kinds = {"monitored": "grid", "trained_monitored": "monitored", "oracle": "oracle"}
    return ArmRun(name, policy, kinds.get(kind, "free"), label, rows, described)


def make_runs(problems: int = 60, samples: int = 3) -> list[ArmRun]:
    """All arms: base, the grid, trained, trained + monitored, oracle."""
    runs = [make_arm("base", problems, samples, None)]
    runs += [make_arm("monitored", problems, samples, rule) for rule in GRID]
    runs.append(make_arm("trained", problems, samples, None))
    runs.append(make_arm("trained_monitored", problems, samples, ("count", 2)))
    runs.append(make_arm("oracle", problems, samples, None))
    return runs


def make_selection(runs: list[ArmRun]) -> dict[str, object]:
    """A selection block as `rl.comparison.run` writes it."""
    return {
        "split": "calibration", "problems": 30, "samples_per_problem": 2, "tolerance": 0.01,
        "base_accuracy": 0.86, "overall": "monitored_count_3",
        "rules": {
            "count": {
                "chosen": "monitored_count_3", "kept_accuracy": True,
                "points": [
                    {"name": r.name, "tokens": 120.0, "accuracy": 0.85}
                    for r in runs
                    if r.kind == "grid" and r.rule and r.rule["name"] == "count"
                ],
            }
        },
        "policies": {
            "trained": {"overall": "trained_monitored_count_2", "overall_kept_accuracy": True}
        },
    }  # fmt: skip


def make_training(steps: int = 80) -> dict[str, object]:
    """Learning curves as the trainer logs them."""
    rng = random.Random(3)
    rows = []
    for i in range(1, steps + 1):
        fall = 1 - 0.6 * min(1, i / 60)
        rows.append(
            {
                "step": i,
                "accuracy": 0.84 + 0.04 * i / steps + rng.gauss(0, 0.02),
                "tokens": 160 * fall + rng.gauss(0, 4),
                "verification_steps": 3.1 * fall**2 + rng.gauss(0, 0.1),
                "reward": 0.5 + 0.3 * i / steps + rng.gauss(0, 0.03),
            }
        )
    return {"steps": rows, "seconds": 512.0, "stopped_early": None}


PROVENANCE: dict[str, object] = {
    "model": {"base": "overthinker", "base_sha256": "1f" * 32, "trained": "runs/demo/policy"},
    "tagger_fingerprint": "ab" * 32, "audit_fingerprint": None,
    "config": {"samples": 4, "rules": {"count": {"limit": [1, 2, 3, 5]}}}, "seeds": [7],
    "commit": "0" * 40, "versions": {"python": "3.11.7", "torch": "2.13.0"},
    "machine": {"processor": "AMD EPYC", "cores": 2, "memory_gib": 23.0}, "date":
    "2026-11-21T05:00:00+00:00", "command": "suffice compare --config configs/quickstart.yaml",
}  # fmt: skip
