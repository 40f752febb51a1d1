"""The vLLM engine against the kit's sampler; a stand-in steps requests as vLLM does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rl.comparison.config import compare_config
from rl.policy.config import PolicyConfig
from rl.policy.load import Policy, load_policy
from rl.problems.registry import load_problems
from rl.sampling import vllm_engine
from rl.sampling.decoding import NonFiniteLogitsError, SamplingSettings
from rl.sampling.registry import build_engine
from rl.sampling.vllm_engine import Room, VllmEngine, VllmModel
from rl.sampling.vllm_policy import check_vllm_installed, load_vllm_engine, model_folder
from rl.sampling.vllm_rows import NUMBER, RUNNING, joined, leave_one_token
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.registry import build_rule
from tests.world import World

ROOM = 5


class StandIn:
    """Steps requests: at most `ROOM` at once, in slots that change, the prompt read first."""

    def __init__(self, model: Any) -> None:
        self.model, self.waiting, self.running = model, [], []
        self.aborted: list[str] = []
        self.most = 0
        self.steps = 0

    def add_request(self, name: str, prompt: dict[str, Any], params: Any) -> None:
        self.waiting.append(SimpleNamespace(name=name, prompt=prompt, params=params, written=[]))

    def abort_request(self, names: list[str]) -> None:
        self.aborted += names
        self.running = [r for r in self.running if r.name not in names]

    def step(self) -> list[Any]:
        self.most = max(self.most, len(self.running) + len(self.waiting))
        while self.waiting and len(self.running) < ROOM:
            self.running.append(self.waiting.pop(0))
        self.running.reverse()
        self.steps += 1
        ids = [[*r.prompt["prompt_token_ids"], *r.written] for r in self.running]
        logits = torch.stack([self.model(torch.tensor([row])).logits[0, -1] for row in ids])
        rows = {slot: joined(r.params, None, r.written) for slot, r in enumerate(self.running)}
        logits = leave_one_token(logits, {s: row for s, row in rows.items() if row is not None})
        if self.steps == 3:  # a row's prompt was read in part only: its token is thrown away
            return []
        outputs = []
        for request, token in zip(self.running, logits.argmax(dim=-1).tolist(), strict=True):
            request.written.append(token)
            done = token in request.params.ends or len(request.written) == request.params.most
            part = SimpleNamespace(token_ids=[token])
            outputs.append(
                SimpleNamespace(
                    request_id=request.name, outputs=[part], finished=done, num_cached_tokens=2
                )
            )
        finished = {o.request_id for o in outputs if o.finished}
        self.running = [r for r in self.running if r.name not in finished]
        return outputs


@pytest.fixture(scope="module")
def policy(world: World) -> Policy:
    """The world's random policy."""
    return load_policy(str(world.model), device="cpu")


@pytest.fixture(scope="module")
def prompts(world: World, policy: Policy) -> list[str]:
    """Rendered prompts."""
    asked = [p.question for p in load_problems(str(world.problems))]
    return policy.prompting.render_all(policy.tokenizer, asked)[:3]


