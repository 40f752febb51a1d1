"""Terminal and page, from run folders made here."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from launch.cli import main
from rl.dashboard.drawing import draw
from rl.dashboard.follow import Dashboard
from rl.dashboard.page import check_page, page
from rl.dashboard.series import Curve, Panel
from rl.dashboard.terminal import overview, view
from rl.dashboard.watch import WatchedRun
from tagger.errors import UserError
from tests.browser import beyond, needs_browser
from tests.rl.dashboard.making import finish, make_run, rollout


def shown(root: Path, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(view(WatchedRun(root).look(), width))
    return console.export_text()


@pytest.mark.parametrize("width", [60, 80, 101, 120, 200])
def test_view_fits_and_names_the_figures(width: int, tmp_path: Path) -> None:
    text = shown(make_run(tmp_path / "run", steps=30), width)
    assert max(map(len, text.splitlines())) <= width
    # Means of steps 1 to 10 and 21 to 30: 4 - 5.5 / 10 and 4 - 25.5 / 10.
    assert re.search(r"VERIFY +3\.45 +1\.45", text)
    figures = text.partition("Training, step 30 of 40.")[2]  # above it the path may be cut
    assert re.search(r"─ tokens 70\.0 ─", text)
    assert width < 80 or re.search(r"audit: unfamiliar steps, % +2\.00 +2\.00", text)
    assert figures and (width < 80 or "…" not in figures)
    assert "30/40" in text and "20 s left" in text and "Training, step 30 of 40." in text


def test_view_of_a_run_without_metrics(tmp_path: Path) -> None:
    text = shown(make_run(tmp_path / "run"), 100)
    assert "Starting: no step is logged yet." in text and "0/40" in text


def test_overview_has_a_line_for_each_run(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "a", steps=30), make_run(tmp_path / "b")]
    finish(runs[0], stopped_early="accuracy fell")
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(overview([WatchedRun(run).look() for run in runs], tmp_path))
    text = console.export_text()
    assert re.search(r"a +stopped +30/40 +– +80.0 % +74.5 +1.45", text)
    assert re.search(r"b +starting +0/40", text)
    assert "a: Stopped itself: accuracy fell." in text


def test_page_loads_itself_again_only_while_the_run_lasts(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    root = make_run(tmp_path / "run", steps=3, rollouts=[rollout(True, 9, evil)])
    html = page(WatchedRun(root).look(), 5.0)
    assert '<meta http-equiv="refresh" content="5">' in html
    assert evil not in html and "&lt;script&gt;" in html
    assert "#e8590c" in html and "Verification" in html  # the type in its colour
    # Nothing is loaded from elsewhere: the only address is the name space of the drawings.
    assert set(re.findall(r"https?://[^\"' <]+", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|<link(?! rel=\"icon\" href=\"data:,\")|src=|@import|url\(", html)
    assert html.count("<svg") == 10
    assert "refresh" not in page(WatchedRun(root).look(), None)


@needs_browser
@pytest.mark.parametrize("width", [420, 1200])
def test_page_fits_a_window(width: int, tmp_path: Path) -> None:
    name = "step_count_completion_after_answer-weight-0.24-seed0-5abe9a"
    root = make_run(tmp_path / name, steps=3, rollouts=[rollout(True, 9)])
    assert beyond(page(WatchedRun(root).look(), None), width, tmp_path) == []


def test_draw_thins_a_long_curve() -> None:
    points = tuple((step, float(step % 7)) for step in range(5000))
    long = draw(Panel("reward", (Curve("reward", "#000", points),)))
    short = draw(Panel("reward", (Curve("reward", "#000", points[:400]),)))
    # A thin line and a thick one, each a move and lines to the points that follow.
    assert (long.count("L"), short.count("L")) == (2 * 499, 2 * 399)


def test_page_is_called_by_the_folder_and_the_one_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_run(tmp_path / "step_count-seed0" / "training", steps=3)
    monkeypatch.chdir(root)
    for path in (root, Path()):
        assert "<title>step_count-seed0/training</title>" in page(WatchedRun(path).look(), None)


def test_page_of_a_run_without_metrics(tmp_path: Path) -> None:
    html = page(WatchedRun(make_run(tmp_path / "run")).look(), 5.0)
    assert "No step is logged yet" in html and "<svg" not in html


def test_check_page_takes_only_a_page_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    check_page(file)
    file.write_text(page(WatchedRun(make_run(tmp_path / "run")).look(), None))
    check_page(file)
    file.write_text("<html>mine</html>")
    with pytest.raises(UserError, match="already exists and was not made by this command"):
        check_page(file)
    with pytest.raises(UserError, match="there is no folder"):
        check_page(tmp_path / "none" / "page.html")


def test_dashboard_follows_a_run_to_its_end(tmp_path: Path) -> None:
    root, file = make_run(tmp_path / "run", steps=3), tmp_path / "page.html"
    refreshed, waits = [], []

    def wait(seconds: float) -> None:
        refreshed.append("refresh" in file.read_text())
        waits.append(seconds)
        if len(waits) == 2:
            finish(root)

    console = Console(width=100, file=io.StringIO())
    Dashboard(root, file, 7.0).follow(console, wait)
    assert (waits, refreshed) == ([7.0, 7.0], [True, True])
    assert "refresh" not in file.read_text()
    assert "Complete after 40 steps." in console.file.getvalue()


def test_dashboard_ends_at_ctrl_c_with_the_last_view(tmp_path: Path) -> None:
    def wait(seconds: float) -> None:
        raise KeyboardInterrupt

    console = Console(width=100, file=io.StringIO(), force_terminal=True)
    Dashboard(make_run(tmp_path / "run", steps=3), None, 1.0).follow(console, wait)
    assert console.file.getvalue().count("Training, step 3 of 40.") == 2


def test_dashboard_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, file = make_run(tmp_path / "runs" / "a", steps=3), tmp_path / "page.html"
    assert main(["dashboard", str(root), "--once", "--html", str(file)]) == 0
    assert "Training, step 3 of 40." in capsys.readouterr().out
    assert "refresh" not in file.read_text()
    make_run(tmp_path / "runs" / "b")
    assert main(["dashboard", str(tmp_path / "runs")]) == 0
    assert "starting" in capsys.readouterr().out
    assert main(["dashboard", str(tmp_path / "runs"), "--html", str(file)]) == 2
    assert "holds 2; name one, e.g." in capsys.readouterr().err
    assert main(["dashboard", str(root), "--every", "0"]) == 2
    assert "from 0.5 to 3600" in capsys.readouterr().err
