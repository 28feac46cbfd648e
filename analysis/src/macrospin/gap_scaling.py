"""How a gap closes with the size: exponentially, as a power law, or not at all; which of these the data prefer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
from scipy import optimize, stats

# Words of the verdict and, for x = j, the law in mathtext.
FAMILIES = {"exponential": "closes exponentially", "power": "closes as a power law", "open": "stays open"}
# Akaike weight above which a family is believed.
DECIDED = 0.95
# Sizes with which AICc of a line is finite (two coefficients and the scatter): with fewer laws cannot be compared.
FEWEST = 5
# A gap is only said to stay open if its correction at the largest size, in ln gap, is less than this: it would else be
# extrapolated to less than two thirds of what was found, which is no better shown than that it closes.
MOST_CORRECTION = 0.4
# A gap is only said to close as a power law if its slope over the largest three sizes is at least this share of that over all.
LEAST_SLOPE = 0.6


@dataclass(frozen=True)
class Law:
    """ln gap as a linear form of basis functions of x; the exponent is minus the coefficient `exponent` (None: there is none)."""

    name: str
    family: str
    text: str
    basis: Callable[[np.ndarray], np.ndarray]
    exponent: int | None


def _columns(*functions):
    return lambda x: np.stack([f(np.asarray(x, float)) for f in functions], axis=-1)


_ONE, _LINE, _LOG, _INVERSE, _ROOT = np.ones_like, lambda x: x, np.log, lambda x: 1 / x, lambda x: x**-0.5
LAWS = (
    Law("exponential", "exponential", r"$K e^{-jA}$", _columns(_ONE, _LINE), 1),
    Law("exponential, 1/j", "exponential", r"$K e^{-jA}(1 + c/j)$", _columns(_ONE, _LINE, _INVERSE), 1),
    Law("exponential, prefactor", "exponential", r"$K j^p e^{-jA}$", _columns(_ONE, _LINE, _LOG), 1),
    Law("power", "power", r"$a j^{-z}$", _columns(_ONE, _LOG), 1),
    Law("power, 1/j", "power", r"$a j^{-z}(1 + b/j)$", _columns(_ONE, _LOG, _INVERSE), 1),
    Law("power, 1/√j", "power", r"$a j^{-z}(1 + b/\sqrt{j})$", _columns(_ONE, _LOG, _ROOT), 1),
    Law("open", "open", r"$g$", _columns(_ONE), None),
    Law("open, 1/j", "open", r"$g(1 + c/j)$", _columns(_ONE, _INVERSE), None),
    Law("open, 1/√j", "open", r"$g(1 + c/\sqrt{j})$", _columns(_ONE, _ROOT), None),
)


@dataclass(frozen=True)
class LawFit:
    """One law fitted to ln gap by weighted least squares; errors are one standard deviation."""

    law: Law
    coefficients: np.ndarray
    covariance: np.ndarray
    scatter: float
    log_likelihood: float
    aicc: float
    held_out: float
    drift: float
    count: int
    excluded: str = ""

    @property
    def parameters(self) -> int:
        """Free numbers of the fit: the coefficients and the scatter."""
        return len(self.coefficients) + 1

    @property
    def degrees(self) -> int:
        return self.count - len(self.coefficients)

    @property
    def exponent(self) -> float:
        """A of exp(-jA) or z of j^-z; NaN of a gap that stays open."""
        return float("nan") if self.law.exponent is None else -float(self.coefficients[self.law.exponent])

    @property
    def statistical_error(self) -> float:
        """Of the exponent, from the covariance of this law alone."""
        return float("nan") if self.law.exponent is None else float(np.sqrt(self.covariance[self.law.exponent, self.law.exponent]))

    def __call__(self, x) -> np.ndarray:
        return np.exp(self.law.basis(np.asarray(x, float)) @ self.coefficients)

    def band(self, x, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Confidence band of the law itself (not of further points) at `x`, by Student's t."""
        basis = self.law.basis(np.asarray(x, float))
        centre = basis @ self.coefficients
        width = np.sqrt(np.einsum("...i,ij,...j->...", basis, self.covariance, basis)) * stats.t.ppf((1 + level) / 2, max(self.degrees, 1))
        return np.exp(centre - width), np.exp(centre + width)


