"""What to cite: a sentence on the method of each study, and the BibTeX of the works that it names."""

from __future__ import annotations

from dataclasses import dataclass

BIBTEX = {
    "macrospin": """@software{macrospin,
  title   = {macrospin: distributed parameter sweeps of metastable collective spins},
  version = {VERSION}
}""",
    "Macieszczak2016": """@article{Macieszczak2016,
  author  = {Macieszczak, Katarzyna and Gu\\c{t}\\u{a}, M\\u{a}d\\u{a}lin and Lesanovsky, Igor and Garrahan, Juan P.},
  title   = {Towards a Theory of Metastability in Open Quantum Dynamics},
  journal = {Phys. Rev. Lett.}, volume = {116}, pages = {240404}, year = {2016}
}""",
    "Rose2016": """@article{Rose2016,
  author  = {Rose, Dominic C. and Macieszczak, Katarzyna and Lesanovsky, Igor and Garrahan, Juan P.},
  title   = {Metastability in an open quantum {Ising} model},
  journal = {Phys. Rev. E}, volume = {94}, pages = {052132}, year = {2016}
}""",
    "Grassmann1985": """@article{Grassmann1985,
  author  = {Grassmann, Winfried K. and Taksar, Michael I. and Heyman, Daniel P.},
  title   = {Regenerative Analysis and Steady State Distributions for {Markov} Chains},
  journal = {Oper. Res.}, volume = {33}, pages = {1107}, year = {1985}
}""",
    "Wineland1994": """@article{Wineland1994,
  author  = {Wineland, D. J. and Bollinger, J. J. and Itano, W. M. and Heinzen, D. J.},
  title   = {Squeezed atomic states and projection noise in spectroscopy},
  journal = {Phys. Rev. A}, volume = {50}, pages = {67}, year = {1994}
}""",
    "KitagawaUeda1993": """@article{KitagawaUeda1993,
  author  = {Kitagawa, Masahiro and Ueda, Masahito},
  title   = {Squeezed spin states},
  journal = {Phys. Rev. A}, volume = {47}, pages = {5138}, year = {1993}
}""",
    "BraunsteinCaves1994": """@article{BraunsteinCaves1994,
  author  = {Braunstein, Samuel L. and Caves, Carlton M.},
  title   = {Statistical distance and the geometry of quantum states},
  journal = {Phys. Rev. Lett.}, volume = {72}, pages = {3439}, year = {1994}
}""",
    "Pezze2018": """@article{Pezze2018,
  author  = {Pezz\\`e, Luca and Smerzi, Augusto and Oberthaler, Markus K. and Schmied, Roman and Treutlein, Philipp},
  title   = {Quantum metrology with nonclassical states of atomic ensembles},
  journal = {Rev. Mod. Phys.}, volume = {90}, pages = {035005}, year = {2018}
}""",
    "Agarwal1981": """@article{Agarwal1981,
  author  = {Agarwal, G. S.},
  title   = {Relation between atomic coherent-state representation, state multipoles, and generalized phase-space distributions},
  journal = {Phys. Rev. A}, volume = {24}, pages = {2889}, year = {1981}
}""",
    "Dowling1994": """@article{Dowling1994,
  author  = {Dowling, Jonathan P. and Agarwal, G. S. and Schleich, Wolfgang P.},
  title   = {Wigner distribution of a general angular-momentum state: Applications to a collection of two-level atoms},
  journal = {Phys. Rev. A}, volume = {49}, pages = {4101}, year = {1994}
}""",
    "Kenfack2004": """@article{Kenfack2004,
  author  = {Kenfack, Anatole and {\\.Z}yczkowski, Karol},
  title   = {Negativity of the {Wigner} function as an indicator of non-classicality},
  journal = {J. Opt. B: Quantum Semiclass. Opt.}, volume = {6}, pages = {396}, year = {2004}
}""",
    "Lipkin1965": """@article{Lipkin1965,
  author  = {Lipkin, H. J. and Meshkov, N. and Glick, A. J.},
  title   = {Validity of many-body approximation methods for a solvable model: ({I}). {Exact} solutions and perturbation theory},
  journal = {Nucl. Phys.}, volume = {62}, pages = {188}, year = {1965}
}""",
    "DrummondCarmichael1978": """@article{DrummondCarmichael1978,
  author  = {Drummond, P. D. and Carmichael, H. J.},
  title   = {Volterra cycles and the cooperative fluorescence critical point},
  journal = {Opt. Commun.}, volume = {27}, pages = {160}, year = {1978}
}""",
    "PuriLawande1979": """@article{PuriLawande1979,
  author  = {Puri, R. R. and Lawande, S. V.},
  title   = {Exact steady-state density operator for a collective atomic system in an external field},
  journal = {Phys. Lett. A}, volume = {72}, pages = {200}, year = {1979}
}""",
    "BotetJullien1983": """@article{BotetJullien1983,
  author  = {Botet, R. and Jullien, R.},
  title   = {Large-size critical behavior of infinitely coordinated systems},
  journal = {Phys. Rev. B}, volume = {28}, pages = {3955}, year = {1983}
}""",
    "DusuelVidal2004": """@article{DusuelVidal2004,
  author  = {Dusuel, S\\'ebastien and Vidal, Julien},
  title   = {Finite-Size Scaling Exponents of the {Lipkin-Meshkov-Glick} Model},
  journal = {Phys. Rev. Lett.}, volume = {93}, pages = {237204}, year = {2004}
}""",
    "Binder1981": """@article{Binder1981,
  author  = {Binder, K.},
  title   = {Finite size scaling analysis of {Ising} model block distribution functions},
  journal = {Z. Phys. B}, volume = {43}, pages = {119}, year = {1981}
}""",
    "HoudayerHartmann2004": """@article{HoudayerHartmann2004,
  author  = {Houdayer, J. and Hartmann, A. K.},
  title   = {Low-temperature behavior of two-dimensional {Gaussian} {Ising} spin glasses},
  journal = {Phys. Rev. B}, volume = {70}, pages = {014418}, year = {2004}
}""",
    "HurvichTsai1989": """@article{HurvichTsai1989,
  author  = {Hurvich, Clifford M. and Tsai, Chih-Ling},
  title   = {Regression and time series model selection in small samples},
  journal = {Biometrika}, volume = {76}, pages = {297}, year = {1989}
}""",
    "arXiv2604.15091": """@misc{arXiv2604.15091,
  eprint = {2604.15091}, archivePrefix = {arXiv}
}""",
    "arXiv2605.00952": """@misc{arXiv2605.00952,
  eprint = {2605.00952}, archivePrefix = {arXiv}
}""",
    "arXiv2604.18638": """@misc{arXiv2604.18638,
  eprint = {2604.18638}, archivePrefix = {arXiv}
}""",
}


