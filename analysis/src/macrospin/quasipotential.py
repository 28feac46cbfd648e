"""Figure `quasi-potential`: S of the semiclassical steady state exp(-jS) beside -ln Q/j of the exact one."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import RegularGridInterpolator

from .archive import ArchiveError
from .panels import choose, point_title
from .portrait import fixed_points
from .semiclassical import has, representation, sweep_axes, tidy
from .sphere import cell_edges

MOST_POINTS, MOST_SIZES = 4, 5
# Husimi functions carry absolute errors of about this, relative to their greatest value.
ROUNDING = 1e-13


def husimi_potential(husimi):
    """-ln Q/j, least 0; NaN where Q is lost in rounding. `husimi` is tidy: over N, theta, phi (and the sweep)."""
    sphere = ("theta", "phi")
    ratio = husimi / husimi.max(sphere)
    values = -np.log(ratio.where(ratio > ROUNDING)) / (husimi["N"] / 2)
    return values.assign_attrs(long_name="-ln Q/j", units="1")


def plot_quasi_potential(dataset):
    """One row a point: S over φ and θ, -ln Q/j of the largest N in the same colours, and both along the great circle
    through two attractors, for several N. Of many points up to four are shown, spread over the axis with most values."""
    potential = tidy(dataset, "quasi_potential")
    potential = representation(potential, "Q") if "representation" in potential.dims else potential
    if potential is None:
        raise ArchiveError("quasi_potential has no representation Q, which Husimi functions could be compared with")
    axes = sweep_axes(potential)
    there = np.isfinite(potential).any(("theta", "phi"))
    points = [dict(zip(there.dims, map(int, index))) for index in np.argwhere(there.values)] if axes else [{}]
    if not points:
        raise ArchiveError("quasi_potential has no number at any point")
    chosen = choose(dataset, axes, points, MOST_POINTS)
    if len(chosen) < len(points):
        print(f"note: showing quasi_potential at {len(chosen)} of {len(points)} points", file=sys.stderr)
    exact = husimi_potential(_with_n(dataset)) if has(dataset, "husimi") and "N" in dataset.variables else None
    if exact is None:
        print("note: the archive has no variable husimi (study steadyState, measure husimi): the quasi-potential stands alone", file=sys.stderr)
    columns = 3 if exact is not None else 2
    figure, panels = plt.subplots(len(chosen), columns, figsize=(3.2 * columns, 2.5 * len(chosen)), squeeze=False, layout="constrained")
    for row, where in zip(panels, chosen):
        here = potential.isel(where)
        top = float(here.max())
        beside = _sizes(exact, where)
        mesh = _map(row[0], here, top)
        row[0].set_title("\n".join(part for part in (point_title(dataset, where), "quasi-potential $S$") if part))
        row[0].set_ylabel(r"$\theta/\pi$")
        if exact is not None:
            if beside:
                _map(row[1], beside[-1][1], top)
                row[1].set_title(f"$-\\ln Q/j$, $N = {beside[-1][0]}$")
            else:
                row[1].text(0.5, 0.5, "no Husimi function", transform=row[1].transAxes, ha="center", va="center", color="0.4")
        figure.colorbar(mesh, ax=list(row[:-1]), pad=0.02, label="$S$ (units of $j$)",
                        extend="max" if any(float(values.max()) > top for _, values in beside[-1:]) else "neither")
        _draw_cut(row[-1], here, beside, [spin for spin, code in fixed_points(dataset, where) if code == 0])
    for ax in panels[-1, :-1]:
        ax.set_xlabel(r"$\varphi/\pi$")
    panels[-1, -1].set_xlabel(r"angle along the great circle$/\pi$")
    return figure


def _with_n(dataset):
    husimi = tidy(dataset, "husimi")
    return husimi if "N" in husimi.dims else husimi.expand_dims(N=np.atleast_1d(dataset["N"].values))


def _sizes(exact, where: dict) -> list:
    """(N, -ln Q/j) of up to five N that have one, the largest among them."""
    if exact is None:
        return []
    here = exact.isel({d: i for d, i in where.items() if d in exact.dims}).sortby("N")
    there = np.flatnonzero(np.isfinite(here).any(("theta", "phi")).values)
    if there.size > MOST_SIZES:
        there = there[np.unique(np.linspace(0, there.size - 1, MOST_SIZES).round().astype(int))]
    return [(int(here["N"][k]), here.isel(N=k)) for k in there]


def _map(ax, values, top: float):
    theta, phi = cell_edges(values["theta"].values, values["phi"].values)
    mesh = ax.pcolormesh(phi / np.pi, theta / np.pi, values.transpose("theta", "phi").values, cmap="viridis_r", vmin=0, vmax=top, rasterized=True)
    # What is missing is grey, which no value is.
    ax.set_facecolor("0.85")
    ax.set_ylim(1, 0)
    return mesh


def great_circle(first, second=None) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal (u, v): the circle cos(χ) u + sin(χ) v meets the first direction at χ < 0 and the second at χ > 0, equally
    far from 0. With one direction, or two opposite ones, it goes through the first (χ = 0, or -π/2) and the poles."""
    first = np.asarray(first, float) / np.linalg.norm(first)
    other = None if second is None else np.asarray(second, float) / np.linalg.norm(second)
    if other is not None and np.linalg.norm(first + other) > 1e-6 and np.linalg.norm(first - other) > 1e-6:
        return (first + other) / np.linalg.norm(first + other), (other - first) / np.linalg.norm(other - first)
    pole = np.array([0, 0, 1.0]) if abs(first[2]) < 1 - 1e-9 else np.array([0, 1.0, 0])
    across = pole - first * (pole @ first)
    across /= np.linalg.norm(across)
    return (across, -first) if other is not None and np.linalg.norm(first + other) <= 1e-6 else (first, across)


