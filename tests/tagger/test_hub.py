"""Taggers in Hub repositories: on a server of 127.0.0.1, and offline from a populated cache."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launch.cli import main
from tagger.calibrations import UnitCalibration
from tagger.errors import UserError
from tagger.frozen import FrozenTagger, tagger_folder
from tagger.hub import HubName, card_for_hub
from tests.tagger.hub_made_here import Hub, local_hub

REPO, COMMIT = "org/step-tagger", "0123456789abcdef" * 2 + "01234567"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with local_hub(monkeypatch, tmp_path / "cache") as running:
        yield running


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The cache of an offline machine that once fetched the linear tagger's branch and its tag."""
    from huggingface_hub import constants

    place = tmp_path / "models--org--step-tagger"
    shutil.copytree(tagger_folder("linear"), place / "snapshots" / COMMIT)
    for ref in ("main", "v1"):
        (place / "refs").mkdir(exist_ok=True)
        (place / "refs" / ref).write_text(COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return place


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("org/name", HubName("org/name")),
        ("org/name.v2@v1.0", HubName("org/name.v2", "v1.0")),
        ("org/name@refs/pr/1", HubName("org/name", "refs/pr/1")),
        *((name, None) for name in ("linear", "a/b/c", "./a/b", "/a/b", "~/a", "a/", "org/n@", "")),
    ],
)
def test_hub_name_is_owner_and_name_with_a_revision(name: str, read: HubName | None) -> None:
    assert HubName.parse(name) == read
    assert read is None or str(read) == name


def test_tagger_pushed_to_a_repository_comes_back_the_same(hub: Hub) -> None:
    linear = FrozenTagger.load("linear")
    softer = FrozenTagger(linear.taxonomy, linear.segmenter, linear.backend, temperature=2.0)
    first = linear.push_to_hub(REPO)
    second = softer.push_to_hub(REPO, commit_message="Better")
    draft = linear.push_to_hub(REPO, revision="draft")
    hub.commit(REPO, "main", {"evil.pkl": b"x", "model.safetensors": b"y", "sub/tagger.json": b"z"})
    assert FrozenTagger.load(REPO).fingerprint == softer.fingerprint
    assert FrozenTagger.load(f"{REPO}@{first.oid}").fingerprint == linear.fingerprint
    assert FrozenTagger.from_pretrained(REPO, revision="draft").fingerprint == linear.fingerprint
    assert len({first.oid, second.oid, draft.oid}) == 3
    assert set(hub.served) == {
        "tagger.json", "weights.safetensors", "README.md", "known_words.safetensors",
    }  # fmt: skip
    card = hub.commits[REPO][first.oid]["README.md"].decode()
    assert card.startswith("---\nlibrary_name: suffice\n") and linear.fingerprint in card


def test_push_deletes_what_belonged_to_the_tagger_before(hub: Hub) -> None:
    linear = FrozenTagger.load("linear")
    fitted = UnitCalibration(linear.fingerprint, "reasontype", "sentence", {}, 2.0, {})
    extras = replace(linear.extras, calibrations=(fitted,))
    parts = linear.taxonomy, linear.segmenter, linear.backend
    own = FrozenTagger(*parts, linear.temperature, None, linear.logit_bias, extras)
    first = own.push_to_hub(REPO)
    hub.commit(REPO, "main", {"notes.txt": b"stays"})
    bare = FrozenTagger(*parts, temperature=2.0)
    second = bare.push_to_hub(REPO)
    assert FrozenTagger.load(f"{REPO}@{first.oid}").extras.calibrations == (fitted,)
    loaded = FrozenTagger.load(REPO)
    assert loaded.fingerprint == bare.fingerprint
    assert (loaded.extras.calibrations, loaded.extras.known_words) == ((), None)
    assert set(hub.commits[REPO][second.oid]) == {
        ".gitattributes", "notes.txt", "tagger.json", "weights.safetensors", "README.md",
    }  # fmt: skip


