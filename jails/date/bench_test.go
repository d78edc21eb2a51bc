package date

import (
	"testing"
	"time"
)

func BenchmarkTemplate(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, s := range samples() {
		b.Run(s.name, func(b *testing.B) {
			p, err := Compile(nil, Options{})
			if err != nil {
				b.Fatal(err)
			}
			d := p.NewDetector()
			line := []byte(s.text + " host sshd[1234]: Failed password for root from 192.0.2.1 port 22 ssh2")
			if _, ok := d.Match(line, now); !ok {
				b.Fatal("no date")
			}
			b.ReportAllocs()
			for b.Loop() {
				d.Match(line, now)
			}
		})
	}
}

// A detector meets lines whose date is not where it was: nginx writes the address first.
func BenchmarkDetectorApache(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p, err := Compile(nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	d := p.NewDetector()
	lines := [][]byte{
		[]byte(`192.0.2.1 - - [22/Nov/2026:06:39:04 +0000] "GET /wp-login.php HTTP/1.1" 404 153 "-" "Mozilla/5.0 (X11; Linux x86_64)"`),
		[]byte(`192.0.2.123 - - [22/Nov/2026:06:39:04 +0000] "GET / HTTP/1.1" 404 153 "-" "Mozilla/5.0 (X11; Linux x86_64)"`),
		[]byte(`198.51.100.123 - bob [22/Nov/2026:06:39:04 +0000] "GET / HTTP/1.1" 404 153 "-" "Mozilla/5.0 (X11; Linux x86_64)"`),
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok := d.Match(lines[i%len(lines)], now); !ok {
			b.Fatal("no date")
		}
		i++
	}
}

func BenchmarkDetectorNoDate(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p, err := Compile(nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	d := p.NewDetector()
	line := []byte(`host sshd[1234]: Failed password for root from 192.0.2.1 port 22 ssh2, and no date in it`)
	b.ReportAllocs()
	for b.Loop() {
		d.Match(line, now)
	}
}

func BenchmarkCompileDefaults(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(nil, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompilePattern(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile([]string{`^\[%d/%b/%Y %H:%M:%S\]`}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// The patterns of Debian's web server filters run as expressions.
func BenchmarkPattern(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const nginx = `192.0.2.1 - - [22/Nov/2026:06:39:04 +0000] "GET /wp-login.php HTTP/1.1" 404 153 "-" "Mozilla/5.0 (X11; Linux x86_64)"`
	for _, tt := range []struct{ name, pattern, line string }{
		{"in brackets", `^[^\[]*\[({DATE})`, nginx},
		{"none in brackets", `^[^\[]*\[({DATE})`, "192.0.2.1 - - [no date] GET /wp-login.php HTTP/1.1 404 153"},
		{"iso", `{^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d[T ]%H:%M:%S(?:[.,]%f)?(?:\s*%z)?`, "2026-11-22 06:39:04,123 host app: failed"},
		{"none", `{NONE}`, "failed"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			p, err := Compile([]string{tt.pattern}, Options{})
			if err != nil {
				b.Fatal(err)
			}
			d := p.NewDetector()
			b.ReportAllocs()
			for b.Loop() {
				d.Match([]byte(tt.line), now)
			}
		})
	}
}
