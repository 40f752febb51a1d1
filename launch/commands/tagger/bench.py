"""``suffice tagger bench``: speed and size of taggers, on one thread of this machine."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from launch.command import Command, add_config, add_seed
from launch.settings import settings_of
from tagger.config.settings import Settings
from tagger.errors import UserError


@dataclass(frozen=True)
class BenchSettings(Settings):
    """Settings of a measurement.

    Attributes:
        traces: Most traces to measure on, taken evenly from the file.
        repeats: Passes of each kind; figures are medians over them.
        batch: Traces tagged at once.
        monitored: Traces of the monitor's pass.
        tokenizer: Cuts the traces for the monitor's pass; null leaves the pass out.
        seed: Chooses the generated traces.
    """

    traces: Annotated[int, Ge(1)] = 400
    repeats: Annotated[int, Ge(1)] = 5
    batch: Annotated[int, Ge(1)] = 64
    monitored: Annotated[int, Ge(1)] = 40
    tokenizer: str | None = "overthinker"
    seed: Annotated[int, Ge(0)] = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--tagger",
        nargs="+",
        metavar="NAME",
        help="folders, packaged names or Hub repositories (owner/name[@revision]) of taggers "
        "(default: every packaged one)",
    )
    parser.add_argument(
        "--traces",
        dest="file",
        metavar="FILE",
        help='as suffice tag reads: a row has "thinking", "completion", "text", "steps" … '
        "(default: traces written by the overthinker's generator)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--output", type=Path, metavar="NEWFILE", help="write the JSON here too")
    add_config(parser, None, "traces, repeats, batch, monitored, tokenizer")
    add_seed(parser)


def run(args: argparse.Namespace) -> None:
    """Measure each tagger in a process of its own; exit code 1 if one used more threads."""
    from launch.progress import progress_of_parts
    from tagger.files import check_new, write_new
    from tagger.frozen import packaged_taggers

    settings = settings_of(BenchSettings, args.config, args.overrides, seed=args.seed)
    check_new(args.output)
    names = list(dict.fromkeys(args.tagger or packaged_taggers()))
    folders = _folders(names)
    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch, progress_of_parts() as progress:
        rows = _write_rows(args.file, settings, Path(scratch) / "traces.jsonl")
        for name in names:
            measured[name] = _measure(folders[name], rows, settings, Path(scratch), name, progress)
    result = _as_json(args.file, settings, measured)
    if args.output is not None:
        write_new(args.output, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        _show(result)
    several = [name for name, m in measured.items() if not m["threads"]["one"]]
    if several:
        print(f"suffice: not one thread: {', '.join(several)}; see threads.", file=sys.stderr)
        raise SystemExit(1)


def _folders(names: list[str]) -> dict[str, Path]:
    """Folder of each tagger; a missing one is reported before anything is measured."""
    from tagger.frozen import tagger_folder
    from tagger.storage import CONFIG_FILE

    folders = {name: tagger_folder(name).resolve() for name in names}
    for name, folder in folders.items():
        if not (folder / CONFIG_FILE).is_file():
            why = f"{CONFIG_FILE} is missing" if folder.is_dir() else "there is no such folder"
            raise UserError(
                f"No tagger in {name}: {why}; name one that 'suffice tagger train' wrote."
            )
    return folders


def _write_rows(file: str | None, settings: BenchSettings, path: Path) -> Path:
    """The traces to measure on, in a file for the measuring processes."""
    rows: list[dict[str, Any]]
    if file is None:
        from rl.overthinker.build import labelled_rows
        from tagger.steps import STEP_GAP

        rows = [
            {"question": row["question"], "thinking": STEP_GAP.join(row["steps"])}
            for row in labelled_rows(settings.traces, settings.seed)
        ]
    else:
        from tagger.evaluation.speed import spread
        from tagger.traces.labelled import read_traces

        chosen = spread(list(read_traces(file)), settings.traces)
        rows = [{"question": t.question, "thinking": t.thinking} for t in chosen]
    if not any(row["thinking"].strip() for row in rows):
        raise UserError(f"{file} holds no trace with a step; nothing can be measured.")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _measure(
    folder: Path,
    rows: Path,
    settings: BenchSettings,
    scratch: Path,
    name: str,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """One tagger, in a process that may use one thread."""
    from launch.bootstrap import ONE_THREAD
    from launch.commands.tagger.bench_worker import Job

    job, answer = scratch / "job.json", scratch / "result.json"
    content = Job(
        str(folder), str(rows), settings.tokenizer or "", settings.batch, settings.repeats,
        settings.monitored,
    )  # fmt: skip
    job.write_text(json.dumps(asdict(content)), encoding="utf-8")
    root = str(Path(__file__).resolve().parents[3])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    parts, done = settings.repeats + 3, 0
    progress(name, done, parts)
    with (
        (scratch / "errors.txt").open("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "launch.commands.tagger.bench_worker", str(job), str(answer)],
            env=os.environ | ONE_THREAD | {"PYTHONPATH": paths},
            stdout=subprocess.PIPE, stderr=errors, text=True,
        ) as process,
    ):  # fmt: skip
        for _ in process.stdout or ():
            done += 1
            progress(name, min(done, parts - 1), parts)
        code = process.wait()
        errors.seek(0)
        said = errors.read().strip()
    if code:
        last = said.splitlines()[-1] if said else f"exit code {code}"
        raise UserError(f"Tagger {name} cannot be measured: {last}")
    progress(name, parts, parts)
    measured: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    del measured["job"]
    return measured


def _as_json(file: str | None, settings: BenchSettings, measured: dict[str, Any]) -> dict[str, Any]:
    from launch.commands.tagger.evidence import tagger_provenance

    provenance = tagger_provenance()
    provenance["machine"]["load"] = list(os.getloadavg())
    return {
        "taggers": measured,
        "traces": file or "the overthinker's generator",
        "settings": settings.to_dict(),
        **provenance,
    }


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    taggers = result["taggers"]
    some = next(iter(taggers.values()))
    table = Table(
        title=f"{some['traces']} traces, {some['steps']:,} steps, one thread; median (min-max) "
        f"of {result['settings']['repeats']} repeats"
    )
    table.add_column("")
    for name in taggers:
        table.add_column(escape(name), justify="right")
    for label, of in _LINES:
        cells = [_cell(of, measured) for measured in taggers.values()]
        table.add_row(label, *cells)
    table.caption = f"{result['machine']['processor']}, load {result['machine']['load'][0]:.1f}"
    Console().print(table)


def _cell(of: Callable[[dict[str, Any]], Any], measured: dict[str, Any]) -> str:
    try:
        value = of(measured)
    except KeyError:  # a pass that was left out
        return "-"
    if not isinstance(value, dict):
        return str(value)
    digits = 0 if value["median"] >= 100 else 3
    return "{median:,.{d}f} ({min:,.{d}f}-{max:,.{d}f})".format(d=digits, **value)


def _line(kind: str, *keys: str) -> Callable[[dict[str, Any]], Any]:
    def of(measured: dict[str, Any]) -> Any:
        value = measured[kind]
        for key in keys:
            value = value[key]
        return value

    return of


_LINES: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("streaming, ms a step: median", _line("streaming", "latency_ms", "median")),
    ("  p95", _line("streaming", "latency_ms", "p95")),
    ("  p99", _line("streaming", "latency_ms", "p99")),
    ("  median, processor time", _line("streaming", "latency_cpu_ms", "median")),
    ("batch, steps/s", _line("batch", "per_second")),
    ("  steps/s of processor time", _line("batch", "per_cpu_second")),
    ("monitor, ms a token: mean", _line("monitor", "latency_ms", "mean")),
    ("  p99", _line("monitor", "latency_ms", "p99")),
    ("  mean, processor time", _line("monitor", "latency_cpu_ms", "mean")),
    ("load, s", lambda m: f"{m['load_seconds']:.2f}"),
    ("memory when loaded, MiB", lambda m: f"{m['memory_mib']['loaded']:.1f}"),
    ("memory of the process at most, MiB", lambda m: f"{m['memory_mib']['process_peak']:.0f}"),
    ("on disk, MB", lambda m: f"{m['size_bytes'] / 1e6:.2f}"),
    ("numbers stored", lambda m: f"{m['parameters']:,}"),
)

COMMAND = Command(
    name="tagger bench",
    summary="measure the speed, memory and size of taggers on one thread",
    example="suffice tagger bench --tagger default traces=100 repeats=3",
    configure=configure,
    run=run,
)