@pytest.fixture
def stand_in(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """What `start_vllm` gives in these tests."""
    started = StandIn(policy.model)

    def params(number: int, most: int, ends: frozenset[int]) -> Any:
        return SimpleNamespace(extra_args={NUMBER: number}, most=most, ends=ends)

    monkeypatch.setattr(vllm_engine, "request_params", params)
    monkeypatch.setattr(vllm_engine, "start_vllm", lambda *_: SimpleNamespace(llm_engine=started))
    with torch.inference_mode():
        yield started
    VllmEngine._holder = None
    assert not RUNNING


def engine(world: World, **settings: Any) -> VllmEngine:
    given = SamplingSettings(**{"temperature": 0.0, "max_new_tokens": 14, **settings})
    return load_vllm_engine(PolicyConfig(model=str(world.model)), given)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_vllm_gives_the_kits_tokens_free_and_under_monitors(
    world: World, policy: Policy, prompts: list[str], stand_in: StandIn, temperature: float
) -> None:
    tagger = FrozenTagger.load(world.tagger)
    closing = ClosingSequence(policy.tokenizer, policy.delimiters)
    rule = build_rule({"name": "token_budget", "limit": 5}, tagger.taxonomy)

    def watched(prompt: int, sample: int) -> StepMonitor | None:
        if (prompt + sample) % 2:
            return None
        return StepMonitor(tagger, rule, "", policy.delimiters, policy.tokenizer, closing)

    ours = engine(world, temperature=temperature, top_k=40, top_p=0.95)
    kit = build_engine("kit", policy.model, policy.tokenizer, policy.delimiters, ours.settings)
    pairs = zip(
        kit.sample(prompts, 3, 5, monitor_factory=watched),
        ours.sample(prompts, 3, 5, batch_size=7, monitor_factory=watched),
        strict=True,
    )
    stopped = 0
    for a, b in pairs:
        assert (a.ids, a.text, a.finished) == (b.ids, b.text, b.finished)
        assert (a.stop, a.steps, a.forced_tokens) == (b.stop, b.steps, b.forced_tokens)
        stopped += b.stop is not None and b.forced_tokens > 0
    assert stopped and stand_in.most <= 7 and ours.end_ids == kit.end_ids
    assert ours.cost.generated_tokens == kit.cost.generated_tokens
    assert ours.cost.forced_tokens == kit.cost.forced_tokens > 0
    read = sum(len(policy.tokenizer.encode(p)) - 2 for p in prompts for _ in range(3))
    assert ours.cost.prompt_tokens == read  # two of each prompt were in the cache


def test_an_interrupted_call_leaves_no_request_behind(
    world: World, prompts: list[str], stand_in: StandIn
) -> None:
    def interrupt(done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine(world).sample(prompts, 4, progress=interrupt)
    assert stand_in.aborted and not stand_in.running and not RUNNING


def test_room_bounds_rows_and_tokens_of_the_cache() -> None:
    room = Room(rows=3, tokens=50, new_tokens=10)
    assert room.fits(1000)  # alone it runs whatever it needs
    room.take(0, 10)
    assert room.fits(20) and not room.fits(21)
    room.take(1, 5)
    assert room.fits(5) and not room.fits(6)
    room.free(0)
    room.take(2, 5)
    room.take(3, 5)
    assert not Room.fits(room, 1) and not room.fits(0)


def test_logits_that_are_not_finite_are_refused_by_policy_and_place() -> None:
    from rl.sampling.rows import Row
    from rl.sampling.vllm_rows import LiveRow

    row = Row(0, 0, [1], torch.rand(4).numpy(), None)
    live = LiveRow(row, "runs/bad/policy", SamplingSettings(), [7, 7])
    with pytest.raises(NonFiniteLogitsError, match="runs/bad/policy.* at token 3"):
        leave_one_token(torch.full((1, 8), torch.nan), {0: live})


def test_other_engines_rows_are_left_as_they_are() -> None:
    logits = torch.rand(2, 8)
    before = logits.clone()
    assert joined(SimpleNamespace(extra_args=None), None, []) is None
    assert torch.equal(leave_one_token(logits, {}), before)


def test_vllm_is_asked_for_only_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl.sampling.vllm_policy.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r'engine: vllm needs .* pip install "suffice\[vllm\]"'):
        check_vllm_installed("engine: vllm")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"attn_implementation": "sdpa"},
            "attn_implementation is .sdpa..*leave attn_implementation out",
        ),
        ({"quantization": "nf4"}, "no effect under engine: vllm"),
        ({"workers": 2}, "workers is 2.*leave workers out"),
    ],
)
def test_settings_that_vllm_would_ignore_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        compare_config({"engine": "vllm", **given})


def test_a_model_without_adapter_is_loaded_from_its_own_folder(world: World) -> None:
    with model_folder(PolicyConfig(model=str(world.model))) as folder:
        assert folder == str(world.model)
    assert VllmModel("m", lambda: model_folder(PolicyConfig()), "float32").revision is None
