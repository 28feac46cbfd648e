"""Data collapse: y(x; N) = N^(-b/nu) f((x - xc) N^(1/nu)) with one master curve f, fitted over xc, 1/nu and b/nu."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize
from scipy.interpolate import BSpline

NAMES = ("critical", "inverse_nu", "ratio")
# Of the correction to scaling h, a small and smooth function.
CORRECTION_KNOTS = 3


@dataclass(frozen=True)
class Collapse:
    """Critical point xc, exponents 1/nu and b/nu with errors.

    `quality` is S of Houdayer and Hartmann (NaN where the data have no errors to measure it by), `scatter` the root mean
    square distance of the scaled points from the master curve over their standard deviation.
    """

    critical: float
    inverse_nu: float
    ratio: float
    errors: dict[str, float]
    samples: np.ndarray
    chi_squared: float
    degrees: int
    quality: float
    scatter: float
    drift: dict[str, float]
    used: np.ndarray
    fixed: frozenset[str] = field(default_factory=frozenset)

    @property
    def parameters(self) -> np.ndarray:
        return np.array([self.critical, self.inverse_nu, self.ratio])

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Bootstrap interval of "critical", "inverse_nu" or "ratio" (statistical: without the drift).

        Symmetric about the estimate, the half width from the quantile of the resamples' distances. Warns where the drift is
        greater than the statistical error: the interval is then too narrow, and `total_error` is to be quoted.
        """
        if np.nan_to_num(self.drift[name]) > self.errors[name]:
            warnings.warn(f"{name}: the drift, {self.drift[name]:.2g}, is greater than the statistical error, {self.errors[name]:.2g}, of which alone this interval is; "
                          "quote total_error", stacklevel=2)
        k = NAMES.index(name)
        centre = float(self.parameters[k])
        if not len(self.samples):
            return float("nan"), float("nan")
        width = float(np.quantile(np.abs(self.samples[:, k] - centre), level))
        return centre - width, centre + width

    def total_error(self, name: str) -> float:
        """Statistical error and drift (see `data_collapse`) in quadrature."""
        return float(np.hypot(np.nan_to_num(self.errors[name]), np.nan_to_num(self.drift[name])))

    def scaled(self, n, x, y) -> tuple[np.ndarray, np.ndarray]:
        """(X, Y) = ((x - xc) N^(1/nu), y N^(b/nu))."""
        return scaled(np.asarray(n, float), np.asarray(x, float), np.asarray(y, float), self.parameters)


def scaled(n, x, y, parameters):
    critical, inverse_nu, ratio = parameters
    return (x - critical) * n**inverse_nu, y * n**ratio


def quality(n, x, y, error, parameters) -> float:
    """S of Houdayer and Hartmann, PRB 70, 014418 (2004) (after Kawashima and Ito, J. Phys. Soc. Jpn. 62, 435 (1993)).

    Mean square distance of each scaled point from the straight line through the points of the other sizes next to it,
    over the variances of both: about 1 where the points collapse within their errors. No master curve is assumed.
    NaN where sizes do not overlap.
    """
    X, Y = scaled(n, x, y, parameters)
    E = error * n**parameters[2]
    total, count = 0.0, 0
    curves = []
    for size in np.unique(n):
        here = np.flatnonzero(n == size)
        curves.append((size, here[np.argsort(X[here])]))
    for k in range(X.size):
        near = []
        for size, order in curves:
            if size == n[k]:
                continue
            place = int(np.searchsorted(X[order], X[k]))
            if 0 < place < order.size:
                near += [order[place - 1], order[place]]
        if len(near) < 2:
            continue
        a, b, w = X[near], Y[near], 1 / E[near] ** 2
        s, sx, sxx, sy, sxy = w.sum(), (w * a).sum(), (w * a * a).sum(), (w * b).sum(), (w * a * b).sum()
        determinant = s * sxx - sx**2
        if determinant <= 0:
            continue
        line = (sxx * sy - sx * sxy + X[k] * (s * sxy - sx * sy)) / determinant
        variance = (sxx - 2 * X[k] * sx + X[k] ** 2 * s) / determinant
        total += (Y[k] - line) ** 2 / (E[k] ** 2 + variance)
        count += 1
    return total / count if count else float("nan")


def _design(X: np.ndarray, knots: int) -> np.ndarray:
    """Cubic B-splines over the range of X with knots at quantiles, so that each has data."""
    inner = np.quantile(X, np.linspace(0, 1, knots)) if knots > 2 else np.array([X.min(), X.max()])
    inner = np.unique(inner)
    span = max(float(inner[-1] - inner[0]), 1e-300)
    inner[0], inner[-1] = inner[0] - 1e-9 * span, inner[-1] + 1e-9 * span
    t = np.concatenate([[inner[0]] * 3, inner, [inner[-1]] * 3])
    return BSpline.design_matrix(X, t, 3).toarray()


