"""The shape of ``results.json``, as pydantic models.

Values are checked strictly: a text is no number. Keys beyond those named here are kept, so that
results of a later version with new keys can be read.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator


class Part(BaseModel):
    """A JSON object of the results."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)


class Estimate(Part):
    """A mean with the ends of its 95 % bootstrap interval; all null where it is undefined."""

    mean: float | None
    low: float | None
    high: float | None

    @model_validator(mode="after")
    def _ordered(self) -> Estimate:
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise ValueError(f"has low {self.low} above high {self.high}")
        if self.mean is None and self.low is not None:
            raise ValueError("has an interval without a mean")
        return self


class Measures(Part):
    """What is measured on the answers of an arm, on all problems or those of a band."""

    accuracy: Estimate = Field(description="the final answer is correct")
    tokens: Estimate = Field(description="everything paid for, forced closing text included")
    thinking_tokens: Estimate = Field(description="up to the end of the thinking")
    answer_tokens: Estimate = Field(description="the rest")
    forced_tokens: Estimate = Field(description="written by the monitor; part of tokens")
    steps: Estimate = Field(description="steps of the thinking")
    verification_steps: Estimate = Field(description="steps typed Verification / Sanity Check")
    surplus_verification: Estimate = Field(description="those after the answer step")
    verified: Estimate = Field(description="share of answers with a verification step")
    first_answer_accuracy: Estimate = Field(description="the first stated answer is correct")
    finished: Estimate = Field(description="thinking closed and answer ended within the budget")
    stopped: Estimate = Field(description="share stopped by the monitor, or the oracle")
    seconds: Estimate = Field(
        description="wall-clock time, monitor included; null where drafts were used"
    )
    monitor_seconds: Estimate = Field(
        description="the monitor's part, tagger in the loop; null where drafts were used"
    )


class Cost(Part):
    """What the engine spent on an arm, in all."""

    prompt_tokens: int = Field(description="tokens of prompts read, shared ones once a batch")
    reread_tokens: int = Field(description="tokens of prefixes read again to probe them")
    generated_tokens: int = Field(description="tokens drawn, end tokens included")
    forced_tokens: int = Field(description="tokens that monitors wrote")
    seconds: float | None = Field(
        description="wall-clock time of generation, monitors included; null with drafts"
    )
    side_by_side: int | None = Field(
        default=None, description="arms that ran at the same time; null in older results"
    )
    drafts: bool = Field(
        default=False, description="whether drafts were used; missing in older results"
    )


class AtK(Part):
    """What k answers to one problem are worth."""

    k: int
    passed: Estimate = Field(alias="pass", description="at least one of k is correct, unbiased")
    majority: Estimate = Field(description="the most frequent of k is correct")


class AtBudget(Part):
    """What an arm scores where every completion is cut off at a budget."""

    tokens: int
    accuracy: Estimate = Field(description="correct, and no longer than the budget")
    finished: Estimate = Field(description="finished, and no longer than the budget")


class Arm(Measures):
    """An arm on the test problems."""

    policy: str = Field(description="name of the policy")
    kind: Literal["free", "grid", "monitored", "oracle"] = Field(
        description="without a rule, at a point of the grid, under the chosen rule, at the oracle"
    )
    label: str = Field(description="name for a reader")
    rule: dict[str, Any] | None = Field(description="the stopping rule's kind and parameters")
    rule_name: str | None = Field(
        default=None, description="the rule's name in the config; missing in older results"
    )
    outcomes: dict[str, int] | None = Field(
        default=None, description="what became of the samples; missing in older results"
    )
    cost: Cost | None = Field(
        default=None, description="what the engine spent; null or missing in older results"
    )
    by_type: dict[str, Any] = Field(description="steps and tokens of each type, means an answer")
    flips: dict[str, Any] = Field(description="first stated answer to final answer")
    lengths: dict[str, Any] | None = Field(
        default=None, description="tokens by correctness; missing in older results"
    )
    at_k: list[AtK] | None = Field(
        default=None, description="pass@k and maj@k; missing in older results"
    )
    at_budgets: list[AtBudget] | None = Field(
        default=None, description="accuracy at token budgets; missing in older results"
    )
    prompt_tokens: Estimate | None = Field(
        default=None, description="tokens of a prompt; missing in older results"
    )
    money: Estimate | None = Field(
        default=None, description="price of 1,000 answers; only with token_prices"
    )
    selectivity: dict[str, Any] = Field(description="verification by the first stated answer")
    verification_value: dict[str, Any] | None = Field(
        default=None, description="accuracy that verification gains; missing in older results"
    )
    audit: dict[str, Any] = Field(description="what a policy that games the tagger would move")
    bands: dict[str, Measures] = Field(description="the same per difficulty band")


class Differences(Part):
    """Differences between two arms, paired by problem."""

    accuracy: Estimate
    tokens: Estimate
    tokens_change: Estimate = Field(description="relative change, a / b - 1")
    verification_steps_change: Estimate = Field(description="relative change, a / b - 1")


