"""Envelopes and rates of the figures of `evolve`."""

import numpy as np

from macrospin.evolution import decay_rate, envelope


def test_envelope_of_a_damped_cosine():
    time = np.linspace(0, 50, 2001)
    t, height = envelope(time, np.abs(np.cos(1.3 * time)) * np.exp(-0.04 * time))
    # Maxima of e^(-kt)|cos wt| lie where tan wt = -k/w, and there the cosine is 1/sqrt(1 + (k/w)^2).
    first = np.pi / 1.3 - np.arctan(0.04 / 1.3) / 1.3
    assert abs(t[0] - first) < 1e-4
    assert np.allclose(height, np.exp(-0.04 * t) / np.sqrt(1 + (0.04 / 1.3) ** 2), rtol=1e-6)
    assert abs(decay_rate(time, np.abs(np.cos(1.3 * time)) * np.exp(-0.04 * time)) - 0.04) < 1e-6


def test_too_few_maxima_have_no_rate():
    time = np.linspace(0, 1, 101)
    assert np.isnan(decay_rate(time, np.exp(-time)))
