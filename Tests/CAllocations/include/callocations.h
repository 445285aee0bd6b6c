#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdbool.h>

/// Whether this program's allocations are counted: not under a sanitizer, which has an allocator of its own.
bool callocations_counts(void);

/// How often the calling thread has asked for memory, since it began.
long callocations_of_thread(void);

#endif
