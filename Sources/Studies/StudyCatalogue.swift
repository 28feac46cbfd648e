/// Every study that a job may name. A new study is a file in this folder and a line here.
public enum StudyCatalogue {
    public static let all: [any Study.Type] = [
        SteadyStateStudy.self, GapStudy.self, RatesStudy.self, MeanFieldStudy.self, BranchesStudy.self, InstantonStudy.self,
        QuasiPotentialStudy.self, TransitionStudy.self, SpectrumStudy.self, ExceptionalPointsStudy.self, EvolveStudy.self,
        CoherenceRatesStudy.self, LandauZenerStudy.self, LeggettGargStudy.self,
    ]

    /// With those that are there for tests and benchmarks.
    public static let withHidden: [any Study.Type] = all + [RehearsalStudy.self]

    public static func study(named name: String) -> (any Study.Type)? { all.first { $0.name == name } }
}
