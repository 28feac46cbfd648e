"""Figures and extrapolations of the semiclassical studies, on datasets in closed form (toy_model.py)."""

import numpy as np
import pytest
import xarray as xr

import macrospin
import toy_model as toy
from macrospin.barriers import plot_barriers, plot_gap_instanton
from macrospin.extrapolation import limit
from macrospin.plot import main
from macrospin.portrait import disc, fixed_points, hemisphere, plot_portrait, stereographic
from macrospin.quasipotential import along, great_circle, husimi_potential, plot_quasi_potential
from macrospin.semiclassical import crossings, gap_exponent, representation, tidy
from macrospin.transition import _runs, plot_branches, plot_transition


@pytest.fixture(scope="module")
def data():
    return toy.dataset()


def drawn(ax, style="-", marker=None):
    """Lines of this style with data in them."""
    return [line for line in ax.lines if line.get_linestyle() == style and len(line.get_xdata()) > 1 and (marker is None or line.get_marker() == marker)]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_toy_model_has_the_known_barriers(data):
    here = data["barrier"].sel(Gamma=0.8, Omega=0.5)
    assert float(here.sel(representation="Q")[0, 1]) == pytest.approx(0.199146303966, abs=1e-4)
    assert float(here.sel(representation="P")[1, 0]) == pytest.approx(0.169310235296, abs=1e-4)
    assert float(here.sel(representation="SW")[0, 1]) == pytest.approx(0.185799460530, abs=1e-9)


def test_limit_is_exact_on_a_line_and_its_error_what_the_next_pair_says():
    x = np.array([0.5, 0.1, 0.2])
    assert limit(x, 3 - 2 * x) == (pytest.approx(3), pytest.approx(0, abs=1e-14), 3)
    value, error, _ = limit(x, 3 - 2 * x + x**2)
    assert value == pytest.approx(3 - 0.02) and error == pytest.approx(0.08)     # -x_a x_b of the two pairs: 0.02 and 0.1
    value, error, count = limit(x, [np.nan, 2.8, 2.6], [0, 0.01, 0.02])
    assert (value, count) == (pytest.approx(3), 2) and error == pytest.approx(np.hypot(0.2, np.hypot(0.2 * 0.01, 0.1 * 0.02) / 0.1))
    assert np.isnan(limit(x, [np.nan, 1, np.nan])[:2]).all() and limit(x, x * np.nan)[2] == 0


def test_barriers_of_rates_in_closed_form(data):
    found = macrospin.barrier_extrapolation(data)
    assert set(found["barrier"].dims) == {"Gamma", "Omega", "from_state", "to_state"} and int(found["estimates"].max()) == 4
    known = tidy(data, "barrier").sel(representation="Q")
    distance = abs(found["barrier"].values - known.values)
    there = np.isfinite(known.values)
    assert np.array_equal(np.isfinite(found["barrier"].values), there)
    # K exp(-jA)(1 + c/j): what 1/j² leaves is of order c²/j³.
    assert distance[there].max() < 2e-5
    raw = abs(found["last_estimate"].values - known.values)
    assert (distance[there] < raw[there] / 5).all()
    # The quoted error covers what is left, and is not absurdly larger.
    assert (found["barrier_error"].values[there] > distance[there]).all() and found["barrier_error"].values[there].max() < 2e-4


def test_barriers_need_two_sizes(data):
    lost = data.assign(barrier_estimate=data["barrier_estimate"].where((data["N"] == 60) | (data["Omega"] == 0.5)))
    found = macrospin.barrier_extrapolation(lost).isel(from_state=0, to_state=1)
    assert np.isnan(found["barrier"].sel(Omega=0.25)).all() and (found["estimates"].sel(Omega=0.25) == 1).all()
    assert np.isfinite(found["last_estimate"].sel(Omega=0.25)).all()
    two = macrospin.barrier_extrapolation(data.isel(N=[1, 3]))
    assert (two["barrier_error"].isel(from_state=0, to_state=1) > abs(two["barrier"] - two["last_estimate"]).isel(from_state=0, to_state=1) * 0.999).all()
    with pytest.raises(macrospin.ArchiveError, match="does not depend on N"):
        macrospin.barrier_extrapolation(data.isel(N=0, drop=True).drop_vars("status_rates"))
    with pytest.raises(macrospin.ArchiveError, match="no variable barrier_estimate"):
        macrospin.barrier_extrapolation(data.drop_vars("barrier_estimate"))


