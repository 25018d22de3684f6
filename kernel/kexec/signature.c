// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: signatures of kernels
 *
 * A kernel needs a PE signature that is valid for a key in the keyrings of this kernel, if
 * the configuration, the platform or lockdown requires one.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/errno.h>
#include <linux/ima.h>
#include <linux/kconfig.h>
#include <linux/kexec.h>
#include <linux/limits.h>
#include <linux/security.h>
#include <linux/verification.h>

#include "debug.h"
#include "signature.h"
#include "lib/pe.h"

static bool signature_enforced = IS_ENABLED(CONFIG_KEXEC_SIG_FORCE);

/**
 * set_kexec_sig_enforced() - require a valid signature of every kernel from now on
 */
void set_kexec_sig_enforced(void)
{
	signature_enforced = true;
}

static const char *signature_fault(int err)
{
	switch (err) {
	case -ENODATA:
		return "not signed";
	case -ENOKEY:
		return "not signed by a trusted key";
	case -EKEYREJECTED:
		return "changed, or its key is expired or revoked";
	}
	return "not signed as it should be";
}

static bool signature_is_required(void)
{
	return signature_enforced || kexec_debug.demand_signature;
}

/* Under lockdown only IMA's appraisal can replace a signature. */
static bool signature_locked_down(void)
{
	return !ima_appraise_signature(READING_KEXEC_IMAGE) &&
	       security_locked_down(LOCKDOWN_KEXEC);
}

/**
 * kexec_signature_required() - tell whether a kernel needs a valid signature
 *
 * Return: true if it does.
 */
bool kexec_signature_required(void)
{
	return signature_is_required() || signature_locked_down();
}

static int signature_judge(int ret)
{
	if (!ret)
		return 0;
	if (signature_is_required()) {
		pr_err("the kernel is %s (%d), but this system requires a signature\n",
		       signature_fault(ret), ret);
		return ret;
	}
	if (signature_locked_down()) {
		pr_err("the kernel is %s (%d), and the system is locked down; sign it with a trusted key\n",
		       signature_fault(ret), ret);
		return -EPERM;
	}
	pr_debug("the kernel is %s (%d); no signature is required\n", signature_fault(ret), ret);
	return 0;
}

#ifdef CONFIG_KEXEC_IMAGE_VERIFY_SIG
/* Keys of the firmware are tried last. */
static int signature_verify_pe(const void *data, unsigned int len)
{
	struct key *rings[2] = { VERIFY_USE_SECONDARY_KEYRING };
	unsigned int i, nr = 1;
	int ret = -ENOKEY;

	if (!kexec_pe_is_sound(data, len))
		return -ELIBBAD;
	if (IS_ENABLED(CONFIG_INTEGRITY_PLATFORM_KEYRING))
		rings[nr++] = VERIFY_USE_PLATFORM_KEYRING;

	for (i = 0; i < nr && ret == -ENOKEY; i++)
		ret = verify_pefile_signature(data, len, rings[i],
					      VERIFYING_KEXEC_PE_SIGNATURE);
	return ret;
}
#else
static int signature_verify_pe(const void *data, unsigned int len)
{
	return -EKEYREJECTED;
}
#endif

static int signature_verify(const void *data, size_t len)
{
	return len <= UINT_MAX ? signature_verify_pe(data, len) : -EKEYREJECTED;
}

/**
 * kexec_signature_check_program() - check the signature of a program around a kernel
 * @program: the program, which can be signed as a whole
 * @len: bytes of it
 *
 * Return: 0 if the signature is valid or none is required, 1 if there is none and the kernel
 * in the program has to be checked, or a negative errno after one message.
 */
int kexec_signature_check_program(const void *program, size_t len)
{
	int ret = signature_verify(program, len);

	return ret == -ENODATA ? 1 : signature_judge(ret);
}

/**
 * kexec_signature_check() - check the signature of a kernel
 * @kernel: the kernel, unpacked
 * @len: bytes of it
 *
 * Return: 0 if the signature is valid or none is required, or a negative errno after one
 * message.
 */
int kexec_signature_check(const void *kernel, size_t len)
{
	return signature_judge(signature_verify(kernel, len));
}
