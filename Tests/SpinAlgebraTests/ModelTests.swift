import Numbers
import SpinAlgebra
import Testing

@Suite struct ModelTests {
    private func model(_ hamiltonian: String, jumps: [(rate: String, operator: String)] = [], _ parameters: [(name: String, expression: String)] = []) throws -> Model {
        try Model(hamiltonian: hamiltonian, jumps: jumps, parameters: parameters)
    }
    private func modelError(_ make: () throws -> Model) -> ModelError? {
        do { _ = try make() } catch { return error as? ModelError }
        return nil
    }
    private func evaluationMessage(_ make: () throws -> some Any) -> String? {
        do { _ = try make() } catch { return (error as? EvaluationError)?.message }
        return nil
    }

    // MARK: Hermiticity

    @Test(arguments: [
        "Omega*Jx + Delta*Jz + (chi/j)*Jz^2", "Omega*Jp + Omega*Jm", "i*(Jp^2 - Jm^2)", "a*(Jx*Jy + Jy*Jx)", "i*Jx*Jy - i*Jy*Jx",
        "(a + i*b)*Jp + (a - i*b)*Jm", "exp(i*phi)*Jp + exp(-i*phi)*Jm", "sqrt(1 - g^2)*Jx", "sqrt(g^2 - 1)*Jx", "log(-x)*Jz",
        "sqrt(g - 500)*Jz", "Jx*Jy*Jz + Jz*Jy*Jx", "Jx*Jy*Jx", "i*(i*a)*Jz", "Omega*Jp + (Omega/2)*Jm + Omega*Jm/2", "0.1*Jz^2*3 - Jx", "a", "0",
        "(Omega*Jp + Delta*Jz)*(Omega*Jm + Delta*Jz)/N", "exp(1000*x)*Jz", "(0.1*Jx + 0.7*Jy - 0.3*Jz)^6*a",
    ])
    func accepts(_ hamiltonian: String) throws { _ = try model(hamiltonian) }

    @Test(arguments: [
        ("Omega*Jp", 0, "the term Omega*Jp has no Hermitian partner Omega*Jm"),
        ("Delta*Jz + Omega*Jp + Jm*Omega + g*Jp", 33, "the term g*Jp has no Hermitian partner g*Jm"),
        ("Omega*Jx - (1 + 2*i)*kappa*Jp^2/N", 9, "the term -(1 + 2*i)*kappa*Jp^2/N has no Hermitian partner -(1 - 2*i)*kappa*Jm^2/N"),
        ("Jz + i*Omega*Jx", 5, "the term i*Omega*Jx is anti-Hermitian, its factor should be real"),
        ("a*Jx*Jy", 0, "the term a*Jx*Jy has no Hermitian partner a*Jy*Jx"),
        ("Jp*Jz^2 + a*Jm*b*Jz^2", 10, "the term a*Jm*b*Jz^2 has no Hermitian partner a*b*Jz^2*Jp"),
        ("exp(i*phi)*Jp + exp(i*phi)*Jm", 0, "the term exp(i*phi)*Jp has no Hermitian partner exp(-i*phi)*Jm"),
        ("Omega^6*Jz + i*epsilon*Jx", 13, "the term i*epsilon*Jx is anti-Hermitian, its factor should be real"),
        ("i*a + Jz", 0, "the term i*a is anti-Hermitian, its factor should be real"),
        ("Jz + a*Jp + b*Jm", 5, "the term a*Jp has no Hermitian partner a*Jm"),
        ("1e-9*i*g*Jx + 1e9*Jz", 0, "the term 1e-09*i*g*Jx is anti-Hermitian, its factor should be real"),
    ] as [(String, Int, String)])
    func refuses(_ hamiltonian: String, _ offset: Int, _ message: String) throws {
        let error = try #require(modelError { try model(hamiltonian) })
        #expect(error.place == ["hamiltonian"])
        #expect(error.message == "the Hamiltonian is not Hermitian: " + message)
        #expect(error.offset == offset)
    }

