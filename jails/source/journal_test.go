package source

import (
	"context"
	"fmt"
	"testing"

	"bailiff/jails/event"
	"bailiff/journal"
)

func anEntry(message string) *journal.Entry {
	return &journal.Entry{Fields: []journal.Field{{Name: "MESSAGE", Value: []byte(message)}, {Name: "_COMM", Value: []byte("sshd")}}}
}

// TestEntriesOfABlockKeepTheirFields fills a block, twice, with more than its memory held at first.
func TestEntriesOfABlockKeepTheirFields(t *testing.T) {
	j := &Journal{}
	for range 2 {
		for i := range 3000 {
			j.append(anEntry(fmt.Sprint("message ", i)))
		}
		check := func(_ context.Context, b *event.Block) (bool, error) {
			for i, e := range b.Entries {
				if got := string(e.Fields[0].Value); got != fmt.Sprint("message ", i) || string(e.Fields[1].Value) != "sshd" {
					t.Fatalf("entry %d has the fields %q", i, e.Fields)
				}
			}
			return false, nil
		}
		if _, err := j.see(t.Context(), check); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	j, e := &Journal{}, anEntry("Failed password for root from 192.0.2.1 port 22 ssh2")
	nothing := func(context.Context, *event.Block) (bool, error) { return false, nil }
	b.ReportAllocs()
	for b.Loop() {
		for range blockEntries {
			j.append(e)
		}
		j.see(b.Context(), nothing)
	}
	b.ReportMetric(float64(blockEntries*b.N)/b.Elapsed().Seconds(), "lines/s")
}
