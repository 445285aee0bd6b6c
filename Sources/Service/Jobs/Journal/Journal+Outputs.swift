import Filesystem
import FoundationEssentials
import GRDB

/// The journal's records of outputs: the GIF that each belongs to, and the file that was published there last.
extension Journal {
    /// The entry that has the name of a possible output.
    enum Occupant: Sendable {
        case nothing
        /// A file, with its `OriginalMark`.
        case file(mark: String?)

        init(_ path: Path) {
            self = OutputNames.exists(path) ? .file(mark: OriginalMark.of(path)) : .nothing
        }
    }

    /// It is not known yet whether a file has the name of this output.
    struct UnknownOutput: Error {
        let path: Path
    }

    /// The output that the source had before, else the first free one. A file that was made of this very GIF, by a daemon whose
    /// journal is lost, is its output.
    func claimOutput(
        for candidate: Candidate, _ stream: String, _ outputs: [Path: Occupant], _ db: Database
    ) throws -> (output: Path, mayBeMade: Bool)? {
        var number = 0
        while true {
            number += 1
            guard let output = candidate.outputs(number) else { return nil }
            let owner = try Row.fetchOne(
                db, sql: "SELECT stream, source FROM claim WHERE output = ?", arguments: [output])
            if let owner {
                if owner["stream"] == stream, owner["source"] == candidate.source { return (output, false) }
                continue
            }
            guard let occupant = outputs[output] else { throw UnknownOutput(path: output) }
            var isMade = false
            if case .file(let mark) = occupant {
                guard isNew, let mark, mark == candidate.fingerprint?.contentText else { continue }
                isMade = true
            }
            try db.execute(
                sql: "INSERT INTO claim (output, stream, source) VALUES (?, ?, ?)",
                arguments: [output, stream, candidate.source])
            return (output, isMade)
        }
    }

    /// The file that was published as an output last.
    /// - Returns: nil where that is not known.
    func published(_ output: Path) throws -> Fingerprint? {
        try read { try String.fetchOne($0, sql: "SELECT published FROM claim WHERE output = ?", arguments: [output]) }
            .flatMap { Fingerprint($0) }
    }

    /// Writes down which file was published as an output, and what of.
    func notePublished(_ output: Path, _ file: Fingerprint, _ content: ContentMark?) throws {
        let text = try content.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        try write {
            try $0.execute(
                sql: "UPDATE claim SET published = ?, content = ? WHERE output = ?",
                arguments: [file.text, text, output])
        }
    }

    /// The file that was published as a job's output last, and what of.
    /// - Returns: nil where that is not known.
    func made(_ job: JobRecord) throws -> (file: Fingerprint, content: ContentMark)? {
        guard let output = job.output else { return nil }
        let known: (file: String?, content: String?)? = try read {
            try Row.fetchOne(
                $0, sql: "SELECT published, content FROM claim WHERE output = ? AND stream = ? AND source = ?",
                arguments: [output, job.stream, job.source]
            ).map { (try $0.value("published"), try $0.value("content")) }
        }
        guard let published = known?.file, let content = known?.content, let file = Fingerprint(published),
            let mark = try? JSONDecoder().decode(ContentMark.self, from: Data(content.utf8))
        else { return nil }
        return (file, mark)
    }

    /// Gives a job another output, as somebody else's file has taken the name of its own.
    /// - Parameter outputs: possible ones, best first.
    /// - Returns: the output; nil where there is none.
    func claimAnother(for job: JobRecord, _ outputs: (Int) -> Path?) throws -> Path? {
        var number = 0
        while true {
            number += 1
            guard let output = outputs(number) else { return nil }
            if output == job.output || OutputNames.exists(output) { continue }
            let isClaimed = try write { db -> Bool in
                try db.execute(
                    sql: "INSERT OR IGNORE INTO claim (output, stream, source) VALUES (?, ?, ?)",
                    arguments: [output, job.stream, job.source])
                guard db.changesCount > 0 else { return false }
                try db.execute(sql: "DELETE FROM claim WHERE output = ?", arguments: [job.output])
                try db.execute(sql: "UPDATE job SET output = ? WHERE id = ?", arguments: [output, job.id])
                return true
            }
            if isClaimed { return output }
        }
    }
}
