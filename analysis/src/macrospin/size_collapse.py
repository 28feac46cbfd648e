"""Figure `collapse`: curves of several N on one, with the exponents that bring them there."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label
from .gap_scaling import with_error
from .marks import extrapolate, locate
from .master_curve import Collapse, data_collapse
from .panels import legend_outside, narrow, point_title
from .size_scaling import axis_along, gap_lines, joined, order_parameter, pair, sizes_of

# More sizes do not make a collapse better, only slower.
MOST_SIZES = 12
# A gap up to so many times its minimum takes part in a collapse.
NEAR = 2.0


@dataclass(frozen=True)
class CollapseData:
    """What a collapse was made of, and what came out."""

    name: str
    control: str
    where: dict
    n: np.ndarray
    x: np.ndarray
    y: np.ndarray
    result: Collapse


def collapse(dataset, variable: str | None = None, along: str | None = None, where: dict | None = None, fixed: dict | None = None, **options) -> CollapseData:
    """Data collapse of a variable of the archive along an axis; see `data_collapse`, to which `options` go.

    At most 12 sizes are taken. Of the gap only what is within twice its minimum at each N enters. `where` are indices of the other axes (default 0). `fixed` maps "critical", "inverse_nu", "ratio" to values that are held.
    Starting values come from the data: the limit of the steepest slopes (or gap minima), and the power laws of place and height.
    """
    order = ("gap", dataset["gap"]) if variable == "gap" and "gap" in dataset else order_parameter(dataset, variable)
    if order is None:
        raise ArchiveError("there is no observable that depends on N")
    name, array = order
    if "N" not in array.dims or "point" in array.dims or dataset.sizes["N"] < 2:
        raise ArchiveError(f"{name} is not there for two values of N on a grid")
    axes = [d for d in array.dims if d != "N" and d in dataset.coords]
    control = axis_along(dataset, axes, along)
    if control is None or dataset.sizes[control] < 6:
        raise ArchiveError(f"{name} needs an axis with six values or more to be collapsed along, and has N: {dataset.sizes['N']}{sizes_of(dataset, axes)}")
    where = {d: (where or {}).get(d, 0) for d in axes if d != control}
    array = array.isel(N=_spread_sizes(dataset["N"].values))
    y = array.isel(where).transpose("N", control).values.astype(float)
    if variable == "gap":
        y = np.array([about_minimum(row) for row in y])
    sizes, x = array["N"].values.astype(float), dataset[control].values.astype(float)
    start = _start(sizes, x, y, "minimum" if variable == "gap" else "steepest", fixed or {})
    grid_n, grid_x = np.meshgrid(sizes, x, indexing="ij")
    try:
        result = data_collapse(grid_n, grid_x, y, start=start, fixed=tuple(fixed or ()), **{"resamples": 40} | options)
    except ValueError as error:
        raise ArchiveError(f"{name}: {error}") from error
    return CollapseData(name, control, where, grid_n, grid_x, y, result)


def _spread_sizes(n: np.ndarray) -> list[int]:
    """Indices of at most MOST_SIZES values of N, evenly over their logarithms, the ends among them."""
    wanted = np.geomspace(n.min(), n.max(), MOST_SIZES)
    return list(range(n.size)) if n.size <= MOST_SIZES else sorted({int(np.abs(np.log(n / w)).argmin()) for w in wanted})


def about_minimum(gap: np.ndarray) -> np.ndarray:
    """The gaps on both sides of the least as long as they grow and are below NEAR times of it, else NaN: what lies beyond is
    the rate of other modes, which scale otherwise. Values without a gap (on refined axes those of other N) are passed over."""
    kept = np.full(gap.shape, np.nan)
    there = np.flatnonzero(np.isfinite(gap))
    if not there.size:
        return kept
    known = gap[there]
    least = int(np.argmin(known))
    for step in (-1, 1):
        k = least
        while 0 <= k < known.size and known[k] <= NEAR * known[least] and (k == least or known[k] >= known[k - step]):
            kept[there[k]] = known[k]
            k += step
    return kept


def _start(n, x, y, feature: str, fixed: dict) -> tuple[float, float, float]:
    marks = [locate(x, row, feature) for row in y]
    limit = extrapolate(n, [m.x for m in marks], [m.error for m in marks])
    critical = fixed.get("critical", limit.value if limit is not None and x.min() < limit.value < x.max() else float(np.mean(x)))
    inverse = fixed.get("inverse_nu", float(np.clip(limit.power, 0.3, 1.5)) if limit is not None and not limit.fixed_power else 0.7)
    at_critical = np.array([np.interp(critical, *joined(x, row)) if np.isfinite(row).any() else np.nan for row in y])
    good = np.isfinite(at_critical) & (np.abs(at_critical) > 0)
    slope = np.polyfit(np.log(n[good]), np.log(np.abs(at_critical[good])), 1)[0] if good.sum() > 1 else 0.0
    return float(critical), float(inverse), float(fixed.get("ratio", np.clip(-slope, -2, 3)))


def plot_collapse(dataset, variable: str | None = None, along: str | None = None):
    """Left: N^(b/nu) y against the axis, whose curves cross at the critical point. Right: the collapse with its exponents.

    Without a variable that of `coherenceRates`, or the gap where it closes as a power law.
    """
    data = _collapse_of(dataset, variable, along)
    result = data.result
    figure, (left, right) = pair(3.0, 5.6)
    sizes = np.unique(data.n)
    colours = plt.get_cmap("viridis_r")(np.linspace(0.12, 1, sizes.size))
    X, Y = result.scaled(data.n, data.x, data.y)
    inside = result.used.reshape(data.n.shape)
    for size, colour, marker in zip(sizes, colours, "osD^v<>p*h" * sizes.size):
        row = data.n[:, 0] == size
        left.plot(*joined(data.x[row][0], Y[row][0]), "-", color=colour, linewidth=0.9, label=f"$N = {size:g}$")
        here = inside & (data.n == size)
        right.plot(X[here], Y[here], marker, color=colour, markersize=2.8, markeredgewidth=0)
    left.axvline(result.critical, color="0.6", linewidth=0.7, zorder=0)
    reach = np.abs(X[inside]).max() / np.median(sizes) ** result.inverse_nu
    left.set_xlim(max(data.x.min(), result.critical - reach), min(data.x.max(), result.critical + reach))
    drawn = Y[(data.x >= left.get_xlim()[0]) & (data.x <= left.get_xlim()[1])]
    left.set_ylim(*_limits(drawn))
    label = axis_label(dataset, data.control)
    left.set_xlabel(label)
    right.set_xlabel(f"({label} $-\\ x_c$) $N^{{1/\\nu}}$")
    left.set_ylabel(f"{data.name} $N^{{b/\\nu}}$")
    lines = [f"{name} = {with_error(value, result.total_error(key))}" for name, key, value in
             (("$x_c$", "critical", result.critical), (r"$1/\nu$", "inverse_nu", result.inverse_nu), (r"$b/\nu$", "ratio", result.ratio))]
    title = [point_title(dataset, data.where)] if data.where else []
    figure.suptitle(("\n" if narrow() else ", ").join(title + lines), fontsize=8)
    right.set_ylabel(f"{data.name} $N^{{b/\\nu}}$")
    legend_outside(figure, [left])
    return figure


def _limits(values) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    pad = 0.05 * (values.max() - values.min() or 1.0)
    return float(values.min() - pad), float(values.max() + pad)


def _collapse_of(dataset, variable, along) -> CollapseData:
    if variable == "gap" and "gap" in dataset:
        closing = next((line for line in gap_lines(dataset) if line.scaling is not None and line.scaling.family == "power"), None)
        return collapse(dataset, "gap", along, where=closing.where if closing is not None else None)
    if variable is not None or "doublet_second_moment" in dataset:
        return collapse(dataset, variable, along)
    if "gap" not in dataset:
        raise ArchiveError("there is no gap; name what is to be collapsed: --variable NAME")
    for line in gap_lines(dataset):
        scaling = line.scaling
        if scaling is not None and scaling.family == "power":
            data = collapse(dataset, "gap", along, where=line.where)
            if not data.result.inverse_nu > 2 * data.result.total_error("inverse_nu"):
                raise ArchiveError(f"the sizes are too small for the gap to collapse: 1/nu = {with_error(data.result.inverse_nu, data.result.total_error('inverse_nu'))}; draw it all the same: --variable gap")
            return data
    raise ArchiveError("the gap closes as a power law nowhere; name what is to be collapsed: --variable NAME")
