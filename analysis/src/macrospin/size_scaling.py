"""Figures `gap-scaling`, `size-limits` and `crossings`: how things change with the number of spins."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label, control_axis, status_mask
from .marks import Limit, Mark, extrapolate, locate, successive_crossings
from .gap_scaling import GapScaling, fit_gap_scaling, with_error
from .lines import at_axis_end, gap_label, least_gaps
from .panels import legend_outside, narrow, plain_ticks, point_title, unit_text
from .semiclassical import has, representation, tidy
from .style import COLOURS

MOST_LINES = 4
# Of more combinations of other axes some are evaluated.
MOST_COMBINATIONS = 60
# Inches that a letter of a legend takes, on the average of words and numbers.
LETTER = 0.056
STYLES = {"exponential": "-", "power": "--", "open": ":"}


@dataclass(frozen=True)
class GapLine:
    """Gaps of several N under one title, with errors and upper bounds; `at_end`: the least is at an end of the axis."""

    title: str
    j: np.ndarray
    gap: np.ndarray
    error: np.ndarray
    bound: np.ndarray
    where: dict
    at_end: np.ndarray

    @property
    def scaling(self) -> GapScaling | None:
        return fit_gap_scaling(self.j, self.gap, self.error, self.bound)


def spread(count: int, most: int) -> list[int]:
    """At most `most` of 0 … count − 1, the ends among them."""
    return [int(k) for k in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def need_sizes(dataset, variable: str, least: int) -> None:
    if "point" in dataset[variable].dims:
        raise ArchiveError("the archive lists scattered points of too large a grid to draw lines through them")
    if "N" not in dataset[variable].dims or dataset.sizes["N"] < least:
        raise ArchiveError(f"{variable} is there for fewer than {least} values of N")


def gap_lines(dataset) -> list[GapLine]:
    """The least gap along the control axis for each combination of the others; without `gap`, the tunnel splitting at the first, middle and last value.

    Raises `ArchiveError` where there is neither, or fewer than two N.
    """
    if "gap" in dataset:
        need_sizes(dataset, "gap", 2)
        axes = [d for d in dataset["gap"].dims if d != "N" and d in dataset.coords]
        control = control_axis(dataset, "gap") if axes else None
        rest = [d for d in axes if d != control]
        lines = []
        for where in combinations(dataset, rest):
            if control is None:
                gap = dataset["gap"].values
                error = error_of(dataset, "gap", {})
                unresolved = status_mask(dataset, "gap", "unresolved").values if "status_gap" in dataset else np.zeros(gap.shape, bool)
                bound = np.full(gap.shape, np.nan) if error is None else np.where(unresolved & ~np.isfinite(gap), error, np.nan)
                lines.append(GapLine("", dataset["N"].values / 2, gap, error, bound, {}, np.zeros(gap.shape, bool)))
            else:
                lines.append(GapLine(point_title(dataset, where), *least_gaps(dataset, control, where), where, at_axis_end(dataset, control, where)))
        return lines
    if "doublet_splitting" not in dataset:
        raise ArchiveError("there is neither gap (study gap) nor doublet_splitting (study coherenceRates)")
    need_sizes(dataset, "doublet_splitting", 2)
    array = dataset["doublet_splitting"]
    rest = [d for d in array.dims if d != "N"]
    control = max(rest, key=lambda d: dataset.sizes[d], default=None)
    lines = []
    for where in combinations(dataset, [d for d in rest if d != control]):
        for k in spread(dataset.sizes[control], 3) if control else [None]:
            here = where if k is None else {**where, control: k}
            gap = array.isel(here).values.astype(float)
            gap = np.where(gap > 0, gap, np.nan)
            lines.append(GapLine(point_title(dataset, here), dataset["N"].values / 2, gap, error_of(dataset, "doublet_splitting", here), np.full(gap.shape, np.nan), here, np.zeros(gap.shape, bool)))
    return lines


def combinations(dataset, axes: list[str]) -> list[dict]:
    """Indices of the axes in all combinations, or of very many some that are spread over them."""
    shape = [dataset.sizes[d] for d in axes]
    chosen = spread(int(np.prod(shape)), MOST_COMBINATIONS)
    return [dict(zip(axes, map(int, np.unravel_index(k, shape)))) if axes else {} for k in chosen]


def error_of(dataset, variable: str, where: dict) -> np.ndarray | None:
    """The archive's error of a variable (`x_error`, or of an observable `state_error`), None where there is none."""
    name = f"{variable}_error"
    if name not in dataset and dataset[variable].attrs.get("study") == "steadyState":
        name = "state_error"
    if name not in dataset:
        return None
    error = dataset[name].isel({d: i for d, i in where.items() if d in dataset[name].dims})
    shape = dataset[variable].isel(where)
    return error.broadcast_like(shape).transpose(*shape.dims).values if set(error.dims) <= set(shape.dims) else None


