"""Husimi and Wigner functions on the sphere of directions as maps of azimuth and polar angle."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np

from .panels import MOST_PANELS, choose, point_title


def cell_edges(theta: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells around the points of the grid: halfway in θ, from pole to pole; half a step around each φ."""
    return np.concatenate([[0], (theta[1:] + theta[:-1]) / 2, [np.pi]]), np.append(phi, 2 * np.pi) - np.pi / len(phi)


def plot_sphere(dataset, variable: str):
    """One map a point: `variable` ("husimi" or "wigner") over φ and θ, each with its own colour scale.

    At an unresolved point the equal mixture of the two metastable phases is drawn and said so. Of many points those of
    the largest N and the first values of the other axes are shown, spread over the axis with most values.
    """
    single = dataset[variable]
    axes = [d for d in single.dims if d not in ("theta", "phi")]
    phases = dataset.get(f"{variable}_phases")
    mixture = phases.mean("phase", skipna=False) if phases is not None else None
    there = np.isfinite(single).all(("theta", "phi"))
    mixed = ~there & np.isfinite(mixture).all(("theta", "phi")) if mixture is not None else there & False
    points = [dict(zip(axes, map(int, index))) for index in np.argwhere((there | mixed).values)] if axes else [{}]
    chosen = choose(dataset, axes, points, MOST_PANELS)
    if len(chosen) < len(points):
        print(f"note: showing {variable} at {len(chosen)} of {len(points)} points", file=sys.stderr)
    columns = next((c for c in (4, 3) if len(chosen) % c == 0), min(4, max(1, len(chosen))))
    rows = max(1, -(-len(chosen) // columns))
    figure, panels = plt.subplots(rows, columns, figsize=(2.9 * columns, 2.2 * rows), sharex=True, sharey=True, squeeze=False, layout="constrained")
    theta_edges, phi_edges = cell_edges(dataset["theta"].values, dataset["phi"].values)
    for ax, where in zip(panels.flat, chosen):
        is_mixed = bool(mixed.isel(where))
        values = (mixture if is_mixed else single).isel(where).transpose("theta", "phi").values
        if variable == "wigner":
            limit = np.abs(values).max()
            style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        else:
            style = {"cmap": "viridis", "vmin": 0, "vmax": values.max()}
        mesh = ax.pcolormesh(phi_edges / np.pi, theta_edges / np.pi, values, rasterized=True, **style)
        figure.colorbar(mesh, ax=ax, pad=0.02)
        ax.set_title("\n".join([point_title(dataset, where)] + (["unresolved: phases mixed equally"] if is_mixed else [])), fontsize=7)
        ax.set_ylim(1, 0)
    for spare in panels.flat[len(chosen):]:
        spare.set_visible(False)
    for ax in panels.flat[max(0, len(chosen) - columns):len(chosen)]:
        ax.set_xlabel(r"$\varphi/\pi$")
        ax.tick_params(labelbottom=True)
    for ax in panels[:, 0]:
        ax.set_ylabel(r"$\theta/\pi$")
    return figure