    @Test func hermiticityAtAPoint() throws {
        let model = try model("sqrt(1 - g^2)*Jx")
        #expect(try model.instance(spinCount: 4, ["g": 0.6]).hamiltonian == 0.8 * .jx)
        #expect(evaluationMessage { try model.instance(spinCount: 4, ["g": 1.25]) }
            == "the Hamiltonian is not Hermitian at g = 1.25: the term sqrt(1 - g^2)*Jx is anti-Hermitian, its factor should be real")
        let turned = try self.model("exp(i*phi)*Jp + exp(-i*phi)*Jm").instance(spinCount: 3, ["phi": 0.3]).hamiltonian
        #expect(turned == turned.adjoint)
    }

    // MARK: Parameters

    @Test func parametersResolveAndYield() throws {
        let model = try model("V/N*Jz^2 + Omega*Jx", jumps: [("kappa/j", "Jm")],
                              [("V", "2*kappa"), ("kappa", "base^2 + 1/N"), ("base", "0.5"), ("Omega", "V*j")])
        #expect(model.freeNames == [])
        let values = try model.values(spinCount: 4, [:])
        #expect(values == ["N": 4, "j": 2, "base": 0.5, "kappa": 0.5, "V": 1, "Omega": 2])
        // An axis overrides a parameter, and what depends on it follows.
        #expect(try model.values(spinCount: 4, ["kappa": 3])["Omega"] == 12)
        let instance = try model.instance(spinCount: 4, ["V": 8])
        #expect(try instance.hamiltonian == OperatorExpression(parsing: "2*Jz^2 + 16*Jx").polynomial([:]))
        #expect(instance.jumps[0].rate == 0.25 && instance.jumps[0].operator == .jm)
        #expect(try self.model("a*Jz + b*Jx", jumps: [("c*N", "j*Jm*d")], [("a", "e")]).freeNames == ["b", "c", "d", "e"])
    }

    /// Place, message, hint.
    @Test func badParameters() throws {
        func check(_ parameters: [(name: String, expression: String)], _ place: [String], _ message: String, _ hint: String?) {
            let error = modelError { try model("Jz", [] + parameters) }
            #expect(error?.place == place)
            #expect(error?.message == message)
            #expect(error?.hint == hint)
        }
        check([("Jx", "1")], ["parameters", "Jx"], "the parameter Jx shadows the operator Jx", "rename it, for example to gx")
        check([("Jm", "1")], ["parameters", "Jm"], "the parameter Jm shadows the operator Jm", "rename it, for example to gm")
        check([("N", "10")], ["parameters", "N"], "the parameter N shadows the number of spins", "rename it, for example to N0")
        check([("j", "10")], ["parameters", "j"], "the parameter j shadows the spin length N/2", "rename it, for example to j0")
        check([("i", "1")], ["parameters", "i"], "the parameter i shadows the imaginary unit", "rename it, for example to i_")
        check([("exp", "1")], ["parameters", "exp"], "the parameter exp shadows the function exp", "rename it, for example to exp_")
        check([("2a", "1")], ["parameters", "2a"], "\"2a\" is no name for a parameter", "names are letters, digits and _ and do not begin with a digit")
        check([("a", "1"), ("a", "2")], ["parameters", "a"], "the parameter a is declared twice", nil)
        check([("a", "b + 1"), ("b", "2*c"), ("c", "a")], ["parameters", "a"], "the parameter a depends on itself: a → b → c → a", "give one of them a number")
        check([("a", "a")], ["parameters", "a"], "the parameter a depends on itself: a → a", "give one of them a number")
        check([("a", "1 + i*b"), ("b", "2")], ["parameters", "a"],
              "parameter a = 1 + i*b = 1 + 2*i at b = 2 is complex: parameters are real; write i in the operators instead", nil)
        check([("a", "2*"), ("b", "2")], ["parameters", "a"], "expected a number, a name or \"(\", found the end, at character 3 of \"2*\"", nil)
        check([("a", "1/b"), ("b", "0")], ["parameters", "a"], "parameter a: 1/b is not a finite number at b = 0", nil)
        #expect(modelError { try model("Jz", [("J", "1")]) } == nil)          // a coupling, declared
    }

    @Test func unknownNamesAreLocated() throws {
        let model = try model("Omega*Jx + J*Jz", jumps: [("gamma/j", "Jm"), ("gama*j", "Jz")], [("gamma", "1"), ("h", "jz")])
        #expect(model.freeNames == ["Omega", "J", "gama", "jz"])
        let coupling = model.unknownName("J", known: [])
        #expect(coupling.place == ["hamiltonian"] && coupling.offset == 11)
        #expect(coupling.hint == "spin length is j; declare J under parameters if you mean a coupling")
        let rate = model.unknownName("gama", known: ["Omega"])
        #expect(rate.description == "jumps[1].rate: gama is not known: it is neither a parameter nor an axis of the sweep (hint: did you mean gamma?)")
        #expect(model.unknownName("jz", known: []).hint == "did you mean Jz?")
        #expect(model.unknownName("Omega", known: []).hint == "give Omega a value under parameters or sweep")
    }

    // MARK: Rates

    @Test func ratesAreRealAndNonNegative() throws {
        let model = try model("Jx", jumps: [("1", "Jz"), ("gamma/j", "Jm"), ("sqrt(x)/(1 - N)^2", "Jp")])
        func message(_ given: [String: Double]) -> String? { evaluationMessage { try model.instance(spinCount: 20, given) } }
        #expect(message(["gamma": -1, "x": 1]) == "rate of jump 2, gamma/j = -0.1 at gamma = -1: rates must be real and non-negative")
        #expect(message(["gamma": 1, "x": -361]) == "rate of jump 3, sqrt(x)/(1 - N)^2 = \(19.0 / 361)*i at x = -361: rates must be real and non-negative")
        #expect(message(["gamma": .nan, "x": 1]) == "rate of jump 2, gamma/j is not a finite number at gamma = nan: rates must be real and non-negative")
        #expect(message(["gamma": 0, "x": 0]) == nil)
        #expect(message(["x": 0]) == "rate of jump 2, gamma has no value: rates must be real and non-negative")
        let sized = try self.model("Jx", jumps: [("3 - N", "Jm")])
        #expect(evaluationMessage { try sized.instance(spinCount: 5, [:]) } == "rate of jump 1, 3 - N = -2 at N = 5: rates must be real and non-negative")
        let constant = modelError { try self.model("Jx", jumps: [("1", "Jm"), ("-0.5", "Jm")]) }
        #expect(constant?.place == ["jumps", "1", "rate"])
        #expect(constant?.message == "the rate -0.5 is not allowed: rates must be real and non-negative")
        #expect(modelError { try self.model("Jx", jumps: [("gamma*Jz", "Jm")]) }?.description
            == "jumps[0].rate: Jz is an operator, but a number is wanted here, at character 7 of \"gamma*Jz\" (hint: operators belong in the hamiltonian, jump operators and observables)")
        #expect(modelError { try self.model("Jx", jumps: [("1", "Jm^8")]) }?.place == ["jumps", "0", "operator"])
        // Real but for rounding.
        #expect(try self.model("Jx", jumps: [("exp(i*x)*exp(-i*x)", "Jm")]).instance(spinCount: 2, ["x": 0.7]).jumps[0].rate.distance(to: 1).magnitude < 1e-15)
    }

    // MARK: Presets

    @Test(arguments: ModelPreset.all.map(\.name))
    func presetsStandAlone(_ name: String) throws {
        let preset = try #require(ModelPreset.named(name))
        let model = try preset.model()
        #expect(model.freeNames == [] && model.preset == name)
        #expect(model.usedNames == Set(preset.parameters.map(\.name)))
        let instance = try model.instance(spinCount: 10, [:])
        #expect(instance.hamiltonian.degree > 0 && instance.jumps.allSatisfy { $0.rate > 0 })
        let first = preset.parameters[0].name
        #expect(try preset.model(parameters: [(first, "2*own"), ("own", "3")]).values(spinCount: 4, [:])[first] == 6)
        #expect(try preset.model().values(spinCount: 4, [first: 7])[first] == 7)
        #expect(!preset.summary.contains("\n") && !preset.reference.isEmpty)
    }

    /// The equations of the design at N = 4.
    @Test func presetEquations() throws {
        func instance(_ name: String, _ given: [String: Double]) throws -> ModelInstance { try #require(ModelPreset.named(name)).model().instance(spinCount: 4, given) }
        func polynomial(_ text: String) throws -> SpinPolynomial { try OperatorExpression(parsing: text).polynomial([:]) }
        let pump = try instance("bistable-pump", ["Omega": 0.5, "gamma": 3, "Gamma": 4])
        #expect(try pump.hamiltonian == polynomial("Jx/2") && pump.jumps.map(\.rate) == [1.5, 0.5])
        #expect(try pump.jumps[0].operator == .jm && pump.jumps[1].operator == polynomial("Jp*Jz + 2*Jp"))
        #expect(try instance("driven-twisting", ["Omega": 1, "Delta": 2, "chi": 3]).hamiltonian == polynomial("Jx + 2*Jz + 1.5*Jz^2"))
        #expect(try instance("driven-lmg", [:]).hamiltonian == polynomial("Jx - 0.75*Jz^2"))
        #expect(try instance("driven-lmg", ["kappa": 8]).jumps.map(\.rate) == [2])
        let dephasing = try instance("lmg-dephasing", ["kappa": 1, "kappa_z": 2])
        #expect(try dephasing.hamiltonian == polynomial("0.5*Jz - 0.5*Jx^2") && dephasing.jumps.map(\.rate) == [0.25, 0.5])
        #expect(try instance("lmg-mesoscopic", ["g": 0.5, "h": 2, "J": 2]).hamiltonian == polynomial("-Jz^2 - 2*Jx - 4*Jz"))
        #expect(try instance("resonance-fluorescence", ["Omega": 2, "kappa": 6]).jumps.map(\.rate) == [3])
    }
}
