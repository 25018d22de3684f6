// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: frames - make a network card receive
 *
 * frames IFACE COUNT: brings the interface up and sends COUNT broadcast frames. On a
 * network that sends frames back, see cases/reports.toml, the card receives them again
 * and again from then on.
 *
 * A packet socket needs no protocol in the kernel.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

/* IEEE 802 "Local Experimental Ethertype 1" */
#define FRAMES_PROTOCOL	0x88b5
#define FRAMES_BYTES	1400
#define FRAMES_LINK_S	10

/* Bring the interface up and wait for its carrier. */
static int frames_up(int fd, struct ifreq *req)
{
	unsigned int tries;

	if (ioctl(fd, SIOCGIFFLAGS, req))
		return -1;
	req->ifr_flags |= IFF_UP | IFF_PROMISC;
	if (ioctl(fd, SIOCSIFFLAGS, req))
		return -1;
	for (tries = 0; tries < FRAMES_LINK_S * 10; tries++) {
		if (ioctl(fd, SIOCGIFFLAGS, req))
			return -1;
		if (req->ifr_flags & IFF_RUNNING)
			return 0;
		usleep(100000);
	}
	errno = ENOLINK;
	return -1;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_halen = ETH_ALEN,
	};
	struct {
		struct ether_header header;
		unsigned char bytes[FRAMES_BYTES];
	} frame = { };
	struct ifreq req = { };
	unsigned long i, count;
	int fd;

	if (argc != 3) {
		fputs("usage: frames IFACE COUNT\n", stderr);
		return 2;
	}
	count = strtoul(argv[2], NULL, 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		util_die("socket");
	if (frames_up(fd, &req))
		util_die("%s", argv[1]);

	to.sll_ifindex = if_nametoindex(argv[1]);
	memset(frame.header.ether_dhost, 0xff, ETH_ALEN);
	frame.header.ether_shost[0] = 0x02;
	frame.header.ether_type = __builtin_bswap16(FRAMES_PROTOCOL);
	memset(frame.bytes, 0x5a, sizeof(frame.bytes));
	for (i = 0; i < count; i++)
		if (sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			util_die("sendto");
	return 0;
}
