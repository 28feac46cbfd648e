"""Datasets as the semiclassical studies write them, of the model H = Omega Jx, L = sqrt(1/j) J-, sqrt(Gamma/j^3) J+ (Jz + j).

Fixed points, instantons and barriers of the reflection plane nx = 0 are in closed form (quadratures); rates are
K exp(-jA)(1 + c/j) with these barriers."""

import numpy as np
import xarray as xr
from scipy.integrate import quad
from scipy.optimize import brentq

PREFACTOR, CORRECTION = np.array([[0, 0.2], [0.5, 0]]), np.array([[0, 0.4], [-0.3, 0]])
LABELS = ["Q", "P", "SW"]


def force(theta, gamma, omega):
    return -omega + (1 - gamma * (1 + np.cos(theta)) ** 2) * np.sin(theta)


def fixed_points(gamma, omega):
    """(unit vector, type) in ascending nz, and the angles (attractor 1, its exit, attractor 2, its exit); None where not bistable."""
    grid = np.linspace(-np.pi, np.pi, 2001) + 1e-4
    values = force(grid, gamma, omega)
    angles = [brentq(force, grid[k], grid[k + 1], args=(gamma, omega), xtol=1e-15) for k in np.flatnonzero(values[:-1] * values[1:] < 0)]
    found = []
    for angle in angles:
        slope, across = (force(angle + 1e-6, gamma, omega) - force(angle - 1e-6, gamma, omega)) / 2e-6, omega / np.tan(angle)
        found.append((angle, 0 if max(slope, across) < 0 else 2 if min(slope, across) > 0 else 1))
    if len(found) != 4:
        return found, None
    minus, north, plus, south = [angle for angle, _ in found]
    return found, (south, plus, north, minus)


def orbit(start, end, gamma, omega, points=80):
    """Complexified spins along the closed-form instanton from one angle to the other."""
    nz = np.cos(start) + (np.cos(end) - np.cos(start)) * np.sin(np.linspace(0, np.pi / 2, points)) ** 2
    up = gamma * (1 + nz) ** 2
    root = np.sqrt(omega**2 + 4 * up * (1 - nz**2))
    alpha = 2 * (1 - nz**2) / (omega + root) if np.sin(start) > 0 else (-omega - root) / (2 * up)
    beta = omega + up * alpha
    return np.stack([0.5j * (alpha - beta), (alpha + beta) / 2 + 0j, nz + 0j], axis=1)


def exact_barrier(start, end, gamma, omega):
    spin = orbit(start, end, gamma, omega, 4001)
    angle = np.unwrap(np.arctan2(spin[:, 1].real, spin[:, 2].real))
    return float(np.trapezoid(-2 * spin[:, 0].imag, angle))


def wigner_barrier(start, end, gamma, omega):
    def up(angle):
        return gamma * (1 + np.cos(angle)) ** 2
    return quad(lambda angle: 2 * (omega - (1 - up(angle)) * np.sin(angle)) / (1 + up(angle)), start, end)[0]


def vector(angle):
    return np.array([0, np.sin(angle), np.cos(angle)])


