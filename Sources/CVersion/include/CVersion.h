#ifndef CVERSION_H
#define CVERSION_H

/// The release. It stands here only; debian/changelog and NEWS.md are compared with it (scripts/release-check).
#define CVERSION_NUMBER "0.2.0"

/// "0.2.0", or "0.2.0 (1a2b3c4d5e6f)" with the commit, where `make` built it from a clone; "+" behind the commit: with changes
/// that were not committed.
const char *_Nonnull cversion_text(void);

#endif
