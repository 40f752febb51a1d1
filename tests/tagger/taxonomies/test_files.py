"""Taxonomies in YAML: the packaged ones are whole, and every way a user's can be wrong."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tagger.errors import UserError
from tagger.taxonomies.files import FOLDER, load_taxonomy, load_type_map, taxonomy_names
from tagger.taxonomies.taxonomy import REASONTYPE

OTHERS = [name for name in taxonomy_names() if name != "reasontype"]
SIZES = {
    "thought-anchors": 8,
    "venhoff": 6,
    "venhoff-extended": 11,
    "schoenfeld": 7,
    "reasoningflow": 8,
}
MINE: dict[str, Any] = {
    "name": "mine",
    "source": "me",
    "types": [
        {"name": "Check", "tag": "CHECK", "role": "evaluative", "definition": "checks",
         "aliases": ["checking"], "reasontype": "VERIFY"},
        {"name": "Work", "tag": "WORK", "role": "other", "definition": "all else",
         "reasontype": None},
    ],
    "from_reasontype": {t: "CHECK" if t == "VERIFY" else "WORK" for t in REASONTYPE.tags},
}  # fmt: skip


def mine(folder: Path, change: Any = None) -> Path:
    content = copy.deepcopy(MINE)
    if change:
        change(content)
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def test_taxonomy_files_packaged_ones() -> None:
    assert taxonomy_names()[0] == "reasontype"
    assert {name: len(load_taxonomy(name).types) for name in OTHERS} == SIZES


@pytest.mark.parametrize("name", OTHERS)
def test_taxonomy_files_packaged_mapping_is_whole_and_goes_back(name: str) -> None:
    type_map = load_type_map(name)
    taxonomy = type_map.taxonomy
    assert taxonomy.name == name
    assert type_map.source
    assert tuple(type_map.from_reasontype) == REASONTYPE.names
    assert set(type_map.from_reasontype.values()) <= set(taxonomy.names)
    assert tuple(type_map.to_reasontype) == taxonomy.names
    assert set(type_map.to_reasontype.values()) <= {*REASONTYPE.names, None}
    for reached in set(type_map.from_reasontype.values()):
        back = type_map.to_reasontype[reached]  # there and back again ends where it began
        assert back is None or type_map.from_reasontype[back] == reached


def test_taxonomy_files_keep_the_packaged_roles_of_verification() -> None:
    verify = REASONTYPE.get("VERIFY").name
    for name in ("thought-anchors", "schoenfeld"):
        type_map = load_type_map(name)
        assert type_map.taxonomy.get(type_map.from_reasontype[verify]).role == "evaluative"


def test_taxonomy_files_reasontype_maps_onto_itself() -> None:
    type_map = load_type_map("reasontype")
    assert type_map.taxonomy is REASONTYPE
    assert type_map.from_reasontype == type_map.to_reasontype == {n: n for n in REASONTYPE.names}


def test_taxonomy_files_labels_of_the_sources_are_found_by_alias() -> None:
    assert load_taxonomy("venhoff").get("adding-knowledge").tag == "KNOWLEDGE"
    assert load_taxonomy("thought-anchors").get("self_checking").name == "Self Checking"
    with pytest.raises(UserError, match="did you mean 'self_checking'"):
        load_taxonomy("thought-anchors").get("self_check")


def test_taxonomy_files_users_own(tmp_path: Path) -> None:
    path = mine(tmp_path)
    for given in (path, str(path)):
        type_map = load_type_map(given)
        assert type_map.taxonomy.tags == ("CHECK", "WORK")
        assert type_map.taxonomy.get("checking").tag == "CHECK"
        assert type_map.to_reasontype == {"Check": REASONTYPE.get("VERIFY").name, "Work": None}
        assert type_map.from_reasontype[REASONTYPE.get("META").name] == "Work"


def test_taxonomy_files_aliases_change_neither_equality_nor_hash() -> None:
    from dataclasses import replace

    taxonomy = load_taxonomy("venhoff")
    bare = replace(taxonomy, aliases={})
    assert bare == taxonomy
    assert hash(bare) == hash(taxonomy)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.update(typs=1), "Unknown key 'typs'; did you mean 'types'"),
        (lambda c: c.pop("source"), 'the key "source" is missing; add it'),
        (lambda c: c["types"][0].pop("role"), 'type 1: the key "role" is missing'),
        (lambda c: c["types"][1].pop("reasontype"), 'type 2: the key "reasontype" .* null'),
        (lambda c: c["types"][0].update(alias=[]), "type 1: Unknown key 'alias'; .*'aliases'"),
        (lambda c: c["types"][1].update(tag="CHECK"), "types 1 and 2 both go by 'CHECK'"),
        (lambda c: c["types"][1].update(name="Check"), "types 1 and 2 both go by 'Check'"),
        (lambda c: c["types"][1].update(aliases=["Check"]), "both go by 'Check'.* another alias"),
        (lambda c: c["types"][1].update(aliases="Check"), '"aliases" must be a list'),
        (lambda c: c["types"][1].update(tag="work"), "tag 'work' must be upper-case"),
        (lambda c: c["types"][1].update(tag=True), '"tag" must be a text, not True'),
        (lambda c: c["types"][1].update(role="evaluativ"), "did you mean 'evaluative'"),
        (lambda c: c["types"][0].update(reasontype="VERIFI"), "did you mean 'VERIFY'"),
        (lambda c: c["from_reasontype"].pop("META"), "lacks META; every ReasonType tag"),
        (lambda c: c["from_reasontype"].update(VERIFI="CHECK"), "did you mean 'VERIFY'"),
        (lambda c: c["from_reasontype"].update(META="WORKS"), "did you mean 'WORK'"),
        (lambda c: c["from_reasontype"].update(META=None), "META must name a type .* not None"),
        (
            lambda c: c["from_reasontype"].update({REASONTYPE.get("META").name: "WORK"}),
            "names META twice",
        ),
        (lambda c: c["types"][0].update(reasontype=3), '"reasontype" must be a .* not 3'),
        (lambda c: c.update(from_reasontype=[]), "must give a type of this taxonomy"),
        (lambda c: c.update(types=c["types"][:1]), "at least two types"),
        (lambda c: c.update(types=["a", "b"]), "type 1 must hold keys and values"),
        (lambda c: c.update(name="venhoff"), "belongs to a packaged taxonomy"),
    ],
)
def test_taxonomy_files_wrong_file_is_told_in_a_sentence(
    tmp_path: Path, change: Any, says: str
) -> None:
    path = mine(tmp_path, change)
    with pytest.raises(UserError, match=says) as caught:
        load_type_map(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_taxonomy_files_what_is_no_taxonomy_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for content, says in [
        (b"name: [1\nsource: x\n", "line 2, is not valid YAML"),
        (b"name: a\nname: b\n", "line 2, is not valid YAML: the key 'name' stands there twice"),
        (b"? [a, b]\n: c\n", "line 1, is not valid YAML: the key .* is no plain value"),
        (b"- a\n", "must hold keys and values"),
        (b"", "must hold keys and values"),
        ("name: é\n".encode("latin-1"), "is not UTF-8 text"),
    ]:
        path.write_bytes(content)
        with pytest.raises(UserError, match=says):
            load_type_map(path)
    with pytest.raises(UserError, match=r"none\.yaml cannot be opened \(No such file"):
        load_type_map(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="Unknown taxonomy 'venhof'; did you mean 'venhoff'"):
        load_taxonomy("venhof")


def test_taxonomy_files_every_packaged_file_bears_its_own_name() -> None:
    assert sorted(SIZES) == sorted(p.stem for p in FOLDER.glob("*.yaml"))


def test_taxonomy_files_document_shows_the_mappings_as_they_are(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "taxonomies.md").read_text(encoding="utf-8")
    table = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in text.split("## From ReasonType")[1].split("\n## ")[0].splitlines()
        if line.startswith("| ")
    ]
    for column, name in enumerate(table[0][1:], start=1):
        type_map = load_type_map(name)
        shown = {row[0]: row[column].split()[0] for row in table[1:]}
        assert shown == {
            t.tag: type_map.taxonomy.get(type_map.from_reasontype[t.name]).tag
            for t in REASONTYPE.types
        }
    for name in OTHERS:
        type_map = load_type_map(name)
        (line,) = re.findall(rf"^\| `{name}` \| (.*→.*) \|$", text, re.M)
        said = dict(re.findall(r"([A-Z]+) → ([A-Z]+)", line))
        if line.startswith("as `venhoff`"):
            said |= {
                t.tag: REASONTYPE.get(target).tag
                for t in load_taxonomy("venhoff").types
                if (target := load_type_map("venhoff").to_reasontype[t.name])
            }
        assert said == {
            type_map.taxonomy.get(n).tag: REASONTYPE.get(target).tag
            for n, target in type_map.to_reasontype.items()
            if target
        }
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    path = tmp_path / "mine.yaml"
    path.write_text(example, encoding="utf-8")
    assert load_taxonomy(path).tags == ("CHECK", "WORK")


def test_taxonomy_files_suggestions_look_past_upper_and_lower_case() -> None:
    for given, meant in [("verify", "VERIFY"), ("Verifi", "VERIFY"), ("RECALLS", "RECALL")]:
        with pytest.raises(UserError, match=f"did you mean '{meant}'"):
            REASONTYPE.get(given)
