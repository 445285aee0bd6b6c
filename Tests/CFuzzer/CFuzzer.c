#include "CFuzzer.h"

int LLVMFuzzerRunDriver(int *, char ***, int (*)(const uint8_t *, size_t)) __attribute__((weak));

int cfuzzer_run(int *count, char ***arguments, int (*run)(const uint8_t *, size_t)) {
    return LLVMFuzzerRunDriver ? LLVMFuzzerRunDriver(count, arguments, run) : -1;
}