def plot_gap_scaling(dataset):
    """The gap against j, semilogarithmic and doubly logarithmic, with the best exponential (solid) and power law (dashed),
    95 % bands of that which the data prefer, and the verdict. Upper bounds are open triangles and enter no fit; open circles
    are least gaps at an end of the axis, which do."""
    lines = [line for line in gap_lines(dataset) if np.isfinite(line.gap).any() or np.isfinite(line.bound).any()]
    if not lines:
        raise ArchiveError("there is no gap at any point")
    if all(np.isfinite(line.gap).sum() + np.isfinite(line.bound).sum() < 3 for line in lines):
        raise ArchiveError("the gap is there for fewer than three values of N")
    shown = [lines[k] for k in spread(len(lines), MOST_LINES)]
    scalings = [line.scaling for line in shown]
    labels = [_verdict(line.title, scaling.verdict if scaling is not None else "fewer than three gaps") for line, scaling in zip(shown, scalings)]
    rows = sum(label.count("\n") + 1 for label in labels)
    figure, (left, right) = pair(2.45 + 0.16 * rows, 4.2 + 0.14 * rows, sharey=True)
    marked, ends = False, False
    for k, (line, scaling) in enumerate(zip(shown, scalings)):
        colour = COLOURS[k]
        at_end = line.at_end & np.isfinite(line.gap)
        for ax in (left, right):
            ax.plot(line.j, np.where(at_end, np.nan, line.gap), "o", color=colour, markersize=3.5, zorder=3)
            ax.plot(line.j[at_end], line.gap[at_end], "o", color=colour, markerfacecolor="white", markersize=3.5, zorder=3)
            ax.plot(line.j, line.bound, "v", color=colour, markerfacecolor="none", markersize=4.5, zorder=3)
            if scaling is not None:
                _draw_fits(ax, scaling, colour)
        marked = marked or bool(np.isfinite(line.bound).any())
        ends = ends or bool(at_end.any())
        left.plot([], [], "o", color=colour, markersize=3.5, label=labels[k])
    for family, label in (("exponential", "best exponential"), ("power", "best power law")):
        left.plot([], [], STYLES[family], color="0.4", label=label)
    if marked:
        left.plot([], [], "v", color="0.4", markerfacecolor="none", markersize=4.5, label="unresolved: upper bound")
    if ends:
        left.plot([], [], "o", color="0.4", markerfacecolor="white", markersize=3.5, label="at an end of the axis: may be less beyond")
    left.set_yscale("log")
    right.set_xscale("log")
    plain_ticks(right.xaxis, np.concatenate([line.j for line in shown]))
    values = np.concatenate([np.concatenate([line.gap, line.bound]) for line in shown])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size:
        low, high = np.log(values.min()), np.log(values.max())
        pad = max(np.log(2.0), 0.05 * (high - low))
        # Splittings go down to the least number there is.
        left.set_ylim(*np.exp(np.clip([low - pad, high + pad], -705, 705)))
    for ax in (left, right):
        ax.set_xlabel("$j = N/2$")
        if narrow() or ax is left:
            ax.set_ylabel(f"least {gap_label(dataset)}" if "gap" in dataset else _with_unit(dataset, "doublet_splitting", "splitting"))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=1)
    return figure


def pair(height: float, stacked: float, **shared):
    """Two panels beside one another, or stacked where the figure is narrow; heights in inches."""
    figure, pairs = _pairs(1, height, stacked, **shared)
    return figure, pairs[0]


