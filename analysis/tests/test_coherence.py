"""Rates of the LMG doublet: table 3, fits and figures. The archive is written by the executable, where there is one."""

import numpy as np
import pytest

import macrospin
from macrospin.archive import ArchiveError
from macrospin.coherence import plot_coherence_rates, plot_eta_maps, ridge, slope_fits, table_rows
from macrospin.plot import main


@pytest.fixture(scope="module")
def archive(run_job):
    """The paper's sizes, around the peak over the field at N = 370."""
    job = {"title": "doublet", "units": {"energy": "hbar/s", "time": "s"},
           "model": {"preset": "lmg-mesoscopic", "parameters": {"J": 37138.60883781949, "gamma_phi": 0.05}},
           "sweep": {"N": [100, 200, 300, 370, 500, 1000, 2000], "g": [0.9, 0.95, 0.955, 0.96, 0.965, 0.98]}, "studies": ["coherenceRates"]}
    return run_job(job)


@pytest.fixture
def data(archive):
    return macrospin.open(archive)


def test_every_printed_digit_of_table_3(data):
    rows = table_rows(data)
    assert len(rows) == 36 and not any(row["deviates"] for row in rows)
    spoilt = data.copy(deep=True)
    spoilt["doublet_g01"][dict(N=3)] *= 1.001
    assert [(row["N"], row["quantity"]) for row in table_rows(spoilt) if row["deviates"]] == [(370, "doublet_g01")]
    with pytest.raises(ArchiveError, match="g = 0.95"):
        table_rows(data.sel(g=[0.9]))


def test_fits_and_ridge(data):
    n = np.geomspace(20, 20000, 91)
    fits = slope_fits(n, 90 + 12000 / n)
    assert abs(fits["c"] - 90) < 1e-9 and abs(fits["d"] - 12000) < 1e-5 and fits["pure"] > 95
    x = np.linspace(0, 1, 6)
    assert np.allclose(ridge(x, 2 - (x - 0.43) ** 2), (0.43, 2)) and np.isnan(ridge(x, x)[0])
    # mpmath: the greatest eta_MF over the field at N = 370 is 2.424548 at 0.9604.
    place, height = ridge(data["g"].values, data["eta_mf"].sel(N=370).values)
    assert abs(place - 0.9604) < 5e-4 and abs(height - 2.424548) < 2e-4


def test_figures(archive, data, tmp_path, capsys):
    assert main([str(archive), "--out", str(tmp_path), "--only", "table3", "coherence-rates", "coherence-universal", "eta-maps"]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert {"table3.png", "table3.csv", "coherence-rates.png", "coherence-universal.png", "eta-maps.png"} <= names
    lines = (tmp_path / "table3.csv").read_text().splitlines()
    assert lines[0] == "N,quantity,printed,place,computed,deviates" and len(lines) == 37
    assert "coherence-rates at" not in capsys.readouterr().err
    one = data.sel(g=[0.95])
    texts = [text.get_text() for text in plot_coherence_rates(one).axes[1].get_legend().get_texts()]
    assert any("90.36" in text for text in texts)
    with pytest.raises(ArchiveError, match="five values"):
        plot_eta_maps(one)