class _Problem:
    """Residuals after the best master curve (variable projection): a function of xc, 1/nu and b/nu alone."""

    def __init__(self, n, x, y, error, start, fixed, knots, correction=None):
        self.n, self.x, self.y, self.error = n, x, y, error
        self.start = np.array(start, float)
        self.free = [k for k, name in enumerate(NAMES) if name not in fixed]
        self.knots, self.correction = knots, correction
        # Steps of one unit in these are comparable: a share of the range for xc, 0.1 for exponents.
        self.unit = np.array([max(float(np.ptp(x)), 1e-300) * 0.02, 0.05, 0.05])

    def full(self, step) -> np.ndarray:
        parameters = self.start.copy()
        parameters[self.free] += np.asarray(step) * self.unit[self.free]
        return parameters

    @property
    def columns(self) -> int:
        """Number of spline coefficients."""
        return self.knots + 2 + (CORRECTION_KNOTS + 2 if self.correction else 0)

    def design(self, X: np.ndarray) -> np.ndarray:
        """Master curve f and, with a correction, N^-omega h: smallest N at weight 1."""
        basis = _design(X, self.knots)
        if not self.correction:
            return basis
        return np.concatenate([basis, _design(X, CORRECTION_KNOTS) * ((self.n / self.n.min()) ** -self.correction)[:, None]], axis=1)

    def residuals(self, step, weight=None, y=None):
        parameters = self.full(step)
        y = self.y if y is None else y
        X, Y = scaled(self.n, self.x, y, parameters)
        scale = 1 / (self.error * self.n ** parameters[2])
        if weight is not None:
            scale = scale * weight
        basis = self.design(X) * scale[:, None]
        coefficients, *_ = np.linalg.lstsq(basis, Y * scale, rcond=1e-12)
        return Y * scale - basis @ coefficients

    def solve(self, step=None, weight=None, y=None, loss="linear"):
        step = np.zeros(len(self.free)) if step is None else step
        return optimize.least_squares(self.residuals, step, args=(weight, y), method="trf", diff_step=1e-4, x_scale=1.0, loss=loss,
                                      xtol=1e-7, ftol=1e-9, gtol=1e-12, max_nfev=60)


def data_collapse(n, x, y, error=None, *, start, fixed=(), resamples: int = 200, seed: int = 1, window: float | None = None, knots: int | None = None,
                  correction: float | None = None) -> Collapse:
    """Fit y(x; N) = N^(-b/nu) f((x - xc) N^(1/nu)) to points (n, x, y), all one-dimensional and equally long.

    The master curve f is a cubic spline with knots at quantiles of the scaled variable; for given exponents it is a
    linear fit, which leaves three parameters (variable projection). `start` = (xc, 1/nu, b/nu); names in `fixed`
    ("critical", "inverse_nu", "ratio") stay there. `window`: only points with |X| below it enter; by default the
    greatest |X| that all sizes reach (at the start and again at the first solution), since f is not the master curve
    far from the transition.

    `error`: one standard deviation of each y. Without it errors are taken equal relative to the scaled range, and their size
    from the scatter about f. Errors of the result are bootstrapped: with `error` the data are drawn anew about the
    fit, without it the points are drawn with replacement within each size.

    `drift` estimates what corrections to scaling do to each parameter, which no bootstrap sees: twice the greater of two
    distances, that between fits to the larger and the smaller half of the sizes (of fewer than four: to all and to all
    but the smallest), and that to a fit with a correction N^-omega h(X), omega = 1/nu. `correction` = omega makes the
    fit itself one with such a correction.

    Raises ValueError with fewer than two sizes or fewer points in the window than parameters.
    """
    n, x, y = (np.asarray(values, float).ravel() for values in (n, x, y))
    given = error is not None
    error = np.asarray(error, float).ravel() if given else None
    good = np.isfinite(n) & np.isfinite(x) & np.isfinite(y) & (n > 0) & (np.isfinite(error) & (error > 0) if given else True)
    if np.unique(n[good]).size < 2:
        raise ValueError("a collapse needs two sizes or more")
    unknown = set(fixed) - set(NAMES)
    if unknown:
        raise ValueError(f"unknown parameters {', '.join(sorted(unknown))}: {', '.join(NAMES)}")
    parameters = np.array(start, float)
    for _ in range(3):
        used = good & _inside(n, x, parameters, window)
        problem = _problem(n[used], x[used], y[used], error[used] if given else None, parameters, fixed, knots, correction)
        if not problem.free:
            break
        before, parameters = parameters, problem.full(problem.solve().x)
        if np.all(np.abs(parameters - before) <= 1e-3 * problem.unit):
            break
    problem.start = parameters
    rest = problem.residuals(np.zeros(len(problem.free)))
    degrees = int(used.sum()) - problem.columns - len(problem.free)
    chi = float(rest @ rest)
    noise = 1.0 if given else float(np.sqrt(chi / max(degrees, 1)))
    Y = y[used] * n[used] ** parameters[2]
    spread = float(np.std(Y)) or 1.0
    distance = rest * problem.error * n[used] ** parameters[2]
    samples = _bootstrap(problem, given, resamples, seed) if problem.free and resamples else np.empty((0, 3))
    errors = {name: float(samples[:, k].std(ddof=1)) if len(samples) > 1 and name not in fixed else 0.0 for k, name in enumerate(NAMES)}
    return Collapse(*map(float, parameters), errors=errors, samples=samples, chi_squared=chi / noise**2, degrees=degrees,
                    quality=quality(n[used], x[used], y[used], problem.error, parameters) if given else float("nan"),
                    scatter=float(np.sqrt(np.mean(distance**2))) / spread, drift=_drift(problem, parameters, fixed), used=used, fixed=frozenset(fixed))


