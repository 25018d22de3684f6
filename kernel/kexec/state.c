// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: state that all of kexec shares
 *
 * Variables that files at every level use; this file uses no other one.
 */
#include "image.h"

#define CREATE_TRACE_POINTS
#include <trace/events/kexec.h>

/* Started by reboot(KEXEC). Guarded by the kexec lock. */
struct kimage *kexec_image;
/* Started by a panic. */
struct kimage *kexec_crash_image;
/* Its replacement while that is copied into the reservation. */
struct kexec_image *kexec_crash_pending;

/* Set during a load with KEXEC_FILE_DEBUG. */
bool kexec_file_dbg_print;
/* Set when a reboot to kexec_image has begun. Never cleared. */
bool kexec_in_progress;
