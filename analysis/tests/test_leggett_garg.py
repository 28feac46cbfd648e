"""Figures of the study leggettGarg, from an archive that the executable writes."""

import numpy as np
import pytest

import macrospin
from macrospin.leggett_garg import plot_convergence, plot_curves, plot_leggett_garg
from macrospin.plot import main

COUPLING = 37138.60883781949
RATES = [0.05, 0.1, 0.2, 0.3, 0.4]


@pytest.fixture(scope="module")
def archive(run_job):
    """Five levels of N = 370, g = 0.95, for which reference values exist."""
    job = {"title": "five levels", "units": {"energy": "hbar*rad/s", "time": "s"},
           "model": {"preset": "lmg-mesoscopic", "parameters": {"J": COUPLING}},
           "sweep": {"N": [370], "gamma_phi": {"values": RATES, "label": "γφ", "unit": "1/s"}},
           "studies": [{"leggettGarg": {"levels": 5, "thresholds": True, "attribution": True, "macrorealist": True, "curve": 20, "convergence": [2, 3, 5]}}]}
    return run_job(job)


@pytest.fixture
def data(archive):
    return macrospin.open(archive)


def drawn(ax, label):
    return next(line for line in ax.lines if str(line.get_label()).startswith(label))


def test_archive_has_the_values_of_an_independent_code(data):
    k3 = data["k3_honest"].sel(N=370).values
    assert np.allclose(k3, [1.3116324284398648, 1.2066117104871505, 1.0530870408154716, 0.9484103587938199, 0.8731061662971228], atol=1e-10)
    assert np.allclose(data["k3_convergence_honest"].sel(N=370, gamma_phi=0.05), [1.3192302410521837, 1.295046188109784, 1.3116324284398648], atol=1e-10)
    assert float(data["gamma_threshold_stationary"].sel(N=370, gamma_phi=0.1)) == pytest.approx(0.2887228669353217, abs=1e-8)
    assert np.allclose(data["k3_tau"], np.arange(1, 21) / 10)


def test_figure_shows_the_violation_and_its_ends(data):
    figure = plot_leggett_garg(data)
    ax, bars = figure.axes
    assert np.allclose(drawn(ax, "honest").get_ydata(), data["k3_honest"].sel(N=370))
    assert max(drawn(ax, "macrorealist").get_ydata()) <= 1
    assert drawn(ax, "K3 = 1 at 0.2463").get_xdata()[0] == pytest.approx(0.24628513, abs=1e-7)
    assert [text.get_text() for text in bars.get_yticklabels()][-1].startswith("A") and len(bars.patches) == 8
    assert sorted(patch.get_width() for patch in bars.patches)[0] == pytest.approx(0.04983042, abs=1e-7)


def test_curves_and_convergence(data):
    ax = plot_curves(data).axes[0]
    assert drawn(ax, "γφ = 0.05").get_ydata()[9] == pytest.approx(1.3116324284398648, abs=1e-10)
    k3, rates = plot_convergence(data).axes
    assert list(drawn(k3, "honest").get_xdata()) == [2, 3, 5]
    assert np.allclose(drawn(rates, "honest").get_ydata(), [0.5143805800980632, 0.266410161703205, 0.24628513138036273], atol=1e-7)


def test_command_writes_all_three(archive, tmp_path):
    assert main([str(archive), "--out", str(tmp_path)]) == 0
    assert {"leggett-garg.png", "leggett-garg-curves.png", "leggett-garg-convergence.png"} <= {path.name for path in tmp_path.iterdir()}
