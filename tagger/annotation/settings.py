"""Settings of an annotation run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt

from tagger.config.settings import Settings
from tagger.errors import UserError


@dataclass(frozen=True)
class AnnotateSettings(Settings):
    """Settings of `suffice tagger annotate`.

    Attributes:
        model: Name the endpoint knows the model by.
        base_url: Where the endpoint is, e.g. ``http://127.0.0.1:8000/v1``.
        key_env: Environment variable that holds the API key.
        guide: File with the labelling guide; None takes the packaged one of ReasonType, or one
            made from the definitions of another taxonomy.
        taxonomy: Types to label with: a packaged name or a YAML file.
        segmenter: Cuts traces that bring no steps.
        limit: Most traces to label; None labels all.
        only_labelled: Ask only about steps that the row's own ``labels`` name.
        context: Earlier steps shown before the first asked one.
        steps: Most steps asked about in one request.
        step_chars: A longer step is shown with its middle left out.
        concurrency: Most requests under way at once.
        timeout: Seconds until a request without a whole answer is given up.
        retries: Times a request is sent again after 429, 5xx, a timeout or a lost connection.
        first_wait: Seconds before the first retry; doubles with each.
        max_wait: Most seconds to wait before a retry; an endpoint that asks for more is given up.
        answer_tries: Times the model is asked until its answer can be used.
        max_failures: Requests in a row without a usable answer after which the run stops.
        temperature: Of sampling; None leaves it to the endpoint.
        answer_tokens: Most tokens of one answer.
        structured: Ask for JSON by schema; dropped when the endpoint does not take it.
        prompt_price: Price of a million prompt tokens.
        answer_price: Price of a million answer tokens.
        max_cost: Stop before the cost passes this; needs both prices.
        max_tokens: Stop before prompt and answer tokens together pass this.
        max_requests: Stop after this many requests.

    Raises:
        UserError: A number out of range, or a maximal cost without prices.
    """

    model: str
    base_url: str
    key_env: str = "OPENAI_API_KEY"
    guide: str | None = None
    taxonomy: str = "reasontype"
    segmenter: str = "paragraph"
    limit: Annotated[int, Ge(1)] | None = None
    only_labelled: bool = False
    context: Annotated[int, Ge(0)] = 5
    steps: Annotated[int, Ge(1)] = 8
    step_chars: Annotated[int, Ge(1)] = 4000
    concurrency: Annotated[int, Ge(1)] = 4
    timeout: Annotated[float, Gt(0)] = 120.0
    retries: Annotated[int, Ge(0)] = 5
    first_wait: Annotated[float, Ge(0)] = 1.0
    max_wait: Annotated[float, Ge(0)] = 120.0
    answer_tries: Annotated[int, Ge(1)] = 3
    max_failures: Annotated[int, Ge(1)] = 5
    temperature: float | None = 0.0
    answer_tokens: Annotated[int, Ge(1)] = 1000
    structured: bool = True
    prompt_price: Annotated[float, Ge(0)] | None = None
    answer_price: Annotated[float, Ge(0)] | None = None
    max_cost: Annotated[float, Ge(0)] | None = None
    max_tokens: Annotated[int, Ge(0)] | None = None
    max_requests: Annotated[int, Ge(0)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.base_url.startswith(("http://", "https://")):
            raise UserError(
                f"Setting 'base_url' is {self.base_url!r}; it must start with http:// or https://."
            )
        if self.max_cost is not None and None in (self.prompt_price, self.answer_price):
            raise UserError(
                "Setting 'max_cost' needs prompt_price and answer_price (per million tokens)."
            )
