"""The reward over HTTP, in the form OpenRLHF's ``--remote_rm_url`` asks for.

``POST /get_reward`` with ``{"query": [prompt + response], "prompts": [...], "labels": [...]}``
answers ``{"rewards": [...], "scores": [...], "extra_logs": {}}``; ``labels`` are the reference
answers. ``GET /health`` says which tagger answers. Needs the extra ``serve`` (Starlette, uvicorn).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rewards.function import StepReward
from tagger.errors import UserError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response


def reward_app(reward: StepReward) -> Starlette:
    """The web application.

    Args:
        reward: What it answers with.

    Returns:
        An ASGI application; run it with uvicorn.

    Raises:
        UserError: A weight has a schedule; a request tells no step.
    """
    reward.require_fixed_weights("a request")
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def get_reward(request: Request) -> Response:
        try:
            body = await request.json()
        except ValueError:
            return JSONResponse({"error": "The body must be JSON."}, status_code=400)
        try:
            values = await run_in_threadpool(_answer, reward, body)
        except UserError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"rewards": values, "scores": values, "extra_logs": {}})

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "tagger": reward.tagger_fingerprint})

    return Starlette(
        routes=[Route("/get_reward", get_reward, methods=["POST"]), Route("/health", health)]
    )


def _answer(reward: StepReward, body: Any) -> list[float]:
    """Rewards of one request.

    Raises:
        UserError: The body is not of the form above.
    """
    if not isinstance(body, dict):
        raise UserError("The body must be an object with 'query', 'prompts' and 'labels'.")
    lists = []
    for key in ("query", "prompts", "labels"):
        value = body.get(key)
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise UserError(f"The body's {key!r} must be a list of texts.")
        lists.append(value)
    queries, prompts, labels = lists
    if not len(queries) == len(prompts) == len(labels):
        raise UserError(
            f"The body has {len(queries)} queries, {len(prompts)} prompts and {len(labels)} "
            "labels; give one of each per rollout."
        )
    completions = []
    for number, (query, prompt) in enumerate(zip(queries, prompts, strict=True)):
        if not query.startswith(prompt):
            raise UserError(f"Query {number} does not begin with its prompt.")
        completions.append(query[len(prompt) :])
    return [0.0 if v is None else v for v in reward.score(completions, labels, prompts)]
