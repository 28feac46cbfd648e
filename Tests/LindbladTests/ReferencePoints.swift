import SpinAlgebra

/// Steady states and gaps computed outside macrospin in extended precision.
///
/// The gap of drivenLMG at V = 1 is dgeev's on the full matrix (n = 2600, complex pair -0.46405 ± 0.90639i): far enough off
/// the real axis that shift-invert about zero alone reports -0.59996 instead.
///
/// bistable: __float128 block LU in the full space (`gap` by inverse iteration). The others: Float80-refined, trusted to
/// about 5e-18/gap. For `lmgDephasing` the gap listed is the even-q sector's unless the odd one is below it. `resonance`
/// below threshold: ⟨J−⟩ and purity 1 are the closed form of cooperative resonance fluorescence at large N.
struct ReferencePoint: Sendable, CustomStringConvertible {
    enum Name: String, Sendable { case bistable, drivenLMG, lmgDephasing, resonance }
    let model: Name
    let N: Int
    let parameters: [String: Double]
    let jx, jy, jz, jz2, purity: Double
    let gap: Double?

    init(model: Name, N: Int, _ parameters: [String: Double], jx: Double, jy: Double, jz: Double, jz2: Double, purity: Double, gap: Double?) {
        self.model = model
        self.N = N
        self.parameters = parameters
        (self.jx, self.jy, self.jz, self.jz2, self.purity, self.gap) = (jx, jy, jz, jz2, purity, gap)
    }

    var description: String { "\(model.rawValue) N = \(N) \(parameters.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", "))" }

    func makeModel() throws -> Model {
        switch model {
        case .bistable:
            try Model(hamiltonian: "Omega*Jx", jumps: [("gamma/j", "Jm"), ("Gamma/j^3", "Jp*(j + Jz)")], parameters: [])
        case .drivenLMG:
            try Model(hamiltonian: "Omega*Jx - (V/N)*Jz^2", jumps: [("kappa/N", "Jm")], parameters: [])
        case .lmgDephasing:
            try Model(hamiltonian: "-(V/N)*Jx^2 + h*Jz", jumps: [("kappa/N", "Jm"), ("kappa_z/N", "Jz")], parameters: [])
        case .resonance:
            try Model(hamiltonian: "Omega*Jx", jumps: [("2*kappa/N", "Jm")], parameters: [])
        }
    }

