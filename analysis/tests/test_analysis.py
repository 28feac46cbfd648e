"""Archives here are made with h5py in the layout of docs/archive.md; the command line tests of the Swift suite write real ones."""

import json
import stat

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import macrospin
from macrospin.lines import plot_gap, plot_magnetization, smallest_gaps
from macrospin.plot import main
from macrospin.size_scaling import plot_gap_scaling
from macrospin.sphere import plot_sphere

COUNTS, GAMMA, OMEGA = [20, 40, 80], np.linspace(0.5, 1.5, 11), [0.25, 0.5]
RATE = {0.25: 0.31, 0.5: 0.17}


def make(path, *, unresolved=True, without=()):
    """Gap least at Gamma = 1 and there exactly exp(-rate j); <Jz> jumps at Gamma = 1."""
    with h5py.File(path, "w") as file:
        file.attrs["macrospin_archive"] = np.int64(1)
        file.attrs["title"] = "synthetic"
        axes = {"N": np.array(COUNTS, "i8"), "Gamma": GAMMA, "Omega": np.array(OMEGA)}
        for name, values in axes.items():
            file[name] = values
            file[name].make_scale(name)
            file[name].attrs["long_name"] = {"Gamma": "Γ/γ"}.get(name, name)
            file[name].attrs["units"] = "1"
        file.create_dataset("phase", data=["lower", "upper"], dtype=h5py.string_dtype())
        file["phase"].make_scale("phase")
        n, g, o = np.meshgrid(COUNTS, GAMMA, OMEGA, indexing="ij")
        rate = np.vectorize(RATE.get)(o)
        gap = np.exp(-rate * n / 2) * np.exp(4 * (g - 1) ** 2)
        jz = np.tanh((g - 1) * n)
        status = np.zeros(n.shape, "i4")
        phases = np.full(n.shape + (2,), np.nan)
        bound = np.full(n.shape, 1e-15)
        if unresolved:
            lost = (n == 80) & (o == 0.25) & (abs(g - 1) < 0.15)
            status[lost], gap[lost], jz[lost], bound[lost] = 1, np.nan, np.nan, 1e-6
            phases[lost] = [-0.9, 0.95]
        data = {"gap": gap, "gap_error": bound, "jz": jz, "jz_phases": phases, "status_gap": status, "status_steadyState": status}
        for name, values in data.items():
            if name in without:
                continue
            file[name] = values
            for k, axis in enumerate(["N", "Gamma", "Omega", "phase"][: values.ndim]):
                file[name].dims[k].attach_scale(file[axis])
            file[name].attrs["units"] = "gamma"
            if name.startswith("status"):
                file[name].attrs["flag_values"] = np.arange(-1, 8, dtype="i4")
                file[name].attrs["flag_meanings"] = "pending ok unresolved no_bistability saddle_node not_converged degenerate failed quarantined"
    return path


def test_fit_recovers_the_rate(tmp_path):
    dataset = macrospin.open(make(tmp_path / "a.h5", unresolved=False))
    for k, omega in enumerate(OMEGA):
        j, least, bound = smallest_gaps(dataset, "Gamma", {"Omega": k})
        fit = macrospin.fit_exponential(j, least)
        assert fit.rate == pytest.approx(RATE[omega], rel=1e-10)
        assert np.isnan(bound).all()
        assert fit(j) == pytest.approx(least, rel=1e-10)


def test_fit_error_covers_the_scatter():
    rng = np.random.default_rng(1)
    x = np.arange(2, 40)
    pulls = []
    for _ in range(400):
        fit = macrospin.fit_exponential(x, np.exp(1 - 0.2 * x + 0.1 * rng.standard_normal(x.size)))
        pulls.append((fit.rate - 0.2) / fit.rate_error)
    assert 0.85 < np.std(pulls) < 1.2
    assert macrospin.fit_exponential([1, 2, 3], [np.nan, 1, -1]) is None


