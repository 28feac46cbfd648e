"""Run by the Swift tests (Tests/CommandLineTests/AggregationTests.swift): FOLDER with ab.h5 and what `macrospin export` made of
it. Leaves with an error where a number in CSV, Parquet or netCDF is not the one that xarray finds in the archive."""
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pandas
import pyarrow.parquet
import xarray as xr

folder = Path(sys.argv[1])
archive = xr.open_dataset(folder / "ab.h5", engine="h5netcdf").load()
words = dict(zip(archive.status_gap.attrs["flag_values"], archive.status_gap.attrs["flag_meanings"].split()))


def same(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)


# CSV: every row stands for the point it names, and no point is missing.
scalars = pandas.read_csv(folder / "csv/steadyState.csv")
assert len(scalars) == int((archive.status_steadyState >= 0).sum()) == 8
numbers = [name for name, variable in archive.data_vars.items() if variable.attrs.get("study") == "steadyState" and variable.dims == ("N", "Gamma")
           and "output" in variable.attrs]
assert "jz" in numbers and set(numbers) <= set(scalars.columns), scalars.columns
for _, row in scalars.iterrows():
    point = archive.sel(N=row.N, Gamma=row.Gamma)
    assert words[int(point.status_steadyState)] == row.status
    assert str(point.reason_steadyState.values) == (row.reason if isinstance(row.reason, str) else "")
    assert row.source == ("a" if row.N == 10 or (row.N == 12 and row.Gamma > 0) else "b") + "/ledger/0000.sqlite"
    for name in numbers:
        assert same(point[name], row[name]), (name, row.N, row.Gamma)
modes = pandas.read_csv(folder / "csv/gap.mode.csv")
assert len(modes) == 2 * int((archive.status_gap == 0).sum())
for _, row in modes.iterrows():
    point = archive.sel(N=row.N, Gamma=row.Gamma).isel(mode=int(row["mode"]))
    assert same(point.eigenvalue_re, row.eigenvalue_re) and same(point.eigenvalue_im, row.eigenvalue_im)
populations = next(name for name, variable in archive.data_vars.items() if variable.attrs.get("output") == "populations")
own = archive[populations].dims[-1]
table = pandas.read_csv(folder / f"csv/steadyState.{own}.csv")
for (n, gamma), rows in table.groupby(["N", "Gamma"]):
    point = archive[populations].sel(N=n, Gamma=gamma)
    assert len(rows) == n + 1 and same(point[:len(rows)], rows[populations]), (n, gamma)
columns = pandas.read_csv(folder / "csv/columns.csv")
assert set(columns[columns.file == "steadyState.csv"].column) == set(scalars.columns)
assert columns.set_index(["file", "column"]).loc[("gap.csv", "gap"), "meaning"] == archive.gap.attrs["long_name"]

# Parquet: one row a point, arrays of their true extents, units and meanings kept.
for study in ("steadyState", "gap"):
    table = pyarrow.parquet.read_table(folder / f"parquet/{study}.parquet")
    assert table.num_rows == 8 and table.schema.metadata[b"title"] == b"a"
    for row in table.to_pylist():
        point = archive.sel(N=row["N"], Gamma=row["Gamma"])
        assert row["status"] == words[int(point[f"status_{study}"])]
        for name, variable in archive.data_vars.items():
            if variable.attrs.get("study") != study or "output" not in variable.attrs:
                continue
            here, there = row[name], point[name].values
            if here is None:
                assert np.isnan(there).all(), name
            else:
                here = np.asarray(here, float)
                assert same(there[tuple(slice(k) for k in here.shape)], here) and np.count_nonzero(~np.isnan(there)) == np.count_nonzero(~np.isnan(here)), name
            assert table.schema.field(name).metadata[b"long_name"].decode() == variable.attrs["long_name"]
    if study == "steadyState":
        assert {len(row[populations]) for row in table.to_pylist() if row[populations] is not None} == {11, 13, 15}

# netCDF: the C library reads it, and part of it is that part.
with netCDF4.Dataset(folder / "ab.nc") as data:
    assert data.variables["gap"].dimensions == ("N", "Gamma")
    values = data.variables["gap"][:].filled(np.nan)
    assert same(values, archive.gap.values)
xr.testing.assert_identical(xr.open_dataset(folder / "ab.nc", engine="netcdf4").load().drop_attrs(), archive.drop_attrs())
part = xr.open_dataset(folder / "part.nc").load()
assert dict(part.sizes)["N"] == 1 and list(part.Gamma.values) == [0.5] and "jz" not in part
assert same(part.gap, archive.gap.sel(N=[12], Gamma=[0.5]))