def test_prefactors_in_closed_form(data):
    found = macrospin.prefactor(data)
    there = np.isfinite(found["prefactor"])
    assert int(there.sum()) == 2 * 5 * 2                                                    # never from a state to itself
    for a, b in ((0, 1), (1, 0)):
        pair = found.isel(from_state=a, to_state=b)
        assert pair["prefactor"].values == pytest.approx(toy.PREFACTOR[a, b], rel=1e-9)
        # Errors of rates (1e-12) and barriers (1e-11, times 2j = 120) are all there is.
        assert (pair["prefactor_error"] > 5e-10 * toy.PREFACTOR[a, b]).all() and (pair["prefactor_error"] < 5e-9).all()
        assert pair["scaled_rate"].sel(N=80).values == pytest.approx(toy.PREFACTOR[a, b] * (1 + toy.CORRECTION[a, b] / 40))
    assert found["prefactor"].attrs["units"] == "gamma"
    curved = data.assign(rate=data["rate"] * (1 + 1 / data["N"].astype(float) ** 2))
    shifted = macrospin.prefactor(curved).isel(from_state=0, to_state=1)
    off = abs(shifted["prefactor"] - toy.PREFACTOR[0, 1])
    assert (off > 1e-5).all() and (shifted["prefactor_error"] > off).all()
    with pytest.raises(macrospin.ArchiveError, match="no representation T"):
        macrospin.prefactor(data, "T")


def test_own_dimensions_are_known_by_place_and_repeated_n_is_dropped(data):
    assert tidy(data, "rate").dims == ("N", "Gamma", "Omega", "from_state", "to_state")
    assert tidy(data, "instanton_path").dims[-5:] == ("representation", "from_state", "to_state", "path_point", "component")
    assert np.iscomplexobj(tidy(data, "instanton_path").values)
    repeated = data.assign(barrier=data["barrier"].expand_dims(N=data["N"]).where(data["N"] != 60).assign_attrs(study="instanton"))
    repeated["status_instanton"] = data["status_instanton"].expand_dims(N=data["N"])
    assert tidy(repeated, "barrier").dims == tidy(data, "barrier").dims
    assert np.array_equal(tidy(repeated, "barrier"), data["barrier"], equal_nan=True)
    swapped = data.rename(from_state="to_state_b", to_state="from_state").rename(to_state_b="to_state")     # called the other way round
    assert np.array_equal(tidy(swapped, "barrier"), data["barrier"], equal_nan=True)
    with pytest.raises(macrospin.ArchiveError, match="of its own, not representation"):
        tidy(data.assign(barrier=data["barrier"].isel(to_state=0)), "barrier")


def test_crossings_are_not_sought_across_gaps():
    x = np.linspace(0, 1, 6)
    assert crossings(x, x - 0.5) == [pytest.approx(0.5)]
    assert crossings(x, x**2 - 0.3) == [pytest.approx(0.3**0.5, abs=1e-3)]
    y = x - 0.5
    y[2] = np.nan
    assert crossings(x, y) == [] and crossings(x, x * np.nan) == []
    assert crossings(x, x - 0.4) == [pytest.approx(0.4)]


