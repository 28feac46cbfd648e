public struct Model: Sendable { }