def _pairs(count: int, height: float, stacked: float, **shared):
    """As `_pair`, several pairs below one another: (figure, axes of shape (count, 2)); heights are those of a pair."""
    if narrow():
        figure, panels = plt.subplots(2 * count, 1, figsize=(plt.rcParams["figure.figsize"][0], stacked * count), squeeze=False, layout="constrained", **shared)
        return figure, panels.reshape(count, 2)
    return plt.subplots(count, 2, figsize=(7.0, height * count), squeeze=False, layout="constrained", **shared)


def _verdict(title: str, words: str) -> str:
    """Title and verdict in lines that the figure's width holds beside the legend's mark; a title has lines of its own where the figure is narrow."""
    letters = int((plt.rcParams["figure.figsize"][0] - 0.4) / LETTER)
    if not narrow():
        return "\n".join(wrap(f"{title}: {words}" if title else words, letters))
    words, weight, rest = words.replace(" ± ", "\u00a0±\u00a0").partition("(weight")
    return "\n".join(line for part in (f"{title}:" if title else "", words, weight + rest) for line in wrap(part, letters))


def _with_unit(dataset, name: str, text: str) -> str:
    unit = dataset[name].attrs.get("units", "1")
    return text if unit in ("", "1") else f"{text} ({unit_text(unit)})"


def _draw_fits(ax, scaling: GapScaling, colour) -> None:
    span = np.geomspace(scaling.x.min(), scaling.x.max(), 200)
    for family, style in STYLES.items():
        fit = scaling.of_family(family)
        if fit is None or family == "open" and scaling.family != "open":
            continue
        preferred = scaling.best.law.family == family
        ax.plot(span, fit(span), style, color=colour, linewidth=1.1 if preferred else 0.7, alpha=1 if preferred else 0.55)
        if preferred and fit.degrees > 0:
            ax.fill_between(span, *fit.band(span), color=colour, alpha=0.18, linewidth=0)


@dataclass(frozen=True)
class SizeMarks:
    """Places of one feature for every N, and their limit."""

    label: str
    n: np.ndarray
    marks: list[Mark]
    limit: Limit | None


def order_parameter(dataset, name: str | None = None):
    """(name, array over the sweep) of the quantity whose steepest slope and collapse are drawn: `name` (a variable, or an
    expression of several), else (⟨Jz²⟩ of the ground state)/j² of `coherenceRates`, else jz or the first observable.

    Returns None where there is nothing of the kind.
    """
    if name is not None:
        try:
            array = dataset[name] if name in dataset else dataset.eval(name).rename("expression")
        except Exception as error:
            raise ArchiveError(f"{name} is neither a variable of the archive nor an expression of some: {error}") from error
        swept = {d for v in dataset.data_vars if str(v).startswith("status_") for d in dataset[v].dims} or {*dataset.coords, "point"}
        strange = [str(d) for d in array.dims if d not in swept]
        if array.dtype.kind not in "fiub":
            raise ArchiveError(f"{name} is no number: only real numbers can be drawn against the axes of the sweep")
        if strange:
            raise ArchiveError(f"{name} is a table over {', '.join(strange)} at each point of the sweep, not one number")
        return name, array
    if "doublet_second_moment" in dataset:
        array = dataset["doublet_second_moment"]
        ground = array.isel({array.dims[-1]: 0}) / (dataset["N"] / 2.0) ** 2
        return r"$\langle J_z^2\rangle/j^2$", ground.rename("order")
    for candidate in ("jz", *observables(dataset)):
        if candidate in dataset and "N" in dataset[candidate].dims:
            return candidate, dataset[candidate]
    return None


def observables(dataset) -> list[str]:
    """Names of the observables of `steadyState`: its real outputs with phases of their own, purity left out."""
    return [str(name) for name in dataset.data_vars if f"{name}_phases" in dataset and name not in ("purity",)
            and dataset[name].attrs.get("study", "steadyState") == "steadyState" and set(dataset[name].dims) <= set(dataset["status_steadyState"].dims if "status_steadyState" in dataset else ())]


