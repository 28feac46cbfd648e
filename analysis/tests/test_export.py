"""Parquet from archives: pieces of rows, empty studies. `check_exports.py` compares real archives number by number."""
import json

import h5py
import numpy as np
import pyarrow.parquet
import pytest

from macrospin import export


def _archive(path, shape, gone):
    """A grid with a wide array of ragged extents and a complex-free scalar; cells in `gone` are pending."""
    generator = np.random.default_rng(1)
    axes = [np.arange(2, 2 + shape[0]), np.linspace(0, 1, shape[1]), np.linspace(-1, 0, shape[2])]
    status = np.zeros(shape, np.int32)
    status.ravel()[gone] = -1
    wide, scalar = generator.normal(size=shape + (6, 5)), generator.normal(size=shape)
    extent = generator.integers(-1, 7, size=shape).astype(np.int32)
    wide[np.arange(6)[:, None] + np.zeros((1, 5), int) >= extent[..., None, None]] = np.nan
    with h5py.File(path, "w") as file:
        for name, values in zip("abc", axes):
            file[name] = values
        chunk = {"chunks": (1, 1, 2)}
        for name, values in {"status_s": status, "seconds_s": scalar, "source_s": np.zeros(shape, np.int32), "scalar": scalar, "extent_wide": extent}.items():
            file.create_dataset(name, data=values, **chunk)
        file.create_dataset("wide", data=wide, chunks=(1, 1, 2, 6, 5))
        file.create_dataset("reason_s", data=np.full(shape, "", object), dtype=h5py.string_dtype())
        file["status_s"].attrs.update(flag_values=[-1, 0], flag_meanings="pending ok")
        for name in ("scalar", "wide"):
            file[name].attrs.update(long_name=name, _FillValue=[np.nan])
        output = {"kind": "real", "dimension": "dimensionless", "meaning": ""}
        own = [{"name": "l", "extent": None, "labels": [], "dimension": "l", "length": 6}, {"name": "q", "extent": 5, "labels": [], "dimension": "q", "length": 5}]
        table = {"study": "s", "axes": ["a", "b", "c"], "status": "status_s", "reason": "reason_s", "seconds": "seconds_s", "source": "source_s",
                 "outputs": [{"name": "scalar", "axes": [], "variables": ["scalar"], "extents": []} | output,
                             {"name": "wide", "axes": own, "variables": ["wide"], "extents": ["extent_wide", None]} | output]}
        file.attrs["schema"] = json.dumps({"layout": "grid", "point": "point", "tables": [table],
                                           "axes": [{"name": name, "label": name, "unit": "", "isInteger": name == "a", "variable": name} for name in "abc"]})
        file.attrs["sources"] = json.dumps([{"name": "ledger"}])
    return axes, status, wide, scalar, extent


@pytest.mark.parametrize("limit", [1, 700, 3000, 1 << 23])
def test_pieces_of_rows_are_the_whole(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(export, "BYTES_AT_ONCE", limit)
    shape = (3, 4, 5)
    axes, status, wide, scalar, extent = _archive(tmp_path / "a.h5", shape, [0, 7, 8, 9, 31, 59])
    rows = pyarrow.parquet.read_table(export.to_parquet(tmp_path / "a.h5", tmp_path / "out")[0]).to_pylist()
    places = np.argwhere(status == 0)
    assert len(rows) == len(places) == 54
    for row, place in zip(rows, map(tuple, places)):
        assert (row["a"], row["b"], row["c"]) == tuple(values[k] for values, k in zip(axes, place))
        assert row["scalar"] == scalar[place] and row["source"] == "ledger" and row["status"] == "ok"
        if extent[place] < 0:
            assert row["wide"] is None
        else:
            assert np.array_equal(np.reshape(row["wide"], (-1, 5)), wide[place][:extent[place]])


def test_a_study_without_rows_replaces_old_ones(tmp_path):
    _archive(tmp_path / "a.h5", (2, 2, 2), [])
    _archive(tmp_path / "none.h5", (2, 2, 2), list(range(8)))
    full = pyarrow.parquet.read_table(export.to_parquet(tmp_path / "a.h5", tmp_path / "out")[0])
    empty = pyarrow.parquet.read_table(export.to_parquet(tmp_path / "none.h5", tmp_path / "out")[0])
    assert full.num_rows == 8 and empty.num_rows == 0 and empty.schema.equals(full.schema)