def dataset(gammas=(0.7, 0.8, 0.9, 1.0, 1.1), omegas=(0.25, 0.5), sizes=(40, 60, 80, 120), paths=True):
    gammas, omegas, sizes = np.array(gammas, float), np.array(omegas, float), np.array(sizes)
    shape = (len(gammas), len(omegas))
    barrier, action = np.full(shape + (3, 2, 2), np.nan), np.full(shape + (3, 2, 2, 80, 3), np.nan + 0j)
    fixed, types = np.full(shape + (8, 3), np.nan), np.full(shape + (8,), np.nan)
    for index in np.ndindex(*shape):
        gamma, omega = gammas[index[0]], omegas[index[1]]
        found, angles = fixed_points(gamma, omega)
        for k, (angle, code) in enumerate(sorted(found, key=lambda entry: np.cos(entry[0]))):
            fixed[index][k], types[index][k] = vector(angle), code
        if angles is None:
            continue
        for a, b in ((0, 1), (1, 0)):
            start, end = angles[2 * a: 2 * a + 2]
            barrier[index][:2, a, b], barrier[index][2, a, b] = exact_barrier(start, end, gamma, omega), wigner_barrier(start, end, gamma, omega)
            action[index][:2, a, b] = orbit(start, end, gamma, omega)
            line = np.linspace(start, end, 60)
            action[index][2, a, b, :60] = np.stack([0 * line, np.sin(line), np.cos(line)], axis=1)
    j = sizes[:, None, None, None, None] / 2

    def rates(j):
        with np.errstate(invalid="ignore"):
            k = PREFACTOR * np.exp(-j * barrier[:, :, 0]) * (1 + CORRECTION / j)
        return np.where(np.eye(2, dtype=bool), -np.nansum(k, axis=-1, keepdims=True), k)

    rate = rates(j)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(np.eye(2, dtype=bool), np.nan, np.log(rates(j)) - np.log(rates(j + 1)))
    gap = rate[..., 0, 1] + rate[..., 1, 0]
    sweep, all_axes = ("Gamma", "Omega"), ("N", "Gamma", "Omega")
    pair, rates_pair = ("representation", "from_state", "to_state"), ("from_state_rates", "to_state_rates")
    made = {
        "barrier": (sweep + pair, barrier, "instanton"), "barrier_error": (sweep + pair, 0 * barrier + 1e-11, "instanton"),
        "rate": (all_axes + rates_pair, rate, "rates"), "rate_error": (all_axes + rates_pair, 1e-12 * np.abs(rate), "rates"),
        "barrier_estimate": (all_axes + rates_pair, estimate, "rates"), "barrier_estimate_error": (all_axes + rates_pair, 0 * estimate + 1e-10, "rates"),
        "gap": (all_axes, gap, "gap"),
        "fixed_point": (sweep + ("fixed_point_index", "component"), fixed, "meanField"), "fixed_point_type": (sweep + ("fixed_point_index",), types, "meanField"),
    }
    if paths:
        for part, values in (("re", action.real), ("im", action.imag)):
            made[f"instanton_path_{part}"] = (sweep + pair + ("path_point", "component"), values, "instanton")
    data = xr.Dataset({name: (dims, values, {"study": study, "units": "gamma" if study == "gap" or name.startswith("rate") else "1"})
                       for name, (dims, values, study) in made.items()},
                      coords={"N": sizes, "Gamma": gammas, "Omega": omegas, "representation": LABELS})
    data["Gamma"].attrs.update(long_name="Γ/γ", units="1")
    data["Omega"].attrs.update(long_name="Ω/γ", units="1")
    for study, axes in (("instanton", sweep), ("meanField", sweep), ("rates", all_axes), ("gap", all_axes)):
        data[f"status_{study}"] = (axes, np.zeros([data.sizes[d] for d in axes], "i4"),
                                   {"flag_values": np.arange(-1, 2, dtype="i4"), "flag_meanings": "pending ok unresolved"})
    return data


def sphere(n_theta=41, n_phi=60):
    return np.arccos(np.polynomial.legendre.leggauss(n_theta)[0][::-1]), 2 * np.pi * np.arange(n_phi) / n_phi


def branches(omegas=(0.25, 0.5), points=400):
    """Branches in the reflection plane over their angle: Gamma = (1 - Omega/sin)/(1 + cos)², cut to Gamma in 0…5."""
    parameter, spin, types = (np.full((len(omegas), 2, points) + extra, np.nan) for extra in ((), (3,), ()))
    fold = np.full((len(omegas), 2), np.nan)
    place = np.full((len(omegas), 2, 3), np.nan)
    for k, omega in enumerate(omegas):
        for side in range(2):
            angle = np.linspace(0.02, 3.1, points) if side == 0 else np.linspace(-3.1, -0.001, points)
            gamma = (1 - omega / np.sin(angle)) / (1 + np.cos(angle)) ** 2
            good = (gamma > 0) & (gamma < 5)
            count = int(good.sum())
            slope = (force(angle + 1e-6, gamma, omega) - force(angle - 1e-6, gamma, omega)) / 2e-6
            across = omega / np.tan(angle)
            code = np.where(np.maximum(slope, across) < 0, 0, np.where(np.minimum(slope, across) > 0, 2, 1))
            parameter[k, side, :count], types[k, side, :count] = gamma[good], code[good]
            spin[k, side, :count] = np.stack([0 * angle, np.sin(angle), np.cos(angle)], axis=1)[good]
        turn = int(np.nanargmin(parameter[k, 1]))
        fold[k, 0], place[k, 0] = parameter[k, 1, turn], spin[k, 1, turn]
    kinds = np.where(np.isfinite(fold), 0.0, np.nan)
    return xr.Dataset({
        "branch_parameter": (("Omega", "branch", "branch_point"), parameter, {"long_name": "Gamma along each branch; shorter branches end in NaN"}),
        "branch_spin": (("Omega", "branch", "branch_point", "component"), spin), "branch_type": (("Omega", "branch", "branch_point"), types),
        "bifurcation_parameter": (("Omega", "bifurcation"), fold), "bifurcation_kind": (("Omega", "bifurcation"), kinds),
        "bifurcation_spin": (("Omega", "bifurcation", "component"), place),
    }, coords={"Omega": list(omegas), "Gamma": ("Gamma", [0.5, 1.0], {"long_name": "Γ/γ", "units": "1"})})
