"""What the variables of the semiclassical and spectral studies have in common: names of their own dimensions, axes of the sweep."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.interpolate import PchipInterpolator

from .archive import ArchiveError, axis_label

_PAIR, _SPHERE = ("from_state", "to_state"), ("theta", "phi")
_SPECTRAL = {
    "spectrum": ("level",), "spectrum_sector": ("level",), "spectrum_error": ("level",), "spectrum_condition": ("level",), "spacing_ratio": ("level",),
    "symmetry_sector_q": ("symmetry_sector",), "symmetry_sector_parity": ("symmetry_sector",), "symmetry_sector_part": ("symmetry_sector",),
    "spectrum_gap": (), "spectrum_gap_error": (), "antigap": (), "spectrum_kernel_dimension": (),
    "slow_eigenvalue": ("slow_mode",), "slow_sector": ("slow_mode",), "slow_mode_frame": ("frame_axis", "component"),
    "right_modes": ("slow_mode", "multipole"), "left_modes": ("slow_mode", "multipole"),
    "track_value": ("track_point",), "track_eigenvalue": ("track_point", "track"), "track_sector": ("track",),
    "exceptional_value": ("exceptional_point",), "exceptional_error": ("exceptional_point",), "exceptional_eigenvalue": ("exceptional_point",),
    "exceptional_order": ("exceptional_point",), "exceptional_sector": ("exceptional_point",),
}

# Dimensions of a variable after those of the sweep. In a file they may be called otherwise (`from_state_rates`), where
# another study or output took the name first.
OWN = {
    "barrier": ("representation", *_PAIR), "barrier_error": ("representation", *_PAIR),
    "action": ("representation", "from_state", "exit"), "gap_exponent": ("representation",), "phase_exponent": ("representation", "state"),
    "attractor": ("state", "component"), "exit_spin": ("exit", "component"), "exit_type": ("exit",),
    "instanton_path": ("representation", *_PAIR, "path_point", "component"),
    "rate": _PAIR, "rate_error": _PAIR, "barrier_estimate": _PAIR, "barrier_estimate_error": _PAIR, "gap": (), "gap_error": (),
    "fixed_point": ("fixed_point", "component"), "fixed_point_type": ("fixed_point",), "trajectory": ("start", "sample", "component"),
    "branch_parameter": ("branch", "branch_point"), "branch_spin": ("branch", "branch_point", "component"), "branch_type": ("branch", "branch_point"),
    "bifurcation_parameter": ("bifurcation",), "bifurcation_kind": ("bifurcation",), "bifurcation_spin": ("bifurcation", "component"),
    "quasi_potential": ("representation", *_SPHERE), "husimi": _SPHERE,
    "transition_point": ("representation",), "transition_barrier": ("representation",), "transition_error": ("representation",),
    "transition_weight": ("transition_size",), "transition_gap_minimum": ("transition_size",),
    "transition_weight_limit": (), "transition_weight_limit_error": (), "transition_gap_limit": (), "transition_gap_limit_error": (),
    **_SPECTRAL,
}
_OF_N = {"rate", "rate_error", "barrier_estimate", "barrier_estimate_error", "gap", "gap_error", "husimi", *_SPECTRAL}
_OWN_NAMES = {name for names in OWN.values() for name in names}


def has(dataset: xr.Dataset, name: str) -> bool:
    return name in dataset or f"{name}_re" in dataset


def tidy(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """The variable, complex where stored in two parts: axes of the sweep first, then its own dimensions named as in OWN.

    Studies without N lose it where a list of points repeated their values along it.
    """
    if f"{name}_re" in dataset:
        parts = [_tidy(dataset, f"{name}_{part}", OWN[name], name in _OF_N) for part in ("re", "im")]
        return (parts[0] + 1j * parts[1]).rename(name)
    if name not in dataset:
        raise ArchiveError(f"the archive has no variable {name}")
    return _tidy(dataset, name, OWN[name], name in _OF_N)


def _tidy(dataset: xr.Dataset, stored: str, names: tuple[str, ...], depends_on_n: bool) -> xr.DataArray:
    array = dataset[stored]
    if names[:1] == ("representation",) and not any(str(d).startswith("representation") for d in array.dims):
        names = names[1:]
    status = dataset.get(f"status_{array.attrs.get('study')}")
    if status is not None:
        own = [d for d in array.dims if d not in status.dims]
    else:
        own = list(array.dims[len(array.dims) - len(names):])
    if len(own) != len(names):
        raise ArchiveError(f"{stored} has the dimensions {', '.join(map(str, own)) or 'none'} of its own, not {', '.join(names) or 'none'}")
    # Names first taken away, then given: what is swapped must not meet.
    array = array.rename({d: f"own {k}" for k, d in enumerate(own)}).rename({f"own {k}": name for k, name in enumerate(names)})
    if "N" in array.dims and not depends_on_n:
        array = array.max("N", keep_attrs=True)
    return array.transpose(..., *names)


def sweep_axes(array: xr.DataArray) -> list[str]:
    """The axes of the sweep, N left out, that a tidy variable depends on."""
    return [d for d in array.dims if d != "N" and d not in _OWN_NAMES]


def control_of(array: xr.DataArray) -> str:
    """Of the axes of the sweep that are not N the one with most values."""
    axes = sweep_axes(array)
    if "point" in axes:
        raise ArchiveError("the archive lists scattered points, too few of too large a grid to draw lines through them")
    if not axes:
        raise ArchiveError(f"{array.name} depends on no axis but N: there is nothing to plot it against")
    return max(axes, key=lambda name: array.sizes[name])


def representation(array: xr.DataArray, name: str) -> xr.DataArray | None:
    """The values in the representation Q, P or SW; None where they were not computed."""
    if "representation" not in array.dims:
        return array if name == "Q" else None
    labels = [str(label) for label in array["representation"].values] if "representation" in array.coords else []
    return array.isel(representation=labels.index(name)).drop_vars("representation") if name in labels else None


def off_diagonal(array: xr.DataArray) -> xr.DataArray:
    """NaN from a state to itself."""
    return array.where(xr.DataArray(~np.eye(array.sizes["from_state"], array.sizes["to_state"], dtype=bool), dims=_PAIR))


def pairs(*arrays: xr.DataArray | None) -> list[tuple[int, int]]:
    """Pairs of states (from, to) with a number in any of the arrays."""
    found = set()
    for array in arrays:
        if array is not None:
            known = np.isfinite(off_diagonal(array)).transpose(..., *_PAIR).values
            found |= {tuple(map(int, pair)) for pair in np.argwhere(known.reshape(-1, *known.shape[-2:]).any(0))}
    return sorted(found)


def gap_exponent(dataset: xr.Dataset, name: str) -> xr.DataArray | None:
    """Exponent per j of the gap: `gap_exponent`, or else, for two states, the least barrier."""
    if has(dataset, "gap_exponent"):
        found = representation(tidy(dataset, "gap_exponent"), name)
        if found is not None:
            return found
    barrier = representation(tidy(dataset, "barrier"), name) if has(dataset, "barrier") else None
    if barrier is None or max((max(pair) for pair in pairs(barrier)), default=0) > 1:
        return None
    return off_diagonal(barrier).min(_PAIR)


def consumed(dataset: xr.Dataset, array: xr.DataArray) -> str:
    """Label of the parameter that a study took up as a whole (`over`)."""
    words = [word.strip(".,;:()") for word in str(array.attrs.get("long_name", "")).split()]
    name = array.attrs.get("over") or next((word for word in words if word in dataset.coords and word not in _OWN_NAMES | {"N"}), None)
    if name is None:
        return words[0] if words and words[0].isidentifier() else "parameter"
    return axis_label(dataset, name) if name in dataset.coords else str(name)


def crossings(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Where y(x) is zero: monotone cubics through neighbouring finite values, nothing across missing ones."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    finite = np.flatnonzero(np.isfinite(y))
    runs = np.split(finite, np.flatnonzero(np.diff(finite) > 1) + 1)
    return sorted(float(root) for run in runs if run.size > 1 for root in np.unique(PchipInterpolator(x[run], y[run]).roots(extrapolate=False)) if np.isfinite(root))
