#pragma once
#include <gcrypt.h>

// To be called before anything else of the library. (Swift cannot call gcry_control, whose arguments are variadic.) Another
// library of the process may have done it already.
static inline void cgcrypt_initialize(void) {
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) return;
    gcry_check_version(NULL);
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}
