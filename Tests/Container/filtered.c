/* filtered FILTER PROGRAM [ARGUMENT ...]
 *
 * Becomes a program under a seccomp filter, which is read from a file of struct sock_filter, as an engine does it. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **arguments) {
    static struct sock_filter instructions[4096];
    FILE *file = count > 2 ? fopen(arguments[1], "rb") : NULL;
    if (!file) return 64;
    size_t length = fread(instructions, sizeof instructions[0], 4096, file);
    fclose(file);
    struct sock_fprog program = { .len = length, .filter = instructions };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("filtered");
        return 71;
    }
    execvp(arguments[2], arguments + 2);
    perror(arguments[2]);
    return 72;
}