def size_marks(dataset, variable: str | None = None, along: str | None = None) -> tuple[str, list[tuple[dict, list[SizeMarks]]]]:
    """(axis, [(combination of the other axes, marks)]): gap minimum and steepest slope for every N along the axis with most values.

    Raises `ArchiveError` where no quantity depends on N and on an axis with six values.
    """
    wanted = [("gap minimum", dataset["gap"], "gap", "minimum")] if "gap" in dataset and variable in (None, "gap") else []
    order = order_parameter(dataset, variable) if variable != "gap" else None
    if order is not None:
        wanted.append((f"steepest {order[0]}", order[1], variable, "steepest"))
    wanted = [entry for entry in wanted if "N" in entry[1].dims and "point" not in entry[1].dims]
    if not wanted:
        raise ArchiveError("neither gap nor an observable depends on N")
    axes = [d for d in wanted[0][1].dims if d != "N" and d in dataset.coords]
    control = axis_along(dataset, axes, along)
    if control is None or dataset.sizes[control] < 6 or dataset.sizes["N"] < 2:
        raise ArchiveError(f"needs two values of N and an axis with six values or more, and has N: {dataset.sizes['N']}{sizes_of(dataset, axes)}")
    found = []
    for where in combinations(dataset, [d for d in axes if d != control]):
        curves = []
        for label, array, name, feature in wanted:
            line = array.isel({d: i for d, i in where.items() if d in array.dims}).transpose("N", control)
            values = _without_lost_ends(dataset, line) if feature == "steepest" else line.values
            errors = dataset["gap_error"].isel(where).transpose("N", control).values if name == "gap" and "gap_error" in dataset else None
            marks = [locate(dataset[control].values, row, feature, None if errors is None else errors[k]) for k, row in enumerate(values)]
            limit = extrapolate(dataset["N"].values, [m.x for m in marks], [m.error for m in marks])
            if limit is not None:
                curves.append(SizeMarks(label, dataset["N"].values, marks, limit))
        found.append((where, curves))
    if not any(curves for _, curves in found):
        raise ArchiveError(f"neither gap minimum nor steepest slope lies inside the range of {control} at two N: widen the range")
    return control, [(where, curves) for where, curves in found if curves]


def _without_lost_ends(dataset, line) -> np.ndarray:
    """Values over (N, axis); none for an N whose points at an end of the axis are unresolved or failed: its step may lie there."""
    values, status = line.values.astype(float), dataset.get(f"status_{line.attrs.get('study')}")
    if status is None or not set(line.dims) <= set(status.dims):
        return values
    here = status.isel({d: int(np.flatnonzero(dataset[d].values == line[d].values)[0]) for d in status.dims if d not in line.dims and d in line.coords})
    if set(here.dims) != set(line.dims):
        return values
    lost = (here.transpose(*line.dims).values > 0) & ~np.isfinite(values)
    return np.where((lost[:, 0] | lost[:, -1])[:, None], np.nan, values)


def plot_size_limits(dataset, variable: str | None = None, along: str | None = None):
    """Places of the gap minimum and of the steepest slope against 1/N with their limits at N → ∞ (open marks)."""
    control, found = size_marks(dataset, variable, along)
    shown = [found[k] for k in spread(len(found), 3)]
    rows, columns = (len(shown), 1) if narrow() else (1, len(shown))
    figure, panels = plt.subplots(rows, columns, figsize=(3.4 if columns == 1 else 2.4 * columns, 3.1 * rows), squeeze=False, layout="constrained")
    for ax, (where, curves) in zip(panels.flat, shown):
        for k, curve in enumerate(curves):
            _draw_marks(ax, curve, COLOURS[k], "os"[k % 2])
        _draw_transition(ax, dataset, where)
        ax.set_title(point_title(dataset, where))
        ax.set_xlabel("$1/N$")
        ax.set_xlim(left=-0.03 * ax.get_xlim()[1])
        ax.locator_params(axis="x", nbins=5)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17))
        if columns == 1 or ax is panels[0, 0]:
            ax.set_ylabel(axis_label(dataset, control))
    return figure


def _draw_marks(ax, curve: SizeMarks, colour, marker: str) -> None:
    x, error = np.array([m.x for m in curve.marks]), np.array([m.error for m in curve.marks])
    good = np.isfinite(x)
    limit = curve.limit
    ax.errorbar(1 / curve.n[good], x[good], yerr=error[good], fmt=marker, color=colour, markersize=3, elinewidth=0.7)
    span = np.geomspace(curve.n[good].min(), 1e3 * curve.n[good].max(), 300)
    ax.plot(1 / span, limit(span), "-", color=colour, linewidth=0.8)
    power = f", $\\propto N^{{-{limit.power:.2f}}}$" if not limit.fixed_power else ""
    ax.errorbar([0], [limit.value], yerr=[limit.error], fmt=marker, color=colour, markerfacecolor="white", markersize=4.5, capsize=2, elinewidth=0.8, clip_on=False,
                zorder=4, label=f"{curve.label}{power}\n$N\\to\\infty$: {with_error(limit.value, limit.error)}")


