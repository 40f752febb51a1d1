"""What the documents tell a reader to type works, and what they point at is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from launch.cli import parse

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
README = DOCUMENTS[0].read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def commands(text: str) -> list[str]:
    """All `suffice` command lines in bash blocks, without comments, pipes and redirections."""
    lines = "\n".join(blocks(text, "bash")).replace("\\\n", " ").splitlines()
    found = (re.split(r"\s+#|[|<]", line)[0].strip() for line in lines)
    return [line for line in found if line.startswith("suffice ")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_commands_parse(document: Path) -> None:
    for line in commands(document.read_text(encoding="utf-8")):
        assert parse(shlex.split(line)[1:]).run is not None, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_comparisons_have_settings_that_work_together(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launch.commands.compare import config_of

    monkeypatch.chdir(ROOT)  # recipes are named from there
    for line in commands(document.read_text(encoding="utf-8")):
        args = parse(shlex.split(line)[1:])
        whole = line.startswith("suffice compare ") and not re.search("--(resume|power)", line)
        if whole and (args.config is None or args.config.is_file()):
            assert config_of(args).policies, line


def test_the_readme_shows_the_main_commands() -> None:
    shown = {line.split()[1] for line in commands(README)}
    assert {"tag", "train", "compare", "report"} <= shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_lead_to_files_of_the_repository(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8"))
    for link in links:
        target = (document.parent / link).resolve()
        assert target.exists(), f"{document.name} points at {link}"
        known = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "--error-unmatch", target], capture_output=True
        )
        in_git = (ROOT / ".git").exists()
        assert known.returncode == 0 or not in_git, f"{link} is not in git"


def anchors(text: str) -> set[str]:
    """Names that a link can end in: GitHub's, of the headings, and those set by hand."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    words = (re.sub(r"\]\([^)]*\)|[^\w\- ]", "", heading) for heading in headings)
    names = {word.strip().lower().replace(" ", "-") for word in words}
    return names | set(re.findall(r'<a id="([^"]+)">', text))


def test_anchors_are_named_as_github_names_them() -> None:
    text = '# One `two`, three\n```\n# no heading\n```\n## A [link](x.md#y): 4.5\n<a id="z"></a>'
    assert anchors(text) == {"one-two-three", "a-link-45", "z"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_lead_to_sections_that_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*\.md|)#([^)]+)\)", text):
        target = (document.parent / link).resolve() if link else document
        there = anchors(target.read_text(encoding="utf-8"))
        assert anchor in there, f"{document.name} points at {link}#{anchor}"


def test_the_training_config_of_the_readme_is_valid() -> None:
    from rewards.stack import build_stack
    from rl.policy.load import lora_config
    from rl.training.config import config_from_dict
    from rl.training.grpo_config import training_arguments
    from tagger.taxonomies.taxonomy import REASONTYPE

    (text,) = blocks(README, "yaml")
    config = config_from_dict(yaml.safe_load(text), "README")
    build_stack(config.reward.terms, REASONTYPE)
    assert lora_config(config.lora or {}).r == 16
    config.output, config.report_to = "unused", "none"
    training_arguments(config, gpu=False)


def test_the_quickstart_config_is_valid(tmp_path: Path) -> None:
    from launch.settings import section
    from rl.comparison.config import compare_config
    from rl.training.config import load_config
    from tagger.config.settings import read_yaml

    file = ROOT / "configs" / "quickstart.yaml"
    assert load_config(file).model == "overthinker"
    content = read_yaml(file)
    compare = compare_config(section(content, "compare"))
    assert (compare.problems.size or 0) >= 200
    assert compare.samples >= 4
    # What the results that are published show:
    assert content["full"]["compare"]["problems"]["size"] >= 300