def test_barrier_figure(data):
    figure = plot_barriers(data)
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == ["Ω/γ = 0.25", "Ω/γ = 0.5"]
    known = tidy(data, "barrier")
    for k, ax in enumerate(panels):
        solid, dashed, points = drawn(ax), drawn(ax, "--"), ax.containers
        assert len(solid) == 4 and len(dashed) == 2 and len(points) == 2                    # two pairs: Q and P, SW, exact
        for pair, (a, b) in enumerate(((0, 1), (1, 0))):
            assert np.allclose(solid[2 * pair].get_ydata(), known.isel(Omega=k, from_state=a, to_state=b).sel(representation="Q"), equal_nan=True)
            assert np.allclose(dashed[pair].get_ydata(), known.isel(Omega=k, from_state=a, to_state=b).sel(representation="SW"), equal_nan=True)
            assert np.allclose(points[pair][0].get_ydata(), solid[2 * pair].get_ydata(), atol=1e-4, equal_nan=True)
        assert ax.get_ylim()[0] == 0 and ax.get_xlabel() == "Γ/γ"
    # The transition: 1.0856 and 0.8246.
    assert [float(text.get_text()) for ax in panels for text in ax.texts] == pytest.approx([1.0856, 0.8246], abs=2e-3)
    assert {"1 → 2", "2 → 1", "instanton", "semiclassical\nWigner", "exact rates,\n$N \\to \\infty$"} == set(legend(figure))


def test_barrier_figure_of_one_study_alone(data, capsys):
    figure = plot_barriers(data.drop_vars(["barrier_estimate", "barrier_estimate_error"]))
    assert not figure.axes[0].containers and "no variable barrier_estimate" in capsys.readouterr().err
    figure = plot_barriers(data.drop_vars(["barrier", "barrier_error"]).isel(N=[2]))
    assert "no variable barrier (study instanton)" in capsys.readouterr().err
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "none" and len(line.get_xdata()) > 1]
    assert len(hollow) == 2 and not figure.axes[0].containers and "exact rates,\nlargest $N$" in legend(figure)


def test_gap_figure_has_slopes_and_prefactors(data):
    figure = plot_gap_instanton(data)
    left, right = figure.axes[:2]
    assert left.get_yscale() == "log" and right.get_xlim()[0] == 0 and left.get_xlabel() == "" and figure.axes[2].get_xlabel() == "$j = N/2$"
    least = tidy(data, "barrier").sel(Omega=0.25).min(("from_state", "to_state"))
    for name, style in (("Q", "-"), ("SW", "--")):
        for k, line in enumerate(drawn(left, style)):
            x, y = line.get_xdata(), np.log(line.get_ydata())
            assert (y[0] - y[-1]) / (x[-1] - x[0]) == pytest.approx(float(least.sel(representation=name)[k]), rel=1e-9)
            assert np.exp(y[-1]) == pytest.approx(float(data["gap"].sel(N=120, Omega=0.25)[k]), rel=1e-9)
    # Sum of two exponentials: gap·exp(jA21) = K21 (1 + c/j) + K12 (1 + c'/j) exp(-j (A12 - A21)).
    dots = [line for line in right.lines if line.get_marker() == "o"]
    a = tidy(data, "barrier").sel(Omega=0.25, Gamma=0.7, representation="Q").values
    j = np.array([20, 30, 40, 60])
    assert dots[0].get_ydata() == pytest.approx(0.5 * (1 - 0.3 / j) + 0.2 * (1 + 0.4 / j) * np.exp(-j * (a[0, 1] - a[1, 0])), rel=1e-9)
    assert right.containers[0][0].get_ydata()[0] == pytest.approx(0.5, rel=1e-3)
    # Next to the transition (Gamma = 1.1: j |A12 - A21| = 1.2) there is no one prefactor.
    assert len(dots) == 5 and len(right.containers) == 4


def test_gap_exponent_of_the_study_comes_first(data):
    given = data.assign(gap_exponent=(("Gamma", "Omega", "representation"), np.full((5, 2, 3), 0.7), {"study": "instanton"}))
    assert float(gap_exponent(given, "SW")[0, 0]) == 0.7
    assert float(gap_exponent(data, "Q").sel(Gamma=0.8, Omega=0.5)) == pytest.approx(0.16931, abs=1e-5)
    three = data.drop_vars([name for name in data if "state" not in " ".join(map(str, data[name].dims)) or "rates" in " ".join(map(str, data[name].dims))])
    three = three.pad(from_state=(0, 1), to_state=(0, 1), constant_values=0.5)
    assert gap_exponent(three, "Q") is None                                                  # of three states it is no minimum


