#include "CVersion.h"

const char *cversion_text(void) {
#ifdef GIF2VIDEO_COMMIT
    return CVERSION_NUMBER " (" GIF2VIDEO_COMMIT ")";
#else
    return CVERSION_NUMBER;
#endif
}
