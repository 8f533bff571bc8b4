/* The limit of benchmarks/fanout.py: one process that calls send() on every socket, and nothing else.
 *
 * usage: fanout_limit PORT
 *
 * The socket that asks for /pub is the publisher: each of its binary messages goes, as one frame, to all the others. A
 * socket that does not take a whole frame is not written to until it has (EPOLLOUT), and misses what comes meanwhile.
 * No handshake is verified: this measures the kernel and is no server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = 1 << 20, SOCKETS = 65536 };

static const char ANSWER[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
static uint8_t in[LIMIT * 2], out[LIMIT + 16], *rest[SOCKETS];
static size_t have, left[SOCKETS];
static int viewers[SOCKETS], count, publisher = -1, epoll;

static void watch(int fd, uint32_t what, int add) {
    struct epoll_event event = {.events = what, .data.fd = fd};
    epoll_ctl(epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

static void drop(int fd) {
    for (int i = 0; i < count; i++)
        if (viewers[i] == fd) viewers[i] = viewers[--count];
    free(rest[fd]);
    rest[fd] = NULL, left[fd] = 0;
    if (fd == publisher) publisher = -1, have = 0;
    close(fd);
}

static void greet(int fd) {
    char request[2048];
    ssize_t n = recv(fd, request, sizeof request - 1, 0);
    if (n <= 0) {
        drop(fd);
        return;
    }
    request[n] = 0;
    if (send(fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) return;
    if (strncmp(request, "GET /pub", 8) == 0) publisher = fd;
    else viewers[count++] = fd;
}

static void spread(const uint8_t *payload, size_t length) {
    size_t header = 2;
    out[0] = 0x82;
    if (length < 126) out[1] = (uint8_t)length;
    else if (length < 65536) out[1] = 126, out[2] = (uint8_t)(length >> 8), out[3] = (uint8_t)length, header = 4;
    else {
        out[1] = 127, header = 10;
        for (int i = 0; i < 8; i++) out[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
    }
    memcpy(out + header, payload, length);
    size_t total = header + length;
    for (int i = 0; i < count; i++) {
        int fd = viewers[i];
        if (left[fd]) continue;
        ssize_t sent = send(fd, out, total, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == (ssize_t)total || (sent < 0 && errno != EAGAIN)) continue;
        if (sent < 0) sent = 0;
        left[fd] = total - (size_t)sent;
        rest[fd] = malloc(left[fd]);
        memcpy(rest[fd], out + sent, left[fd]);
        watch(fd, EPOLLIN | EPOLLOUT, 0);
    }
}

static void finish(int fd) {
    ssize_t sent = send(fd, rest[fd], left[fd], MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    left[fd] -= (size_t)sent;
    memmove(rest[fd], rest[fd] + sent, left[fd]);
    if (left[fd]) return;
    free(rest[fd]);
    rest[fd] = NULL;
    watch(fd, EPOLLIN, 0);
}

/* The publisher's messages: masked frames, one after another. */
static void take(void) {
    ssize_t n = recv(publisher, in + have, sizeof in - have, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0) drop(publisher);
        return;
    }
    have += (size_t)n;
    for (;;) {
        if (have < 6) return;
        size_t length = in[1] & 0x7f, header = length < 126 ? 6 : length == 126 ? 8 : 14;
        if (have < header) return;
        if (length >= 126) {
            length = 0;
            for (size_t i = 2; i < header - 4; i++) length = length << 8 | in[i];
        }
        if (length > LIMIT) exit(1);
        if (have < header + length) return;
        for (size_t i = 0; i < length; i++) in[header + i] ^= in[header - 4 + (i & 3)];
        if ((in[0] & 0x0f) == 2) spread(in + header, length);
        have -= header + length;
        memmove(in, in + header + length, have);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    at.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0"));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) {
        perror("listen");
        return 1;
    }
    epoll = epoll_create1(0);
    watch(listener, EPOLLIN, 1);
    static uint8_t greeted[SOCKETS];
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int new = accept4(listener, NULL, NULL, 0);
                if (new < 0 || new >= SOCKETS) continue;
                setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                greeted[new] = 0;
                watch(new, EPOLLIN, 1);
            } else if (!greeted[fd]) greeted[fd] = 1, greet(fd);
            else if (events[i].events & EPOLLOUT) finish(fd);
            else if (fd == publisher) take();
            else if (recv(fd, in + sizeof in / 2, 4096, MSG_DONTWAIT) == 0) drop(fd);
        }
    }
}
