"""Measures one tagger in a process of its own.

``python -m launch.commands.tagger.bench_worker JOB RESULT``

A fresh process gives honest load times and memory; its environment allows one thread, set before
any library could start more.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MOST_SHARE = 1.05
"""Processor time of the process over that of the thread, above which it was not one thread."""


@dataclass(frozen=True)
class Job:
    """What to measure.

    Attributes:
        tagger: Folder of the tagger.
        traces: JSONL file.
        tokenizer: Name of the tokenizer of the monitor's pass; empty leaves the pass out.
        batch: Traces tagged at once.
        repeats: Passes of each kind.
        monitored: Traces of the monitor's pass.
    """

    tagger: str
    traces: str
    tokenizer: str
    batch: int
    repeats: int
    monitored: int


def measure(job: Job) -> dict[str, Any]:
    """Load the tagger and time it; JSON-able, see `tagger.evaluation.speed.summarise`."""
    begun = time.perf_counter()
    from tagger.evaluation.speed import (
        Pass,
        spread,
        stream_steps,
        summarise,
        tag_batches,
        thread_share,
    )
    from tagger.frozen import FrozenTagger
    from tagger.traces.labelled import read_traces

    imported = time.perf_counter()
    before = _resident_mib()
    used = time.process_time()
    tagger = FrozenTagger.load(job.tagger)
    tagger.tag_text("One step.\n\nAnother step.")
    loaded, load_cpu = time.perf_counter(), time.process_time() - used
    resident = _resident_mib()

    all_traces = list(read_traces(job.traces))
    traces = [(t.question, tagger.segmenter.split(t.thinking)) for t in all_traces]
    warm = traces[: max(2, len(traces) // 10)]
    _say("warm-up")
    stream_steps(tagger, warm)
    tag_batches(tagger, warm, job.batch)
    streaming: list[Pass] = []
    batch: list[Pass] = []
    for number in range(job.repeats):  # in turn, so that a busy minute does not hit one kind alone
        _say(f"repeat {number + 1} of {job.repeats}")
        streaming.append(stream_steps(tagger, traces))
        batch.append(tag_batches(tagger, traces, job.batch))
    folder = Path(job.tagger)
    result: dict[str, Any] = {
        "fingerprint": tagger.fingerprint,
        "segmenter": tagger.segmenter.name,
        "traces": len(traces),
        "steps": sum(len(steps) for _, steps in traces),
        "streaming": summarise(streaming),
        "batch": summarise(batch) | {"traces_at_once": job.batch},
        "import_seconds": imported - begun,
        "load_seconds": loaded - imported,
        "load_cpu_seconds": load_cpu,
        "memory_mib": {"loaded": resident - before, "process_peak": _peak_mib()},
        "size_bytes": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()),
        "parameters": sum(int(a.size) for a in tagger.arrays.values()),
    }
    passes = streaming + batch
    if job.tokenizer:
        _say("monitor")
        found, monitored = _monitor(job, tagger, spread(all_traces, job.monitored))
        result["monitor"] = found
        passes += monitored
    share = thread_share(passes)
    result["threads"] = {"process_to_thread_cpu": share, "one": share <= MOST_SHARE}
    return result


def _monitor(job: Job, tagger: Any, traces: list[Any]) -> tuple[dict[str, Any], list[Any]]:
    from launch.tagging.tokenizers import load_any_tokenizer
    from tagger.evaluation.speed import monitor_tokens, summarise

    tokenizer, delimiters = load_any_tokenizer(job.tokenizer)
    tokenizer.model_max_length = 10**12
    fed = [(t.question, tokenizer.encode(t.thinking, add_special_tokens=False)) for t in traces]
    monitor_tokens(tagger, fed[:2], tokenizer, delimiters)
    passes = [monitor_tokens(tagger, fed, tokenizer, delimiters) for _ in range(job.repeats)]
    return summarise(passes) | {"tokenizer": job.tokenizer, "traces": len(fed)}, passes


def _resident_mib() -> float:
    """Memory of this process now, in MiB; where /proc is missing, the most it ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return _peak_mib()
    return float(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _peak_mib() -> float:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / (2**20 if sys.platform == "darwin" else 2**10))


def _say(what: str) -> None:
    """Tell the parent process what is running."""
    print(what, flush=True)


def main(argv: list[str]) -> int:
    """Read the job, measure, write the result; 2 with one sentence for bad input."""
    from tagger.errors import UserError

    job = Job(**json.loads(Path(argv[0]).read_text(encoding="utf-8")))
    try:
        result = {"job": asdict(job)} | measure(job)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    Path(argv[1]).write_text(json.dumps(result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
