/* How lwIP is built from a source tree (SYNFIN_LWIP_SOURCE): without an operating system, and with
   the choices about TCP that Debian's library has, so that the two are comparable. Each that stands
   in #ifndef can be set from outside: -DCMAKE_C_FLAGS=-DTCP_WND=2048, likewise for C++. */
#ifndef SYNFIN_LWIPOPTS_H
#define SYNFIN_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_CHKSUM_ALGORITHM 3 /* the fastest of the three */

/* Each block of memory is one of malloc(), which a sanitizer can watch. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define IPV6_FRAG_COPYHEADER 1
#define LWIP_NETIF_TX_SINGLE_PBUF 1
/* Its one interface carries IP packets. */
#define LWIP_ARP 0
#define LWIP_ETHERNET 0

#ifndef TCP_MSS
#define TCP_MSS 1460
#endif
#ifndef TCP_WND
#define TCP_WND 0xFFFF
#endif
#ifndef TCP_SND_BUF
#define TCP_SND_BUF 0xFFFF
#endif
#ifndef LWIP_WND_SCALE
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 1
#endif
#ifndef LWIP_TCP_TIMESTAMPS
#define LWIP_TCP_TIMESTAMPS 0
#endif
#ifndef LWIP_TCP_SACK_OUT
#define LWIP_TCP_SACK_OUT 0
#endif
#ifndef TCP_LISTEN_BACKLOG
#define TCP_LISTEN_BACKLOG 0
#endif
#define LWIP_TCP_KEEPALIVE 1
#define SO_REUSE 1

#endif