@dataclass(frozen=True)
class GapScaling:
    """All laws that the points allow, the best first, with Akaike weights; see `fit_gap_scaling`."""

    x: np.ndarray
    gap: np.ndarray
    error: np.ndarray
    bound: np.ndarray
    fits: tuple[LawFit, ...]
    weights: tuple[float, ...]

    @property
    def best(self) -> LawFit:
        return self.fits[0]

    def family_weight(self, family: str) -> float:
        """Summed Akaike weight of the laws of a family."""
        return float(sum(w for fit, w in zip(self.fits, self.weights) if fit.law.family == family))

    def of_family(self, family: str) -> LawFit | None:
        """The best law of a family; None where the points do not allow any."""
        return next((fit for fit in self.fits if fit.law.family == family), None)

    @property
    def family(self) -> str | None:
        """The family that the data decide for; None where they do not (see `verdict`)."""
        if len(self.x) < FEWEST:
            return None
        best = max(FAMILIES, key=self.family_weight)
        fit = self.of_family(best)
        if fit is None or self.family_weight(best) < DECIDED:
            return None
        return None if self._objection(best) else best

    def _objection(self, family: str) -> str:
        """Why a family is not declared although it has the greatest weight; empty if nothing speaks against it."""
        fit = self.of_family(family)
        if fit.excluded:
            return f"every law lies {fit.excluded}"
        if family == "open":
            power = next((other for other in self.fits if other.law.name == "power"), None)
            if len(fit.coefficients) == 1 and power is not None and power.exponent > 2 * power.statistical_error:
                return f"as a power law it closes with z = {with_error(power.exponent, power.statistical_error)}"
            correction = float(fit.coefficients[0] - np.log(fit(self.x[-1])))
            if abs(correction) > MOST_CORRECTION:
                return f"the gap would tend to {np.exp(correction):.0%} of that of the largest size"
        else:
            # A gap that closes with an exponent compatible with zero is not shown to close.
            exponent, error = self.exponent(family)
            if not exponent > 2 * error:
                return f"exponent {with_error(exponent, error)}"
        if family == "power" and self._levels_off():
            return "its slope falls towards large sizes"
        # What interpolates best must also foretell the largest size best, else it only bends more willingly.
        rivals = [other.held_out for other in self.fits if other.law.family != family and np.isfinite(other.held_out)]
        own = [other.held_out for other in self.fits if other.law.family == family and np.isfinite(other.held_out)]
        if rivals and own and min(own) > min(rivals):
            return "another law foretells the largest size better"
        return ""

    def _levels_off(self) -> bool:
        """Whether the local exponent over the largest three sizes is far below that over all, by two errors."""
        power = next((fit for fit in self.fits if fit.law.name == "power"), None)
        if power is None or len(self.x) < FEWEST:
            return False
        slope, error = _slope(self.x[-3:], self.gap[-3:], self.error[-3:])
        return slope + 2 * error < LEAST_SLOPE * power.exponent

    def exponent(self, family: str) -> tuple[float, float]:
        """(A or z of the best law of a family, error of one standard deviation).

        The error has, in quadrature with the statistical one, twice how far the exponent moves without the smallest size
        (as in `marks.extrapolate`) and how far it is from those with other corrections to scaling, whose form nobody
        has told: simpler laws count if they have a weight of 1 % in the family, others always.
        """
        fit = self.of_family(family)
        if fit is None or fit.law.exponent is None:
            return float("nan"), float("nan")
        least = 0.01 * self.family_weight(family)
        others = [abs(other.exponent - fit.exponent) for other, w in zip(self.fits, self.weights) if other.law.family == family and (w >= least or other.parameters >= max(fit.parameters, 4))]
        return fit.exponent, float(np.sqrt(fit.statistical_error**2 + (2 * np.nan_to_num(fit.drift))**2 + max(others)**2))

    @property
    def verdict(self) -> str:
        """The finding in words with its weight."""
        if len(self.x) < FEWEST:
            guess = self.of_family("exponential")
            rate = f"; if exponential, A = {with_error(*self.exponent('exponential'))}" if guess is not None else ""
            return f"undecided: {len(self.x)} sizes are too few to compare laws ({FEWEST} needed){rate}"
        if self.family is None:
            ranked = sorted(FAMILIES, key=self.family_weight, reverse=True)[:2]
            lead = ", ".join(f"{FAMILIES[name]}: {self.family_weight(name):.2g}" for name in ranked if self.family_weight(name) > 0)
            objection = self._objection(ranked[0])
            if self.best.excluded:
                return f"undecided: {self._objection(self.best.law.family)}"
            if objection.startswith("exponent"):
                return f"not shown to close: {FAMILIES[ranked[0]].removeprefix('closes ')} with {objection}"
            # With too little weight that is the reason.
            reason = f"; but {objection}" if objection and self.family_weight(ranked[0]) >= DECIDED else ""
            return f"undecided from {len(self.x)} sizes ({lead}{reason})"
        symbol = {"exponential": "A", "power": "z"}.get(self.family)
        weight = self.family_weight(self.family)
        said = f"weight {weight:.3f}" if weight < 0.9995 else "weight > 0.999"
        value = f", {symbol} = {with_error(*self.exponent(self.family))}" if symbol else ""
        return f"{FAMILIES[self.family]}{value} ({said})"

    def bootstrap(self, fit: LawFit | None = None, resamples: int = 1000, seed: int = 1, level: float = 0.95) -> tuple[float, float]:
        """Interval of the exponent: scattered data drawn about the fit, each fitted anew.

        The scatter is that of the fit enlarged by sqrt(n/(n - k)), with the archive's own errors in quadrature, and
        the draws are from Student's t with n - k degrees of freedom, since the scatter is known no better.
        """
        fit = self.best if fit is None else fit
        if fit.law.exponent is None or fit.degrees < 1:
            return float("nan"), float("nan")
        rng = np.random.default_rng(seed)
        total = np.sqrt(fit.scatter**2 + self.error**2)
        basis = fit.law.basis(self.x) / total[:, None]
        solve = np.linalg.pinv(basis)
        draws = rng.standard_normal((resamples, fit.count)) * np.sqrt(fit.count / fit.degrees)
        # One common factor a resample: the variance itself is uncertain.
        draws *= np.sqrt(fit.degrees / rng.chisquare(fit.degrees, resamples))[:, None]
        exponents = -(fit.coefficients[fit.law.exponent] + draws @ solve[fit.law.exponent])
        low, high = np.quantile(exponents, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def fit_gap_scaling(x, gap, error=None, bound=None) -> GapScaling | None:
    """Fit ln gap(x) by every law of LAWS that the number of points allows, x = j = N/2; None with fewer than three points.

    `error` are the points' own errors (of the archive, one standard deviation, in the unit of the gap); what they do
    not explain is a scatter common to all points, found by maximum likelihood. For exact data this scatter is not
    noise but what the law fails to describe, and the errors say how far the parameters could move for it.
    `bound` are upper bounds at sizes whose gap is unresolved: no data, but a law that lies above one of them with its
    whole 95 % band is excluded. Where all are, they are kept and marked, and nothing is decided.

    Models are compared by AICc (Hurvich and Tsai, Biometrika 76, 297 (1989)), which charges for each parameter and
    more so with few points: a law with k coefficients needs k + 3 points to be compared at all. A correction 1 + c/j is
    fitted as exp(c/j), equal to it up to 1/j². `held_out` is |ln| of predicted over found gap at the largest size,
    fitted without it.
    """
    x, gap = np.asarray(x, float), np.asarray(gap, float)
    good = np.isfinite(x) & np.isfinite(gap) & (gap > 0) & (x > 0)
    if good.sum() < 3 or np.unique(x[good]).size < 3:
        return None
    relative = np.zeros(x.size) if error is None else np.nan_to_num(np.asarray(error, float) / np.where(gap > 0, gap, np.nan))
    limits = [] if bound is None else [(float(a), float(b)) for a, b in zip(x, np.asarray(bound, float)) if np.isfinite(b) and b > 0]
    order = np.argsort(x[good])
    xs, ys, es = x[good][order], np.log(gap[good][order]), np.abs(relative[good][order])
    fits = []
    for law in LAWS:
        k = law.basis(xs).shape[-1]
        fit = _fit(law, xs, ys, es) if xs.size >= k + 2 or k == 1 else None
        if fit is not None:
            fits.append(_with_bounds(fit, limits))
    fits = [fit for fit in fits if not fit.excluded] or fits
    # Too few points for AICc of the straight lines: all weights equal, nothing is decided.
    least = min(fit.aicc for fit in fits)
    raw = [float(np.exp(-(fit.aicc - least) / 2)) for fit in fits] if xs.size >= FEWEST else [1.0] * len(fits)
    order = sorted(range(len(fits)), key=lambda k: (-raw[k], fits[k].parameters))
    total = sum(raw)
    return GapScaling(xs, np.exp(ys), es, np.array(limits).reshape(-1, 2), tuple(fits[k] for k in order), tuple(raw[k] / total for k in order))


def _solve(basis, y, e, scatter):
    weight = 1 / np.sqrt(e**2 + scatter**2)
    coefficients, *_ = np.linalg.lstsq(basis * weight[:, None], y * weight, rcond=None)
    return coefficients, weight


def _negative_log_likelihood(log_scatter, basis, y, e):
    scatter = np.exp(log_scatter)
    coefficients, weight = _solve(basis, y, e, scatter)
    residual = (y - basis @ coefficients) * weight
    return float(0.5 * np.sum(residual**2) - np.sum(np.log(weight)) + 0.5 * y.size * np.log(2 * np.pi))


def _fit(law: Law, x, y, e) -> LawFit | None:
    basis = law.basis(x)
    n, k = basis.shape
    if np.linalg.matrix_rank(basis) < k:
        return None
    # Exactly described data have no scatter; rounding of the logarithm keeps the likelihood finite.
    floor = 1e-12 * max(1.0, float(np.abs(y).max()))
    plain = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    top = max(float(np.sqrt(np.mean(plain**2))), floor)
    found = optimize.minimize_scalar(_negative_log_likelihood, bounds=(np.log(floor), np.log(10 * top + floor)), method="bounded",
                                     args=(basis, y, e), options={"xatol": 1e-6})
    scatter = float(np.exp(found.x))
    coefficients, weight = _solve(basis, y, e, scatter)
    # Unbiased: the likelihood's scatter is too small by (n - k)/n.
    honest = np.sqrt(e**2 + scatter**2 * n / max(n - k, 1))
    covariance = np.linalg.pinv((basis / honest[:, None]).T @ (basis / honest[:, None]))
    if law.family == "exponential" and coefficients[law.exponent] >= 0 or law.family == "power" and coefficients[law.exponent] >= 0:
        return None
    if law.name == "exponential, prefactor":
        # Between power law and exponential: it counts as the latter where the exponential is significant and matters.
        rate, error = -coefficients[1], np.sqrt(covariance[1, 1])
        if rate < 2 * error or rate * np.ptp(x) < 1:
            return None
    p = k + 1
    aicc = 2 * float(found.fun) + 2 * p + (2 * p * (p + 1) / (n - p - 1) if n > p + 1 else np.inf)
    return LawFit(law, coefficients, covariance, scatter, -float(found.fun), float(aicc), _held_out(basis, y, e, scatter),
                  _drift(law, basis, y, e, scatter), n)


def _drift(law: Law, basis, y, e, scatter) -> float:
    """How far the exponent moves when the smallest size is left out."""
    if law.exponent is None or y.size - 1 < basis.shape[1]:
        return float("nan")
    (whole, _), (without, _) = _solve(basis, y, e, scatter), _solve(basis[1:], y[1:], e[1:], scatter)
    return float(without[law.exponent] - whole[law.exponent])


def _slope(x, gap, error) -> tuple[float, float]:
    """(−d ln gap/d ln x by a straight line, what relative errors of the gap do to it)."""
    t = np.log(x) - np.log(x).mean()
    return -float(t @ np.log(gap) / (t @ t)), float(np.sqrt((t**2 @ error**2)) / (t @ t))


def _held_out(basis, y, e, scatter) -> float:
    """|ln(predicted/found)| at the largest size, fitted without it; NaN where too few points would be left."""
    if y.size - 1 < basis.shape[1] + 1:
        return float("nan")
    coefficients, _ = _solve(basis[:-1], y[:-1], e[:-1], scatter)
    return float(abs(basis[-1] @ coefficients - y[-1]))


def _with_bounds(fit: LawFit, limits) -> LawFit:
    for x, bound in limits:
        if fit.band(np.array([x]))[0][0] > bound:
            return LawFit(**{**fit.__dict__, "excluded": f"above the upper bound {bound:.3g} at j = {x:g}"})
    return fit


def with_error(value: float, error: float) -> str:
    """Value to the second digit of its error, or, where that is unknown, to three digits."""
    if not np.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:.{digits}f} ± {error:.{digits}f}" if digits <= 9 else f"{value:.9f}"
