"""Finite-size scaling against synthetic data with known truth, and the exponents of the LMG model from the executable's own data."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import macrospin
from macrospin.master_curve import NAMES, data_collapse, quality
from macrospin.marks import crossing, extrapolate, locate, successive_crossings
from macrospin.gap_scaling import fit_gap_scaling
from macrospin.size_collapse import about_minimum, collapse, plot_collapse
from macrospin.size_scaling import plot_crossings, plot_gap_scaling, plot_size_limits, size_marks

J = np.array([10, 15, 20, 30, 40, 60, 80.0])


# Laws of the gap

@pytest.mark.parametrize("gap, family, exponent", [
    (0.3 * np.exp(-0.133 * J) * (1 + 1.5 / J), "exponential", 0.133),
    (np.sqrt(J) * np.exp(-0.08 * J) * (1 + 0.3 / J), "exponential", 0.08),
    (2 * J**-0.5 * (1 + 0.4 / J), "power", 0.5),
    (2 * J**-0.5 * (1 + 0.4 / np.sqrt(J)), "power", 0.5),
    (0.4 * (1 + 0.7 / J + 0.3 / J**2), "open", np.nan),
])
def test_laws_with_corrections_are_told_apart(gap, family, exponent):
    scaling = fit_gap_scaling(J, gap)
    assert scaling.family == family and sum(scaling.weights) == pytest.approx(1)
    value, error = scaling.exponent(family)
    if family != "open":
        # The corrections are not those of the laws exactly: the error must cover what that does, and not by being huge.
        assert abs(value - exponent) < 2 * error and error < 0.12 * exponent
        low, high = scaling.bootstrap(scaling.best)
        assert low < scaling.best.exponent < high


def test_few_sizes_decide_nothing():
    assert fit_gap_scaling(J[:2], J[:2] ** -0.5) is None
    four = fit_gap_scaling(J[:4], J[:4] ** -0.5)
    assert four.family is None and "too few" in four.verdict


def test_a_weak_power_is_not_shown_to_close():
    scaling = fit_gap_scaling(J, 0.5 * (1 + 0.8 / np.sqrt(J) - 0.4 / J + 0.9 / J**1.5))
    assert scaling.family in (None, "open")


def test_noise_is_covered_by_errors_and_bands():
    rng = np.random.default_rng(3)
    hits, inside = 0, 0
    for _ in range(100):
        error = 0.05 * J**-0.7
        fit = next(f for f in fit_gap_scaling(J, J**-0.7 + error * rng.standard_normal(J.size) , error).fits if f.law.name == "power")
        hits += abs(fit.exponent - 0.7) < fit.statistical_error
        low, high = fit.band(np.array([25.0]))
        inside += low[0] < 25**-0.7 < high[0]
    assert 0.6 < hits / 100 < 0.85
    assert inside / 100 > 0.93


def test_upper_bounds_are_no_data_but_exclude():
    gap = np.exp(-0.2 * J)
    free = fit_gap_scaling(J[:6], gap[:6])
    with_bound = fit_gap_scaling(J, np.append(gap[:6], np.nan), bound=np.append(np.full(6, np.nan), 2e-7))
    assert with_bound.best.exponent == free.best.exponent and len(with_bound.x) == 6
    # A bound far below a straight power law rules the power law out, whatever its weight among the points.
    flat = fit_gap_scaling(np.append(J[:5], 1e4), np.append(J[:5] ** -0.5, np.nan), bound=np.append(np.full(5, np.nan), 1e-9))
    assert all(fit.law.family != "power" or fit.excluded for fit in flat.fits)
    # Where the bound refutes every law none is declared.
    refuted = fit_gap_scaling(np.append(J, 90), np.append(2 * J**-0.5, np.nan), bound=np.append(np.full(7, np.nan), 1e-20))
    assert refuted.family is None and refuted.verdict == "undecided: every law lies above the upper bound 1e-20 at j = 90"


@pytest.mark.parametrize("gap, reason", [
    # The gap of jobs/finite-size-scaling.yaml at the critical point on a grid six times coarser, N = 40 … 160: z = 1/2.
    ((np.array([20, 30, 40, 60, 80.0]), np.array([0.3303, 0.2668, 0.2315, 0.1964, 0.179])), "tend to 5"),
    # 0.7 j^(-1/2) with noise of 10 %.
    ((np.array([5, 10, 15, 20, 25.0]), np.array([0.324, 0.240, 0.187, 0.137, 0.153])), "as a power law it closes"),
    # Tends to 0.1: local exponents rise to 1.15 and fall to 0.38.
    ((np.arange(5, 51, 5.0), 0.1 + np.exp(-0.1 * np.arange(5, 51, 5.0))), "slope falls"),
])
def test_what_the_sizes_do_not_show_is_not_declared(gap, reason):
    scaling = fit_gap_scaling(*gap)
    assert scaling.family is None and max(map(scaling.family_weight, ("open", "power"))) > 0.95
    assert reason in scaling.verdict


def test_noise_does_not_keep_a_closing_gap_open():
    rng, j = np.random.default_rng(3), np.array([5, 10, 15, 20, 25.0])
    found = {0.5: [], 0.0: []}
    for _ in range(40):
        for z, families in found.items():
            gap = 0.7 * j**-z * np.exp(0.1 * rng.standard_normal(5))
            families.append(fit_gap_scaling(j, gap, 0.1 * gap).family)
    assert found[0.5].count("open") <= 1 and found[0.0].count("open") > 25


# Marks, crossings and limits

def test_marks_between_the_points_of_the_grid():
    x = np.linspace(0.8, 1.2, 41)
    gap = locate(x, np.cosh((x - 1.0337) * 40))
    assert gap.x == pytest.approx(1.0337, abs=3 * gap.error) and gap.error < 1e-3 and gap.y == pytest.approx(1, rel=1e-3)
    steep = locate(x, np.tanh((x - 0.9713) * 30), "steepest")
    assert steep.x == pytest.approx(0.9713, abs=3 * steep.error) and steep.error < 1e-3
    assert np.isnan(locate(x, x).x) and np.isnan(locate(x[:4], x[:4] ** 2).x)       # at the end of the range; too few
    noise = 1e-3 * np.ones(41)
    assert locate(x, (x - 1.01) ** 2, "minimum", noise).error > 10 * locate(x, (x - 1.01) ** 2).error


@pytest.mark.parametrize("width", [0.02, 0.05, 0.1])
def test_errors_of_marks_on_coarse_grids(width):
    """Steps that the grid of 0.05 hardly resolves, wherever between its points they lie."""
    rng, x = np.random.default_rng(1), np.arange(0, 1.001, 0.05)
    pulls = []
    for centre in 0.5 + 0.05 * (rng.random(60) - 0.5):
        found = locate(x, np.tanh((x - centre) / width), "steepest")
        pulls.append(abs(found.x - centre) / found.error)
        assert found.error < 0.02
    assert np.mean(np.array(pulls) < 1) > 0.67 and max(pulls) < 2


def test_errors_of_crossings_on_coarse_grids():
    """Two curves that cross where one begins to jump, as ⟨Jz⟩ on one side of a first-order transition."""
    def curves(x):
        return np.tanh((x - 1.15) / 0.08), np.tanh((x - 1.1) / 0.03)
    fine = np.linspace(0.5, 1.5, 2001)
    truth = crossing(fine, *curves(fine))
    assert truth.error < 1e-4
    for step in (0.02, 0.04, 0.05, 0.1):
        for start in np.linspace(0, step, 4, endpoint=False):
            x = np.arange(0.5 + start, 1.501, step)
            found = crossing(x, *curves(x), near=1.08)
            assert abs(found.x - truth.x) < 2.5 * found.error < 4 * step


def test_crossings_of_curves_with_points_of_their_own():
    """Refined axes and merged runs: no two sizes have a value of x in common."""
    u = [lambda x, n=n: 0.5 - 0.4 * np.tanh((x - 1 - 1.3 / n) * n**0.7 / 5) for n in (64.0, 128.0)]
    x = np.linspace(0.8, 1.2, 81)
    mask = np.arange(81) % 2 == 0
    whole = crossing(x, u[0](x), u[1](x))
    apart = crossing(x, np.where(mask, u[0](x), np.nan), np.where(mask, np.nan, u[1](x)))
    assert apart.x == pytest.approx(whole.x, abs=2 * apart.error) and apart.error < 2e-3


def test_limits_with_a_fitted_power_cover_what_is_no_power():
    for n in (np.array([20, 40, 80, 160.0]), np.array([20, 30, 40, 60, 80, 120, 160.0]), np.array([10, 14, 20, 28, 40, 56, 80.0])):
        for w in (2 / 3, 1):
            found = extrapolate(n, 1 + n**-w * (1 + n**-w))
            assert abs(found.value - 1) < 1.3 * found.error < 0.02


def test_limits_with_their_power():
    n = np.array([32, 64, 128, 256, 512.0])
    exact = extrapolate(n, 1 + 2 * n**-1.5)
    assert exact.value == pytest.approx(1, abs=1e-9) and exact.power == pytest.approx(1.5, abs=1e-6)
    two = extrapolate(n[:2], 1 + 2 / n[:2])
    assert two.fixed_power and two.value == pytest.approx(1) and two.error == pytest.approx(2 / 64)
    assert extrapolate(n[:1], [1.0]) is None
    curved = extrapolate(n, 1 + n**-0.7 + 3 * n**-1.4)
    assert abs(curved.value - 1) < 2 * curved.error < 0.05


def test_limits_cover_the_truth_under_noise():
    rng = np.random.default_rng(5)
    n = np.array([20, 40, 80, 160, 320, 640.0])
    error = np.full(n.shape, 2e-3)
    pulls = []
    for _ in range(100):
        found = extrapolate(n, 0.7 + 1.2 / n + error * rng.standard_normal(n.size), error, power=1.0)
        pulls.append(abs(found.value - 0.7) / found.error)
    assert 0.6 < np.mean(np.array(pulls) < 1) and np.mean(np.array(pulls) < 2) > 0.9


def test_crossings_of_successive_sizes():
    n = np.array([32, 64, 128, 256, 512.0])
    x = np.linspace(0.8, 1.2, 41)
    # A Binder-like cumulant with shifted crossings, and the same times N^-0.4.
    u = 0.5 - 0.4 * np.tanh((x - 1 - 1.3 / n[:, None]) * n[:, None] ** 0.7 / 5)
    for y, ratio in ((u, 0.0), (u * n[:, None] ** -0.4, 0.4)):
        sizes, marks = successive_crossings(n, x, y, ratio=ratio)
        found = extrapolate(sizes, [m.x for m in marks], [m.error for m in marks])
        assert found.value == pytest.approx(1, abs=3 * found.error) and found.error < 5e-3
    # An accurate small size that no power law joins to the others: its end of the range of powers is no limit.
    jumped = extrapolate(n, [0.79, 0.83, 0.8305, 0.829, 0.828], [3e-4, 5e-4, 5e-4, 6e-4, 5e-3])
    assert jumped.fixed_power and jumped.power == 1 and abs(jumped.value - 0.828) < jumped.error
    noisy = crossing(x, u[0], u[1], np.full(41, 1e-2), np.full(41, 1e-2))
    assert noisy.error > 5 * crossing(x, u[0], u[1]).error
    assert np.isnan(crossing(x, u[0], u[0] + 1).x) and np.isnan(crossing(x, u[0], u[0]).x) and np.isnan(crossing(x, u[0], u[0] * np.nan).x)


# Collapse

TRUTH = dict(zip(NAMES, (1.0, 2 / 3, 1 / 3)))


def synthetic(rng, noise=0.01):
    n, x = np.repeat([32, 64, 128, 256.0], 25), np.tile(np.linspace(0.8, 1.2, 25), 4)
    scaled = (x - TRUTH["critical"]) * n ** TRUTH["inverse_nu"]
    error = noise * n ** -TRUTH["ratio"]
    return n, x, n ** -TRUTH["ratio"] * (1 - np.tanh(0.3 * scaled)) + error * rng.standard_normal(n.size), error


def test_collapse_errors_cover_the_truth():
    """A larger study of the intervals themselves is in docs/analysis.md."""
    rng = np.random.default_rng(11)
    pulls, qualities = [], []
    for _ in range(50):
        n, x, y, error = synthetic(rng)
        found = data_collapse(n, x, y, error, start=(1.03, 0.8, 0.2), resamples=16)
        qualities.append(found.quality)
        pulls.append([(getattr(found, name) - TRUTH[name]) / found.errors[name] for name in NAMES])
    pulls = np.abs(pulls)
    # Student's t with 15 degrees of freedom: 67 %, 94 % and 38 %, each within three standard deviations of 50 draws. Errors
    # twice too small would give 68 % for the second, twice too large 66 % for the third.
    assert ((pulls < 1).mean(0) > 0.47).all() and ((pulls < 1).mean(0) < 0.87).all()
    assert ((pulls < 2).mean(0) > 0.8).all() and ((pulls < 0.5).mean(0) < 0.59).all()
    assert 0.7 < np.mean(qualities) < 1.2


def test_intervals_warn_where_corrections_are_greater_than_they():
    n, x, y, error = synthetic(np.random.default_rng(0))
    found = data_collapse(n, x, y, error, start=(1.03, 0.8, 0.2), resamples=10)
    for name in NAMES:
        for drift, warned in ((2 * found.errors[name], 1), (0.5 * found.errors[name], 0)):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                replace(found, drift={name: drift}).interval(name)
            assert len(caught) == warned


def test_collapse_of_exact_data_and_its_quality():
    n, x, y, error = synthetic(np.random.default_rng(0), noise=1e-9)
    found = data_collapse(n, x, y, start=(1.03, 0.8, 0.2), resamples=10)
    assert found.parameters == pytest.approx(list(TRUTH.values()), abs=5e-3) and found.scatter < 0.01 and np.isnan(found.quality)
    held = data_collapse(n, x, y, start=(1.0, 0.8, 1 / 3), fixed=("critical", "ratio"), resamples=5)
    assert held.critical == 1.0 and held.ratio == 1 / 3 and held.inverse_nu == pytest.approx(2 / 3, abs=5e-3) and held.errors["critical"] == 0
    n, x, y, error = synthetic(np.random.default_rng(2))
    assert quality(n, x, y, error, (1.0, 0.4, 0.33)) > 3 * quality(n, x, y, error, tuple(TRUTH.values()))
    with pytest.raises(ValueError, match="two sizes"):
        data_collapse(n[:25], x[:25], y[:25], start=(1, 0.7, 0.3))
    with pytest.raises(ValueError, match="too few for a collapse"):
        data_collapse(n, x, y, start=(1, 0.7, 0.3), window=0.1)


@pytest.fixture(scope="module")
def lmg(run_job):
    return macrospin.open(run_job({
        "model": {"preset": "lmg-mesoscopic"}, "units": {"energy": "J"},
        "sweep": {"N": [256, 512, 1024, 2048, 4096], "g": {"from": 0.97, "to": 1.03, "points": 61, "label": "Γ/J"}},
        "studies": ["coherenceRates"]}))


def test_known_exponents_of_the_lmg_model(lmg):
    """Botet and Jullien (1983), Dusuel and Vidal (2004): splitting N^(-1/3), ⟨Jz²⟩/j² N^(-2/3), both of (g − 1)N^(2/3)."""
    at = fit_gap_scaling(lmg.N.values / 2, lmg.doublet_splitting.sel(g=1).values)
    z, error = at.exponent("power")
    assert at.family == "power" and abs(z - 1 / 3) < 2.5 * error < 0.02
    below = fit_gap_scaling(lmg.N.values / 2, lmg.doublet_splitting.sel(g=0.97).values)
    field = np.sqrt(1 - 0.97**2)
    # ΔE ~ exp(-N S), S = artanh z - z: 2S per j.
    rate, error = below.exponent("exponential")
    assert below.family == "exponential" and abs(rate - 2 * (np.arctanh(field) - field)) < 2.5 * error < 0.35 * rate
    for data, ratio in ((collapse(lmg), 2 / 3), (collapse(lmg, "doublet_splitting"), 1 / 3)):
        result = data.result
        for name, truth in (("critical", 1.0), ("inverse_nu", 2 / 3), ("ratio", ratio)):
            assert abs(getattr(result, name) - truth) < 2.5 * result.total_error(name), name
        assert result.ratio == pytest.approx(ratio, abs=0.02) and result.critical == pytest.approx(1, abs=3e-4) and result.total_error("ratio") < 0.03
    control, marks = size_marks(lmg)
    places = marks[0][1][0]
    shifted = extrapolate(places.n, [m.x for m in places.marks], [m.error for m in places.marks], power=2 / 3)
    assert control == "g" and shifted.value == pytest.approx(1, abs=1e-3) and shifted.value - places.marks[-1].x > 5e-3


def test_figures_of_the_lmg_model(lmg):
    words = " ".join(text.get_text() for text in plot_gap_scaling(lmg).legends[0].get_texts())
    assert "Γ/J = 0.97: closes exponentially" in words and "Γ/J = 1: closes as a power law, z = 0.3" in words
    assert "$N\\to\\infty$: " in plot_size_limits(lmg).axes[0].get_legend().get_texts()[-1].get_text()
    left, right = plot_collapse(lmg).axes[:2]
    assert left.lines and len(right.lines) == lmg.sizes["N"]
    crossings = plot_crossings(lmg, "doublet_splitting", ratio=1 / 3)
    assert "crossings" in crossings.axes[1].get_legend().get_texts()[-1].get_text()


def test_names_that_do_not_exist_are_named():
    data = xr.Dataset({"jz": (("N", "x"), np.zeros((3, 8)))}, coords={"N": [1, 2, 3], "x": np.arange(8.0)})
    with pytest.raises(macrospin.ArchiveError, match="neither a variable of the archive nor an expression"):
        collapse(data, "jx + nothing")
    with pytest.raises(macrospin.ArchiveError, match="six values"):
        collapse(data.isel(x=slice(3)), "jz")


def staggered(shift=0.01):
    """Merged runs: even places of N on one grid of x, odd ones on one shifted by `shift`; curves cross at 1."""
    n, base = np.array([16, 32, 64, 128, 256]), np.linspace(0.8, 1.2, 21)
    x = np.union1d(base, base + shift)
    y = np.tanh((x - 1) * n[:, None] ** 0.7 / 5)
    own = np.array([np.isclose(x[:, None], base + shift * (k % 2)).any(1) for k in range(n.size)])
    gap = np.where(own, n[:, None] ** -0.5 * np.cosh((x - 1) * n[:, None] ** 0.7 / 5), np.nan)
    return xr.Dataset({"jz": (("N", "x"), np.where(own, y, np.nan), {"study": "steadyState"}), "gap": (("N", "x"), gap, {"study": "gap"}),
                       "status_steadyState": (("N", "x"), np.where(own, 0, -1)), "status_gap": (("N", "x"), np.where(own, 0, -1),
                       {"flag_values": np.array([-1, 0, 1]), "flag_meanings": "pending ok unresolved"}),
                       "table": (("N", "x", "mode"), np.zeros((5, x.size, 2))), "reason_gap": (("N", "x"), np.full((5, x.size), ""))}, coords={"N": n, "x": x})


def test_merged_grids_have_crossings_and_unbroken_lines():
    data = staggered()
    left, right = plot_crossings(data, "jz").axes[:2]
    assert all(len(line.get_xdata()) == 21 for line in left.lines[:5]) and "N\\to\\infty$: 1.0" in right.get_legend().get_texts()[-1].get_text()
    with pytest.raises(macrospin.ArchiveError, match="no two pairs of successive N have a crossing of jz"):
        plot_crossings(data.isel(x=slice(0, 12)), "jz")
    assert all(len(line.get_xdata()) == 21 for line in plot_collapse(data, "jz").axes[0].lines[:5])
    assert np.isfinite(about_minimum(data.gap.values[2])).sum() > 5


def test_bounds_of_a_sweep_over_sizes_alone():
    n = np.array([20, 40, 80, 160, 320])
    status = xr.DataArray(np.array([0, 0, 0, 0, 1]), dims="N", attrs={"flag_values": np.array([0, 1]), "flag_meanings": "ok unresolved"})
    data = xr.Dataset({"gap": ("N", np.append(np.exp(-0.1 * n[:4]), np.nan), {"study": "gap"}), "gap_error": ("N", [1e-12, 1e-12, 1e-12, 1e-12, 3e-13]), "status_gap": status}, coords={"N": n})
    line = macrospin.gap_lines(data)[0]
    assert line.bound[4] == 3e-13 and np.isnan(line.bound[:4]).all() and not line.at_end.any()


def test_gaps_at_an_end_of_the_axis_are_open_circles():
    data = staggered().isel(x=slice(0, 18))
    assert macrospin.gap_lines(data)[0].at_end.all()
    assert "at an end of the axis" in " ".join(text.get_text() for text in plot_gap_scaling(data).legends[0].get_texts())
    assert not macrospin.gap_lines(staggered())[0].at_end.any()


def test_what_cannot_be_drawn_against_the_sweep_is_said():
    data = staggered()
    for name, words in (("table", "a table over mode"), ("reason_gap", "no number")):
        for figure in (plot_crossings, plot_size_limits, plot_collapse):
            with pytest.raises(macrospin.ArchiveError, match=words):
                figure(data, name)
    with pytest.raises(macrospin.ArchiveError, match="Omgea is no axis .*: x"):
        plot_size_limits(data, "jz", along="Omgea")


def test_lines_that_end_unresolved_have_no_steepest_place():
    """Beyond the last number the step may come: a size whose points at an end of the axis are lost has no mark."""
    x, n = np.linspace(0.5, 1.5, 21), np.array([20, 40, 80, 160])
    jz = np.tanh((x - 1.2) * n[:, None] / 10)
    status = np.zeros(jz.shape, int)
    jz[-1, x > 0.9], status[-1, x > 0.9] = np.nan, 1
    data = xr.Dataset({"jz": (("N", "Gamma"), jz, {"study": "steadyState"}), "jz_phases": (("N", "Gamma"), jz),
                       "status_steadyState": (("N", "Gamma"), status)}, coords={"N": n, "Gamma": x})
    _, found = size_marks(data, "jz")
    places = [mark.x for mark in found[0][1][0].marks]
    assert np.abs(np.array(places[:-1]) - 1.2).max() < 0.03 and np.isnan(places[-1])
