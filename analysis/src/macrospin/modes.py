"""Slow modes of the study `spectrum` followed along an axis by the overlap of their eigenvectors."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from .archive import ArchiveError
from .semiclassical import has, tidy

# Below this overlap a mode is not the one before: three modes of one exceptional point have 1/3 with one another.
LEAST_OVERLAP = 0.2
# Relative to the modulus: an imaginary part below this is rounding.
REAL = 1e-9


def track_modes(dataset: xr.Dataset, over: str, least: float = LEAST_OVERLAP) -> xr.Dataset:
    """The slow modes of the study `spectrum`, ordered along the axis `over` so that a track keeps to one mode.

    Needs `keep: [right, left]`. With the spectral projectors P = v wᵀ/wᵀv of neighbouring values the overlap is |tr P P′|:
    1 for the same mode, 0 for different ones as values come close, whatever the norms of the vectors and however close the
    eigenvalues. The assignment of all modes at once with the greatest sum of overlaps is taken. Both members of a
    conjugate pair are followed, one track each.

    Beside an exceptional point of order p overlaps are 1/p: where two real modes become a pair the upper member goes on
    the track with the smaller number, where a pair becomes real the slower one. With an overlap below `least` a track
    ends (NaN from there on): the mode has left those kept, or values are too far apart.

    Returns a Dataset over the other axes, `over` and `track`: `eigenvalue` (complex), `overlap` (with the value before;
    NaN at the first), `sector`. Points without modes are passed over. Values of `over` ascend.
    """
    for name in ("right_modes", "left_modes"):
        if not has(dataset, name):
            raise ArchiveError(f"the archive has no variable {name}: it is kept with spectrum: {{ modes: …, keep: [right, left] }}")
    names = ("slow_eigenvalue", "right_modes", "left_modes", "slow_sector", "slow_mode_frame")
    eigenvalue, right, left, sector, frame = (tidy(dataset, name) for name in names)
    if over not in eigenvalue.dims[:-1]:
        raise ArchiveError(f"slow modes do not depend on {over}: their axes are {', '.join(map(str, eigenvalue.dims[:-1])) or 'none'}")
    _check_frames(frame, over)
    eigenvalue, right, left, sector = (array.sortby(over) for array in (eigenvalue, right, left, sector))
    tracks = 2 * eigenvalue.sizes["slow_mode"]
    found = xr.apply_ufunc(
        lambda *arrays: follow(*arrays, least=least), eigenvalue, right, left, sector,
        input_core_dims=[[over, "slow_mode"], [over, "slow_mode", "multipole"], [over, "slow_mode", "multipole"], [over, "slow_mode"]],
        output_core_dims=[[over, "track"], [over, "track"], ["track"]], vectorize=True, output_dtypes=[complex, float, float],
        dask_gufunc_kwargs={"output_sizes": {"track": tracks}})
    result = xr.Dataset(dict(zip(("eigenvalue", "overlap", "sector"), found))).dropna("track", how="all", subset=["eigenvalue"])
    unit = dataset["slow_eigenvalue_re"].attrs.get("units", "1")
    result["eigenvalue"].attrs = {"long_name": "eigenvalue followed by its vectors", "units": unit}
    result["overlap"].attrs = {"long_name": "overlap of spectral projectors with the value before", "units": "1"}
    result["sector"].attrs = {"long_name": "symmetry sector", "units": "1"}
    return result


def _check_frames(frame: xr.DataArray, over: str) -> None:
    """Components of vectors may be compared in one frame only."""
    if over in frame.dims and bool((abs(frame.max(over) - frame.min(over)) > 1e-9).any()):
        raise ArchiveError(f"slow_mode_frame turns along {over}: modes in different axes cannot be compared by components")


def follow(values: np.ndarray, right: np.ndarray, left: np.ndarray, sector: np.ndarray, least: float = LEAST_OVERLAP):
    """(eigenvalues, overlaps, sectors) of twice as many tracks as modes, NaN where there is none.

    values[point, mode], right and left[point, mode, component], sector[point, mode]; of conjugate pairs the upper member.
    """
    points, modes = values.shape
    tracks, overlaps, sectors = np.full((points, 2 * modes), complex(np.nan, np.nan)), np.full((points, 2 * modes), np.nan), np.full(2 * modes, np.nan)
    before, alive = None, np.array([], int)
    for k in range(points):
        here = both_members(values[k], right[k], left[k], sector[k])
        if here is None:
            continue
        if before is None:
            alive = np.arange(here[0].size)
            tracks[k, alive], sectors[alive] = here[0], here[3]
            before = here
            continue
        rows, columns, overlap = matched(before, here, least)
        alive = alive[rows]
        tracks[k, alive], overlaps[k, alive] = here[0][columns], overlap
        before = tuple(array[columns] for array in here)
        if alive.size == 0:
            break
    return tracks, overlaps, sectors


def both_members(values, right, left, sector):
    """(eigenvalues, right, left, sectors) with both members of conjugate pairs, upper first; None where there is no mode."""
    there = np.flatnonzero(np.isfinite(values))
    if there.size == 0:
        return None
    kept = np.isfinite(right[there]).all(0) & np.isfinite(left[there]).all(0)
    places, mirrored = [], []
    for mode in there:
        places.append(mode)
        mirrored.append(False)
        if abs(values[mode].imag) > REAL * abs(values[mode]):
            places.append(mode)
            mirrored.append(True)
    places, mirrored = np.array(places), np.array(mirrored)

    def member(array):
        picked = array[places]
        return np.where(mirrored.reshape(-1, *[1] * (picked.ndim - 1)), picked.conj(), picked)

    return member(values), member(right)[:, kept], member(left)[:, kept], sector[places]


def matched(before, here, least: float):
    """(rows, columns, overlaps) of the best assignment; rows ascending, those below `least` left out."""
    (_, right, left, sector), (_, other_right, other_left, other_sector) = before, here
    own, other = np.sum(left * right, axis=1), np.sum(other_left * other_right, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        overlap = np.abs((left @ other_right.T) * (other_left @ right.T).T / own[:, None] / other[None, :])
    overlap = np.where(np.isfinite(overlap) & (sector[:, None] == other_sector[None, :]), overlap, 0)
    # Where overlaps are equal (a real pair becomes a conjugate one) order is kept: the sum of products is greatest then.
    order = np.outer(np.arange(overlap.shape[0]), np.arange(overlap.shape[1]))
    rows, columns = linear_sum_assignment(overlap + 1e-7 * order / max(1, order.max()), maximize=True)
    good = overlap[rows, columns] >= least
    return rows[good], columns[good], overlap[rows, columns][good]