def _draw_transition(ax, dataset, where: dict) -> None:
    """Where both barriers are equal (study `transition`), if that is of the axis drawn."""
    if not has(dataset, "transition_point"):
        return
    values = representation(tidy(dataset, "transition_point"), "Q")
    if values is None:
        return
    value = values.isel({d: i for d, i in where.items() if d in values.dims})
    if value.ndim == 0 and np.isfinite(value):
        ax.axhline(float(value), color="0.4", linestyle="--", linewidth=0.8, label=f"equal barriers: {float(value):.5g}", zorder=0)


def axis_along(dataset, axes: list[str], along: str | None) -> str | None:
    """`along`, or of the axes that with most values; None without any. Raises `ArchiveError` naming the axes if it is none of them."""
    if along is not None and along not in axes:
        raise ArchiveError(f"{along} is no axis that curves of several N can run along: {', '.join(axes) or 'there is none'}")
    return along or max(axes, key=lambda d: dataset.sizes[d], default=None)


def sizes_of(dataset, axes: list[str]) -> str:
    return "".join(f", {axis}: {dataset.sizes[axis]}" for axis in axes)


def joined(x, y) -> tuple[np.ndarray, np.ndarray]:
    """The points that have a value: on refined axes and in merged grids each N has its own, and lines would break between them."""
    there = np.isfinite(y)
    return x[there], y[there]


def plot_crossings(dataset, variable: str, along: str | None = None, ratio: float = 0.0):
    """Crossings of N^ratio y(x; N) of successive N, extrapolated in a power of 1/N."""
    name, array = order_parameter(dataset, variable)
    axes = [d for d in array.dims if d != "N" and d in dataset.coords]
    control = axis_along(dataset, axes, along)
    if "N" not in array.dims or control is None or dataset.sizes["N"] < 3:
        raise ArchiveError(f"{name} needs three values of N and an axis along which curves can cross")
    shown = [where for where in combinations(dataset, [d for d in axes if d != control])][:MOST_LINES]
    n, x = dataset["N"].values.astype(float), dataset[control].values
    found = [successive_crossings(n, x, array.isel(where).transpose("N", control).values, ratio=ratio) for where in shown]
    if all(sum(np.isfinite(mark.x) for mark in marks) < 2 for _, marks in found):
        raise ArchiveError(f"no two pairs of successive N have a crossing of {name} inside the range of {control}: widen the range, or name the power: --ratio B")
    figure, panels = _pairs(len(shown), 2.6, 4.6)
    for (left, right), where, (sizes, marks) in zip(panels, shown, found):
        values = array.isel(where).transpose("N", control).values
        for k, colour in enumerate(plt.get_cmap("viridis_r")(np.linspace(0.12, 1, n.size))):
            left.plot(*joined(x, values[k] * n[k] ** ratio), "-", color=colour, label=f"$N = {n[k]:g}$")
        limit = extrapolate(sizes, [m.x for m in marks], [m.error for m in marks])
        if limit is not None:
            _draw_marks(right, SizeMarks("crossings", sizes, marks, limit), COLOURS[0], "o")
            left.axvline(limit.value, color="0.6", linewidth=0.7, zorder=0)
            right.legend(loc="best")
        else:
            right.text(0.5, 0.5, "no two crossings inside the range", ha="center", va="center", transform=right.transAxes)
        left.set_xlabel(axis_label(dataset, control))
        left.set_ylabel(name if not ratio else f"{name} $N^{{{ratio:g}}}$")
        left.set_title(point_title(dataset, where))
        right.set_xlabel(r"$1/\sqrt{N N'}$")
        right.set_ylabel(f"crossing: {axis_label(dataset, control)}")
        right.set_xlim(left=-0.03 * right.get_xlim()[1])
        right.locator_params(axis="x", nbins=5)
    legend_outside(figure, [panels[0, 0]])
    return figure
