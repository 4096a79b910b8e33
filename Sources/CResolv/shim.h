/* The C library's resolver, a state for each thread: questions and answers are bytes, which MailRouting makes and reads.
   res_ninit(3) and its like are macros, and the addresses of IPv6 servers lie in a union that Swift does not see. */
#pragma once
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

static inline int herald_res_init(struct __res_state *state) {
    memset(state, 0, sizeof *state);
    return res_ninit(state);
}
static inline void herald_res_close(struct __res_state *state) { res_nclose(state); }
static inline int herald_res_send(
    struct __res_state *state, const unsigned char *query, int count, unsigned char *answer, int room) {
    return res_nsend(state, query, count, answer, room);
}
/* Whether every server that is asked is on this host: only then does its word that an answer is authentic count. */
static inline int herald_res_is_local(const struct __res_state *state) {
    if (state->nscount < 1) return 0;
    for (int i = 0; i < state->nscount; i++) {
        const struct sockaddr_in *four = &state->nsaddr_list[i];
        const struct sockaddr_in6 *six = state->_u._ext.nsaddrs[i];
        if (four->sin_family == AF_INET) {
            if ((ntohl(four->sin_addr.s_addr) >> 24) != 127) return 0;
        } else if (!six || !IN6_IS_ADDR_LOOPBACK(&six->sin6_addr)) {
            return 0;
        }
    }
    return 1;
}
