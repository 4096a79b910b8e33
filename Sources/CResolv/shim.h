/* What resolv.conf(5) says. Questions and answers are bytes that MailRouting makes and reads, and SMTPTransport carries:
   res_nsend(3) would wait for a server that takes a connection and says nothing for ever. The state's initialiser is a
   macro, and the addresses of IPv6 servers lie in a union that Swift does not see. */
#pragma once
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>

/* The name servers, at most MAXNS, in order; the count, or -1. `uses_tcp`: the option use-vc. */
static inline int herald_name_servers(struct sockaddr_storage *servers, int room, int *uses_tcp) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return -1;
    int count = 0;
    for (int i = 0; i < state.nscount && count < room; i++) {
        memset(&servers[count], 0, sizeof servers[count]);
        if (state.nsaddr_list[i].sin_family == AF_INET) {
            memcpy(&servers[count++], &state.nsaddr_list[i], sizeof(struct sockaddr_in));
        } else if (state._u._ext.nsaddrs[i]) {
            memcpy(&servers[count++], state._u._ext.nsaddrs[i], sizeof(struct sockaddr_in6));
        }
    }
    *uses_tcp = (state.options & RES_USEVC) != 0;
    res_nclose(&state);
    return count;
}
