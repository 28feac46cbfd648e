"""Run by the Swift tests on archives that they wrote (Tests/ArchiveTests/XarrayTests.swift): FOLDER with grid.h5,
points.h5 and empty.h5. Checks what xarray sees; leaves with an error where that is not what was written."""
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr

import macrospin

folder = Path(sys.argv[1])


def check_grid(data):
    assert dict(data.sizes) == {"N": 5, "Gamma": 4, "study.input": 2, "mode": 3, "phase": 2, "l": 4, "q": 2, "path_point": 2}, data.sizes
    assert data.N.dtype == np.int64 and list(data.N.values) == [5, 6, 7, 8, 20]
    assert list(data.Gamma.values) == [0.1, 0.5, 1.25, 3.0]
    assert data.Gamma.attrs["long_name"] == "Γ/γ" and data.N.attrs["units"] == "1"
    assert list(data.phase.values) == ["lower", "upper"]
    assert data.gap.dims == ("N", "Gamma", "study.input")
    assert data.gap.attrs["units"] == "1/(hbar/J)" and data.gap.attrs["study"] == "gap"
    point = data.sel(N=20, Gamma=0.5, **{"study.input": 2})
    seed = 1000 * 20 + 10 * 0.5 + 2
    assert point.gap == math.sqrt(seed)
    assert list(point.eigenvalue_re.values)[:2] == [-seed, math.inf] and point.eigenvalue_im.values[0] == 1 / seed
    assert list(point.parity.values[:2]) == [-1, 0] and np.isnan(point.parity.values[2])
    assert point.status_gap == 0 and point.status_gap.dtype == np.int32 and str(point.reason_gap.values) == ""
    unresolved = data.sel(N=5, Gamma=0.5, **{"study.input": 2})
    assert unresolved.status_gap == 1 and str(unresolved.reason_gap.values) == "below 1e-40 — metastable"
    assert np.isnan(unresolved.gap) and unresolved.jz_phases.sel(phase="lower") == -0.9
    words = data.status_gap.attrs["flag_meanings"].split()
    assert words[list(data.status_gap.attrs["flag_values"]).index(1)] == "unresolved"
    pending = data.sel(N=8, Gamma=3.0).isel({"study.input": 0})
    assert pending.status_gap == -1 and np.isnan(pending.gap) and pending.source_gap == -1
    assert data.path.dims == ("Gamma", "path_point") and data.path.attrs["units"] == "J"
    assert list(data.extent_path.values) == [1, 0, -1, 2], data.extent_path.values
    assert "gap_leak" in data and "instanton_leak" in data
    assert len(data.attrs["job"]) == 120_000 and data.attrs["title"] == "Übergang"


def check_points(data):
    assert data.sizes["point"] == 13, data.sizes
    assert set(data.gap.coords) == {"N", "Gamma", "study.input"} and data.gap.dims == ("point",)
    assert data.path.dims == ("point", "path_point")
    assert np.count_nonzero(data.status_gap.values >= 0) == 12


for engine in ("h5netcdf", "netcdf4"):
    for name, check in (("grid", check_grid), ("points", check_points), ("empty", lambda data: None)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with xr.open_dataset(folder / f"{name}.h5", engine=engine) as data:
                data.load()
                assert not [size for size in data.sizes if "phony" in size], data.sizes
                try:
                    check(data)
                except AssertionError:
                    print(engine, name, data, sep="\n")
                    raise

# The package unfolds listed points: each stands where its coordinates say, the rest is pending.
with xr.open_dataset(folder / "points.h5") as data:
    listed = data.load()
unfolded = macrospin.open(folder / "points.h5")
assert dict(unfolded.sizes) | {"N": 12, "Gamma": 13, "study.input": 12} == dict(unfolded.sizes), unfolded.sizes
for k in range(listed.sizes["point"]):
    place = {axis: listed[axis].values[k] for axis in ("N", "Gamma", "study.input")}
    for name in ("gap", "eigenvalue_re", "state_im", "parity", "status_gap", "reason_gap", "extent_path", "status_instanton"):
        there, here = unfolded[name].sel(place).values, listed[name].isel(point=k).values
        assert there.dtype.kind == here.dtype.kind and (there == here)[here == here].all() and (there != there)[here != here].all(), (name, place)
assert unfolded.status_gap.dtype == np.int32 and (unfolded.status_gap >= 0).sum() == 12 and unfolded.gap.attrs["study"] == "gap"
assert set(np.unique(unfolded.reason_gap.values[unfolded.status_gap.values == -1])) == {""}
assert unfolded.Gamma.attrs["long_name"] == "Γ/γ"
