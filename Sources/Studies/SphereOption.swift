import Lindblad

/// The option `sphere` of studies that give functions on the sphere.
extension SphereGrid {
    static func option(of functions: String) -> OptionSpec {
        let theta = 61, phi = 120
        return OptionSpec("sphere", .map([
            OptionSpec("theta", .integer(2...2000), default: .integer(theta), help: "number of polar angles (Gauss-Legendre nodes in cos theta)"),
            OptionSpec("phi", .integer(1...4000), default: .integer(phi), help: "number of azimuths, equidistant from 0"),
        ]), help: "grid of \(functions): {theta: \(theta), phi: \(phi)} unless given", showsInOutputs: true)
    }

    /// What the option says.
    init(_ options: OptionReader) {
        let size = options.map("sphere")
        self.init(thetaCount: size.integer("theta"), phiCount: size.integer("phi"))
    }

    /// Both axes of a function on the grid.
    var outputAxes: [OutputAxis] {
        [OutputAxis(name: "theta", extent: theta.count, coordinates: theta), OutputAxis(name: "phi", extent: phi.count, coordinates: phi)]
    }
}
