/* The compiler and the system, as lwIP wants to know them. */
#ifndef SYNFIN_LWIP_ARCH_CC_H
#define SYNFIN_LWIP_ARCH_CC_H

#include <stdlib.h>

#define LWIP_ERRNO_STDINCLUDE 1
/* The system's own headers have htons() and the like. */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
/* Never seeded: runs are equal. */
#define LWIP_RAND() ((u32_t)rand())

#endif
