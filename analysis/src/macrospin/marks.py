"""Where a curve y(x; N) has its mark (minimum, steepest slope, crossing with the next size) and its limit as N → ∞."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from scipy.interpolate import PchipInterpolator, make_interp_spline

# Share of the distance between places found with all points and with half of them that is taken for an error: a place whose
# error falls as step² is off by a third of it, as step by all.
COARSER = 0.5
FEATURES = ("minimum", "maximum", "steepest")


@dataclass(frozen=True)
class Mark:
    """Place and height of a feature of a curve with one standard deviation; NaN where the curve has none inside its range."""

    x: float
    error: float
    y: float
    y_error: float = float("nan")


NOWHERE = Mark(float("nan"), float("nan"), float("nan"))


def locate(x, y, feature: str = "minimum", error=None) -> Mark:
    """The `feature` ("minimum", "maximum", "steepest") of y(x), between the points of the grid.

    A cubic spline is led through the points; the error is how far the place is from that of a quintic spline, or half of how
    far from those of splines through every second point (at least a hundredth of the distance of the grid's points, and
    step/√12 where more than half of a jump lies between two of them), with what errors of y do to it in quadrature. Extremes of positive y
    that spans more than a factor of ten are looked for in ln y, where a gap near its minimum is smooth. A feature at the
    end of the range is none: the range must be widened.
    """
    if feature not in FEATURES:
        raise ValueError(f"unknown feature {feature}: {', '.join(FEATURES)}")
    x, y = np.asarray(x, float), np.asarray(y, float)
    good = np.isfinite(x) & np.isfinite(y)
    order = np.argsort(x[good])
    xs, ys = x[good][order], y[good][order]
    if xs.size < 6:
        return NOWHERE
    es = None if error is None else np.nan_to_num(np.asarray(error, float)[good][order])
    logarithmic = feature != "steepest" and (ys > 0).all() and ys.max() > 10 * ys.min()
    values = np.log(ys) if logarithmic else ys
    noise = None if es is None else es / ys if logarithmic else es
    sign = -1.0 if feature == "maximum" else 1.0
    cubic = _place(xs, sign * values, feature, 3)
    if cubic is None:
        return NOWHERE
    quintic = _place(xs, sign * values, feature, 5)
    k = _cell(xs, cubic)
    step = xs[k] - xs[k - 1]
    distances = [step if quintic is None else abs(quintic - cubic), step / 100, _coarser(xs, sign * values, feature, cubic, step)]
    if feature == "steepest" and np.abs(np.diff(ys)).max() > 0.5 * np.ptp(ys):
        # The place inside the cell is a guess: anywhere in it, evenly.
        distances.append(step / np.sqrt(12))
    own = 0.0 if noise is None else _noise(xs, sign * values, noise, feature, cubic, k)
    heights = [float(make_interp_spline(xs, values, k=degree)(cubic)) for degree in (3, 5)]
    height_error = float(np.hypot(heights[1] - heights[0], 0.0 if noise is None else noise[k - 1:k + 1].max()))
    height = float(np.exp(heights[0])) if logarithmic else heights[0]
    return Mark(float(cubic), float(np.hypot(max(distances), own)), height, height_error * (height if logarithmic else 1.0))


def _place(x, y, feature: str, degree: int) -> float | None:
    """Least value, or greatest |slope|, of the spline inside the range; None at its ends."""
    spline = make_interp_spline(x, y, k=degree)
    target = spline if feature != "steepest" else spline.derivative()
    slope = (lambda t: -abs(target(t))) if feature == "steepest" else target
    fine = np.unique(np.concatenate([np.linspace(a, b, 9) for a, b in zip(x[:-1], x[1:])]))
    k = int(np.argmin(slope(fine)))
    if k in (0, fine.size - 1):
        return None
    found = optimize.minimize_scalar(slope, bounds=(fine[k - 1], fine[k + 1]), method="bounded", options={"xatol": 1e-12 * max(1.0, abs(fine[k]))})
    # The first and last interval of the grid do not show whether the feature is there or beyond.
    return float(found.x) if x[1] <= found.x <= x[-2] or feature != "steepest" else None


def _coarser(x, y, feature: str, place: float, step: float) -> float:
    """COARSER times the greatest distance of the place to those of splines through every second point; 0 with too few points for
    such splines.

    Where half of the points have no such feature inside the range, one step.
    """
    if x.size < 8:
        return 0.0
    found = [_place(x[offset::2], y[offset::2], feature, 3) for offset in (0, 1)]
    return float(max(step if there is None else COARSER * abs(there - place) for there in found))


def _noise(x, y, noise, feature: str, place: float, k: int) -> float:
    """What independent errors of the points next to the feature do to its place (differences, one point after the other)."""
    total = 0.0
    for i in range(max(0, k - 4), min(x.size, k + 4)):
        if noise[i] > 0:
            moved = y.copy()
            moved[i] += noise[i]
            there = _place(x, moved, feature, 3)
            total += ((there if there is not None else place) - place) ** 2
    return float(np.sqrt(total))


def crossing(x, first, second, first_error=None, second_error=None, near: float | None = None) -> Mark:
    """Where two curves over x cross, by monotone cubics, each through its own points (NaN: none at this x) over the range
    that both have; of several crossings the one nearest `near`, else the steepest.

    The error is the greatest of: the distance to the crossing of straight lines over three; what the bend of a curve that its
    own grid does not resolve there does to it; half of the distances to the crossings of
    every second point of the curves; a hundredth of the grid's distance; half of the grid's distance where the slopes of the
    difference at the two ends of the cell differ by more than a factor of three, for there the grid does not resolve it. The
    curves' errors over the difference of their slopes are in it in quadrature.
    """
    curves = [_finite(x, values, error) for values, error in ((first, first_error), (second, second_error))]
    root = _root(curves, near)
    if root is None:
        return NOWHERE
    cells = [_cell(xs, root) for xs, _, _ in curves]
    step = max(xs[k] - xs[k - 1] for (xs, _, _), k in zip(curves, cells))
    slopes = [np.diff(ys) / np.diff(xs) for xs, ys, _ in curves]
    heights = [float(ys[k - 1] + slope[k - 1] * (root - xs[k - 1])) for (xs, ys, _), slope, k in zip(curves, slopes, cells)]
    slope = float(slopes[1][cells[1] - 1] - slopes[0][cells[0] - 1])
    distances = [abs(heights[1] - heights[0]) / abs(slope) / 3 if slope else step, step / 100]
    # Where a curve turns within one cell a monotone cubic knows its height there no better than a straight line.
    distances += [_bend(curve[0], steps, k) / abs(slope) for curve, steps, k in zip(curves, slopes, cells) if slope]
    coarse = [_root([tuple(column[offset::2] for column in curve) for curve in curves], root) for offset in (0, 1)]
    distances += [step if there is None else COARSER * abs(there - root) for there in coarse]
    ends = [float(_at_node(slopes[1], cells[1] - 1 + side) - _at_node(slopes[0], cells[0] - 1 + side)) for side in (0, 1)]
    if ends[0] * ends[1] <= 0 or max(map(abs, ends)) > 3 * min(map(abs, ends)):
        distances.append(step / 2)
    noise = float(np.hypot(*(es[k - 1:k + 1].max() for (_, _, es), k in zip(curves, cells))))
    return Mark(root, float(np.hypot(max(distances), noise / abs(slope) if slope else 0.0)), heights[0])


def _finite(x, y, error) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The points of a curve that have a value, by ascending x; errors 0 where there are none."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    e = np.zeros_like(y) if error is None else np.nan_to_num(np.asarray(error, float))
    keep = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    keep = keep[np.argsort(x[keep])]
    return x[keep], y[keep], e[keep]


def _cell(x, place: float) -> int:
    """Index of the upper end of the cell of the grid that a place is in."""
    return int(np.clip(np.searchsorted(x, place), 1, x.size - 1))


def _at_node(slopes, k: int) -> float:
    """Slope of a curve at the lower end of cell k: mean of the cells on both sides, at the ends of the grid that of the one."""
    return float(slopes[max(k - 1, 0):k + 1].mean())


def _bend(x, slopes, k: int) -> float:
    """How far the curve may be from its chord in the cell below point k; 0 where its slopes at the two ends are alike."""
    low, high = _at_node(slopes, k - 1), _at_node(slopes, k)
    alike = low * high > 0 and max(abs(low), abs(high)) <= 3 * min(abs(low), abs(high))
    return 0.0 if alike else float((x[k] - x[k - 1]) * abs(high - low) / 8)


def _root(curves, near: float | None) -> float | None:
    """The crossing of two curves (x, y, …) over the range that both have; None where there is none, or they are one."""
    if min(curve[0].size for curve in curves) < 2:
        return None
    low, high = max(curve[0][0] for curve in curves), min(curve[0][-1] for curve in curves)
    xs = np.union1d(curves[0][0], curves[1][0])
    xs = xs[(xs >= low) & (xs <= high)]
    if xs.size < 2:
        return None
    first, second = (PchipInterpolator(curve[0], curve[1])(xs) for curve in curves)
    if (first == second).all():
        return None
    curve = PchipInterpolator(xs, second - first)
    roots = [float(root) for root in np.atleast_1d(curve.roots(extrapolate=False)) if np.isfinite(root)]
    if not roots:
        return None
    return min(roots, key=lambda r: abs(r - near)) if near is not None else max(roots, key=lambda r: abs(float(curve.derivative()(r))))


def successive_crossings(n, x, y, error=None, *, ratio: float = 0.0, near: float | None = None) -> tuple[np.ndarray, list[Mark]]:
    """Crossings of N^ratio y(x; N) of neighbouring sizes: (geometric means of the two N, marks). `y` is over (N, x).

    With `ratio` = b/nu the scaled curves cross at the transition up to corrections (0 for dimensionless quantities such as
    a Binder cumulant, z for a gap): Binder, Z. Phys. B 43, 119 (1981). Without `near` each crossing after the last of the
    largest pair is the one nearest to it.
    """
    n, y = np.asarray(n, float), np.asarray(y, float)
    order = np.argsort(n)
    n, y = n[order], y[order]
    y = y * n[:, None] ** ratio
    e = None if error is None else np.asarray(error, float)[order] * n[:, None] ** ratio
    marks: list[Mark] = []
    for k in range(n.size - 1, 0, -1):
        found = crossing(x, y[k - 1], y[k], None if e is None else e[k - 1], None if e is None else e[k], near)
        near = found.x if np.isfinite(found.x) else near
        marks.insert(0, found)
    return np.sqrt(n[:-1] * n[1:]), marks


@dataclass(frozen=True)
class Limit:
    """x(N) = value + amplitude N^-power; `error` has the drift in it, `power` NaN where nothing depends on N."""

    value: float
    error: float
    amplitude: float
    power: float
    power_error: float
    statistical: float
    drift: float
    count: int
    fixed_power: bool

    def __call__(self, n):
        return self.value + (self.amplitude * np.asarray(n, float) ** -self.power if np.isfinite(self.power) else 0.0)


# Between these the power of a shift is looked for.
POWERS = (0.2, 4.0)


def extrapolate(n, values, errors=None, power: float | None = None) -> Limit | None:
    """Limit of `values` at N → ∞ by value + amplitude N^-power; None with fewer than two sizes.

    The power is fitted with four sizes or more, else it is `power` (default 1). Errors weigh the sizes; where the line
    misses them by more, all are enlarged by the same factor. `drift` is how far the limit moves without the smallest size (of two
    sizes: the whole correction). `error` has twice of it: corrections that fall as N^-2/3, of sizes that double, leave
    1.7 times of it. Where the power is fitted `error` also has half of the distance to the limit of the four largest sizes
    with power 1, since a fitted power bends to take in corrections that are not of its form. A power that would end at 0.2 or 4
    is not fitted but 1.
    """
    n, values = np.asarray(n, float), np.asarray(values, float)
    errors = np.zeros_like(values) if errors is None else np.nan_to_num(np.asarray(errors, float))
    good = np.isfinite(n) & np.isfinite(values)
    order = np.argsort(n[good])
    n, values, errors = n[good][order], values[good][order], errors[good][order]
    if np.unique(n).size < 2:
        return None
    free = power is None and n.size >= 4
    sigma = _floor(values, errors)
    best = _fit_limit(n, values, sigma, 1.0 if power is None else power, free)
    bent = 0.0
    if free and not 1.01 * POWERS[0] < best[2] < 0.99 * POWERS[1]:
        # No power of the range fits: what came out is its end, and no finding.
        free, end = False, best
        best = _fit_limit(n, values, sigma, 1.0, False)
        bent = 0.5 * (end[0] - best[0])
    if n.size > 2:
        rest = _fit_limit(n[1:], values[1:], sigma[1:], best[2], free and n.size > 4)
        drift = rest[0] - best[0]
    else:
        drift = best[0] - values[-1]
    error = float(np.hypot(best[3], 2 * drift if n.size > 2 else drift))
    if free:
        bent = 0.5 * (_fit_limit(n[-4:], values[-4:], sigma[-4:], 1.0, False)[0] - best[0])
    return Limit(best[0], float(np.hypot(error, bent)), best[1], best[2], best[4], best[3], float(drift), int(n.size), not free)


def _floor(values, errors) -> np.ndarray:
    """Errors of at least a billionth of the spread, so that exact data can be weighed."""
    least = 1e-9 * max(float(np.ptp(values)), 1e-12 * float(np.abs(values).max()), 1e-300)
    positive = errors[errors > 0]
    return np.maximum(errors, max(least, 0.1 * float(np.median(positive)) if positive.size else least))


def _fit_limit(n, values, sigma, power: float, free: bool) -> tuple[float, float, float, float, float]:
    """(value, amplitude, power, error of the value, error of the power)."""
    def linear(w):
        basis = np.stack([np.ones_like(n), n**-w], axis=1) / sigma[:, None]
        coefficients, *_ = np.linalg.lstsq(basis, values / sigma, rcond=None)
        return coefficients, values / sigma - basis @ coefficients

    if free:
        grid = np.geomspace(*POWERS, 60)
        costs = [float(np.sum(linear(w)[1] ** 2)) for w in grid]
        k = int(np.clip(np.argmin(costs), 1, grid.size - 2))
        power = float(optimize.minimize_scalar(lambda w: float(np.sum(linear(w)[1] ** 2)), bounds=(grid[k - 1], grid[k + 1]), method="bounded",
                                               options={"xatol": 1e-8}).x)
    (value, amplitude), rest = linear(power)
    columns = [np.ones_like(n), n**-power] + ([-amplitude * np.log(n) * n**-power] if free else [])
    jacobian = np.stack(columns, axis=1) / sigma[:, None]
    degrees = n.size - jacobian.shape[1]
    inflate = max(1.0, float(np.sum(rest**2)) / degrees) if degrees > 0 else 1.0
    covariance = np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-14) * inflate
    # Few sizes: the factor itself is uncertain.
    wide = stats.t.ppf(0.84134, degrees) if degrees > 0 else 1.0
    # Rounding may leave less than nothing of a variance where nothing depends on N.
    errors = np.sqrt(np.maximum(np.diag(covariance), 0)) * wide
    return float(value), float(amplitude), power, float(errors[0]), float(errors[2]) if free else 0.0