class Pair(Differences):
    """Differences on all problems, and per band."""

    flips: dict[str, Any] | None = Field(
        default=None, description="harmful and helpful flips; missing in older results"
    )
    bands: dict[str, Differences]
    displacement: dict[str, Any] | None = Field(
        default=None, description="of free arms against base and control: change of each type"
    )
    step_density: dict[str, Any] | None = Field(
        default=None, description="of the same: why steps per 1,000 tokens changed"
    )
    variance: dict[str, Any] | None = Field(
        default=None, description="what the accuracy difference varies by; missing in older results"
    )


class Test(Part):
    """The hypothesis that a claim's interval tests, corrected for all claims of the comparison."""

    hypothesis: str
    p: float = Field(description="one-sided, from the interval")
    p_holm: float = Field(description="adjusted by Holm's procedure over all claims that test")
    rejected: bool = Field(description="p_holm is at most 0.025")


class TokenPrices(Part):
    """Prices per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    currency: str


class Claim(Part):
    """What may be said, with a verdict."""

    name: str
    text: str
    policies: list[str] = Field(description="the two policies it is about")
    holds: bool | None = Field(description="null where the data cannot tell")
    reason: str | None = Field(
        default=None, description="why there is too little evidence; missing in older results"
    )
    figures: dict[str, Any]
    test: Test | None = Field(
        default=None, description="null where it tests nothing; missing in older results"
    )


class Warned(Part):
    """What a reader must know before any figure."""

    name: str
    text: str


class Setting(Part):
    """A value that completions were sampled with."""

    key: str = Field(description="the config key")
    value: float | None = Field(description="null where only the machine tells")
    source: str = Field(description="where the value comes from")


class Policy(Part):
    """One of the policies that are compared."""

    name: str
    model: Any = Field(description="folder or Hub name")
    sha256: str | None = Field(description="hash of the weights; null without a folder")
    parameters: int | None = Field(
        default=None, description="of the weights; null without a folder or in older results"
    )


class Run(Part):
    """One of the training runs that a policy's arms pool, on all problems."""

    name: str = Field(description="name of the run in the config")
    accuracy: float
    first_answer_accuracy: float
    tokens: float
    verification_steps: float


class Provenance(Part):
    """What is needed to reproduce the results."""

    model: Any = Field(description="names and SHA-256 of the weights")
    tagger_fingerprint: str
    config: Any = Field(description="resolved settings of the comparison")
    seeds: list[int]
    commit: Any
    versions: Any
    machine: Any
    date: Any = Field(description="UTC")


class Results(Part):
    """``results.json``, schema version 3."""

    schema_version: Literal[3]
    title: str = Field(description="heading of the report")
    policies: list[Policy] = Field(min_length=1, description="base first")
    problems: dict[str, Any] = Field(description="counts of test problems, samples and bands")
    bootstrap: dict[str, Any] = Field(description="over, resamples, seed, level")
    arms: dict[str, Arm]
    selection: dict[str, Any] | None = Field(description="how thresholds were chosen")
    paired: dict[str, Pair] = Field(description="differences between arms, <a>_vs_<b>")
    frontier: dict[str, dict[str, Any]] = Field(
        description="by policy with a grid: the others against its monitored points"
    )
    pooled: dict[str, list[Run]] = Field(
        default={}, description="by policy: its training runs, if its arms pool several"
    )
    prices: dict[str, float | None] = Field(
        default={}, description="charge per verification step by policy; missing in older results"
    )
    claim_pairs: list[list[str]] = Field(description="pairs of policies that claims are about")
    baselines: list[str] = Field(
        default=[], description="policies that need no training; missing in older results"
    )
    margin: float = Field(
        default=0.02, gt=0, description="accuracy that may be lost; missing in older results"
    )
    token_prices: TokenPrices | None = Field(
        default=None, description="what answers are charged at; null without prices"
    )
    claims: list[Claim]
    warnings: list[Warned] = Field(default=[], description="missing in older results")
    examples: list[dict[str, Any]] = Field(description="up to three example traces")
    settings: list[Setting] = Field(
        default=[], description="how completions were sampled; missing in older results"
    )
    training: dict[str, Any] | None = Field(description="learning curves")
    provenance: Provenance

    @field_validator("arms")
    @classmethod
    def _has_base(cls, arms: dict[str, Arm]) -> dict[str, Arm]:
        if "base" not in arms:
            raise ValueError("lacks 'base'")
        return arms

    @field_validator("paired", mode="before")
    @classmethod
    def _names_arms(cls, paired: Any, info: ValidationInfo) -> Any:
        arms = info.data.get("arms", {})
        for name in paired if isinstance(paired, dict) and arms else ():
            a, found, b = str(name).partition("_vs_")
            if not found or a not in arms or b not in arms:
                raise ValueError(f"has {name!r}, which does not name two of the arms")
        return paired