def test_an_unresolved_line_gives_no_least_gap(tmp_path):
    dataset = macrospin.open(make(tmp_path / "a.h5"))
    assert int(macrospin.status_mask(dataset, "gap", "unresolved").sum()) == 3
    _, least, bound = smallest_gaps(dataset, "Gamma", {"Omega": 0})
    assert np.isfinite(least).tolist() == [True, True, False]
    assert np.isnan(bound[:2]).all() and bound[2] == 1e-6


def test_unresolved_points_are_drawn(tmp_path):
    dataset = macrospin.open(make(tmp_path / "a.h5"))

    def heights(figure, panel, marker):
        lines = [line for line in figure.axes[panel].lines if line.get_marker() == marker]
        values = np.concatenate([np.asarray(line.get_ydata(), float) for line in lines])
        return values[np.isfinite(values)].tolist()

    phases, gaps, scaling = plot_magnetization(dataset), plot_gap(dataset), plot_gap_scaling(dataset)
    assert heights(phases, 0, "v") == [-0.9] * 3 and heights(phases, 0, "^") == [0.95] * 3
    assert heights(gaps, 0, "v") == [1e-6] * 3 and heights(scaling, 0, "v") == [1e-6]
    # The other panel has nothing unresolved.
    assert not [line for line in phases.axes[1].lines + gaps.axes[1].lines if line.get_marker() in ("v", "^")]
    plt.close("all")


def test_points_that_were_never_computed_do_not_hide_the_least_gap(tmp_path):
    dataset = macrospin.open(make(tmp_path / "a.h5", unresolved=False))
    pending = xr.zeros_like(dataset["gap"], dtype=bool)
    pending[0, 0, 0] = True
    dataset["gap"] = dataset["gap"].where(~pending)
    dataset["status_gap"] = dataset["status_gap"].where(~pending, -1).assign_attrs(dataset["status_gap"].attrs)
    _, least, bound = smallest_gaps(dataset, "Gamma", {"Omega": 0})
    assert np.isfinite(least).all() and np.isnan(bound).all()


def test_plots_are_written(tmp_path, capsys):
    assert main([str(make(tmp_path / "a.h5")), "--out", str(tmp_path / "plots")]) == 0
    names = sorted(path.name for path in (tmp_path / "plots").iterdir())
    figures = ["gap", "gap-scaling", "magnetization", "size-limits"]
    assert names == sorted(f"{name}.{ending}" for name in figures for ending in ("pdf", "png"))
    assert all((tmp_path / "plots" / name).stat().st_size > 3000 for name in names)


def sphere_dataset():
    """husimi = cos²ᴺ(θ/2) about the north pole, wigner = cos θ; the second point has phases only; theta and phi as in an archive."""
    theta, phi = np.arccos(np.polynomial.legendre.leggauss(5)[0][::-1]), 2 * np.pi * np.arange(8) / 8
    north = np.repeat(np.cos(theta / 2)[:, None] ** 20, 8, axis=1)
    wave = np.repeat(np.cos(theta)[:, None], 8, axis=1)
    nothing, phases = np.full_like(north, np.nan), np.stack([north[::-1], north])
    dims = ("Gamma", "theta", "phi")
    return xr.Dataset({
        "husimi": (dims, np.stack([north, nothing])), "wigner": (dims, np.stack([wave, wave])),
        "husimi_phases": (("Gamma", "phase", "theta", "phi"), np.stack([np.full_like(phases, np.nan), phases])),
    }, coords={"Gamma": [0.5, 1.0], "theta": theta, "phi": phi})