def test_projections():
    spin = np.array([[0, 0, 1.0], [1, 0, 0], [0, 0.6, 0.8], [0, 0.6, -0.8]])
    x, y = disc(spin)
    assert np.hypot(x, y) == pytest.approx([0, 1, np.sqrt(0.2), np.sqrt(0.2)]) and y[2] == y[3] > 0
    assert stereographic(spin)[1][2:] == pytest.approx([1 / 3, 3])
    line = np.stack([np.sin(np.linspace(0.5, 2.5, 9)), np.zeros(9), np.cos(np.linspace(0.5, 2.5, 9))], axis=1)
    north, south = hemisphere(line, 1), hemisphere(line, -1)
    assert np.nanmin(north[:, 2]) == 0 == np.nanmax(south[:, 2])                             # both reach the equator
    assert np.isfinite(north).all(1).sum() + np.isfinite(south).all(1).sum() == 9 + 2


def test_phase_portrait(data, capsys):
    one = data.sel(Gamma=[0.8], Omega=[0.5])
    kept = np.zeros((1, 1, 2, 5, 3))
    kept[..., 2] = 1
    one["trajectory"] = ("Gamma", "Omega", "trajectory_index", "trajectory_sample", "component"), kept, {"study": "meanField"}
    figure = plot_portrait(one)
    north, south, plane = figure.axes[:3]
    assert "Γ/γ = 0.8, Ω/γ = 0.5" in north.get_title() and "0$" in south.get_title() and plane.get_xlabel() == "Re $z$"
    assert sorted(code for _, code in fixed_points(one, {"Gamma": 0, "Omega": 0})) == [0, 0, 1, 1]
    dots = [line for line in plane.lines if line.get_marker() in ("o", "X")]
    assert len(dots) == 4 and len([line for line in north.lines if line.get_marker() in ("o", "X") and len(line.get_xdata())]) == 2
    # Attractor 1 at z = i tan(θ/2), shown within the limits; instantons lie on the imaginary axis, from attractor to exit.
    (low, high), ends = plane.get_ylim(), [line.get_ydata() for line in drawn(plane) if line.get_color() == "C0"]
    assert low < -0.2 < high and len(ends) == 1
    known = [fixed for fixed, _ in fixed_points(one, {"Gamma": 0, "Omega": 0})]
    assert ends[0][0] == pytest.approx(stereographic(known[0][None])[1][0], rel=1e-6) and ends[0][0] < high
    assert ends[0][-1] == pytest.approx(stereographic(known[1][None])[1][0], rel=1e-6)
    assert all(abs(np.asarray(line.get_xdata())).max() < 1e-9 for line in drawn(plane) + drawn(plane, ":") + drawn(plane, "--"))
    assert len(drawn(plane, ":")) == 2 and {"attractor", "saddle", "mean field", "1 → 2", "2 → 1", "SW"} <= set(legend(figure))
    plot_portrait(toy.dataset(paths=False))
    assert "4 of 10 points" in (note := capsys.readouterr().err) and "no variable instanton_path" in note


def test_phase_portrait_from_the_instanton_study_alone():
    attractor, saddle = [[[0, 0.6, -0.8], [0, 0, 1]]], [[[0, 1, 0], [np.nan] * 3]]
    few = xr.Dataset({"attractor": (("Gamma", "state", "component"), attractor), "exit_spin": (("Gamma", "exit", "component"), saddle),
                      "exit_type": (("Gamma", "exit"), [[1, np.nan]])}, coords={"Gamma": [0.5]})
    assert sorted(code for _, code in fixed_points(few, {"Gamma": 0})) == [0, 0, 1]


