"""Figures `magnetization` and `gap`: values along the control axis for every N, and the least gap of each line."""

from __future__ import annotations

import numpy as np

from .archive import ArchiveError, computed_line, control_axis, status_mask
from .marks import locate
from .panels import by_spin_count, control_panels, legend_outside, unit_text


def plot_magnetization(dataset):
    """<Jz>/j against the control axis; where a point is unresolved both metastable phases are drawn instead."""
    if not (np.isfinite(dataset["jz"]).any() or "jz_phases" in dataset and np.isfinite(dataset["jz_phases"]).any()):
        raise ArchiveError("jz has no number at any point")
    figure, panels, control = control_panels(dataset, "jz")
    unresolved = status_mask(dataset, "steadyState", "unresolved")
    for ax, where in panels:
        marked = False
        for n, colour, select in by_spin_count(dataset, "jz"):
            line = computed_line(dataset, "jz", {**where, **select}, control)
            ax.plot(line[control], line, "-o", color=colour, markersize=2, label=f"$N = {n}$" if n else None)
            if "jz_phases" in dataset and bool(unresolved.isel({**where, **select}).any()):
                phases = dataset["jz_phases"].isel({**where, **select})
                size = 6.5 - 3.5 * (select["N"] / max(1, dataset.sizes["N"] - 1) if select else 0.5)
                for k, marker in enumerate("v^"):
                    # The phases hardly depend on N: smaller marks for larger N, else the last N hides the others.
                    ax.plot(dataset[control], phases.isel(phase=k), marker, color=colour, markerfacecolor="none", markersize=size, markeredgewidth=0.7)
                marked = True
        if marked:
            ax.plot([], [], "^", color="0.4", markerfacecolor="none", markersize=4, label="unresolved:\nboth phases")
        low, high = ax.get_ylim()
        if low < 0 < high:
            ax.axhline(0, color="0.85", linewidth=0.6, zorder=0)
    panels[0][0].set_ylabel(r"$\langle J_z\rangle / j$")
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def gap_label(dataset) -> str:
    unit = dataset["gap"].attrs.get("units", "1")
    return "gap" if unit in ("", "1") else f"gap ({unit_text(unit)})"


def plot_gap(dataset):
    """The gap against the control axis, logarithmic; an unresolved gap is below its bound."""
    if not (np.isfinite(dataset["gap"]).any() or "gap_error" in dataset and np.isfinite(dataset["gap_error"]).any()):
        raise ArchiveError("gap has no number at any point")
    figure, panels, control = control_panels(dataset, "gap")
    unresolved = status_mask(dataset, "gap", "unresolved")
    for ax, where in panels:
        marked = False
        for n, colour, select in by_spin_count(dataset, "gap"):
            here = {**where, **select}
            line = computed_line(dataset, "gap", here, control)
            ax.semilogy(line[control], line, "-o", color=colour, markersize=2, label=f"$N = {n}$" if n else None)
            bound = dataset["gap_error"].isel(here).where(unresolved.isel(here)) if "gap_error" in dataset else None
            if bound is not None and bool(np.isfinite(bound).any()):
                ax.semilogy(dataset[control], bound, "v", color=colour, markerfacecolor="none", markersize=4, markeredgewidth=0.7)
                marked = True
        if marked:
            ax.semilogy([], [], "v", color="0.4", markerfacecolor="none", markersize=4, label="unresolved:\nupper bound")
    panels[0][0].set_ylabel(gap_label(dataset))
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def smallest_gaps(dataset, control: str, where: dict):
    """(j, least gap along the control axis, upper bound of it) for every N.

    The least gap is NaN where a point of the line ended without a gap; the bound, least of the gaps and of the bounds at
    unresolved points, is given there instead. Points that were never computed (status -1: pending, or not in the list
    of a sparse archive) are passed over.
    """
    gap = dataset["gap"].isel(where)
    computed = dataset["status_gap"].isel(where) >= 0 if "status_gap" in dataset else True
    lost = (~np.isfinite(gap) & computed).any(control)
    known = gap
    if "gap_error" in dataset:
        known = gap.fillna(dataset["gap_error"].isel(where).where(status_mask(dataset, "gap", "unresolved").isel(where)))
    return dataset["N"].values / 2, gap.min(control).where(~lost).values, known.min(control).where(lost).values


def at_axis_end(dataset, control: str, where: dict) -> np.ndarray:
    """For every N whether the least gap is at the first or last value of the axis that has one: it may be less beyond.

    False on axes of one value, which nobody took for a range.
    """
    gap = dataset["gap"].isel(where).transpose("N", control).values
    ends = np.zeros(gap.shape[0], bool)
    for k, row in enumerate(gap):
        there = np.flatnonzero(np.isfinite(row))
        ends[k] = there.size > 1 and int(np.argmin(row[there])) in (0, there.size - 1)
    return ends


def least_gaps(dataset, control: str, where: dict):
    """(j, least gap, its error, upper bound) for every N, as `smallest_gaps` but with the minimum between the grid's points.

    The error has the archive's `gap_error` and that of the interpolation. Where the minimum is at an end of the axis, or the
    axis has fewer than six values, the least gap of the grid stands, with the archive's error alone.
    """
    j, least, bound = smallest_gaps(dataset, control, where)
    gap = dataset["gap"].isel(where).transpose("N", control).values
    own = dataset["gap_error"].isel(where).transpose("N", control).values if "gap_error" in dataset else np.zeros_like(gap)
    error = np.full(j.shape, np.nan)
    for k in np.flatnonzero(np.isfinite(least)):
        mark = locate(dataset[control].values, gap[k], "minimum")
        place = int(np.nanargmin(gap[k]))
        error[k] = np.nan_to_num(own[k, place])
        if np.isfinite(mark.y) and mark.y > 0 and mark.y <= least[k]:
            least[k], error[k] = mark.y, np.hypot(error[k], mark.y_error)
    return j, least, error, bound
