import Numbers

/// A model at one point of a sweep.
public struct ModelInstance: Sendable {
    public struct Jump: Sendable {
        public let rate: Double
        public let `operator`: SpinPolynomial
        public init(rate: Double, operator: SpinPolynomial) {
            self.rate = rate
            self.operator = `operator`
        }
    }
    public let spinCount: Int
    /// N, j and every parameter.
    public let values: [String: Double]
    /// Hermitian to the last bit.
    public let hamiltonian: SpinPolynomial
    public let jumps: [Jump]
    public init(spinCount: Int, values: [String: Double], hamiltonian: SpinPolynomial, jumps: [Jump]) {
        self.spinCount = spinCount
        self.values = values
        self.hamiltonian = hamiltonian
        self.jumps = jumps
    }
}
