import Studies

/// Reasons of failures without what differs from point to point, so that thousands of points come to a few lines.
enum FailureReason {
    /// `study: status: reason`, every number in it a #.
    static func key(study: String, status: Status, reason: String) -> String {
        var text = "", isInNumber = false
        for letter in reason {
            if letter.isASCII, letter.isNumber {
                // Digits of a name (Jx2) are left alone.
                if !isInNumber, text.last?.isLetter == true { text.append(letter); continue }
                if !isInNumber { text.append("#") }
                isInNumber = true
            } else if isInNumber, ".e+-".contains(letter) {
                continue
            } else {
                isInNumber = false
                text.append(letter)
            }
        }
        return "\(study): \(status.word): \(text)"
    }

    /// Beyond so many different ones the others are counted together.
    private static let most = 50
    private static let others = "other reasons"

    static func add(_ more: [String: Int], to counts: inout [String: Int]) {
        for (key, count) in more { counts[counts[key] != nil || counts.count < most ? key : others, default: 0] += count }
    }
}
