"""One sampled completion as evidence: the record every figure of a report is computed from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.files import write_atomically


@dataclass(frozen=True, slots=True)
class SampleStep:
    """One typed step of a sample's thinking.

    Attributes:
        text: The step's characters.
        type: Full name of its type.
        confidence: The tagger's probability of that type.
        tokens: Tokens of the policy's tokenizer; white space after a step counts as its own.
    """

    text: str
    type: str
    confidence: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of one problem by one arm, scored and tagged.

    Attributes:
        problem_id: The problem; samples of two arms are paired by it.
        question: Problem text.
        reference: Reference answer.
        band: Difficulty band, e.g. ``easy``.
        family: Kind of problem, e.g. ``chain_sum``.
        sample: Number of the sample among those of its problem, from 0.
        seed: Sampling seed of the run.
        text: The whole completion.
        thinking: The thinking, without delimiters.
        answer: What follows the thinking; empty if the thinking never closed.
        finished: The model closed its thinking and ended its answer itself.
        correct: Whether the final answer is correct.
        tokens: Every token generated or forced: thinking, delimiters, answer, end of sequence.
        thinking_tokens: Tokens up to the end of the thinking.
        answer_tokens: ``tokens - thinking_tokens``: closing delimiter, answer, end of sequence.
        forced_tokens: Tokens a monitor wrote in place of the model; part of ``tokens``.
        steps: The steps of the thinking, typed by the frozen tagger.
        answer_step: First step that states a value equivalent to the reference; -1 if none.
        first_answer_correct: Whether the first stated answer is correct; None if none is stated.
        verification_steps: Steps of the verification type.
        surplus_verification: Verification steps after the answer step.
        outside_verification: Verification steps outside the thinking: in the answer or a later
            thinking block.
        keywords: Occurrences of ARLCP's 13 reflection keywords in the thinking.
        keywords_chinese: Occurrences of Chinese verification phrases in the thinking.
        audit_verification: Verification steps according to the audit tagger; None without one.
        audit_outside_verification: And those outside the thinking.
        stop_reason: Why a monitor closed the thinking, in words; None if it did not.
        monitor_seconds: Wall-clock seconds of the monitor, tagger included; None with drafts.
        seconds: The sample's share of its arm's wall-clock time; None with drafts.
        probe_tokens: Tokens an oracle spent to find its stop; not part of ``tokens``.
        ids: Token ids of the completion, end of sequence included, padding excluded.
    """

    problem_id: str
    question: str
    reference: str
    band: str
    family: str
    sample: int
    seed: int
    text: str
    thinking: str
    answer: str
    finished: bool
    correct: bool
    tokens: int
    thinking_tokens: int
    answer_tokens: int
    forced_tokens: int
    steps: tuple[SampleStep, ...]
    answer_step: int
    first_answer_correct: bool | None
    verification_steps: int
    surplus_verification: int
    keywords: int
    audit_verification: int | None = None
    stop_reason: str | None = None
    monitor_seconds: float | None = 0.0
    seconds: float | None = 0.0
    probe_tokens: int = 0
    outside_verification: int = 0
    audit_outside_verification: int | None = None
    keywords_chinese: int = 0
    ids: tuple[int, ...] = ()


def sample_from_dict(row: dict[str, Any]) -> Sample:
    """Rebuild a sample from its JSON object.

    Raises:
        TypeError: A field is missing or unknown.
    """
    steps = tuple(SampleStep(**step) for step in row["steps"])
    return Sample(**{**row, "steps": steps, "ids": tuple(row.get("ids", ()))})


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Write samples as JSON lines, compressed if the name ends in ``.gz``; atomic."""
    text = "".join(json.dumps(asdict(s), ensure_ascii=False) + "\n" for s in samples)
    data = text.encode("utf-8")
    write_atomically(path, gzip.compress(data, 6, mtime=0) if path.suffix == ".gz" else data)


def read_samples(path: Path) -> list[Sample]:
    """Read what `write_samples` wrote.

    Raises:
        UserError: The file is missing, or a line does not hold a sample (the line is named).
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the comparison that writes it.") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and run again.") from None
    samples = []
    for number, line in enumerate(text.split("\n"), 1):  # texts may hold other line ends: U+2028
        if not line.strip():
            continue
        try:
            samples.append(sample_from_dict(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                f"{path}, line {number}: not a sample ({error}); delete the file and run again."
            ) from None
    return samples
