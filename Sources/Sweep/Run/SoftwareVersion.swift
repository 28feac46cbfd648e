/// The version that made a record. Raised with every release; a record keeps the one it was made by.
public enum SoftwareVersion {
    public static let current = "0.1.0"
}
