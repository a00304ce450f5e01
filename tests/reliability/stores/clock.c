/*
 * Copyright (c) 2026, the mailops.profiles authors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A library for LD_PRELOAD: a wall clock that is wrong by as many seconds as the file MAILOPS_CLOCK says at that moment.
 * (libfaketime, when its time is changed, breaks sleeping by the monotonic clock.)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long wrong_by(void)
{
    char text[32] = "";
    int before = errno;
    int file = open(getenv("MAILOPS_CLOCK"), O_RDONLY | O_CLOEXEC);
    long found = file >= 0 && read(file, text, sizeof text - 1) > 0 ? atol(text) : 0;
    if (file >= 0)
        close(file);
    errno = before;
    return found;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += wrong_by();
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    int result = syscall(SYS_gettimeofday, now, zone);
    now->tv_sec += wrong_by();
    return result;
}

time_t time(time_t *where)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where)
        *where = now.tv_sec;
    return now.tv_sec;
}
