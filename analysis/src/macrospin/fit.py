"""Fits used by the plots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class ExponentialFit:
    """y = exp(intercept - rate * x); errors are one standard deviation."""

    rate: float
    rate_error: float
    intercept: float
    count: int

    def __call__(self, x):
        return np.exp(self.intercept - self.rate * np.asarray(x, dtype=float))


def fit_exponential(x, y) -> ExponentialFit | None:
    """Least squares of ln y against x over the finite, positive y. None with fewer than two; with two the error is NaN."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    good = np.isfinite(x) & np.isfinite(y) & (y > 0)
    if good.sum() < 2 or np.ptp(x[good]) == 0:
        return None
    line = stats.linregress(x[good], np.log(y[good]))
    error = float(line.stderr) if good.sum() > 2 else float("nan")
    return ExponentialFit(rate=-float(line.slope), rate_error=error, intercept=float(line.intercept), count=int(good.sum()))
