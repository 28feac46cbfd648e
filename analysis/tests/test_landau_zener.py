"""The study landauZener from job to figure: probabilities by the executable against scipy, and what the figure draws."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import eigh_tridiagonal

import macrospin
from macrospin.landau_zener import plot_landau_zener
from macrospin.plot import main

G, DURATIONS = 0.9, [0.3, 1.0, 3.0]


@pytest.fixture(scope="module")
def archive(run_job):
    job = {"title": "sweeps", "units": {"energy": "J", "time": "hbar/J"},
           "model": {"preset": "lmg-mesoscopic", "parameters": {"g": G, "gamma_phi": 0.01}},
           "sweep": {"N": [20, 31], "landauZener.h0": {"values": [0.02, 0.05], "label": "h₀/J"},
                     "landauZener.tauQ": {"values": DURATIONS, "label": "τQ/τ₁"},
                     "where": "N == 20 or landauZener.h0 < 0.03"},
           "studies": [{"landauZener": {"dephasing": True, "paths": 200}}]}
    return run_job(job)


@pytest.fixture
def data(archive):
    return macrospin.open(archive)


def swept(n, amplitude, duration):
    """(P_gs, P_well) from the Schroedinger equation in the Dicke basis."""
    m = np.arange(n / 2, -n / 2 - 1, -1)
    coupling = -G * np.sqrt((n / 2 - m[1:]) * (n / 2 + m[1:] + 1))

    def ground(h):
        return eigh_tridiagonal(-2 / n * m**2 - 2 * h * m, coupling, select="i", select_range=(0, 0))[1][:, 0]

    def slope(t, psi):
        out = (-2 / n * m**2 - 2 * amplitude * (2 * t / duration - 1) * m) * psi
        out[:-1] += coupling * psi[1:]
        out[1:] += coupling * psi[:-1]
        return -1j * out

    psi = solve_ivp(slope, (0, duration), ground(-amplitude).astype(complex), method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    p = np.abs(psi) ** 2
    return 1 - abs(ground(amplitude) @ psi) ** 2, p[m < 0].sum() + 0.5 * p[m == 0].sum()


@pytest.mark.parametrize("n, amplitude, x", [(20, 0.05, 1.0), (31, 0.02, 3.0)])
def test_probabilities_are_those_of_scipy(data, n, amplitude, x):
    here = data.sel({"N": n, "landauZener.h0": amplitude, "landauZener.tauQ": x})
    missed, well = swept(n, amplitude, float(here.lz_duration))
    assert float(here.lz_p_gs) == pytest.approx(missed, abs=2e-7) and float(here.lz_p_well) == pytest.approx(well, abs=2e-7)
    assert float(here.lz_p_formula) == pytest.approx(np.exp(-x), rel=1e-12)
    assert float(here.lz_duration) == pytest.approx(x * 16 * amplitude * float(here.lz_j01) / np.pi / float(here.lz_splitting) ** 2, rel=1e-12)
    assert float(here.lz_enhancement) == pytest.approx(float(here.lz_p_gs_dephased / here.lz_p_gs), rel=1e-12) and float(here.lz_trace_error) < 1e-12


def test_figure_draws_what_is_there(data):
    figure = plot_landau_zener(data)
    first, second, scaling = figure.axes
    assert "h₀/J = 0.02" in first.get_title() and "h₀/J = 0.05" in second.get_title() and "N = 20" in second.get_title()
    curves = {line.get_label(): line for line in second.lines}
    chosen = data.sel({"N": 20, "landauZener.h0": 0.05})
    assert np.array_equal(curves[r"$P_\mathrm{gs}$, all levels"].get_ydata(), chosen.lz_p_gs.values)
    assert np.array_equal(curves[r"$P_\mathrm{well}$, dephasing"].get_ydata(), chosen.lz_p_well_dephased.values)
    assert second.get_yscale() == "log" and second.get_xlabel() == "τQ/τ₁"
    assert [text.get_text() for text in scaling.get_legend().get_texts()] == ["$N = 20$", "$N = 31$", "classical, noisy"]
    # Without dephasing and noise their curves are left out, with one amplitude and N the panels.
    few = data.drop_vars([name for name in data if "dephased" in str(name) or "noise" in str(name)]).isel({"landauZener.h0": [0], "N": [1]})
    assert len(plot_landau_zener(few).axes) == 1
    with pytest.raises(macrospin.ArchiveError, match="nothing to plot against"):
        plot_landau_zener(few.isel({"landauZener.tauQ": [0]}))


def test_command_writes_it(archive, tmp_path):
    assert main([str(archive), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "landau-zener.png").stat().st_size > 10_000
