// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: why an image would not be started
 *
 * The lines of an exit go to the log, those of /sys/kernel/kexec/ready to the reader.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/kernel.h>
#include <linux/kexec_arch.h>
#include <linux/printk.h>
#include <linux/stdarg.h>

/**
 * kexec_refusal_err() - state why an image is not started
 * @refusal: receives the line, or NULL for the log
 * @fmt: format of the line, newline included
 */
void kexec_refusal_err(struct kexec_refusal *refusal, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	if (refusal)
		refusal->len += scnprintf(refusal->text + refusal->len,
					  sizeof(refusal->text) - refusal->len, "%pV", &vaf);
	else
		pr_err("%pV", &vaf);
	va_end(args);
}
