"""What took the place of what, by hand; and the two parts of a change of step density."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl.analysis.displacement import displacement, step_density
from rl.analysis.panels import make_panel
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rl.making import VERIFY, sample, step

META = REASONTYPE.get("META").name
WORK = REASONTYPE.get("SUBSTITUTE").name


def panel(*kinds: tuple[str, int, int]):  # type: ignore[no-untyped-def]
    """Four problems; each has the steps given as (type, steps, tokens a step)."""
    steps = tuple(step(kind=kind, tokens=n) for kind, count, n in kinds for _ in range(count))
    return make_panel([sample(p, steps=steps) for p in "abcd"])


def test_displacement_flags_the_type_that_took_up_what_another_lost() -> None:
    before = panel((WORK, 2, 10), (VERIFY, 3, 20))
    after = panel((WORK, 2, 10), (VERIFY, 1, 20), (META, 2, 4))
    found = displacement(after, before, 0)
    assert found["types"][VERIFY]["tokens"] == {"mean": -40.0, "low": -40.0, "high": -40.0}
    assert found["types"][VERIFY]["steps"]["mean"] == -2.0
    assert found["types"][META]["tokens"]["mean"] == 8.0
    assert found["types"][WORK]["tokens"]["mean"] == 0.0
    assert found["lost"] == 40.0
    assert found["returned"] == [META]  # 8 of 40 is a fifth


def test_displacement_passes_over_a_small_rise_and_a_gain_without_a_loss() -> None:
    before = panel((VERIFY, 3, 20))
    assert displacement(panel((VERIFY, 1, 20), (META, 1, 3)), before, 0)["returned"] == []
    risen = displacement(panel((VERIFY, 3, 20), (META, 2, 20)), before, 0)
    assert (risen["lost"], risen["returned"]) == (0, [])


def test_step_density_of_another_mixture_and_of_shorter_steps() -> None:
    before = {WORK: {"steps": 5.0, "tokens": 50.0}, VERIFY: {"steps": 2.0, "tokens": 50.0}}
    # 7 steps in 100 tokens; without verification 5 in 50, each as long as before.
    mixed = step_density({WORK: {"steps": 5.0, "tokens": 50.0}}, before)
    assert (mixed["b"], mixed["a"], mixed["at_lengths_of_b"]) == (70.0, 100.0, 100.0)
    assert (mixed["by_mix"], mixed["by_length"]) == (30.0, 0.0)
    # The same mixture in steps of half the length.
    halved = {name: {**row, "steps": 2 * row["steps"]} for name, row in before.items()}
    cut = step_density(halved, before)
    assert (cut["by_mix"], cut["by_length"]) == (0.0, 70.0)
    # A type that is new has its own length.
    new = step_density({META: {"steps": 1.0, "tokens": 4.0}}, before)
    assert (new["at_lengths_of_b"], new["by_length"]) == (250.0, 0.0)
    assert step_density({}, before)["a"] is None


ROWS = st.dictionaries(
    st.sampled_from([WORK, VERIFY, META]),
    st.builds(
        lambda steps, each: {"steps": steps, "tokens": steps * each},
        st.floats(0.1, 9),
        st.floats(1, 40),
    ),
    min_size=1,
)


@given(ROWS, ROWS)
def test_step_density_parts_sum_to_the_change(a, b) -> None:  # type: ignore[no-untyped-def]
    found = step_density(a, b)
    change = found["a"] - found["b"]
    assert found["by_mix"] + found["by_length"] == pytest.approx(change, abs=1e-5)
    assert step_density(a, a)["by_length"] == pytest.approx(0, abs=1e-5)