    static let all: [ReferencePoint] = [
        ReferencePoint(model: .bistable, N: 20, ["Omega": 0.3, "gamma": 1.0, "Gamma": 0.6], jx: 0.0, jy: 0.2971048635287288, jz: -0.9524999899394271, jz2: 0.913132062486339, purity: 0.9730390094230453, gap: 0.11186505798005254),
        ReferencePoint(model: .bistable, N: 20, ["Omega": 0.3, "gamma": 1.0, "Gamma": 1.1], jx: 0.0, jy: 0.22539073658362496, jz: -0.6296614934375587, jz2: 0.9120849388878967, purity: 0.6729017389657402, gap: 0.0024166690418041593),
        ReferencePoint(model: .bistable, N: 50, ["Omega": 0.5, "gamma": 1.0, "Gamma": 0.9], jx: 0.0, jy: 0.12325528201276063, jz: 0.09508800936919379, jz2: 0.8301251061483799, purity: 0.32943507085964324, gap: 0.0014953389533460433),
        ReferencePoint(model: .bistable, N: 100, ["Omega": 0.3, "gamma": 1.0, "Gamma": 0.6], jx: 0.0, jy: 0.3002512409329328, jz: -0.9536902742429841, jz2: 0.9104884806083817, purity: 0.9862482734093851, gap: 0.0018130328349355075),
        ReferencePoint(model: .bistable, N: 100, ["Omega": 0.5, "gamma": 1.0, "Gamma": 0.7], jx: 0.0, jy: 0.5068734997667932, jz: -0.8599823189962857, jz2: 0.7433459150318513, purity: 0.8814268406660242, gap: 0.004468765315549713),
        ReferencePoint(model: .bistable, N: 200, ["Omega": 0.5, "gamma": 1.0, "Gamma": 0.84451], jx: 0.0, jy: 0.08357391580275961, jz: 0.2003770974643401, jz2: 0.8569150549842517, purity: 0.3266199782265149, gap: 8.130903581171122e-10),
        ReferencePoint(model: .bistable, N: 400, ["Omega": 0.3, "gamma": 1.0, "Gamma": 0.6], jx: 0.0, jy: 0.3003768476656033, jz: -0.953787353331641, jz2: 0.9099492459856696, purity: 0.9887490077329443, gap: 5.509074115744305e-10),
        ReferencePoint(model: .bistable, N: 400, ["Omega": 0.6, "gamma": 1.0, "Gamma": 0.8], jx: 0.0, jy: -0.2961171776077242, jz: 0.9512806524869905, jz2: 0.9069588564243478, purity: 0.48270082771448464, gap: 7.473943490564357e-08),
        ReferencePoint(model: .drivenLMG, N: 50, ["Omega": 1.0, "V": 3.0, "kappa": 1.0], jx: -0.3309775284685318, jy: 0.05636140310561959, jz: -0.941913150354363, jz2: 0.8896006677745864, purity: 0.9999990121959453, gap: 0.036544941689954924),
        ReferencePoint(model: .drivenLMG, N: 20, ["Omega": 1.0, "V": 6.0, "kappa": 0.5], jx: -0.17525499158022045, jy: 0.007693395158067352, jz: -0.9844856640352366, jz2: 0.9707778529642069, purity: 0.9999995912811134, gap: 0.05592058385728598),
        ReferencePoint(model: .drivenLMG, N: 100, ["Omega": 1.0, "V": 6.0, "kappa": 0.5], jx: -0.16807720618946348, jy: 0.0070750008313946715, jz: -0.9857473664398281, jz2: 0.9719850493456248, purity: 0.9999999886236949, gap: 0.012942579640808463),
        ReferencePoint(model: .drivenLMG, N: 50, ["Omega": 0.4, "V": 1.0, "kappa": 1.0], jx: -0.32415309873220305, jy: 0.16563985025859293, jz: -0.9313325132533249, jz2: 0.8702348192629926, purity: 0.9999988016921781, gap: 0.46405041092900035),
        ReferencePoint(model: .lmgDephasing, N: 20, ["h": 0.5, "V": 2.0, "kappa": 0.2, "kappa_z": 0.3], jx: 0.0, jy: 0.0, jz: -0.3220138711462138, jz2: 0.25112421603416196, purity: 0.13187685085366288, gap: 0.011977881650983273),
        ReferencePoint(model: .lmgDephasing, N: 100, ["h": 0.5, "V": 2.0, "kappa": 0.2, "kappa_z": 0.3], jx: 0.0, jy: 0.0, jz: -0.2647348489646521, jz2: 0.11276131749566114, purity: 0.10702307400565822, gap: 9.413268279291853e-06),
        ReferencePoint(model: .lmgDephasing, N: 50, ["h": 1.5, "V": 2.0, "kappa": 0.2, "kappa_z": 0.3], jx: 0.0, jy: 0.0, jz: -0.7930379756243179, jz2: 0.6482744697210281, purity: 0.2906470441094525, gap: 0.02893747765044503),
        ReferencePoint(model: .resonance, N: 20, ["Omega": 0.3, "kappa": 1.0], jx: 0.0, jy: 0.3, jz: -0.9538771391160282, jz2: 0.9146122860883972, purity: 1.0, gap: nil),
        ReferencePoint(model: .resonance, N: 100, ["Omega": 0.3, "kappa": 1.0], jx: 0.0, jy: 0.3, jz: -0.9539274020290135, jz2: 0.9109214519594198, purity: 1.0, gap: nil),
        ReferencePoint(model: .resonance, N: 50, ["Omega": 1.5, "kappa": 1.0], jx: 0.0, jy: 0.49900477238934754, jz: -0.010943149058944106, jz2: 0.2910551154536209, purity: 0.04418896233307824, gap: 0.029332908429775675),
    ]
}
