"""Opening archives: an `xarray.Dataset` over the axes of the sweep, whatever the layout of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr


# Unfolding a list of points into a grid of more cells than this would fill the memory with NaN.
MOST_CELLS = 20_000_000


class ArchiveError(Exception):
    """The file is no archive, or lacks what was asked for."""


def open_archive(path: str | Path) -> xr.Dataset:
    """Load an archive with the sweep's axes as dimensions.

    Archives of sparsely filled grids list their points along one dimension; they are unfolded here, with NaN (status -1)
    where there is no point, unless the grid would have more than MOST_CELLS cells: then the dimension `point` stays.
    """
    path = Path(path)
    if not path.exists():
        raise ArchiveError(f"{path}: there is no such file; archives are named archive.h5 in the run directory")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as handle:
            dataset = handle.load()
    except Exception as error:
        raise ArchiveError(f"{path}: this is no macrospin archive ({error})") from error
    if "macrospin_archive" not in dataset.attrs:
        raise ArchiveError(f"{path}: this is no macrospin archive (the attribute macrospin_archive is missing)")
    return _unfolded(dataset) if "point" in dataset.dims else dataset


def _unfolded(dataset: xr.Dataset) -> xr.Dataset:
    axes = [name for name, variable in dataset.variables.items()
            if variable.dims == ("point",) and name != "point" and "study" not in variable.attrs]
    if np.prod([np.unique(dataset[name]).size for name in axes], dtype=float) > MOST_CELLS:
        return dataset.set_coords(axes)
    attributes = {name: dataset[name].attrs for name in axes}
    missing = {name: -1 for name in dataset if str(name).startswith(("status_", "source_", "extent_"))}
    missing |= {name: "" for name in dataset if str(name).startswith("reason_")}
    dataset = dataset.drop_vars("point", errors="ignore").set_coords(axes).set_index(point=axes).unstack("point", fill_value=missing | {
        name: np.nan for name in dataset if name not in missing})
    for name, attrs in attributes.items():
        dataset[name].attrs.update(attrs)
    return dataset


def join_complex(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """The complex array whose parts are stored as `name_re` and `name_im`."""
    joined = dataset[f"{name}_re"] + 1j * dataset[f"{name}_im"]
    joined.attrs = dict(dataset[f"{name}_re"].attrs)
    joined.attrs["long_name"] = joined.attrs.get("long_name", name).removesuffix(" (real part)")
    return joined.rename(name)


def status_mask(dataset: xr.Dataset, study: str, word: str) -> xr.DataArray:
    """True where `study` ended with the status `word` (see the `flag_meanings` of `status_<study>`)."""
    if f"status_{study}" not in dataset:
        raise ArchiveError(f"the archive has no variable status_{study}: the study {study} is not in it")
    status = dataset[f"status_{study}"]
    words = str(status.attrs["flag_meanings"]).split()
    if word not in words:
        raise ArchiveError(f"status_{study} knows no \"{word}\": {', '.join(words)}")
    return status == int(np.atleast_1d(status.attrs["flag_values"])[words.index(word)])


def computed_line(dataset: xr.Dataset, variable: str, where: dict, control: str) -> xr.DataArray:
    """`variable` along one axis at the other axes' indices `where`, without the places that its study never came to.

    On a refined axis every line has values of its own: a line drawn through all places of the axis would break at those of
    the others. A point that was computed and has no value stays, and breaks the line.
    """
    line = dataset[variable].isel(where)
    status = dataset.get(f"status_{dataset[variable].attrs.get('study')}")
    if status is None or control not in line.dims:
        return line
    here = status.isel({name: index for name, index in where.items() if name in status.dims})
    return line.isel({control: np.flatnonzero(here.values >= 0)}) if here.dims == (control,) else line


def select(dataset: xr.Dataset, places: list[str]) -> xr.Dataset:
    """The part of the dataset at "AXIS=VALUE" of each place, the axis kept with that one value (the nearest there is).

    Raises `ArchiveError` for what is no axis or no number.
    """
    for text in places:
        name, equals, value = text.partition("=")
        axes = [str(d) for d in dataset.dims if d in dataset.coords and np.issubdtype(dataset[d].dtype, np.number)]
        if not equals or name not in axes:
            raise ArchiveError(f"{text}: expected AXIS=VALUE with one of the axes {', '.join(axes)}")
        try:
            number = float(value)
        except ValueError as error:
            raise ArchiveError(f"{text}: {value} is no number") from error
        dataset = dataset.isel({name: [int(np.abs(dataset[name].values - number).argmin())]})
    return dataset


def axis_label(dataset: xr.Dataset, axis: str) -> str:
    """The label the job gave the axis, with its unit unless that is one."""
    attrs = dataset[axis].attrs
    label = attrs.get("long_name", axis)
    unit = attrs.get("units", "1")
    return label if unit in ("", "1") else f"{label} ({unit})"


def control_axis(dataset: xr.Dataset, variable: str) -> str:
    """The axis a plot runs along: of those of `variable` that are not N the one with the most values."""
    axes = [d for d in dataset[variable].dims if d != "N" and d in dataset.coords]
    if "point" in dataset[variable].dims:
        raise ArchiveError("the archive lists scattered points, too few of too large a grid to draw lines through them: plot its variables against their coordinates")
    if not axes:
        raise ArchiveError(f"{variable} depends on no axis but N: there is nothing to plot it against")
    return max(axes, key=lambda name: dataset.sizes[name])
