// peer DIR MATCHED: reads a journal through libsystemd. MATCHED is 0 for the MESSAGE of every entry, 1 for four fields of
// sshd's. It prints how many entries it read, and the processor time that took in nanoseconds.
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <time.h>

static long long cpu(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
	static const char *fields[] = {"MESSAGE", "_PID", "_SYSTEMD_UNIT", "_COMM"};
	sd_journal *j;
	const void *data;
	size_t length;
	long entries = 0;
	long long begin = cpu();
	if (argc != 3 || sd_journal_open_directory(&j, argv[1], 0) < 0)
		return 1;
	int matched = argv[2][0] == '1';
	if (matched) {
		sd_journal_add_match(j, "_SYSTEMD_UNIT=ssh.service", 0);
		sd_journal_add_disjunction(j);
		sd_journal_add_match(j, "_COMM=sshd", 0);
	}
	while (sd_journal_next(j) > 0) {
		uint64_t at;
		sd_journal_get_realtime_usec(j, &at);
		for (int i = 0; i < (matched ? 4 : 1); i++)
			sd_journal_get_data(j, fields[i], &data, &length);
		entries++;
	}
	sd_journal_close(j);
	printf("%ld %lld\n", entries, cpu() - begin);
	return 0;
}
