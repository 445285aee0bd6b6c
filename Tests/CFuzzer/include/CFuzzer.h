#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with its own arguments.
/// - Returns: its exit status; -1 where the program was linked without libFuzzer (`make fuzz` links it).
int cfuzzer_run(int *count, char ***arguments, int (*run)(const uint8_t *bytes, size_t size));

#endif