def test_sphere_maps_show_states_and_mixed_phases():
    figure = plot_sphere(sphere_dataset(), "husimi")
    maps = [ax for ax in figure.axes if ax.get_title()]
    assert [("mixed" in ax.get_title()) for ax in maps] == [False, True]
    first, second = [ax.collections[0].get_array().reshape(5, 8) for ax in maps]
    assert first[0, 0] > 0.5 and first[-1, 0] < 1e-3
    assert second[0, 0] == pytest.approx(second[-1, 0]) and second[0, 0] == pytest.approx(first[0, 0] / 2, rel=1e-3)
    assert maps[0].get_ylim() == (1, 0)                       # north on top
    wigner = [ax for ax in plot_sphere(sphere_dataset(), "wigner").axes if ax.get_title()]
    assert wigner[0].collections[0].get_clim()[0] == -wigner[0].collections[0].get_clim()[1]
    plt.close("all")


def test_sphere_maps_choose_among_many_points(capsys):
    many = xr.concat([sphere_dataset()["wigner"].isel(Gamma=0)] * 30, dim="Gamma").assign_coords(Gamma=np.arange(30.0))
    figure = plot_sphere(xr.Dataset({"wigner": xr.concat([many, many], dim="N").assign_coords(N=[20, 40])}), "wigner")
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert len(titles) == 12 and all("N = 40" in title for title in titles) and "Gamma = 29" in titles[-1]
    assert "12 of 60 points" in capsys.readouterr().err
    plt.close("all")


def test_missing_variables_are_named(tmp_path, capsys):
    assert main([str(make(tmp_path / "a.h5", without=("jz", "gap"))), "--out", str(tmp_path / "p")]) == 2
    assert "magnetization: needs steadyState with the observable jz: Jz/j" in capsys.readouterr().err
    only = ["--only", "magnetization", "gap"]
    assert main([str(make(tmp_path / "b.h5", without=("jz",))), "--out", str(tmp_path / "p"), *only]) == 0
    assert "magnetization is left out: needs steadyState" in capsys.readouterr().err
    assert main([str(make(tmp_path / "c.h5", without=("status_gap",))), "--out", str(tmp_path / "p"), *only]) == 0
    assert "no variable status_gap" in capsys.readouterr().err
    assert main([str(tmp_path / "none.h5")]) == 2
    assert "no such file" in capsys.readouterr().err
    (tmp_path / "text.h5").write_text("no archive")
    assert main([str(tmp_path / "text.h5")]) == 2
    assert "no macrospin archive" in capsys.readouterr().err


def test_point_reads_the_executable(tmp_path, monkeypatch):
    document = {"point": {"N": 4, "Gamma": 0.5}, "studies": {"gap": {"status": "ok", "reason": "", "seconds": 0.1, "outputs": {
        "gap": {"shape": [], "data": [0.25]}, "eigenvalue": {"shape": [2], "re": [-0.25, None], "im": [0, 1]}}}}}
    fake = tmp_path / "macrospin"
    fake.write_text(f"#!/bin/sh\ncp \"$2\" {tmp_path}/job.json\necho \"$@\" > {tmp_path}/arguments\ncat <<'J'\n{json.dumps(document)}\nJ\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("MACROSPIN", str(fake))
    result = macrospin.point("bistable-pump", N=4, Gamma=0.5, studies=["gap"])
    assert result["gap"].status == "ok" and float(result.gap) == 0.25
    assert result["gap"].eigenvalue.shape == (2,) and np.isnan(result.eigenvalue[1].real)
    job = json.loads((tmp_path / "job.json").read_text())
    assert job["model"] == {"preset": "bistable-pump"} and job["sweep"] == {"N": [4], "Gamma": [0.5]} and job["studies"] == [{"gap": {}}]
    assert "--set N=4 Gamma=0.5" in (tmp_path / "arguments").read_text()
    fake.write_text("#!/bin/sh\necho 'error: no such preset' >&2\nexit 2\n")
    with pytest.raises(macrospin.PointError, match="no such preset"):
        macrospin.point("nothing", N=4)
    monkeypatch.setenv("MACROSPIN", str(tmp_path / "absent"))
    with pytest.raises(macrospin.PointError, match="no executable"):
        macrospin.point("bistable-pump", N=4)
