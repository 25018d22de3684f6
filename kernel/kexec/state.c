// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: state that all of kexec shares
 *
 * The two slots, the flags that the rest of the kernel reads, and the tracepoints.  They
 * have a file of their own because files at every level use them; this file uses no
 * other one.
 */
#include "image.h"

#define CREATE_TRACE_POINTS
#include <trace/events/kexec.h>

/* The image that reboot(KEXEC) starts. Guarded by the kexec lock. */
struct kimage *kexec_image;
/* The image that a panic starts. */
struct kimage *kexec_crash_image;
/* Its replacement while that is copied into the reservation. */
struct kexec_image *kexec_crash_pending;

/* Set for the length of a load with KEXEC_FILE_DEBUG. */
bool kexec_file_dbg_print;
/* Set when a reboot to kexec_image has begun. Never cleared. */
bool kexec_in_progress;
