package journal_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"bailiff/journal"
)

// BenchmarkRead reads a whole journal. BAILIFF_BENCH_JOURNAL names its directory.
func BenchmarkRead(b *testing.B) {
	dir := os.Getenv("BAILIFF_BENCH_JOURNAL")
	if dir == "" {
		b.Skip("BAILIFF_BENCH_JOURNAL is not set")
	}
	sshd := journal.Match{{{Field: "_SYSTEMD_UNIT", Values: []string{"sshd.service"}}}, {{Field: "_COMM", Values: []string{"sshd"}}}}
	four := []string{"MESSAGE", "_PID", "_SYSTEMD_UNIT", "_COMM"}
	for name, o := range map[string]journal.Options{
		"MESSAGE":      {Fields: []string{"MESSAGE"}},
		"four":         {Fields: four},
		"all":          {},
		"matched/four": {Fields: four, Match: sshd},
	} {
		o.Dir = dir
		for _, reader := range readers {
			o.Reader = reader
			b.Run(name+"/"+reader, func(b *testing.B) { benchmark(b, o) })
		}
	}
}

func benchmark(b *testing.B, o journal.Options) {
	b.ReportAllocs()
	entries, size := 0, 0
	before := cpu()
	for b.Loop() {
		err := journal.Read(b.Context(), o, func(e *journal.Entry) error {
			entries++
			for _, f := range e.Fields {
				size += len(f.Value)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	used := cpu() - before
	b.ReportMetric(float64(used.Nanoseconds())/float64(entries), "cpu-ns/entry")
	b.ReportMetric(float64(entries)/used.Seconds(), "entries/cpu-s")
}

// cpu returns the processor time this process has used.
func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
