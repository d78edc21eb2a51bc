package journal

import (
	"testing"
	"time"
)

func TestWhenAnEntryWasSent(t *testing.T) {
	received := time.UnixMicro(1790000000000007)
	for text, want := range map[string]time.Time{
		"1790000000000000":    time.UnixMicro(1790000000000000),
		"":                    received,
		"0":                   received,
		"-1":                  received,
		"+1790000000000000":   received,
		"17900000000 ":        received,
		"1790000000000000000": received, // out of any clock's range
	} {
		e := Entry{at: position{realtime: 1790000000000007},
			Fields: []Field{{"_SOURCE_REALTIME_TIMESTAMP", []byte(text)}}}
		if got := e.Sent(); !got.Equal(want) {
			t.Errorf("%q: sent at %v, want %v", text, got, want)
		}
	}
	if got := (&Entry{at: position{realtime: 1790000000000007}}).Sent(); !got.Equal(received) {
		t.Errorf("without the field: sent at %v, want %v", got, received)
	}
}
