"""Eigenvalues of the study `spectrum` at one point, named symmetry sectors, statistics of complex spacing ratios."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from .archive import ArchiveError
from .semiclassical import has, tidy

# Neighbouring levels enter one another's ratios, so that the means scatter more than σ/√n: from sample to sample 1.23
# (independent points) and 1.18 times (Ginibre matrices) in the modulus, 1.07 and 1.03 times in the cosine.
RATIO_INFLATION, COSINE_INFLATION = 1.23, 1.07

# (mean modulus, mean cosine) of spacing ratios of infinitely many levels: Sá, Ribeiro and Prosen, PRX 10, 021019 (2020).
REFERENCES = {"independent levels": (2 / 3, 0.0), "Ginibre": (0.738, -0.241)}


def levels(dataset: xr.Dataset, **point: float) -> pd.DataFrame:
    """All eigenvalues at one point of the sweep as a table, ordered by decay rate.

    `point`: values of the axes, e.g. `N=40, Gamma=0.8`; axes of one value may be left out. Columns: `eigenvalue`, `sector`
    (number), `sector_name`, `error` (estimated, from rounding; NaN: not known), `condition`, `spacing_ratio` (NaN: none
    defined). The padding of archives with several N is taken away.
    """
    if not has(dataset, "spectrum"):
        raise ArchiveError("the archive has no variable spectrum (study spectrum)")
    where = _place(dataset, tidy(dataset, "spectrum").dims[:-1], point)
    table = levels_at(dataset, where)
    if table.empty:
        reason = dataset.get("reason_spectrum")
        words = str(reason.isel({d: i for d, i in where.items() if d in reason.dims}).values) if reason is not None else ""
        raise ArchiveError("there is no spectrum at this point" + (f": {words}" if words else ""))
    return table


def _place(dataset: xr.Dataset, axes, point: dict[str, float]) -> dict[str, int]:
    """Indices of the point; values are compared with rounding in mind."""
    if "point" in axes:
        same = np.ones(dataset.sizes["point"], bool)
        for name, value in point.items():
            if name not in dataset.coords:
                raise ArchiveError(f"the archive has no axis {name}")
            same &= np.isclose(dataset[name].values, value, rtol=1e-9, atol=1e-12)
        found = np.flatnonzero(same)
        if found.size != 1:
            raise ArchiveError(f"{found.size} points of the archive are at {point}: give every axis a value there is")
        return {"point": int(found[0])}
    if unknown := sorted(set(point) - set(axes)):
        raise ArchiveError(f"the spectrum does not depend on {', '.join(unknown)}: its axes are {', '.join(axes) or 'none'}")
    return {axis: _index(dataset, axis, point.get(axis)) for axis in axes}


def _index(dataset: xr.Dataset, axis: str, value: float | None) -> int:
    values = dataset[axis].values
    found = np.arange(values.size) if value is None else np.flatnonzero(np.isclose(values, value, rtol=1e-9, atol=1e-12))
    if found.size == 1:
        return int(found[0])
    listed = ", ".join(f"{v:g}" for v in values[:12]) + (", …" if values.size > 12 else "")
    raise ArchiveError(f"{axis} has no value {value:g}: {listed}" if value is not None else f"give {axis} a value, one of {listed}")


def levels_at(dataset: xr.Dataset, where: dict[str, int]) -> pd.DataFrame:
    """The table of `levels` at indices of the axes; empty where there is no spectrum."""
    values = at(tidy(dataset, "spectrum"), where)
    there = np.isfinite(values)

    def column(name: str, missing):
        return at(tidy(dataset, name), where)[there] if has(dataset, name) else np.full(int(there.sum()), missing)

    sector = column("spectrum_sector", 0).astype(int)
    names = np.array(sector_names(dataset, where, count=int(sector.max(initial=-1)) + 1), dtype=object)
    table = pd.DataFrame({
        "eigenvalue": values[there], "sector": sector, "sector_name": names[sector] if sector.size else names[:0],
        "error": column("spectrum_error", np.nan), "condition": column("spectrum_condition", np.nan),
        "spacing_ratio": column("spacing_ratio", complex(np.nan, np.nan)),
    })
    table.index.name = "level"
    return table


def at(array: xr.DataArray, where: dict[str, int]) -> np.ndarray:
    """Values of a tidy variable at a point of the sweep."""
    return array.isel({d: i for d, i in where.items() if d in array.dims}).values


def sector_names(dataset: xr.Dataset, where: dict[str, int], count: int) -> list[str]:
    """Names of the sectors 0 … count-1 at a point, by what their multipoles have in common: "|q| = 2", "even q", "cosine", …

    A mark that not all sectors have tells nothing of the symmetry and is left out: of very few spins a sector may happen to
    hold one |q| only. Sectors with the same marks (a conserved l splits them further) have one name.
    """
    marks = []
    for mark in ("q", "parity", "part"):
        name = f"symmetry_sector_{mark}"
        found = at(tidy(dataset, name), where) if has(dataset, name) else np.array([])
        marks.append([int(found[k]) if k < found.size and np.isfinite(found[k]) else -1 for k in range(count)])
    q, parity, part = marks
    axial, even = min(q, default=-1) >= 0, min(parity, default=-1) >= 0
    # There are only cosines of q = 0: nothing to tell.
    halves = min((part[k] for k in range(count) if not (axial and q[k] == 0)), default=-1) >= 0
    return [_sector_name(k, count, q[k] if axial else -1, parity[k] if even else -1, part[k] if halves else -1) for k in range(count)]


def _sector_name(number: int, count: int, q: int, parity: int, part: int) -> str:
    words = [f"$|q| = {q}$"] if q >= 0 else [("even $q$", "odd $q$")[parity]] if parity >= 0 else []
    words += [("cosine", "sine")[part]] if part >= 0 and q != 0 else []
    return ", ".join(words) or ("all levels" if count == 1 else f"sector {number}")


def spacing_statistics(dataset: xr.Dataset, over: str | list[str] | tuple[str, ...] = ()) -> xr.Dataset:
    """Means of the complex spacing ratios z at every point, or pooled over the axes `over`, with statistical errors.

    Returns a Dataset over the other axes: `mean_ratio` ⟨|z|⟩, `mean_cosine` ⟨cos arg z⟩, `ratio_error`, `cosine_error`
    (one standard deviation) and `count`. Errors are 1.23 and 1.07 times σ/√n, since levels enter the ratios of their
    neighbours. Pooling assumes that the points are independent, which spectra at close values of a parameter are not.
    """
    if not has(dataset, "spacing_ratio"):
        raise ArchiveError("the archive has no variable spacing_ratio (study spectrum)")
    ratio = tidy(dataset, "spacing_ratio")
    pooled = [over] if isinstance(over, str) else list(over)
    if unknown := [name for name in pooled if name not in ratio.dims[:-1]]:
        raise ArchiveError(f"spacing_ratio does not depend on {', '.join(unknown)}: its axes are {', '.join(map(str, ratio.dims[:-1])) or 'none'}")
    dims = [*pooled, "level"]
    count = np.isfinite(ratio).sum(dims)
    modulus = abs(ratio)
    cosine = ratio.real / modulus
    found = xr.Dataset({"mean_ratio": modulus.mean(dims), "mean_cosine": cosine.mean(dims), "ratio_error": _error(modulus, dims, RATIO_INFLATION),
                        "cosine_error": _error(cosine, dims, COSINE_INFLATION), "count": count})
    for name, meaning in (("mean_ratio", "mean modulus of the spacing ratio"), ("mean_cosine", "mean cosine of its angle"),
                          ("ratio_error", "standard error of mean_ratio"), ("cosine_error", "standard error of mean_cosine"),
                          ("count", "number of spacing ratios")):
        found[name].attrs = {"long_name": meaning, "units": "1"}
    return found


def _error(values: xr.DataArray, dims: list[str], inflation: float) -> xr.DataArray:
    count = np.isfinite(values).sum(dims)
    mean = values.mean(dims)
    variance = ((values - mean) ** 2).sum(dims) / (count - 1).where(count > 1)
    return inflation * np.sqrt(variance / count.where(count > 1))
