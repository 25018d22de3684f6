// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: digest_cost - what a digest of an image costs, in ticks of the counter
 *
 * CRC-32 with its instructions, SHA-256 with the crypto extension and SHA-256
 * with neither, over the same MiB of memory. In a guest of QEMU whose time is
 * counted in instructions (-icount) the ticks are instructions, so the figures
 * depend on nothing but the code. decisions.rst has them.
 *
 * digest_cost now: only the counter.
 */
#include <arm_neon.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define COST_BYTES	SZ_1M

typedef unsigned char u8;

static const u32 sha_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u8 cost_bytes[COST_BYTES] __attribute__((aligned(64)));

static u32 cost_crc(void)
{
	const u64 *words = (const u64 *)cost_bytes;
	u32 crc = ~0U;

	for (size_t i = 0; i < COST_BYTES / sizeof(u64); i += 4)
		asm(".arch armv8-a+crc\n"
		    "crc32x %w0, %w0, %1\n"
		    "crc32x %w0, %w0, %2\n"
		    "crc32x %w0, %w0, %3\n"
		    "crc32x %w0, %w0, %4\n"
		    : "+r" (crc)
		    : "r" (words[i]), "r" (words[i + 1]), "r" (words[i + 2]), "r" (words[i + 3]));
	return crc;
}

static u32 cost_ror(u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static void cost_sha_schedule(u32 *w, const u8 *block)
{
	for (int i = 0; i < 16; i++) {
		memcpy(&w[i], block + 4 * i, 4);
		w[i] = __builtin_bswap32(w[i]);
	}
	for (int i = 16; i < 64; i++) {
		u32 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (cost_ror(a, 7) ^ cost_ror(a, 18) ^ a >> 3) +
		       (cost_ror(b, 17) ^ cost_ror(b, 19) ^ b >> 10);
	}
}

/* The eight words are variables and not an array: renamed, they need no moving. */
static void cost_sha_block(u32 *hash, const u8 *block)
{
	u32 a = hash[0], b = hash[1], c = hash[2], d = hash[3];
	u32 e = hash[4], f = hash[5], g = hash[6], h = hash[7];
	u32 w[64];

	cost_sha_schedule(w, block);
#pragma GCC unroll 64
	for (int i = 0; i < 64; i++) {
		u32 t = h + (cost_ror(e, 6) ^ cost_ror(e, 11) ^ cost_ror(e, 25)) +
			((e & f) ^ (~e & g)) + sha_k[i] + w[i];
		u32 m = (cost_ror(a, 2) ^ cost_ror(a, 13) ^ cost_ror(a, 22)) +
			((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + t;
		d = c;
		c = b;
		b = a;
		a = t + m;
	}
	hash[0] += a;
	hash[1] += b;
	hash[2] += c;
	hash[3] += d;
	hash[4] += e;
	hash[5] += f;
	hash[6] += g;
	hash[7] += h;
}

static u32 cost_sha(void)
{
	u32 h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	for (size_t at = 0; at < COST_BYTES; at += 64)
		cost_sha_block(h, cost_bytes + at);
	return h[0];
}

#pragma GCC push_options
#pragma GCC target("+crypto")
static void cost_ce_block(uint32x4_t *abcd, uint32x4_t *efgh, const u8 *block)
{
	uint32x4_t w[4], a = *abcd, e = *efgh;

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + 16 * i)));
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++) {
		uint32x4_t k = vaddq_u32(w[i % 4], vld1q_u32(&sha_k[4 * i])), old = a;

		if (i < 12)
			w[i % 4] = vsha256su1q_u32(vsha256su0q_u32(w[i % 4], w[(i + 1) % 4]),
						   w[(i + 2) % 4], w[(i + 3) % 4]);
		a = vsha256hq_u32(a, e, k);
		e = vsha256h2q_u32(e, old, k);
	}
	*abcd = vaddq_u32(*abcd, a);
	*efgh = vaddq_u32(*efgh, e);
}

static u32 cost_ce(void)
{
	uint32x4_t abcd = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a };
	uint32x4_t efgh = { 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	for (size_t at = 0; at < COST_BYTES; at += 64)
		cost_ce_block(&abcd, &efgh, cost_bytes + at);
	return vgetq_lane_u32(abcd, 0);
}

#pragma GCC pop_options

static u32 cost_of(const char *name, u32 (*digest)(void))
{
	u64 begin = util_ticks();
	u32 value = digest();

	printf("%s %lu ticks, digest %#x\n", name, util_ticks() - begin, value);
	return value;
}

int main(int argc, char **argv)
{
	u32 soft, hard;

	if (argc == 2 && !strcmp(argv[1], "now")) {
		printf("%lu\n", util_ticks());
		return 0;
	}
	for (size_t i = 0; i < COST_BYTES; i++)
		cost_bytes[i] = i * 2654435761U >> 24;
	cost_of("crc32", cost_crc);
	hard = cost_of("sha256-ce", cost_ce);
	soft = cost_of("sha256", cost_sha);
	if (hard != soft)
		puts("the two SHA-256 differ");
	return hard != soft;
}