def transition(exact=True):
    sizes = np.array([20, 40, 80])
    data = xr.Dataset({"transition_point": (("Omega", "representation"), [[1.0856, 1.0856, 1.0381], [0.8246, 0.8246, 0.8193]],
                                            {"long_name": "Gamma at which the barriers of two states are equal"})},
                      coords={"Omega": [0.25, 0.5], "representation": toy.LABELS, "Gamma": ("Gamma", [0.5, 1.0], {"long_name": "Γ/γ"})})
    if exact:
        line = np.array([1.0856, 0.8246])[:, None]
        data = data.assign_coords(transition_size=sizes).assign(
            transition_weight=(("Omega", "transition_size"), line + 0.4 / sizes), transition_gap_minimum=(("Omega", "transition_size"), line - 0.6 / sizes),
            transition_weight_limit=("Omega", line[:, 0]), transition_weight_limit_error=("Omega", [1e-3, 2e-3]),
            transition_gap_limit=("Omega", [np.nan, 0.824]))
    return data


def test_transition_figure():
    figure = plot_transition(transition())
    first, second = figure.axes
    assert first.get_ylabel() == "Γ/γ at the transition" and first.get_xlabel() == "$1/N$" and first.get_xlim()[0] == 0
    levels = [line for line in first.lines if list(line.get_xdata()) == [0, 1]]
    assert [(line.get_ydata()[0], line.get_linestyle()) for line in levels] == [(1.0856, "-"), (1.0381, "--")]
    dots = [line for line in first.lines if line.get_linestyle() == "None" and len(line.get_xdata()) == 3]
    assert [line.get_marker() for line in dots] == ["o", "s"] and dots[0].get_ydata() == pytest.approx(1.0856 + 0.4 * np.asarray(dots[0].get_xdata()))
    assert len(first.containers) == 1 and len(second.containers) == 2                        # a limit that is not known is not drawn
    assert first.get_ylim() != second.get_ylim()


def test_transition_line_without_exact_part():
    figure = plot_transition(transition(exact=False))
    assert len(figure.axes) == 1 and figure.axes[0].get_xlabel() == "Omega"
    assert list(drawn(figure.axes[0])[0].get_ydata()) == [1.0856, 0.8246] and list(drawn(figure.axes[0], "--")[0].get_ydata()) == [1.0381, 0.8193]


def test_branches_are_solid_where_stable():
    figure = plot_branches(toy.branches())
    assert [ax.get_title() for ax in figure.axes] == ["Omega = 0.25", "Omega = 0.5"] and figure.axes[1].get_xlabel() == "Γ/γ"
    for ax, omega in zip(figure.axes, (0.25, 0.5)):
        for line, stable in [(line, True) for line in drawn(ax)] + [(line, False) for line in drawn(ax, "--")]:
            x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
            k = len(x) // 2
            found, _ = toy.fixed_points(x[k], omega)
            assert (next(code for angle, code in found if abs(np.cos(angle) - y[k]) < 1e-4) == 0) == stable
        fold = [line for line in ax.lines if line.get_marker() == "o"]
        assert len(fold) == 1 and fold[0].get_xdata()[0] == pytest.approx({0.25: 0.43066, 0.5: 0.56548}[omega], rel=1e-3)
        assert ax.get_ylim() == (-1.05, 1.05)
    assert legend(figure) == ["attractor", "saddle", "repeller", "saddle-node"]


def test_single_marginal_points_break_no_branch():
    assert _runs(np.array([0, 0, 3, 1, 1, np.nan]), np.array([1, 1, 1, 1, 1, 0], bool)) == [(0, 0, 3), (1, 2, 5)]
    assert _runs(np.array([3, 0, 3, 3, 3]), np.ones(5, bool)) == [(0, 0, 3), (3, 2, 5)]


def quasi(sizes=(20, 40, 80)):
    """Coherent state at the north pole: Q = cos(θ/2)^(4j), S = -2 ln((1 + cos θ)/2); unknown around the south pole."""
    theta, phi = toy.sphere()
    own_theta, own_phi = toy.sphere(31, 40)
    husimi = np.stack([np.repeat(((1 + np.cos(theta)) / 2)[:, None] ** n, 60, axis=1) for n in sizes])
    potential = np.repeat(-2 * np.log((1 + np.cos(own_theta)) / 2)[:, None], 40, axis=1)
    potential[own_theta > 2.6] = np.nan
    return xr.Dataset({"husimi": (("N", "Gamma", "theta", "phi"), husimi[:, None]),
                       "quasi_potential": (("Gamma", "representation", "theta_quasiPotential", "phi_quasiPotential"), np.stack([potential, potential])[None]),
                       "attractor": (("Gamma", "state", "component"), [[[0, 0, 1.0]]])},
                      coords={"N": list(sizes), "Gamma": [0.5], "representation": ["Q", "SW"], "theta": theta, "phi": phi,
                              "theta_quasiPotential": own_theta, "phi_quasiPotential": own_phi})