def test_push_command_uploads_the_folder_with_its_card(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = FrozenTagger.load("linear").save(tmp_path / "mine", "# Mine\n\nMade of tea.\n")
    (folder / "notes.pkl").write_bytes(b"private")
    assert main(["tagger", "push", str(folder), REPO]) == 0
    commit = hub.branches[REPO]["main"]
    files = hub.commits[REPO][commit]
    assert set(files) == {
        ".gitattributes", "tagger.json", "weights.safetensors", "README.md",
        "known_words.safetensors",
    }  # fmt: skip
    assert "Made of tea." in files["README.md"].decode()
    said = capsys.readouterr().out
    assert f"{REPO}@{commit}" in said and FrozenTagger.load("linear").fingerprint[:12] in said


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("org/gone", "no such repository, or it is private; check the name, or log in"),
        (f"{REPO}@v9", "repository org/step-tagger has no revision 'v9'; name a branch"),
        (REPO, r"is no step tagger: it has no tagger.json and no weights.safetensors"),
    ],
)
def test_repository_without_the_tagger_is_named(hub: Hub, name: str, says: str) -> None:
    hub.create(REPO)
    with pytest.raises(UserError, match=says) as error:
        FrozenTagger.load(name)
    assert "\n" not in str(error.value) and name in str(error.value)


def test_push_without_the_right_to_write_is_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(UserError, match="to org/step-tagger: the Hub answers 401.*may write"):
        FrozenTagger.load("linear").push_to_hub(REPO)
    with pytest.raises(UserError, match="'org/a@v1' is no name of a Hub repository"):
        FrozenTagger.load("linear").push_to_hub("org/a@v1")


@pytest.mark.parametrize("name", [REPO, f"{REPO}@main", f"{REPO}@v1", f"{REPO}@{COMMIT}"])
def test_tagger_in_the_cache_loads_offline(cache: Path, name: str) -> None:
    assert FrozenTagger.load(name).fingerprint == FrozenTagger.load("linear").fingerprint


@pytest.mark.parametrize("name", [REPO, f"{REPO}@{COMMIT}"])
def test_tagger_in_the_cache_loads_where_the_network_fails(
    cache: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    assert FrozenTagger.load(name).fingerprint == FrozenTagger.load("linear").fingerprint
    with pytest.raises(
        UserError, match=r"reached \(offline\) and revision 'v2' is not in the cache"
    ):
        FrozenTagger.load(f"{REPO}@v2")


def test_tag_command_takes_a_repository(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = tmp_path / "traces.jsonl"
    traces.write_text('{"thinking": "2 + 2 is 4.\\n\\nWait, let me check."}\n')
    assert main(["tag", "--json", str(traces), "--tagger", f"{REPO}@v1"]) == 0
    assert FrozenTagger.load("linear").fingerprint in capsys.readouterr().out
    assert main(["tag", "--json", str(traces), "--tagger", f"{REPO}@v2"]) == 2
    assert "revision 'v2' is not in the cache" in capsys.readouterr().err
    assert main(["tagger", "push", REPO, "me/mine"]) == 2
    assert "No tagger in org/step-tagger" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("org/other", r"reached \(offline\) and it is not in the cache; go online once"),
        (f"{REPO}@v2", r"offline\) and revision 'v2' is not in the cache, which holds main, v1"),
    ],
)
def test_tagger_outside_the_cache_is_refused_offline(cache: Path, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as error:
        FrozenTagger.load(name)
    assert f"No tagger {name!r}: there is no such folder" in str(error.value)


def test_tagger_in_the_cache_is_verified_like_any_other(cache: Path) -> None:
    config = cache / "snapshots" / COMMIT / "tagger.json"
    config.write_text(config.read_text().replace('"temperature": 1.', '"temperature": 2.'))
    with pytest.raises(UserError, match="its files were changed or mixed up"):
        FrozenTagger.load(REPO)


def test_a_folder_wins_over_a_repository_and_a_path_is_never_one(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = FrozenTagger.load()
    monkeypatch.chdir(cache)
    with pytest.raises(UserError, match="No tagger in org/step-tagger: there is no such folder"):
        FrozenTagger.load(Path(REPO))
    default.save(cache / REPO)
    assert FrozenTagger.load(REPO).fingerprint == default.fingerprint
    for name, revision in ((REPO, "v1"), ("linear", "v1"), ("org/other@v1", "v1")):
        with pytest.raises(UserError, match="revision 'v1' does not go with the tagger"):
            FrozenTagger.from_pretrained(name, revision=revision)


def test_push_offline_says_so(cache: Path) -> None:
    with pytest.raises(UserError, match="HF_HUB_OFFLINE is set; unset it"):
        FrozenTagger.load("linear").push_to_hub(REPO)


def test_card_for_the_hub_keeps_its_own_header_and_words() -> None:
    own = "---\nlicense: mit\n---\n\n# Mine\n"
    card = card_for_hub(own, REPO, "f00d")
    assert card.startswith(own) and "* Fingerprint `f00d`" in card and REPO in card
    assert card_for_hub(card, REPO, "f00d") == card
