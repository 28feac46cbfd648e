"""What to cite: a sentence on the method of each study, and the BibTeX of the works that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

BIBTEX = {
    "macrospin": """@software{macrospin,
  author  = {{The macrospin developers}},
  title   = {macrospin: distributed parameter sweeps of metastable collective spins},
  version = {VERSION}
}""",
    "Macieszczak2016": """@article{Macieszczak2016,
  author  = {Macieszczak, Katarzyna and Gu\\c{t}\\u{a}, M\\u{a}d\\u{a}lin and Lesanovsky, Igor and Garrahan, Juan P.},
  title   = {Towards a Theory of Metastability in Open Quantum Dynamics},
  journal = {Phys. Rev. Lett.}, volume = {116}, pages = {240404}, year = {2016}, doi = {10.1103/PhysRevLett.116.240404}
}""",
    "Rose2016": """@article{Rose2016,
  author  = {Rose, Dominic C. and Macieszczak, Katarzyna and Lesanovsky, Igor and Garrahan, Juan P.},
  title   = {Metastability in an open quantum {Ising} model},
  journal = {Phys. Rev. E}, volume = {94}, pages = {052132}, year = {2016}, doi = {10.1103/PhysRevE.94.052132}
}""",
    "Grassmann1985": """@article{Grassmann1985,
  author  = {Grassmann, Winfried K. and Taksar, Michael I. and Heyman, Daniel P.},
  title   = {Regenerative Analysis and Steady State Distributions for {Markov} Chains},
  journal = {Oper. Res.}, volume = {33}, pages = {1107}, year = {1985}, doi = {10.1287/opre.33.5.1107}
}""",
    "Wineland1994": """@article{Wineland1994,
  author  = {Wineland, D. J. and Bollinger, J. J. and Itano, W. M. and Heinzen, D. J.},
  title   = {Squeezed atomic states and projection noise in spectroscopy},
  journal = {Phys. Rev. A}, volume = {50}, pages = {67}, year = {1994}, doi = {10.1103/PhysRevA.50.67}
}""",
    "KitagawaUeda1993": """@article{KitagawaUeda1993,
  author  = {Kitagawa, Masahiro and Ueda, Masahito},
  title   = {Squeezed spin states},
  journal = {Phys. Rev. A}, volume = {47}, pages = {5138}, year = {1993}, doi = {10.1103/PhysRevA.47.5138}
}""",
    "BraunsteinCaves1994": """@article{BraunsteinCaves1994,
  author  = {Braunstein, Samuel L. and Caves, Carlton M.},
  title   = {Statistical distance and the geometry of quantum states},
  journal = {Phys. Rev. Lett.}, volume = {72}, pages = {3439}, year = {1994}, doi = {10.1103/PhysRevLett.72.3439}
}""",
    "Pezze2018": """@article{Pezze2018,
  author  = {Pezz\\`e, Luca and Smerzi, Augusto and Oberthaler, Markus K. and Schmied, Roman and Treutlein, Philipp},
  title   = {Quantum metrology with nonclassical states of atomic ensembles},
  journal = {Rev. Mod. Phys.}, volume = {90}, pages = {035005}, year = {2018}, doi = {10.1103/RevModPhys.90.035005}
}""",
    "Agarwal1981": """@article{Agarwal1981,
  author  = {Agarwal, G. S.},
  title   = {Relation between atomic coherent-state representation, state multipoles, and generalized phase-space distributions},
  journal = {Phys. Rev. A}, volume = {24}, pages = {2889}, year = {1981}, doi = {10.1103/PhysRevA.24.2889}
}""",
    "Dowling1994": """@article{Dowling1994,
  author  = {Dowling, Jonathan P. and Agarwal, G. S. and Schleich, Wolfgang P.},
  title   = {Wigner distribution of a general angular-momentum state: Applications to a collection of two-level atoms},
  journal = {Phys. Rev. A}, volume = {49}, pages = {4101}, year = {1994}, doi = {10.1103/PhysRevA.49.4101}
}""",
    "Kenfack2004": """@article{Kenfack2004,
  author  = {Kenfack, Anatole and {\\.Z}yczkowski, Karol},
  title   = {Negativity of the {Wigner} function as an indicator of non-classicality},
  journal = {J. Opt. B: Quantum Semiclass. Opt.}, volume = {6}, pages = {396}, year = {2004}, doi = {10.1088/1464-4266/6/10/003}
}""",
    "Lipkin1965": """@article{Lipkin1965,
  author  = {Lipkin, H. J. and Meshkov, N. and Glick, A. J.},
  title   = {Validity of many-body approximation methods for a solvable model: ({I}). {Exact} solutions and perturbation theory},
  journal = {Nucl. Phys.}, volume = {62}, pages = {188}, year = {1965}, doi = {10.1016/0029-5582(65)90862-X}
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
  journal = {Phys. Rev. B}, volume = {28}, pages = {3955}, year = {1983}, doi = {10.1103/PhysRevB.28.3955}
}""",
    "DusuelVidal2004": """@article{DusuelVidal2004,
  author  = {Dusuel, S\\'ebastien and Vidal, Julien},
  title   = {Finite-Size Scaling Exponents of the {Lipkin-Meshkov-Glick} Model},
  journal = {Phys. Rev. Lett.}, volume = {93}, pages = {237204}, year = {2004}, doi = {10.1103/PhysRevLett.93.237204}
}""",
    "Binder1981": """@article{Binder1981,
  author  = {Binder, K.},
  title   = {Finite size scaling analysis of {Ising} model block distribution functions},
  journal = {Z. Phys. B}, volume = {43}, pages = {119}, year = {1981}, doi = {10.1007/BF01293604}
}""",
    "HoudayerHartmann2004": """@article{HoudayerHartmann2004,
  author  = {Houdayer, J. and Hartmann, A. K.},
  title   = {Low-temperature behavior of two-dimensional {Gaussian} {Ising} spin glasses},
  journal = {Phys. Rev. B}, volume = {70}, pages = {014418}, year = {2004}, doi = {10.1103/PhysRevB.70.014418}
}""",
    "HurvichTsai1989": """@article{HurvichTsai1989,
  author  = {Hurvich, Clifford M. and Tsai, Chih-Ling},
  title   = {Regression and time series model selection in small samples},
  journal = {Biometrika}, volume = {76}, pages = {297}, year = {1989}, doi = {10.1093/biomet/76.2.297}
}""",
    "Kuznetsov2004": """@book{Kuznetsov2004,
  author  = {Kuznetsov, Yuri A.},
  title   = {Elements of Applied Bifurcation Theory},
  publisher = {Springer}, edition = {3}, year = {2004}
}""",
    "Moore1980": """@article{Moore1980,
  author  = {Moore, Gerald},
  title   = {The numerical treatment of non-trivial bifurcation points},
  journal = {Numer. Funct. Anal. Optim.}, volume = {2}, pages = {441}, year = {1980}
}""",
    "Sidje1998": """@article{Sidje1998,
  author  = {Sidje, Roger B.},
  title   = {Expokit: A Software Package for Computing Matrix Exponentials},
  journal = {ACM Trans. Math. Softw.}, volume = {24}, pages = {130}, year = {1998}, doi = {10.1145/285861.285868}
}""",
    "BlanesMoan2006": """@article{BlanesMoan2006,
  author  = {Blanes, S. and Moan, P. C.},
  title   = {Fourth- and sixth-order commutator-free {Magnus} integrators for linear and non-linear dynamical systems},
  journal = {Appl. Numer. Math.}, volume = {56}, pages = {1519}, year = {2006}
}""",
    "GardinerZoller2004": """@book{GardinerZoller2004,
  author  = {Gardiner, Crispin and Zoller, Peter},
  title   = {Quantum Noise},
  publisher = {Springer}, edition = {3}, year = {2004}
}""",
    "Minganti2018": """@article{Minganti2018,
  author  = {Minganti, Fabrizio and Biella, Alberto and Bartolo, Nicola and Ciuti, Cristiano},
  title   = {Spectral theory of {Liouvillians} for dissipative phase transitions},
  journal = {Phys. Rev. A}, volume = {98}, pages = {042118}, year = {2018}, doi = {10.1103/PhysRevA.98.042118}
}""",
    "Minganti2019": """@article{Minganti2019,
  author  = {Minganti, Fabrizio and Miranowicz, Adam and Chhajlany, Ravindra W. and Nori, Franco},
  title   = {Quantum exceptional points of non-{Hermitian} {Hamiltonians} and {Liouvillians}: The effects of quantum jumps},
  journal = {Phys. Rev. A}, volume = {100}, pages = {062131}, year = {2019}, doi = {10.1103/PhysRevA.100.062131}
}""",
    "StewartSun1990": """@book{StewartSun1990,
  author  = {Stewart, G. W. and Sun, Ji-guang},
  title   = {Matrix Perturbation Theory},
  publisher = {Academic Press}, year = {1990}
}""",
    "Saad2011": """@book{Saad2011,
  author  = {Saad, Yousef},
  title   = {Numerical Methods for Large Eigenvalue Problems},
  publisher = {SIAM}, year = {2011}
}""",
    "LAPACK": """@book{LAPACK,
  author  = {Anderson, E. and others},
  title   = {{LAPACK} Users' Guide},
  publisher = {SIAM}, edition = {3}, year = {1999}
}""",
    "ScaLAPACK": """@book{ScaLAPACK,
  author  = {Blackford, L. S. and others},
  title   = {{ScaLAPACK} Users' Guide},
  publisher = {SIAM}, year = {1997}
}""",
    "SaRibeiroProsen2020": """@article{SaRibeiroProsen2020,
  author  = {S\\'a, Lucas and Ribeiro, Pedro and Prosen, Toma\\v{z}},
  title   = {Complex Spacing Ratios: A Signature of Dissipative Quantum Chaos},
  journal = {Phys. Rev. X}, volume = {10}, pages = {021019}, year = {2020}, doi = {10.1103/PhysRevX.10.021019}
}""",
    "FreidlinWentzell2012": """@book{FreidlinWentzell2012,
  author  = {Freidlin, Mark I. and Wentzell, Alexander D.},
  title   = {Random Perturbations of Dynamical Systems},
  publisher = {Springer}, edition = {3}, year = {2012}
}""",
    "GrahamTel1985": """@article{GrahamTel1985,
  author  = {Graham, R. and T\\'el, T.},
  title   = {Weak-noise limit of {Fokker}-{Planck} models and nondifferentiable potentials for dissipative dynamical systems},
  journal = {Phys. Rev. A}, volume = {31}, pages = {1109}, year = {1985}, doi = {10.1103/PhysRevA.31.1109}
}""",
    "Strogatz2015": """@book{Strogatz2015,
  author  = {Strogatz, Steven H.},
  title   = {Nonlinear Dynamics and Chaos},
  publisher = {Westview Press}, edition = {2}, year = {2015}
}""",
    "Landau1932": """@article{Landau1932,
  author  = {Landau, L. D.},
  title   = {Zur {Theorie} der {Energie\\"ubertragung}. {II}},
  journal = {Phys. Z. Sowjetunion}, volume = {2}, pages = {46}, year = {1932}
}""",
    "Zener1932": """@article{Zener1932,
  author  = {Zener, Clarence},
  title   = {Non-adiabatic crossing of energy levels},
  journal = {Proc. R. Soc. Lond. A}, volume = {137}, pages = {696}, year = {1932}, doi = {10.1098/rspa.1932.0165}
}""",
    "LeggettGarg1985": """@article{LeggettGarg1985,
  author  = {Leggett, A. J. and Garg, Anupam},
  title   = {Quantum mechanics versus macroscopic realism: Is the flux there when nobody looks?},
  journal = {Phys. Rev. Lett.}, volume = {54}, pages = {857}, year = {1985}, doi = {10.1103/PhysRevLett.54.857}
}""",
    "KawashimaIto1993": """@article{KawashimaIto1993,
  author  = {Kawashima, Naoki and Ito, Nobuyasu},
  title   = {Critical Behavior of the Three-Dimensional {$\\pm J$} Model in a Magnetic Field},
  journal = {J. Phys. Soc. Jpn.}, volume = {62}, pages = {435}, year = {1993}
}""",
    "arXiv2604.15091": """@misc{arXiv2604.15091,
  key = {arXiv:2604.15091}, title = {{arXiv:2604.15091}}, eprint = {2604.15091}, archivePrefix = {arXiv}, year = {2026}, doi = {10.48550/arXiv.2604.15091}
}""",
    "arXiv2605.00952": """@misc{arXiv2605.00952,
  key = {arXiv:2605.00952}, title = {{arXiv:2605.00952}}, eprint = {2605.00952}, archivePrefix = {arXiv}, year = {2026}, doi = {10.48550/arXiv.2605.00952}
}""",
    "arXiv2604.18638": """@misc{arXiv2604.18638,
  key = {arXiv:2604.18638}, title = {{arXiv:2604.18638}}, eprint = {2604.18638}, archivePrefix = {arXiv}, year = {2026}, doi = {10.48550/arXiv.2604.18638}
}""",
}


@dataclass(frozen=True)
class Method:
    """One sentence on how something was computed, and the keys of what it rests on."""

    text: str
    keys: tuple[str, ...] = ()


STUDIES = {
    "steadyState": Method("Steady states were found by a sparse direct solution of the master equation in a truncated basis of irreducible tensors, with certificates for truncation and rounding; "
                          "at unresolved points both metastable phases were separated after Macieszczak et al.", ("Agarwal1981", "Macieszczak2016")),
    "gap": Method("The Liouvillian gap is the least decay rate over all symmetry sectors of the same basis, computed by inverse iteration, in double-double arithmetic where double precision does not resolve it.",
                  ("Saad2011", "Minganti2018")),
    "spectrum": Method("All eigenvalues of the Liouvillian were computed by dense diagonalisation of each symmetry sector (LAPACK, or ScaLAPACK over several ranks), each with its condition number and error.", ("LAPACK", "ScaLAPACK")),
    "rates": Method("Rates between metastable states are those of the classical Markov chain that the slow modes of the Liouvillian span; stationary weights were found without subtractions.",
                    ("Macieszczak2016", "Rose2016", "Grassmann1985")),
    "exceptionalPoints": Method("Exceptional points of the Liouvillian were located by following eigenvalues along a parameter by their vectors and refining where two or more coalesce.",
                                ("Minganti2019", "StewartSun1990")),
    "evolve": Method("Density matrices were propagated in time in the same basis with an estimate of the error of the last state; two-time correlations follow from the quantum regression theorem.",
                     ("Sidje1998", "BlanesMoan2006", "GardinerZoller2004")),
    "coherenceRates": Method("Tunnel splittings of the ground doublet were computed from twisted factorisations of both parity blocks, with full relative accuracy however small they are, "
                             "and with them the decoherence rates of the doublet (setting of arXiv:2605.00952).", ("Lipkin1965", "arXiv2605.00952")),
    "leggettGarg": Method("Leggett–Garg correlators of sgn(Jz) were computed for the projected levels of the doublet and above (setting of arXiv:2605.00952 and arXiv:2604.18638).",
                          ("LeggettGarg1985", "arXiv2605.00952", "arXiv2604.18638")),
    "landauZener": Method("Landau–Zener sweeps were integrated on as many energy levels as it takes, beside the formula and a classical spin with quantum noise (setting of arXiv:2605.00952).",
                          ("Landau1932", "Zener1932", "arXiv2605.00952")),
    "meanField": Method("All fixed points of the classical limit were found and classified, with the sum of their indices as a check that none is missing.", ("arXiv2604.15091", "Strogatz2015")),
    "branches": Method("Branches of mean-field fixed points were followed by continuation, with saddle-node, Hopf and branch points.", ("Kuznetsov2004", "Moore1980")),
    "instanton": Method("Barriers between attractors are actions of instantons of the auxiliary Hamiltonian in phase-space representations (setting of arXiv:2604.15091).", ("FreidlinWentzell2012", "arXiv2604.15091")),
    "quasiPotential": Method("The quasi-potential is the least action from the attractors (setting of arXiv:2604.15091).", ("FreidlinWentzell2012", "GrahamTel1985", "arXiv2604.15091")),
    "transition": Method("The first-order transition is where both barriers are equal; at finite N where both rates are equal, and where the gap is least (setting of arXiv:2604.15091).",
                         ("FreidlinWentzell2012", "Macieszczak2016", "Rose2016", "arXiv2604.15091")),
}
# Outputs that rest on definitions of their own.
OUTPUTS = {
    "squeezing_wineland": Method("Spin squeezing is that of Wineland et al.", ("Wineland1994",)),
    "squeezing_kitagawa_ueda": Method("Spin squeezing is also given as defined by Kitagawa and Ueda.", ("KitagawaUeda1993",)),
    "fisher_information": Method("The quantum Fisher information is that of Braunstein and Caves for the best axis of rotation.", ("BraunsteinCaves1994", "Pezze2018")),
    "spacing_ratio": Method("Complex spacing ratios are those of Sá, Ribeiro and Prosen, within each symmetry sector.", ("SaRibeiroProsen2020",)),
    "husimi": Method("Phase-space functions of the spin follow Agarwal and Dowling et al.", ("Agarwal1981", "Dowling1994")),
    "wigner": Method("Phase-space functions of the spin follow Agarwal and Dowling et al.", ("Agarwal1981", "Dowling1994")),
    "wigner_negativity": Method("The negative volume of the Wigner function is half of that of Kenfack and Życzkowski.", ("Kenfack2004",)),
}
# Figures that evaluate the data.
FIGURES = {
    "gap-scaling": Method("Laws of the gap's closing were compared by the corrected Akaike criterion of Hurvich and Tsai.", ("HurvichTsai1989",)),
    "crossings": Method("Crossings of curves of successive sizes were extrapolated after Binder.", ("Binder1981",)),
    "collapse": Method("Critical exponents come from a data collapse onto a spline, its quality measured as by Houdayer and Hartmann; errors are bootstrapped.", ("HoudayerHartmann2004", "KawashimaIto1993")),
}
# What the presets of the model rest on.
PRESETS = {
    "bistable-pump": ("arXiv2604.15091",), "driven-twisting": ("KitagawaUeda1993",), "driven-lmg": ("Lipkin1965",), "lmg-dephasing": ("Lipkin1965",),
    "lmg-mesoscopic": ("Lipkin1965", "arXiv2605.00952"), "resonance-fluorescence": ("DrummondCarmichael1978", "PuriLawande1979"),
}
LMG_EXPONENTS = Method("Exponents of the LMG model at its transition are known: splitting N^(-1/3), order parameter squared N^(-2/3), scaling variable (g − 1)N^(2/3).", ("BotetJullien1983", "DusuelVidal2004"))


def presets(job: str) -> list[str]:
    """Presets that a job file (YAML or JSON) names as such; comments and other texts may speak of any."""
    text = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in job.splitlines())
    named = re.findall(r"""(?:^|[\s{,])(["']?)preset\1\s*:\s*["']?([\w-]+)""", text, re.MULTILINE)
    return [name for name in PRESETS if name in {word for _, word in named}]


def methods(studies, outputs, figures, job: str) -> list[Method]:
    """Sentences for what a report has, without repetition, in the order of the studies; `job` is the text of the job file."""
    found = [STUDIES[name] for name in studies if name in STUDIES]
    found += [OUTPUTS[name] for name in OUTPUTS if name in outputs]
    found += [FIGURES[name] for name in FIGURES if name in figures]
    found += [Method(f"The model is the preset {name}.", PRESETS[name]) for name in presets(job)]
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
