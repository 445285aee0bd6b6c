extension Sequence<String> {
    /// The word that was probably meant: the one nearest to `word`, at most two letters away.
    public func nearest(to word: String) -> String? {
        map { (word: $0, distance: $0.spellingDistance(to: word)) }.filter { $0.distance <= 2 }
            .min { $0.distance < $1.distance }?.word
    }
}

extension String {
    /// The fewest letters to add, leave out or exchange, so that one word becomes the other: for guesses at what was meant.
    func spellingDistance(to other: String) -> Int {
        let (a, b) = (Array(utf8), Array(other.utf8))
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
