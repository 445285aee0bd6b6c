public import Filesystem
import FoundationEssentials
public import GRDB

/// The journal keeps paths as bytes.
extension Path: DatabaseValueConvertible {
    public var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    public static func fromDatabaseValue(_ value: DatabaseValue) -> Path? {
        Data.fromDatabaseValue(value).flatMap { Path(bytes: $0) }
    }
}
