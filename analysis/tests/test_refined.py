"""Archives of refined axes: every line has values of its own."""

import numpy as np
import pytest

import macrospin
from macrospin import maps
from macrospin.archive import computed_line
from macrospin.lines import plot_gap, plot_magnetization

JOB = {
    "model": {"preset": "bistable-pump", "parameters": {"Omega": 0.25}},
    "studies": [{"steadyState": {"observables": {"jz": "Jz/j"}}}, "gap"],
}


def refined(counts, **rule):
    return JOB | {"sweep": {"N": counts, "Gamma": {"from": 0.5, "to": 1.5, "points": 6, "refine": {"on": {"gap": "minimum", "jz": "steepest"}} | rule}}}


@pytest.fixture(scope="module", params=[[10, 16], [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]], ids=["grid", "points"])
def data(request, run_job):
    return macrospin.open(run_job(refined(request.param, until=0.002)))


def test_lines_have_points_of_their_own(data):
    own = [set(data.Gamma.values[(data.status_gap.sel(N=n) >= 0).values]) for n in data.N.values]
    assert all(len(line) < data.sizes["Gamma"] for line in own)
    assert set.union(*own) == set(data.Gamma.values)
    for n, line in zip(data.N.values, own):
        assert np.isfinite(data.jz.sel(N=n, Gamma=sorted(line))).all()
        place = float(data.gap.sel(N=n).idxmin("Gamma"))
        if 0.5 < place < 1.5:
            ordered = np.array(sorted(line))
            at = np.searchsorted(ordered, place)
            assert np.diff(ordered[at - 1:at + 2]).max() <= 0.002 + 1e-12


def test_lines_are_drawn_through_their_own_points(data):
    for variable, plot in (("jz", plot_magnetization), ("gap", plot_gap)):
        figure = plot(data)
        lines = [line for line in figure.axes[0].lines if str(line.get_label()).startswith("$N")]
        assert len(lines) == data.sizes["N"]
        for line, n in zip(lines, data.N.values):
            count = int((data[f"status_{data[variable].attrs['study']}"].sel(N=n) >= 0).sum())
            assert line.get_xdata().size == count and np.isfinite(line.get_ydata()).all(), f"{variable} at N = {n} is broken"


def test_maps_have_no_holes_between_the_points_of_a_line(data):
    """Each cell has the nearest value of its own line; without the job's word on refinement, cells that were not computed stay white."""
    where = {d: 0 for d in data.jz.dims if d not in ("Gamma", "N")}
    cells = maps._cells(data, data.jz, where, "Gamma", "N")
    assert np.isfinite(cells).all()
    line = computed_line(data, "jz", {**where, "N": 0}, "Gamma")
    nearest = np.abs(data.Gamma.values[:, None] - line.Gamma.values).argmin(axis=1)
    assert (cells[0] == line.values[nearest]).all()
    assert np.isnan(maps._cells(data.assign_attrs(job=""), data.jz, where, "Gamma", "N")).any()


def test_points_without_a_value_stay(data):
    """A computed point whose value is missing still breaks the line."""
    broken = data.copy(deep=True)
    first = float(broken.Gamma[0])
    broken["gap"].loc[{"Gamma": first}] = np.nan
    line = computed_line(broken, "gap", {"N": 0}, "Gamma")
    assert np.isnan(line[0]) and line.size == computed_line(data, "gap", {"N": 0}, "Gamma").size
    assert computed_line(broken.drop_vars("status_gap"), "gap", {"N": 0}, "Gamma").size == data.sizes["Gamma"]