def _inside(n, x, parameters, window):
    X = (x - parameters[0]) * n ** parameters[1]
    if window is None:
        sizes = np.unique(n)
        below = min(max(0.0, float((-X[n == size]).max())) for size in sizes)
        above = min(max(0.0, float(X[n == size].max())) for size in sizes)
        return (X >= -below * (1 + 1e-9)) & (X <= above * (1 + 1e-9))
    return np.abs(X) <= window


def _problem(n, x, y, error, parameters, fixed, knots, correction=None) -> _Problem:
    sizes = np.unique(n)
    knots = knots or int(np.clip(n.size // 8, 3, 20))
    free = sum(name not in fixed for name in NAMES)
    if sizes.size < 2 or n.size < knots + 2 + free + 1 + (CORRECTION_KNOTS + 2 if correction else 0):
        raise ValueError(f"only {n.size} points of {sizes.size} sizes lie in the scaling window: too few for a collapse; widen the range of the axis or name a greater window")
    if error is None:
        # Equal accuracy of all points in the scaled variable.
        error = np.full(n.shape, float(np.std(y * n ** parameters[2]))) * n ** -parameters[2]
    return _Problem(n, x, y, error, parameters, fixed, knots, correction)


def _bootstrap(problem: _Problem, given: bool, resamples: int, seed: int) -> np.ndarray:
    """Parameters of resampled data: drawn about the fit where errors are known, else points with replacement (as weights)."""
    rng = np.random.default_rng(seed)
    n = problem.n
    parameters = problem.start
    samples = []
    zero = np.zeros(len(problem.free))
    if given:
        X, Y = scaled(n, problem.x, problem.y, parameters)
        scale = 1 / (problem.error * n ** parameters[2])
        basis = problem.design(X) * scale[:, None]
        smooth = (basis @ np.linalg.lstsq(basis, Y * scale, rcond=1e-12)[0]) / scale * n ** -parameters[2]
    groups = [np.flatnonzero(n == size) for size in np.unique(n)]
    for _ in range(resamples):
        if given:
            found = problem.solve(zero, y=smooth + problem.error * rng.standard_normal(n.size))
        else:
            weight = np.zeros(n.size)
            for group in groups:
                np.add.at(weight, rng.choice(group, group.size), 1.0)
            found = problem.solve(zero, weight=np.sqrt(weight))
        samples.append(problem.full(found.x))
    return np.array(samples)


def _drift(problem: _Problem, parameters, fixed) -> dict[str, float]:
    """Twice how far the parameters move with the choice of sizes or with a correction; NaN where too little is left for either."""
    sizes = np.unique(problem.n)
    middle = sizes.size // 2
    parts = ([problem.n >= sizes[middle], problem.n <= sizes[min(middle, sizes.size - 1 - (sizes.size - 1) // 2)]] if sizes.size > 3
             else [problem.n > sizes[0]])
    found = [_part(problem, keep, parameters) for keep in parts]
    distances = []
    if all(values is not None for values in found):
        distances.append(np.abs(found[0] - (found[1] if len(found) > 1 else parameters)))
    if not problem.correction and parameters[1] > 0:
        corrected = _part(problem, np.ones(problem.n.size, bool), parameters, correction=float(parameters[1]))
        if corrected is not None:
            distances.append(np.abs(corrected - parameters))
    if not distances:
        return {name: 0.0 if name in fixed else float("nan") for name in NAMES}
    return {name: 2 * float(max(distance[k] for distance in distances)) for k, name in enumerate(NAMES)}


def _part(problem: _Problem, keep, parameters, correction: float | None = None) -> np.ndarray | None:
    """Parameters fitted to the points `keep` alone; None where they are too few."""
    rest = _Problem(problem.n[keep], problem.x[keep], problem.y[keep], problem.error[keep], parameters, (), problem.knots, correction or problem.correction)
    if np.unique(rest.n).size < 2 or rest.n.size < rest.columns + len(problem.free) + 1:
        return None
    rest.free = problem.free
    return rest.full(rest.solve().x) if rest.free else np.array(parameters)
