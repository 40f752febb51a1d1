"""`suffice tag` on everything it reads and in everything it writes."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.cli import main
from launch.tagging.stream import BATCH_CHARACTERS, TaggedTrace, batches_of
from launch.tagging.work import BatchTagger, TagJob
from launch.tagging.workers import tagged_batches
from tagger.frozen import FrozenTagger
from tagger.traces.rows import SourceTrace
from tests.launch.light import light

THINKING = "3 + 4 is 7.\n\nSo the answer is 7.\n\nLet me check: 7 - 4 is 3."
ROW = {"id": "a", "thinking": THINKING, "reference": "7", "correct": True, "model": "m"}
ANSWER_ONLY = {"question": "3 + 4?", "answer": "7"}


def rows(path: Path, *content: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    return path


def records(capsys: pytest.CaptureFixture[str], *argv: object) -> list[dict[str, Any]]:
    assert main(["tag", *map(str, argv), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def data_of(page: Path) -> list[dict[str, Any]]:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found is not None
    traces: list[dict[str, Any]] = json.loads(found[1])
    return traces


def test_files_and_folders_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.txt").write_text(f"<think>\n{THINKING}\n</think>\n7")
    (folder / "a.jsonl.gz").write_bytes(gzip.compress((json.dumps(ROW) + "\n").encode()))
    extra = rows(tmp_path / "extra=1.jsonl", {"thinking": "x"}, {"thinking": "y"})
    found = records(capsys, folder, extra)
    names = ["a", str(folder / "b.txt"), f"{extra}:1", f"{extra}:2"]
    assert [r["id"] for r in found] == names
    assert found[0]["steps"][-1] == found[1]["steps"][-1] | {
        "start": THINKING.rindex("Let"), "end": len(THINKING),
    }  # fmt: skip
    assert found[0]["answer_step"] == 0, "the first step says it already: 3 + 4 is 7"
    assert "answer_step" not in found[1]
    assert [r["id"] for r in records(capsys, extra, "limit=1", folder)] == [
        "1".join([f"{extra}:", ""])
    ]


def test_options_may_part_the_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = rows(tmp_path / "1.jsonl", ROW), rows(tmp_path / "2.jsonl", ROW)
    assert main(["tag", str(one), "--json", str(two), "batch=1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_plain_text_on_standard_input_stays_light() -> None:
    done = light("tag", "-", "view=strips", stdin=f"<think>{THINKING}</think>7")
    assert done.returncode == 0, done.stderr
    assert "3 ███" in done.stdout and "3 steps in 1 trace" in done.stdout


def test_a_page_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = rows(tmp_path / "rows.jsonl", ROW, {**ROW, "id": "b", "correct": False})
    page = tmp_path / "page.html"
    assert main(["tag", str(file), "--html", str(page)]) == 0
    out = capsys.readouterr().out
    assert "6 steps in 2 traces" in out and THINKING[:9] not in out, "the page shows the steps"
    assert f"Page: {page}" in out
    traces = data_of(page)
    assert [(t["id"], t["c"], t["z"], t["r"], t["m"]) for t in traces] == [
        ("a", 1, 0, "7", "m"),
        ("b", 0, 0, "7", "m"),
    ]
    assert traces[0]["t"] == THINKING.split("\n\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "rows.jsonl"]


@pytest.mark.parametrize("option", ["--html", "--output"])
def test_output_files_are_checked_first(
    refused: Callable[..., str], tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("the tagger was loaded")

    monkeypatch.setattr(FrozenTagger, "load", loaded)
    file, there = rows(tmp_path / "rows.jsonl", ROW), tmp_path / "there"
    there.write_text("mine")
    assert f"{there} already exists and is never overwritten" in refused("tag", file, option, there)
    assert there.read_text() == "mine"
    err = refused("tag", file, option, tmp_path / "none" / "new")
    assert f"there is no folder {tmp_path / 'none'}; make it first" in err


def test_a_failure_leaves_no_half_written_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rows(tmp_path / "rows.jsonl", ROW, ROW)
    file.write_text(file.read_text() + "broken\n")
    for option in ("--html", "--output"):
        assert main(["tag", str(file), option, str(tmp_path / "new"), "batch=1"]) == 2
    assert "line 3: not valid JSON" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


def test_rows_without_thinking_are_counted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rows(tmp_path / "rows.jsonl", ROW, ANSWER_ONLY, ROW, {"thinking": " "})
    page = tmp_path / "page.html"
    assert main(["tag", str(file), "--json", "--html", str(page)]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(data_of(page)) == 2
    assert f"2 of 4 rows have no thinking and were skipped (the first: {file}, line 2)." in err
    assert err.count("no thinking") == 1


@pytest.mark.parametrize(
    ("content", "argv", "says"),
    [
        ([ANSWER_ONLY], [], 'has thinking in "steps" or "thinking"'),
        ([ANSWER_ONLY], [], "name the field with --field; the first row has question, answer"),
        ([{"thinkng": "a"}], [], "did you mean --field thinkng?"),
        ([{"reasoning": "a"}], ["--field", "reasonin"], "did you mean --field reasoning?"),
        ([{"thinking": {"a": 1}}], [], "line 1); name the field with --field"),
        ([], [], "holds no rows"),
    ],
)
def test_no_thinking_at_all(
    refused: Callable[..., str], tmp_path: Path, content: list[dict[str, Any]], argv: list[str],
    says: str,
) -> None:  # fmt: skip
    assert says in refused("tag", rows(tmp_path / "rows.jsonl", *content), *argv)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


def test_tag_says_which_named_fields_no_row_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rows(tmp_path / "rows.jsonl", {"thinking": "a", "q": ""}, {"thinking": "b", "q": "3?"})
    words = ["tag", str(file), "--json", "--question-field", "q", "--reference-field", "referenc"]
    assert main(words) == 0
    err = capsys.readouterr().err
    assert "No row has anything in 'referenc' (--reference-field), so no answer step" in err
    assert "--question-field" not in err


def test_tag_reads_files_whose_names_are_not_utf8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, out, page = Path(os.fsdecode(bytes(tmp_path / "caf") + b"\xe9.txt")), "out", "page.html"
    text.write_text("3 + 4 is 7.")
    outputs = ["--output", str(tmp_path / out), "--html", str(tmp_path / page)]
    assert main(["tag", str(text), *outputs]) == 0
    record = json.loads((tmp_path / out).read_text())
    assert record["id"] == f"{tmp_path}/caf\ufffd.txt"
    assert "caf\ufffd.txt" in (tmp_path / page).read_text()


def test_limit_zero_asks_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert records(capsys, rows(tmp_path / "rows.jsonl", ROW), "limit=0") == []


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["{file}", "view=strip"], "did you mean 'strips'"),
        (["{file}", "kind=json"], "did you mean 'jsonl'"),
        (["{file}", "batch=0"], "batch is 0; it must be a whole number of at least 1"),
        (["{file}", "--split", "x"], "belong to --dataset"),
        (["{file}", "--dataset", "x"], "either --dataset or files"),
        (["{file}", "--tokenizer", "./none"], "Tokenizer ./none cannot be loaded"),
        (["{file}", "--taxonomy", "venhof"], "did you mean 'venhoff'"),
        (["{folder}"], "holds no traces"),
    ],
)
def test_bad_words(refused: Callable[..., str], tmp_path: Path, argv: list[str], says: str) -> None:
    (tmp_path / "folder").mkdir()
    file = rows(tmp_path / "rows.jsonl", ROW)
    words = [word.format(file=file, folder=tmp_path / "folder") for word in argv]
    assert says in refused("tag", *words)


def test_bytes_that_are_not_utf8(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    data = json.dumps(ROW).encode() + b'\n{"thinking": "caf\xe9"}\n'
    file.write_bytes(data)
    assert f"{file}, line 2: byte 18 (0xe9) is not UTF-8" in refused("tag", file, "--json")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
    assert "standard input, line 2: byte 18" in refused("tag", "-", "--json")


def test_another_taxonomy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tagger.taxonomies.files import load_type_map

    venhoff = load_type_map("venhoff")
    file, page = rows(tmp_path / "rows.jsonl", ROW), tmp_path / "page.html"
    (own,) = records(capsys, file)
    (other,) = records(capsys, file, "--taxonomy", "venhoff", "--html", page)
    assert set(other["counts"]) == set(venhoff.taxonomy.tags)
    assert {s["type"] for s in other["steps"]} <= set(venhoff.taxonomy.names)
    assert other["tagger"] != own["tagger"]
    about = json.loads(re.findall(r'id="about">(.*?)</script>', page.read_text())[0])
    verify = venhoff.from_reasontype["Verification / Sanity Check"]
    assert about["types"][about["check"]]["name"] == verify
    assert main(["tag", str(file), "--taxonomy", "venhoff"]) == 0
    assert other["steps"][0]["tag"] in capsys.readouterr().out


def test_tokens_of_a_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.tagger.tokenizers_made_here import byte_level

    tokenizer = byte_level()
    tokenizer.save_pretrained(tmp_path / "model")
    file = rows(tmp_path / "rows.jsonl", ROW, ROW)
    assert main(["tag", str(file), "view=table", "--tokenizer", str(tmp_path / "model")]) == 0
    out = capsys.readouterr().out
    both = 2 * len(tokenizer.encode(THINKING, add_special_tokens=False))
    (totals,) = [line.split() for line in out.splitlines() if line.split()[:1] == ["all"]]
    assert totals == ["all", "6", "100", "36", "100", str(both), "100"]


class TestDatasets:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        import pyarrow
        from pyarrow import parquet

        folder = tmp_path / "set"
        (folder / "data").mkdir(parents=True)
        for split in ("train", "test"):
            table = {
                "problem": [f"{split} 1", f"{split} 2", "none"],
                "r1_output": [f"<think>\n{THINKING}\n</think>\n7", THINKING, None],
                "answer": ["7", "8", "9"],
            }
            file = folder / "data" / f"{split}-00000-of-00001.parquet"
            parquet.write_table(pyarrow.table(table), file)
        return folder

    def test_a_column_of_a_local_folder(
        self, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        page = tmp_path / "page.html"
        argv = ["--dataset", folder, "--split", "test", "--column", "r1_output", "--html", page]
        found = records(capsys, *argv, "--question-column", "problem")
        assert [(r["id"], r["answer_step"]) for r in found] == [("1", 0), ("2", -1)]
        assert [t["q"] for t in data_of(page)] == ["test 1", "test 2"]
        assert data_of(page)[0]["a"] == "7"

    def test_a_table_file_and_a_saved_dataset(
        self, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        import datasets

        file = folder / "data" / "test-00000-of-00001.parquet"
        assert len(records(capsys, "--dataset", file, "--column", "r1_output")) == 2
        saved = tmp_path / "saved"
        datasets.Dataset.from_list([{"text": THINKING}]).save_to_disk(saved)
        assert len(records(capsys, "--dataset", saved)) == 1

    @pytest.mark.parametrize(
        ("argv", "says"),
        [
            (["{set}", "--split", "test", "--column", "r1_outpt"], "did you mean 'r1_output'"),
            (["{set}", "--split", "tset", "--column", "r1_output"], "did you mean 'test'"),
            (["{set}", "--column", "r1_output"], "choose one with --split"),
            (["{set}", "--split", "test"], "--column: problem, r1_output, answer"),
            (
                ["{set}", "--split", "test", "--column", "r1_output", "--question-column", "x"],
                "Unknown column of dataset",
            ),
            (["{none}", "--column", "x"], "cannot be loaded"),
            (["{set}", "--split", "test", "--column", "answer", "--subset", "x"], "cannot be"),
        ],
    )
    def test_what_is_not_there(
        self, refused: Callable[..., str], folder: Path, argv: list[str], says: str
    ) -> None:
        words = [w.format(set=folder, none=folder / "none") for w in argv]
        assert says in refused("tag", "--dataset", *words)


@pytest.mark.slow
def test_memory_stays_bounded_and_batches_change_nothing() -> None:
    work = BatchTagger(TagJob(tagger="default", shown=None))
    read: list[int] = []

    def tagged(traces: Iterable[SourceTrace], batch: int) -> Iterator[TaggedTrace]:
        for done in tagged_batches(work, batches_of(traces, batch), 1):
            yield from (shown.trace for shown in done.shown)

    def traces(count: int) -> Iterator[SourceTrace]:
        for i in range(count):
            read.append(i)
            yield SourceTrace(str(i), "", f"Step {i}.\n\nWait, is it {i}?")

    stream = tagged(traces(1000), 8)
    first = next(stream)
    assert len(read) == 8, "no more is read than is tagged at once"
    together = [first, *stream]
    alone = list(tagged(traces(1000), 1))
    assert together == alone
    assert [t.source.id for t in together] == [str(i) for i in range(1000)]

    read.clear()
    long = (SourceTrace("x", "", "w " * (BATCH_CHARACTERS // 4)) for _ in range(9))
    seen: list[int] = []
    counted = (seen.append(1) or trace for trace in long)  # type: ignore[func-returns-value]
    next(tagged(counted, 64))
    assert len(seen) == 2, "long traces make small batches"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000,
        "x" * 1_000_000,
        "\\boxed{" * 143_000,
        "7 = " * 250_000,
        "9" * 1_000_000,
        "a\n \n".replace(" ", " " * 1000) * 1000,
        "数学 " * 333_000,
    ],
    ids=["words", "one word", "open boxes", "equations", "digits", "blank lines", "unicode"],
)
def test_a_megabyte_in_one_step_is_tagged_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = rows(tmp_path / "rows.jsonl", {"thinking": text, "reference": "7"})
    assert main(["tag", str(file), "--output", str(tmp_path / "out")]) == 0
    assert main(["tag", str(file), "--html", str(tmp_path / "page.html")]) == 0
    assert data_of(tmp_path / "page.html")[0]["t"][0].strip()
    told = "1 step has more than 4,000 characters" in capsys.readouterr().err
    assert told is not text.startswith("a\n")  # that one has blank lines, which part its steps


def test_a_worked_solution_is_no_reference() -> None:
    source = SourceTrace("t", "", "x", reference="Because " * 100)
    assert TaggedTrace(source, []).answer_step() is None
    assert TaggedTrace(SourceTrace("t", "", "x", reference="7"), []).answer_step() == -1


def test_what_tag_prints_for_machines_steers_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thought = "\x9b31mred\x9d0;title\x9c\n\n\u202eturned\u202c\u2028"
    file, skipped = tmp_path / "a.jsonl", tmp_path / "b\x1b[31m.jsonl"
    file.write_text(json.dumps({"thinking": thought}) + "\n")
    skipped.write_text('{"x": 1}\n')
    assert main(["tag", str(skipped), str(file), "--json"]) == 0
    out, said = capsys.readouterr()
    assert "\n\n".join(step["text"] for step in json.loads(out)["steps"]) == thought.strip()
    assert not set("\x9b\x9d\x9c\u202e\u202c\u2028") & set(out)
    assert "b␛[31m.jsonl, line 1" in said and "\x1b" not in said