@dataclass(frozen=True)
class Method:
    """One sentence on how something was computed, and the keys of what it rests on."""

    text: str
    keys: tuple[str, ...] = ()


STUDIES = {
    "steadyState": Method("Steady states were found by a sparse direct solution of the master equation in a truncated basis of irreducible tensors, with certificates for truncation and rounding; "
                          "at unresolved points both metastable phases were separated after Macieszczak et al.", ("Macieszczak2016",)),
    "gap": Method("The Liouvillian gap is the least decay rate over all symmetry sectors of the same basis, computed by inverse iteration, in double-double arithmetic where double precision does not resolve it."),
    "spectrum": Method("All eigenvalues of the Liouvillian were computed by dense diagonalisation of each symmetry sector (LAPACK, or ScaLAPACK over several ranks), each with its condition number and error."),
    "rates": Method("Rates between metastable states are those of the classical Markov chain that the slow modes of the Liouvillian span; stationary weights were found without subtractions.",
                    ("Macieszczak2016", "Rose2016", "Grassmann1985")),
    "exceptionalPoints": Method("Exceptional points of the Liouvillian were located by following eigenvalues along a parameter by their vectors and refining where two or more coalesce."),
    "evolve": Method("Density matrices were propagated in time in the same basis with an estimate of the error of the last state; two-time correlations follow from the quantum regression theorem."),
    "coherenceRates": Method("Tunnel splittings of the ground doublet were computed from twisted factorisations of both parity blocks, with full relative accuracy however small they are, "
                             "and with them the decoherence rates of the doublet (setting of arXiv:2605.00952).", ("Lipkin1965", "arXiv2605.00952")),
    "leggettGarg": Method("Leggett–Garg correlators of sgn(Jz) were computed for the projected levels of the doublet and above (setting of arXiv:2605.00952 and arXiv:2604.18638).", ("arXiv2605.00952", "arXiv2604.18638")),
    "landauZener": Method("Landau–Zener sweeps were integrated on as many energy levels as it takes, beside the formula and a classical spin with quantum noise (setting of arXiv:2605.00952).", ("arXiv2605.00952",)),
    "meanField": Method("All fixed points of the classical limit were found and classified, with the sum of their indices as a check that none is missing."),
    "branches": Method("Branches of mean-field fixed points were followed by continuation, with saddle-node, Hopf and branch points."),
    "instanton": Method("Barriers between attractors are actions of instantons of the auxiliary Hamiltonian in phase-space representations (setting of arXiv:2604.15091).", ("arXiv2604.15091",)),
    "quasiPotential": Method("The quasi-potential is the least action from the attractors (setting of arXiv:2604.15091).", ("arXiv2604.15091",)),
    "transition": Method("The first-order transition is where both barriers are equal; at finite N where both rates are equal, and where the gap is least (setting of arXiv:2604.15091).", ("arXiv2604.15091",)),
}
# Outputs that rest on definitions of their own.
OUTPUTS = {
    "squeezing_wineland": Method("Spin squeezing is that of Wineland et al.", ("Wineland1994",)),
    "squeezing_kitagawa_ueda": Method("Spin squeezing is also given as defined by Kitagawa and Ueda.", ("KitagawaUeda1993",)),
    "fisher_information": Method("The quantum Fisher information is that of Braunstein and Caves for the best axis of rotation.", ("BraunsteinCaves1994", "Pezze2018")),
    "husimi": Method("Phase-space functions of the spin follow Agarwal and Dowling et al.", ("Agarwal1981", "Dowling1994")),
    "wigner": Method("Phase-space functions of the spin follow Agarwal and Dowling et al.", ("Agarwal1981", "Dowling1994")),
    "wigner_negativity": Method("The negative volume of the Wigner function is half of that of Kenfack and Życzkowski.", ("Kenfack2004",)),
}
# Figures that evaluate the data.
FIGURES = {
    "gap-scaling": Method("Laws of the gap's closing were compared by the corrected Akaike criterion of Hurvich and Tsai.", ("HurvichTsai1989",)),
    "crossings": Method("Crossings of curves of successive sizes were extrapolated after Binder.", ("Binder1981",)),
    "collapse": Method("Critical exponents come from a data collapse onto a spline, its quality measured as by Houdayer and Hartmann; errors are bootstrapped.", ("HoudayerHartmann2004",)),
}
# Presets by words of the job that name them.
PRESETS = {
    "bistable-pump": ("arXiv2604.15091",), "driven-twisting": ("KitagawaUeda1993",), "driven-lmg": ("Lipkin1965",), "lmg-dephasing": ("Lipkin1965",),
    "lmg-mesoscopic": ("Lipkin1965", "arXiv2605.00952"), "resonance-fluorescence": ("DrummondCarmichael1978", "PuriLawande1979"),
}
LMG_EXPONENTS = Method("Exponents of the LMG model at its transition are known: splitting N^(-1/3), order parameter squared N^(-2/3), scaling variable (g − 1)N^(2/3).", ("BotetJullien1983", "DusuelVidal2004"))


def methods(studies, outputs, figures, job: str) -> list[Method]:
    """Sentences for what a report has, without repetition, in the order of the studies."""
    found = [STUDIES[name] for name in studies if name in STUDIES]
    found += [OUTPUTS[name] for name in OUTPUTS if name in outputs]
    found += [FIGURES[name] for name in FIGURES if name in figures]
    found += [Method(f"The model is the preset {name}.", keys) for name, keys in PRESETS.items() if name in job]
    if "coherenceRates" in studies and "collapse" in figures:
        found.append(LMG_EXPONENTS)
    unique: dict[str, Method] = {}
    for method in found:
        unique.setdefault(method.text, method)
    return list(unique.values())


def bibliography(chosen: list[Method], version: str) -> str:
    """BibTeX of macrospin itself and of all that the methods name, each once."""
    keys = dict.fromkeys(["macrospin", *(key for method in chosen for key in method.keys)])
    return "\n\n".join(BIBTEX[key] for key in keys).replace("VERSION", version)
