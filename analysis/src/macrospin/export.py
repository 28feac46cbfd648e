"""Archives as Parquet: one file a study, one row a point, arrays as lists."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import h5py
import numpy as np

from .archive import ArchiveError

# Of all columns of the rows that are held at once, as the archive pads them.
BYTES_AT_ONCE = 8 << 20


def _ragged(values: np.ndarray, absent: np.ndarray, extents: list[np.ndarray | None], arrow):
    """`values` (rows × extents of the file) as (nested) lists of the true extents; rows where an extent is −1 are null, and
    numbers that are `absent`."""
    rows, depth = values.shape[0], values.ndim - 1
    sizes = [np.full(rows, values.shape[axis + 1]) if extent is None else extent.astype(np.int64) for axis, extent in enumerate(extents)]
    missing = np.zeros(rows, bool)
    for size in sizes:
        missing |= size < 0
    sizes = [np.where(missing, 0, size) for size in sizes]
    if all(extent is None for extent in extents):
        missing = absent.all(axis=tuple(range(1, depth + 1)))
        sizes = [np.where(missing, 0, size) for size in sizes]
    inside = np.ones(values.shape, bool)
    for axis, size in enumerate(sizes):
        places = np.arange(values.shape[axis + 1]).reshape([-1 if k == axis + 1 else 1 for k in range(depth + 1)])
        inside &= places < size.reshape([-1] + [1] * depth)
    result = arrow.array(values[inside], mask=absent[inside])
    # From the innermost list outwards: each has as many entries as the product of the extents before it.
    for axis in reversed(range(depth)):
        lists = np.ones(rows, np.int64)
        for size in sizes[:axis]:
            lists = lists * size
        if axis == 0:
            offsets = np.concatenate([[0], np.cumsum(sizes[0])])
            return arrow.ListArray.from_arrays(arrow.array(offsets, arrow.int32()), result, mask=arrow.array(missing))
        offsets = np.concatenate([[0], np.cumsum(np.repeat(sizes[axis], lists))])
        result = arrow.ListArray.from_arrays(arrow.array(offsets, arrow.int32()), result)
    return result


class _Study:
    """The variables of one study in an open archive, read some rows at a time."""

    def __init__(self, file: h5py.File, schema: dict, table: dict):
        self.file, self.table = file, table
        self.axes = [axis for name in table["axes"] for axis in schema["axes"] if axis["name"] == name]
        self.is_grid = schema["layout"] == "grid"
        status = file[table["status"]][()]
        self.shape = status.shape
        self.cells = np.flatnonzero(np.asarray(status).ravel() >= 0)
        self.words = dict(zip(np.atleast_1d(file[table["status"]].attrs["flag_values"]).tolist(), _text(file[table["status"]].attrs["flag_meanings"]).split()))
        self.status = np.asarray(status).ravel()[self.cells]
        # Datasets stay open: each keeps its last chunks inflated.
        self.variables = {}
        self.coordinates = [file[axis["variable"]][()] if axis.get("variable") else np.empty(0, np.int64 if axis["isInteger"] else float) for axis in self.axes]
        if not self.is_grid and len(self.axes) < sum(axis.get("variable") is not None for axis in schema["axes"]) and len(self.cells):
            # A list of points repeats the records of a study that depends on fewer axes.
            keys = np.stack([values[self.cells].astype(float) for values in self.coordinates] or [np.zeros(len(self.cells))], axis=1)
            first = np.sort(np.unique(keys, axis=0, return_index=True)[1])
            self.cells, self.status = self.cells[first], self.status[first]

    def _read(self, name: str, cells: np.ndarray) -> np.ndarray:
        """The values at ascending cells; at most 8 MB more than they take are in memory."""
        if name not in self.variables:
            self.variables[name] = self.file[name]
        variable = self.variables[name]
        own = variable.shape[len(self.shape):]
        if not self.shape:
            return np.asarray(variable[()])[np.newaxis][:len(cells)]
        span = max(1, BYTES_AT_ONCE // (8 * max(1, math.prod(own))))
        values, start = np.empty((len(cells),) + own, variable.dtype), 0
        while start < len(cells):
            first = int(cells[start])
            stop = int(np.searchsorted(cells, first + span))
            last = int(cells[stop - 1]) + 1
            block = np.concatenate([variable[box].reshape((-1,) + own) for box in _boxes(self.shape, first, last)])
            values[start:stop] = block[cells[start:stop] - first]
            start = stop
        return values

    def _rows_at_once(self) -> int:
        shapes = [self.file[name].shape[len(self.shape):] for output in self.table["outputs"] for name in output["variables"]]
        return max(1, BYTES_AT_ONCE // (8 * (4 + sum(math.prod(shape) for shape in shapes))))

    def tables(self, sources: list[str], arrow):
        """Some rows at a time; at least one table, so that there are columns even without rows."""
        step = self._rows_at_once()
        for start in range(0, max(1, len(self.cells)), step):
            cells, status = self.cells[start:start + step], self.status[start:start + step]
            columns, fields = [], []

            def add(name, array, **metadata):
                columns.append(array)
                fields.append(arrow.field(name, array.type, metadata={key: str(value) for key, value in metadata.items() if value}))

            index = np.unravel_index(cells, self.shape) if self.is_grid and self.shape else [cells] * len(self.axes)
            for axis, values, place in zip(self.axes, self.coordinates, index):
                add(axis["name"], arrow.array(values[place]), long_name=axis["label"], units=axis["unit"])
            add("status", arrow.array([self.words[value] for value in status.tolist()], arrow.string()))
            add("reason", arrow.array([_text(text) for text in self._read(self.table["reason"], cells)], arrow.string()))
            add("seconds", arrow.array(self._read(self.table["seconds"], cells)), units="s")
            add("source", arrow.array([sources[k] if 0 <= k < len(sources) else "" for k in self._read(self.table["source"], cells).tolist()], arrow.string()))
            for output in self.table["outputs"]:
                extents = [None if name is None else self._read(name, cells) for name in output["extents"]]
                for variable in output["variables"]:
                    attrs = self.file[variable].attrs
                    about = {"long_name": _text(attrs["long_name"]), "units": _text(attrs.get("units", ""))}
                    values = self._read(variable, cells)
                    absent = np.isnan(values) if values.dtype.kind == "f" else values == attrs["_FillValue"][0]
                    if output["axes"]:
                        about["dimensions"] = ", ".join(axis["name"] for axis in output["axes"])
                        labels = {axis["name"]: axis["labels"] for axis in output["axes"] if axis["labels"]}
                        about["labels"] = json.dumps(labels) if labels else ""
                        add(variable, _ragged(values, absent, extents, arrow), **about)
                    else:
                        add(variable, arrow.array(values, mask=absent), **about)
            yield arrow.Table.from_arrays(columns, schema=arrow.schema(fields))


def _boxes(shape: tuple[int, ...], first: int, last: int):
    """The cells from `first` to before `last`, in row-major order, as selections of h5py: at most 2·rank − 1 boxes."""
    inner = math.prod(shape[1:])
    if len(shape) == 1:
        yield (slice(first, last),)
        return
    head, tail = -(-first // inner), last // inner
    if head > tail:
        for rest in _boxes(shape[1:], first - tail * inner, last - tail * inner):
            yield (slice(tail, tail + 1),) + rest
        return
    if first < head * inner:
        for rest in _boxes(shape[1:], first - (head - 1) * inner, inner):
            yield (slice(head - 1, head),) + rest
    if head < tail:
        yield (slice(head, tail),)
    if tail * inner < last:
        for rest in _boxes(shape[1:], 0, last - tail * inner):
            yield (slice(tail, tail + 1),) + rest


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def to_parquet(path: str | Path, folder: str | Path) -> list[Path]:
    """Write one Parquet file a study, an empty table where a study has no records; a missing number or array is null. Units, meanings and own dimensions are the columns'
    metadata, the job is the file's.

    Raises ArchiveError for what is no archive.
    """
    import pyarrow
    import pyarrow.parquet

    folder = Path(folder)
    try:
        file = h5py.File(path)
        schema, sources = json.loads(_text(file.attrs["schema"])), json.loads(_text(file.attrs["sources"]))
    except (OSError, KeyError) as error:
        raise ArchiveError(f"{path}: this is no macrospin archive ({error})") from error
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with file:
        about = {name: _text(file.attrs[name]) for name in ("title", "job", "software_version", "created")  if name in file.attrs}
        for table in schema["tables"]:
            target = folder / f"{table['study']}.parquet"
            if target.exists() and not target.is_file():
                raise ArchiveError(f"{target}: is no file and cannot be replaced")
            partial, writer = target.with_suffix(".parquet.tmp"), None
            try:
                for part in _Study(file, schema, table).tables([source["name"] for source in sources], pyarrow):
                    part = part.replace_schema_metadata(about)
                    writer = writer or pyarrow.parquet.ParquetWriter(partial, part.schema, compression="zstd")
                    writer.write_table(part)
                writer.close()
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
            written.append(target)
    return written


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="macrospin-export", description=__doc__, epilog="example: macrospin-export runs/demo/archive.h5 --out runs/demo/parquet", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files, made if it is not there")
    options = parser.parse_args(arguments)
    try:
        for path in to_parquet(options.archive, options.out):
            print(path)
    except ImportError as error:
        print(f"error: Parquet needs pyarrow ({error}): pip install pyarrow", file=sys.stderr)
        return 2
    except (ArchiveError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
