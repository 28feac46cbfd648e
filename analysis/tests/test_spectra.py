"""Spectra: helpers, statistics, tracking and figures. Archives are written by the executable, where there is one."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import macrospin
from macrospin.exceptional import found_points, plot_exceptional, through_points
from macrospin.modes import follow
from macrospin.plot import main
from macrospin.spacing import plot_spacing_ratios
from macrospin.spectra import sector_names
from macrospin.spectrum_figures import plot_gap_antigap, plot_leading, plot_spectrum, sector_colours, unresolved_bounds

VALUES = [0.1, 0.2, 0.3, 0.4]


@pytest.fixture(scope="module")
def archive(run_job):
    """Resonance fluorescence of N = 1, 2, 4 spins: exceptional at Omega = 1/4 for one spin (jump rate gamma/N)."""
    job = {"title": "fluorescence", "units": {"energy": "hbar gamma", "time": "1/gamma"},
           "model": {"hamiltonian": "Omega*Jx", "jumps": [{"rate": "gamma/N", "operator": "Jm"}], "parameters": {"gamma": 1}},
           "sweep": {"N": [1, 2, 4], "Omega": VALUES},
           "studies": [{"steadyState": {"measures": ["populations"]}}, {"spectrum": {"modes": 3, "keep": ["right", "left"]}},
                       {"exceptionalPoints": {"over": "Omega", "modes": 3}}]}
    return run_job(job)


@pytest.fixture
def data(archive):
    return macrospin.open(archive)


def liouvillian(n, omega):
    """Kronecker products in the basis of Jz, in the order of row-major density matrices."""
    j = n / 2
    m = np.arange(j, -j - 1, -1)
    jm = np.diag(np.sqrt(j * (j + 1) - m[:-1] * (m[:-1] - 1)), -1)
    h, one = omega * (jm + jm.T) / 2, np.eye(n + 1)
    number = jm.T @ jm
    return -1j * (np.kron(h, one) - np.kron(one, h.T)) + (np.kron(jm, jm) - np.kron(number, one) / 2 - np.kron(one, number.T) / 2) / n


def test_levels_are_those_of_numpy_without_padding(data):
    for n in (1, 2, 4):
        table = macrospin.levels(data, N=n, Omega=0.3)
        assert len(table) == (n + 1) ** 2 and set(table["sector_name"]) == {"cosine", "sine"}
        assert np.bincount(table["sector"]).tolist() == [(n + 1) * (n + 2) // 2, n * (n + 1) // 2]
        exact = list(np.linalg.eigvals(liouvillian(n, 0.3)))
        for value in table["eigenvalue"]:
            nearest = int(np.argmin(np.abs(np.array(exact) - value)))
            assert abs(exact.pop(nearest) - value) < 1e-10
        assert (np.diff(-table["eigenvalue"].values.real) > -1e-12).all() and (table["error"] < 1e-9).all()


def test_points_that_are_not_there_are_named(data):
    with pytest.raises(macrospin.ArchiveError, match="give Omega a value, one of 0.1, 0.2"):
        macrospin.levels(data, N=2)
    with pytest.raises(macrospin.ArchiveError, match="N has no value 3: 1, 2, 4"):
        macrospin.levels(data, N=3, Omega=0.1)
    with pytest.raises(macrospin.ArchiveError, match="does not depend on Gamma"):
        macrospin.levels(data, N=2, Omega=0.1, Gamma=1)
    assert len(macrospin.levels(data.isel(Omega=[0]), N=2)) == 9                              # an axis of one value may be left out
    lost = data.assign(spectrum_re=data["spectrum_re"].where(data["N"] != 2), reason_spectrum=data["reason_spectrum"].astype(object).where(False, "pairs are broken"))
    with pytest.raises(macrospin.ArchiveError, match="no spectrum at this point: pairs are broken"):
        macrospin.levels(lost, N=2, Omega=0.1)
    with pytest.raises(macrospin.ArchiveError, match="no variable spectrum"):
        macrospin.levels(data.drop_vars(["spectrum_re", "spectrum_im"]), N=2, Omega=0.1)


def test_sectors_have_names():
    def named(q, parity, part):
        marks = {"q": q, "parity": parity, "part": part}
        return sector_names(xr.Dataset({f"symmetry_sector_{name}": (("symmetry_sector",), values) for name, values in marks.items()}), {}, len(q))

    assert named([0, 1, 1, 2, 2], [0, 1, 1, 0, 0], [0, 0, 1, 0, 1]) == ["$|q| = 0$", "$|q| = 1$, cosine", "$|q| = 1$, sine", "$|q| = 2$, cosine", "$|q| = 2$, sine"]
    assert named([0, 1, 2], [0, 1, 0], [0, -1, -1]) == ["$|q| = 0$", "$|q| = 1$", "$|q| = 2$"]
    assert named([-1] * 4, [0, 1, 0, 1], [0, 0, 1, 1]) == ["even $q$, cosine", "odd $q$, cosine", "even $q$, sine", "odd $q$, sine"]
    assert named([-1, 1], [-1, 1], [0, 1]) == ["cosine", "sine"]                              # one spin: that its sines have q = 1 is no symmetry
    assert named([-1, -1], [-1, -1], [-1, -1]) == ["sector 0", "sector 1"]
    assert sector_names(xr.Dataset(), {}, 1) == ["all levels"]
    assert len({str(colour) for colour in sector_colours([f"$|q| = {k}$" for k in range(20)]).values()}) == 20


def spacing_ratios(points):
    """The definition, with all distances."""
    distance = np.abs(points[:, None] - points[None, :])
    order = np.argsort(distance, axis=1)
    return (points[order[:, 1]] - points) / (points[order[:, 2]] - points)


def ginibre(rng, n=300):
    values = np.linalg.eigvals((rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))) / np.sqrt(2 * n))
    return spacing_ratios(values)[np.abs(values) < 0.85]


def independent(rng, n=300):
    points = rng.random(n) + 1j * rng.random(n)
    inside = (np.abs(points.real - 0.5) < 0.42) & (np.abs(points.imag - 0.5) < 0.42)
    return spacing_ratios(points)[inside]


def ratio_dataset(samples):
    """Samples of different size along an axis, padded as in an archive."""
    values = np.full((len(samples), max(map(len, samples))), complex(np.nan, np.nan))
    for row, sample in zip(values, samples):
        row[: len(sample)] = sample
    dims = ("seed", "level")
    return xr.Dataset({"spacing_ratio_re": (dims, values.real), "spacing_ratio_im": (dims, values.imag)}, coords={"seed": np.arange(len(samples))})


@pytest.mark.parametrize("sample, known, count", [(independent, (2 / 3, 0), 120), (ginibre, (0.738, -0.241), 24)])
def test_spacing_statistics_and_their_errors(sample, known, count):
    rng = np.random.default_rng(3)
    samples = [sample(rng) for _ in range(count)]
    data = ratio_dataset(samples)
    each, pooled = macrospin.spacing_statistics(data), macrospin.spacing_statistics(data, over="seed")
    assert each["count"].values.tolist() == [len(z) for z in samples] and int(pooled["count"]) == sum(map(len, samples))
    together = np.concatenate(samples)
    assert float(pooled["mean_ratio"]) == pytest.approx(np.abs(together).mean()) and float(pooled["mean_cosine"]) == pytest.approx(np.cos(np.angle(together)).mean())
    # Matrices of 300 are within 0.003 and 0.01 of their limit.
    assert abs(float(pooled["mean_ratio"]) - known[0]) < 3 * float(pooled["ratio_error"]) + 0.003
    assert abs(float(pooled["mean_cosine"]) - known[1]) < 3 * float(pooled["cosine_error"]) + 0.01
    # Errors are what the means scatter by from sample to sample.
    for mean, error in (("mean_ratio", "ratio_error"), ("mean_cosine", "cosine_error")):
        pulls = (each[mean] - pooled[mean]) / each[error]
        assert 0.7 < float(pulls.std()) < 1.35
    with pytest.raises(macrospin.ArchiveError, match="does not depend on N"):
        macrospin.spacing_statistics(data, over="N")


def test_spacing_means_are_those_of_the_archive(data):
    found = macrospin.spacing_statistics(data)
    for own, name in (("mean_ratio", "mean_spacing_ratio"), ("mean_cosine", "mean_spacing_cosine")):
        assert found[own].values == pytest.approx(data[name].transpose(*found[own].dims).values, nan_ok=True)
    assert (found["count"].values == data["spacing_count"].transpose(*found["count"].dims).values).all()


def crossing(count=9):
    """Two real modes that cross between values, in a frame that turns: sorted by rate, they change places. Not normal."""
    x = np.linspace(-1, 1, count)
    right, left, values = np.zeros((count, 2, 3), complex), np.zeros((count, 2, 3), complex), np.zeros((count, 2), complex)
    for k, here in enumerate(x):
        v = np.array([[1, 0.4 * here, 0.1], [0.8, 1, here], [0, 0.2, 1]]).T
        w = np.linalg.inv(v)
        own = np.array([-1 - 0.5 * (here + 0.05), -1 + 0.5 * (here + 0.05)])
        order = np.argsort(-own)
        # Norms and signs are nobody's concern.
        scale = np.random.default_rng(k).standard_normal(2)
        values[k], right[k], left[k] = own[order], v.T[order] * scale[:, None], w[order] * 3
    return x, values, right, left


def test_modes_are_followed_through_a_crossing():
    x, values, right, left = crossing()
    tracks, overlaps, _ = follow(values, right, left, np.zeros(values.shape))
    assert tracks[:, 0].real == pytest.approx(-1 - 0.5 * (x + 0.05)) and tracks[:, 1].real == pytest.approx(-1 + 0.5 * (x + 0.05))
    assert np.isnan(overlaps[0]).all() and (overlaps[1:, :2] > 0.9).all() and np.isnan(tracks[:, 2:]).all()
    sorted_rates = -values.real
    assert (np.diff(sorted_rates, axis=1) >= 0).all()                                         # by rate alone they would not cross


def test_modes_that_leave_end_their_track():
    x, values, right, left = crossing()
    right[5:], left[5:] = np.roll(right[5:], 1, axis=2), np.roll(left[5:], 1, axis=2)
    right[5:, :, 1:], left[5:, :, 1:] = 0, 0
    tracks, _, _ = follow(values, right, left, np.zeros(values.shape), least=1.5)
    assert np.isfinite(tracks[0, :2]).all() and np.isnan(tracks[5:]).all()
    # A point without modes is passed over; sectors are kept apart.
    x, values, right, left = crossing()
    values[4] = np.nan
    tracks, _, sectors = follow(values, right, left, np.zeros(values.shape))
    assert np.isnan(tracks[4]).all() and np.isfinite(tracks[5:, :2]).all() and sectors[:2].tolist() == [0, 0]


def test_modes_of_an_archive_through_an_exceptional_point(data):
    found = macrospin.track_modes(data, over="Omega").sel(N=1)
    values = found["eigenvalue"].values
    assert found["eigenvalue"].dims == ("Omega", "track") and found["eigenvalue"].attrs["units"] == "gamma"
    assert values[:, 0] == pytest.approx(-0.5 * np.ones(4))
    # λ = -3/4 ± sqrt(1/16 - Omega²): the lesser number has the slower one, then the upper one.
    root = np.sqrt(np.array([1 / 16 - omega**2 for omega in VALUES], complex))
    assert values[:, 1] == pytest.approx(-0.75 + root) and values[:, 2] == pytest.approx(-0.75 - root)
    assert (found["overlap"].values[1:, 0] > 0.99).all() and 0.4 < found["overlap"].values[2, 1] < 1.5
    # In every spectrum the tracks are eigenvalues.
    four = macrospin.track_modes(data, over="Omega").sel(N=4)["eigenvalue"]
    for omega in VALUES:
        levels = macrospin.levels(data, N=4, Omega=omega)["eigenvalue"].values
        kept = four.sel(Omega=omega).values
        assert all(np.abs(levels - value).min() < 1e-10 for value in kept[np.isfinite(kept)])
    # Descending values of the axis make no difference.
    assert macrospin.track_modes(data.isel(Omega=slice(None, None, -1)), over="Omega").identical(macrospin.track_modes(data, over="Omega"))


def test_modes_need_vectors_in_one_frame(data):
    with pytest.raises(macrospin.ArchiveError, match="keep"):
        macrospin.track_modes(data.drop_vars(["left_modes_re", "left_modes_im"]), over="Omega")
    with pytest.raises(macrospin.ArchiveError, match="do not depend on Gamma"):
        macrospin.track_modes(data, over="Gamma")
    turned = data.assign(slow_mode_frame=data["slow_mode_frame"] * (1 + data["Omega"]))
    with pytest.raises(macrospin.ArchiveError, match="turns along Omega"):
        macrospin.track_modes(turned, over="Omega")


def offsets(ax):
    return np.concatenate([np.asarray(collection.get_offsets()) for collection in ax.collections] or [np.empty((0, 2))])


def test_spectrum_figure_draws_every_level_once(data):
    figure = plot_spectrum(data)
    panels = [ax for ax in figure.axes if ax.get_visible()]
    assert len(panels) == 8 and [ax.get_title() for ax in panels if ax.get_title()] == [f"N = 4, Omega = {omega:g}" for omega in VALUES]
    assert all(len(offsets(ax)) == 24 for ax in panels if ax.get_title())                     # 25 without the stationary one, a cross
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:2] == ["cosine", "sine"] and {"stationary", "gap", "antigap"} <= set(labels)
    assert not [text for ax in panels for text in ax.texts]


def test_levels_blurred_by_rounding_are_open_and_counted(data):
    error = xr.where(data["spectrum_re"] < -1, 10.0, data["spectrum_error"]).assign_attrs(data["spectrum_error"].attrs)
    figure = plot_spectrum(data.assign(spectrum_error=error.transpose(*data["spectrum_re"].dims)))
    ax = next(ax for ax in figure.axes if ax.get_title())
    blurred = int((macrospin.levels(data, N=4, Omega=VALUES[0])["eigenvalue"].values.real < -1).sum())
    assert blurred > 5 and [text.get_text() for text in ax.texts] == [f"{blurred} of 25\nuncertain"]
    opened = [collection for collection in ax.collections if len(collection.get_facecolor()) == 0]
    assert len(opened) == 1 and len(opened[0].get_offsets()) == blurred


def test_leading_levels_and_the_tracks_beside_them(data):
    figure = plot_leading(data)
    rate = figure.axes[0]
    assert rate.get_yscale() == "log" and [ax.get_title() for ax in figure.axes[:3]] == ["N = 1", "N = 2", "N = 4"]
    lines = [line for line in rate.lines if line.get_linestyle() == "-" and line.get_color() == "0.45"]
    dots = np.concatenate([np.asarray(line.get_ydata()) for line in rate.lines if line.get_marker() == "o"])
    assert len(lines) == 3 and len(dots) == 3 * len(VALUES)
    for line in lines:
        assert all(np.abs(dots - height).min() < 1e-9 for height in line.get_ydata())
    diamonds = [line for line in rate.lines if line.get_marker() == "D"]
    assert [float(line.get_xdata()[0]) for line in diamonds] == pytest.approx([0.25])
    alone = plot_leading(data.drop_vars([name for name in data if str(name).startswith(("track", "exceptional"))]))
    assert not [line for line in alone.axes[0].lines if line.get_color() == "0.45"]


def test_unresolved_gaps_have_bounds(data):
    status = data["status_spectrum"].copy()
    words = str(status.attrs["flag_meanings"]).split()
    status[2, 1] = int(np.atleast_1d(status.attrs["flag_values"])[words.index("unresolved")])
    lost = data.assign(status_spectrum=status)
    lost["spectrum_gap"] = data["spectrum_gap"].where(status == data["status_spectrum"])
    bound = unresolved_bounds(lost)
    gap = -macrospin.levels(data, N=4, Omega=VALUES[1])["eigenvalue"].values.real[1]
    assert int(np.isfinite(bound).sum()) == 1 and float(bound.isel(N=2, Omega=1)) == pytest.approx(gap)
    figure = plot_gap_antigap(lost)
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "v" and np.isfinite(np.asarray(line.get_ydata(), float)).any()]
    assert len(marks) == 1 and "unresolved:\nupper bound" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_spacing_figure_has_references_and_numbers(data):
    figure = plot_spacing_ratios(data)
    discs, (ratio, cosine) = figure.axes[:-2], figure.axes[-2:]
    assert len(discs) == 4 and all("ratios" in ax.get_title() and r"\pm" in ax.get_title() for ax in discs)
    assert {0.738, 2 / 3} <= {line.get_ydata()[0] for line in ratio.lines if len(set(line.get_ydata())) == 1}
    assert {0.241, 0.0} <= {line.get_ydata()[0] for line in cosine.lines if len(set(line.get_ydata())) == 1}


def test_exceptional_points_are_marked_at_every_size(data):
    found = found_points(data, {"N": 0})
    assert [point["value"] for point in found] == pytest.approx([0.25]) and [point["order"] for point in found] == [2]
    figure = plot_exceptional(data)
    assert len(figure.axes) == 7 and figure.axes[-1].get_xlabel() == "$N$" and figure.axes[1].get_xlabel() == "Omega"
    assert "exceptional,\norder 2" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_lines_go_through_the_points_they_meet():
    x = np.array([0.0, 1.0, 2.0])
    met = {"value": 0.25, "sector": 1, "eigenvalue": -2 + 0j}
    at, values = through_points(x, np.array([-1, -2 + 0.8j, -2 + 1j]), 1, [met, {**met, "sector": 0, "value": 0.3}, {**met, "value": 1.5}])
    assert at.tolist() == [0, 0.25, 1, 2] and values.tolist() == [-1, -2, -2 + 0.8j, -2 + 1j]
    at, _ = through_points(x, np.array([-1, -2, -2.5 + 0j]), 1, [met])
    assert at.tolist() == x.tolist()                                                          # it stays real: another pair met there


def test_the_command_draws_spectra(archive, tmp_path, capsys):
    assert main([str(archive), "--out", str(tmp_path)]) == 0
    names = {path.stem for path in tmp_path.iterdir()}
    assert {"spectrum", "spectrum-leading", "gap-antigap", "spacing-ratios", "exceptional-points"} <= names
    assert all(path.stat().st_size > 5000 for path in tmp_path.iterdir())
    picture = plt.imread(tmp_path / "spectrum.png")
    assert (picture[..., :3] < 0.9).any(axis=2).mean() > 0.005                                # not an empty page
    assert "spectra at 4 of 12 points" in capsys.readouterr().err


def test_one_point_has_a_spectrum_and_no_lines(data, tmp_path, capsys):
    one = data.isel(N=[2], Omega=[0]).drop_vars([name for name in data if str(name).startswith(("track", "exceptional", "extent"))])
    one.to_netcdf(tmp_path / "a.h5", engine="h5netcdf")
    assert main([str(tmp_path / "a.h5"), "--out", str(tmp_path / "p")]) == 0
    assert {path.stem for path in (tmp_path / "p").iterdir()} >= {"spectrum", "spacing-ratios"}
    note = capsys.readouterr().err
    assert "gap-antigap is left out: no axis but N has several values" in note
    assert main([str(tmp_path / "a.h5"), "--list"]) == 0
    assert "exceptional-points        needs exceptionalPoints" in capsys.readouterr().out