def along(values, u, v, angles: np.ndarray) -> np.ndarray:
    """Linear interpolation of a function of theta, phi on the circle; at the poles the mean of the nearest theta."""
    theta, phi = np.concatenate([[0], values["theta"].values, [np.pi]]), values["phi"].values
    grid = values.transpose("theta", "phi").values
    grid = np.concatenate([np.full_like(grid[:1], grid[0].mean()), grid, np.full_like(grid[:1], grid[-1].mean())])
    spin = np.cos(angles)[:, None] * u + np.sin(angles)[:, None] * v
    wrapped = RegularGridInterpolator((theta, np.append(phi, phi[0] + 2 * np.pi)), np.concatenate([grid, grid[:, :1]], axis=1))
    azimuth = np.mod(np.arctan2(spin[:, 1], spin[:, 0]) - phi[0], 2 * np.pi) + phi[0]
    return wrapped(np.stack([np.arccos(np.clip(spin[:, 2], -1, 1)), azimuth], axis=1))


def _draw_cut(ax, potential, sizes: list, attractors: list) -> None:
    attractors = sorted(attractors, key=lambda spin: spin[2])
    if not attractors:
        place = np.unravel_index(np.nanargmin(potential.transpose("theta", "phi").values), (potential.sizes["theta"], potential.sizes["phi"]))
        theta, phi = float(potential["theta"][place[0]]), float(potential["phi"][place[1]])
        attractors = [np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])]
    u, v = great_circle(attractors[0], attractors[-1] if len(attractors) > 1 else None)
    angles = np.linspace(-np.pi, np.pi, 721)
    for (n, values), colour in zip(sizes, plt.get_cmap("viridis_r")(np.linspace(0.12, 1, max(1, len(sizes))))):
        ax.plot(angles / np.pi, along(values, u, v, angles), color=colour, linewidth=0.9, label=f"$N = {n}$")
    ax.plot(angles / np.pi, along(potential, u, v, angles), color="C3", label="$S$")
    for spin in attractors[:1] + attractors[1:][-1:]:
        ax.plot(np.arctan2(spin @ v, spin @ u) / np.pi, 0, "^", color="black", markersize=5, clip_on=False, zorder=4)
    ax.plot([], [], "^", color="black", markersize=5, linestyle="none", label="attractor")
    top = float(potential.max())
    ax.set(xlim=(-1, 1), ylim=(0, 1.15 * top if top > 0 else 1), ylabel="$S$, $-\\ln Q/j$")
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
