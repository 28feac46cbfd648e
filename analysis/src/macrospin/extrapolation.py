"""Barriers and prefactors of rates k = K exp(-j A) (1 + c/j + ...) from their values at finite N."""

from __future__ import annotations

import numpy as np
import xarray as xr

from .archive import ArchiveError
from .semiclassical import off_diagonal, representation, tidy


def limit(x, y, error=None) -> tuple[float, float, int]:
    """(limit of y at x = 0, error, count) by the line through the two finite values at the least x > 0.

    The error is the distance to the line through the second and third value (of two values: the whole correction), in
    quadrature with what the values' own errors become. Fewer than two values give NaN.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    error = np.zeros_like(y) if error is None else np.nan_to_num(np.asarray(error, float))
    good = np.flatnonzero(np.isfinite(y) & (x > 0))
    good = good[np.argsort(x[good], kind="stable")]
    if good.size < 2:
        return np.nan, np.nan, int(good.size)

    def at_zero(a, b):
        return (x[b] * y[a] - x[a] * y[b]) / (x[b] - x[a])

    a, b = good[:2]
    value = at_zero(a, b)
    spread = value - (at_zero(b, good[2]) if good.size > 2 else y[a])
    own = np.hypot(x[b] * error[a], x[a] * error[b]) / (x[b] - x[a])
    return float(value), float(np.hypot(spread, own)), int(good.size)


def _limits(x: xr.DataArray, y: xr.DataArray, error: xr.DataArray | None):
    return xr.apply_ufunc(limit, x, y, xr.zeros_like(y) if error is None else error, input_core_dims=[["N"]] * 3,
                          output_core_dims=[[]] * 3, vectorize=True, output_dtypes=[float, float, int])


def barrier_extrapolation(dataset: xr.Dataset) -> xr.Dataset:
    """Barriers A of each pair of metastable states from exact rates (study `rates`), without semiclassics.

    The estimator ln k(N) - ln k(N+2) of rates k = K exp(-jA)(1 + c/j + ...) is A + c/J² + O(1/J³) with the midpoint
    J = (N+1)/2. The two largest N with finite estimators give A; the distance to what the second and third largest give
    is the error (of two N only: the whole correction), with the estimators' own errors in quadrature.

    Returns a Dataset over the sweep without N and (from_state, to_state): `barrier`, `barrier_error`, `estimates` (how
    many N had one), and `last_estimate`, the estimator at the largest N. NaN with fewer than two N and from a state to itself.
    """
    estimate = tidy(dataset, "barrier_estimate")
    error = tidy(dataset, "barrier_estimate_error") if "barrier_estimate_error" in dataset else None
    if "N" not in estimate.dims:
        raise ArchiveError("barrier_estimate does not depend on N: there is nothing to extrapolate")
    estimate = off_diagonal(estimate).sortby("N")
    error = None if error is None else error.sortby("N")
    value, deviation, count = _limits(4 / (estimate["N"] + 1.0) ** 2, estimate, error)
    value.attrs = {"long_name": "barrier A from exact rates, extrapolated in 1/j²", "units": "1"}
    deviation.attrs = {"long_name": "error of barrier", "units": "1"}
    return xr.Dataset({"barrier": value, "barrier_error": deviation, "estimates": count, "last_estimate": _last(estimate)})


def _last(estimate: xr.DataArray) -> xr.DataArray:
    """The value at the largest N that has one."""
    place = (estimate["N"] * 0 + xr.DataArray(np.arange(estimate.sizes["N"]), dims="N")).where(np.isfinite(estimate), -1).max("N")
    found = estimate.isel(N=place.clip(min=0).astype(int)).where(place >= 0)
    return found.drop_vars("N", errors="ignore")


def prefactor(dataset: xr.Dataset, representation_name: str = "Q") -> xr.Dataset:
    """Prefactors K of the rates k = K exp(-jA)(1 + c/j + ...), A the instanton barrier in one representation.

    k exp(jA) of the two largest N is extrapolated linearly in 1/j. The error has the distance to what the second and
    third largest N give, the errors of the rates and that of the barrier (twice j times as large in K), in quadrature.

    Returns a Dataset over the sweep without N and (from_state, to_state): `prefactor`, `prefactor_error`, and over N too
    `scaled_rate` = k exp(jA). Units are those of `rate`.
    """
    rate = off_diagonal(tidy(dataset, "rate"))
    barrier = representation(tidy(dataset, "barrier"), representation_name)
    if barrier is None:
        raise ArchiveError(f"barrier has no representation {representation_name}")
    if "N" not in rate.dims:
        raise ArchiveError("rate does not depend on N: there is nothing to extrapolate")
    rate = rate.where(rate > 0)
    j = rate["N"] / 2.0
    # States that only one of the two studies has are left out.
    rate, barrier = xr.align(rate, _same_states(barrier, rate), join="inner", exclude=["from_state", "to_state"])
    scaled = np.exp(np.log(rate) + j * barrier)
    error = scaled * tidy(dataset, "rate_error") / rate if "rate_error" in dataset else None
    value, deviation, count = _limits(1 / j, scaled, error)
    if "barrier_error" in dataset:
        of_barrier = _same_states(representation(tidy(dataset, "barrier_error"), representation_name), rate)
        # d ln K / dA of the line through j1 < j2 is about j1 + j2.
        last = j.where(np.isfinite(scaled)).max("N")
        deviation = np.hypot(deviation, (2 * last * value * of_barrier).fillna(0))
    unit = rate.attrs.get("units") or dataset["rate"].attrs.get("units", "1")
    value.attrs = {"long_name": "prefactor K of the rate", "units": unit}
    deviation = deviation.assign_attrs(long_name="error of prefactor", units=unit)
    return xr.Dataset({"prefactor": value, "prefactor_error": deviation, "estimates": count,
                       "scaled_rate": scaled.assign_attrs(long_name="rate times exp(jA)", units=unit)})


def _same_states(array: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    """The states numbered as those of `like`; NaN where the array has fewer."""
    count = like.sizes["from_state"]
    array = array.drop_vars(["from_state", "to_state"], errors="ignore").isel(from_state=slice(count), to_state=slice(count))
    lacking = count - array.sizes["from_state"]
    return array.pad(from_state=(0, lacking), to_state=(0, lacking), constant_values=np.nan) if lacking else array