def test_husimi_potential_is_shifted_and_masked():
    found = husimi_potential(tidy(quasi(), "husimi")).isel(Gamma=0)
    assert float(found.min()) == 0
    known = -2 * np.log((1 + np.cos(found["theta"].values)) / 2)
    small = known[0]
    assert found.sel(N=20).values[:25, 0] == pytest.approx(known[:25] - small)
    assert np.isnan(found.sel(N=80).values[-1]).all()                                        # exp(-40 S) is below rounding


def test_great_circles_and_cuts():
    u, v = great_circle([0, 0.6, 0.8], [0, 0.6, -0.8])
    assert u == pytest.approx([0, 1, 0]) and v == pytest.approx([0, 0, -1])
    for first, second in (([0, 0, 1], None), ([1, 0, 0], [-1, 0, 0]), ([1, 0, 0], [1, 0, 0])):
        u, v = great_circle(first, second)
        assert [u @ u, v @ v, u @ v] == pytest.approx([1, 1, 0]) and max(abs(u @ first), abs(v @ first)) == pytest.approx(1)
    values = representation(tidy(quasi(), "quasi_potential"), "Q").isel(Gamma=0)
    angles = np.linspace(-2, 2, 101)
    assert along(values, np.array([0, 0, 1.0]), np.array([0.6, 0.8, 0]), angles) == pytest.approx(-4 * np.log(np.cos(angles / 2)), abs=0.02)


def test_quasi_potential_figure(capsys):
    figure = plot_quasi_potential(quasi())
    left, right, cut = figure.axes[:3]
    assert "N = 80" in right.get_title() and left.get_ylim() == (1, 0) and left.collections[0].get_clim() == right.collections[0].get_clim()
    assert left.collections[0].get_array().mask.reshape(31, 40)[-1].all()                     # unknown, not zero
    assert [line.get_label() for line in cut.lines] == ["$N = 20$", "$N = 40$", "$N = 80$", "$S$", cut.lines[4].get_label(), "attractor"]
    assert cut.get_xlim() == (-1, 1) and cut.get_ylim()[0] == 0 and cut.lines[4].get_xdata()[0] == 0
    same = abs(np.asarray(cut.lines[0].get_ydata()) - np.asarray(cut.lines[3].get_ydata()))
    assert np.nanmax(same[300:420]) < 0.03
    alone = plot_quasi_potential(quasi().drop_vars(["husimi", "theta", "phi", "N"]))
    assert len([ax for ax in alone.axes if ax.get_xlabel()]) == 2 and "no variable husimi" in capsys.readouterr().err


def test_the_command_draws_what_is_there(data, tmp_path, capsys):
    archive = data.assign_attrs(macrospin_archive=1)
    archive.to_netcdf(tmp_path / "a.h5", engine="h5netcdf")
    assert main([str(tmp_path / "a.h5"), "--out", str(tmp_path / "plots")]) == 0
    names = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert names == {"gap", "gap-scaling", "map-gap", "barriers", "gap-instanton", "phase-portrait"}
    assert main([str(tmp_path / "a.h5"), "--list"]) == 0
    assert "needs quasiPotential" in (listed := capsys.readouterr().out) and "needs branches" in listed
    only = transition().assign_attrs(macrospin_archive=1)
    only.to_netcdf(tmp_path / "b.h5", engine="h5netcdf")
    assert main([str(tmp_path / "b.h5"), "--out", str(tmp_path / "p")]) == 0                 # no exact study at all
    assert {path.stem for path in (tmp_path / "p").iterdir()} == {"transition"}
