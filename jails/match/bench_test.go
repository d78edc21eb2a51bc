package match

import (
	"testing"
)

// BenchmarkCompile compiles every pattern of Debian's filters.
func BenchmarkCompile(b *testing.B) {
	filters := fromPython[filterPattern](b, "filters.py")
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range filters {
			if _, err := Compile(f.Expr, f.Flags); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(filters)), "patterns/op")
}

// BenchmarkSearch repeats the searches of fail2ban's own tests: half of them match.
func BenchmarkSearch(b *testing.B) {
	type search struct {
		p    *Pattern
		text []byte
	}
	var searches []search
	patterns := map[string]*Pattern{}
	for _, r := range fromPython[recordedSearch](b, "record.py") {
		p := patterns[r.Expr]
		if p == nil {
			var err error
			if p, err = Compile(r.Expr, r.Flags); err != nil {
				b.Fatal(err)
			}
			patterns[r.Expr] = p
		}
		searches = append(searches, search{p, []byte(r.Text)})
	}
	var s Scratch
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		c := searches[i%len(searches)]
		if _, err := c.p.Search(&s, c.text, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "searches/s")
}
