/* Many WebSocket viewers in one epoll loop: the neutral reader of benchmarks/fanout.py.
 *
 * usage: fanout_client PORT PATH VIEWERS STALLED SUBPROTOCOL HELLO
 *
 * Opens VIEWERS sockets, the first STALLED of which never read after the handshake. SUBPROTOCOL and HELLO (a text
 * message sent after the handshake) may be empty. Counts binary messages; the f64 at offset 8 of each is the time it
 * was sent, CLOCK_REALTIME in seconds. Commands on stdin: `r` starts a measurement, `q` ends the program. After `r` and
 * then `s` it prints one line: messages seconds p50_ms p99_ms max_ms viewers
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
#include <time.h>
#include <unistd.h>

enum { HEAD = 32, BUFFER = 1 << 20, BUCKETS = 100000 };

struct viewer {
    int fd;
    uint8_t head[HEAD];     /* the frame header and the first bytes of its payload */
    int have;               /* bytes in head */
    uint64_t left;          /* payload bytes still to skip */
    int open;
};

static uint64_t messages, histogram[BUCKETS];
static double max_s;
static uint8_t buffer[BUFFER];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int dial(int port, const char *path, const char *subprotocol, const char *hello) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    char request[512], answer[2048];
    int n = snprintf(request, sizeof request,
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                     path, port, *subprotocol ? "Sec-WebSocket-Protocol: " : "", subprotocol, *subprotocol ? "\r\n" : "");
    if (write(fd, request, (size_t)n) != n) die("handshake");
    int have = 0;                              /* one byte at a time: what follows the handshake is not ours to eat */
    while (have < 4 || memcmp(answer + have - 4, "\r\n\r\n", 4)) {
        if (have == sizeof answer || read(fd, answer + have, 1) != 1) die("no handshake");
        have++;
    }
    if (memcmp(answer, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "refused: %.60s\n", answer);
        exit(1);
    }
    size_t length = strlen(hello);
    if (length) {
        uint8_t frame[256] = {0x81, (uint8_t)(0x80 | length)};        /* a mask of zeros leaves the text as it is */
        if (length > 125) exit(2);
        memcpy(frame + 6, hello, length);
        if (write(fd, frame, length + 6) != (ssize_t)(length + 6)) die("hello");
    }
    return fd;
}

static void count(const uint8_t *payload) {
    double sent, late;
    memcpy(&sent, payload + 8, sizeof sent);
    late = now() - sent;
    if (late < 0) late = 0;
    if (late > max_s) max_s = late;
    uint64_t bucket = (uint64_t)(late * 1e4);                          /* 0.1 ms */
    histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    messages++;
}

/* Take `n` bytes of one viewer's stream apart. */
static void feed(struct viewer *v, const uint8_t *data, uint64_t n) {
    while (n) {
        if (v->left) {
            uint64_t skip = v->left < n ? v->left : n;
            v->left -= skip;
            data += skip;
            n -= skip;
            continue;
        }
        v->head[v->have++] = *data++;
        n--;
        if (v->have < 2) continue;
        int small = v->head[1] & 0x7f, header = small < 126 ? 2 : small == 126 ? 4 : 10;
        if (v->have < header) continue;
        uint64_t length = (uint64_t)small;
        if (small >= 126) {
            length = 0;
            for (int i = 2; i < header; i++) length = length << 8 | v->head[i];
        }
        int binary = (v->head[0] & 0x0f) == 2 && length >= 16;
        if (binary && v->have < header + 16) continue;
        if (binary) count(v->head + header);
        v->left = length - (uint64_t)(v->have - header);
        v->have = 0;
    }
}

static double percentile(double share) {
    uint64_t want = (uint64_t)((double)messages * share), sum = 0;
    for (int i = 0; i < BUCKETS; i++)
        if ((sum += histogram[i]) > want) return i / 10.0;
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: fanout_client PORT PATH VIEWERS STALLED SUBPROTOCOL HELLO\n");
        return 2;
    }
    int viewers = atoi(argv[3]), stalled = atoi(argv[4]), epoll = epoll_create1(0), alive = 0;
    struct viewer *all = calloc((size_t)viewers, sizeof *all);
    for (int i = 0; i < viewers; i++) {
        all[i].fd = dial(atoi(argv[1]), argv[2], argv[5], argv[6]);
        all[i].open = 1;
        if (i < stalled) continue;
        alive++;
        fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
    printf("ready\n");
    fflush(stdout);
    double started = now();
    for (;;) {
        int n = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < n; i++) {
            struct viewer *v = events[i].data.ptr;
            if (v) {
                ssize_t got = read(v->fd, buffer, sizeof buffer);
                if (got > 0) feed(v, buffer, (uint64_t)got);
                else if (got == 0 || errno != EAGAIN) {
                    epoll_ctl(epoll, EPOLL_CTL_DEL, v->fd, NULL);
                    alive -= v->open;
                    v->open = 0;
                }
                continue;
            }
            char command = 'q';
            if (read(0, &command, 1) != 1 || command == 'q') return 0;
            if (command == 'r') {
                messages = 0, max_s = 0, started = now();
                memset(histogram, 0, sizeof histogram);
            }
            if (command == 's') {
                printf("%lu %.4f %.1f %.1f %.1f %d\n", messages, now() - started, percentile(0.5), percentile(0.99),
                       max_s * 1e3, alive);
                fflush(stdout);
            }
        }
    }
}
