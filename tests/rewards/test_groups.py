"""Group arithmetic against numpy."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.groups import Groups

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.floats(-1e4, 1e4, width=32), st.booleans()),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(ROWS, st.sampled_from([0, 1]), st.floats(0, 1))
def test_groups_agree_with_numpy(
    rows: list[tuple[int, float, bool]], ddof: int, level: float
) -> None:
    names, values, among = zip(*rows, strict=True)
    groups = Groups(torch.tensor(names))
    given_values, marked = torch.tensor(values), torch.tensor(among)
    found = {
        "sum": groups.sum(given_values, marked),
        "count": groups.count(marked),
        "share": groups.share(marked),
        "mean": groups.mean(given_values, marked, empty=-7.0),
        "deviation": groups.deviation(given_values, marked, ddof, empty=-7.0),
        "least": groups.least(given_values, marked, empty=-7.0),
        "greatest": groups.greatest(given_values, marked, empty=-7.0),
        "quantile": groups.quantile(given_values, marked, level, empty=-7.0),
        "mean of the two least": groups.mean(
            given_values, marked & (groups.rank(given_values, marked) < 2), empty=-7.0
        ),
    }
    for row, name in enumerate(names):
        inside = np.array([v for n, v, a in rows if n == name and a], dtype=np.float64)
        size = sum(n == name for n in names)
        wanted = {
            "sum": inside.sum(),
            "count": len(inside),
            "share": len(inside) / size,
            "mean": inside.mean() if len(inside) else -7.0,
            "deviation": inside.std(ddof=ddof) if len(inside) > ddof else -7.0,
            "least": inside.min() if len(inside) else -7.0,
            "greatest": inside.max() if len(inside) else -7.0,
            "quantile": np.quantile(inside, level) if len(inside) else -7.0,
            "mean of the two least": np.sort(inside)[:2].mean() if len(inside) else -7.0,
        }
        for what, value in wanted.items():
            assert np.isclose(float(found[what][row]), value, rtol=1e-9, atol=1e-6), what
