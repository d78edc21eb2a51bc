package config

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func FuzzOptionList(f *testing.F) {
	for _, s := range []string{`a[x=1, y="2,3"][z='4']`, "a b[x=1]\n c [d=e]", `[`, `a[x="]`, "a[,,]", "a[x=1]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, opts, err := parseList(s); err == nil && len(opts.list) > len(s) {
			t.Errorf("%q has %d options", s, len(opts.list))
		}
		if all := strings.Join(splitList(s), ""); len(all) > len(s) {
			t.Errorf("%q became %q", s, all)
		}
		_, _ = splitShell(s)
	})
}

func FuzzTags(f *testing.F) {
	f.Add("<b>", "<c><c>", "x<a")
	f.Add("<b-<c>>", "1", "2")
	f.Add("<b><b><b>", "<c><c><c>", "<d><>< e>")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		s := newSettings()
		s.set("a", text(a))
		s.set("b", text(b))
		s.set("c", text(c))
		begin := time.Now()
		defer func() {
			if d := time.Since(begin); d > 2*time.Second {
				t.Errorf("%v", d)
			}
		}()
		if err := new(room).substitute(s, []string{"z"}, func(tag []byte) (string, bool) { return "<" + a, string(tag) == "d" }); err != nil && err.message == "" {
			t.Error("a fault without a message")
		}
	})
}

func FuzzExpr(f *testing.F) {
	for _, s := range append([]string{"1d 12h", "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor", "-2**-3**0.5", "min(1,2)//0", "1_0e5h", "((((", "9**99**9", "1 if 2 else 3 if"},
		"math.log(math.exp(3), 2.5)", "1<2<3!=4", "random.random()") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := evaluate(s, &Vars{Time: 600, Count: 2, Factor: 1.5}); err == nil && (math.IsNaN(n.float()) || math.IsInf(n.float(), 0)) {
			t.Errorf("%q is %v", s, n.float())
		}
		_, _ = ParseDuration(s)
	})
}

// FuzzLoad puts any text into a jail, its filter and its action.
func FuzzLoad(f *testing.F) {
	f.Add("maxretry = 3\naction = a[x=%(y)s]\ny=1", "failregex = ^<x> <HOST>\nx = 1", "actionban = iptables <ip>")
	f.Add("journalmatch = A=b + C=d\nunit = x*\npriority = err..5\nlogpath = a tail", "datepattern = %%Y\nprefregex=<F-CONTENT>.*</F-CONTENT>", "[Init?family=inet6]\nblocktype = x")
	f.Fuzz(func(t *testing.T, jail, filter, action string) {
		fsys := files("jail.conf", "[DEFAULT]\nenabled = 1\nfilter = f\naction = a\n[j]\n"+jail, "filter.d/f.conf", "[Definition]\n"+filter, "action.d/a.conf", "[Definition]\n"+action,
			"jail.local", "[good]\nfilter = good\naction =\nmaxretry = 7\n", "filter.d/good.conf", "[Definition]\nfailregex = <HOST>\n")
		if err := DumpFail2ban(fsys, ".", io.Discard); err != nil && err.Error() == "" {
			t.Error("faults without a message")
		}
		c, err := Load(fsys, ".")
		if err != nil && err.Error() == "" {
			t.Error("faults without a message")
		}
		checkParts(t, c, err)
		if len(c.Shared) == 0 && !strings.Contains(jail, "[") && !goodRuns(c) { // another section may be about it
			t.Errorf("the jail good does not run as it should:\n%v", err)
		}
	})
}

// checkParts wants what can run and what is left out to be apart, the latter with faults of its own.
func checkParts(t *testing.T, c *Config, err error) {
	if (err != nil) != (len(c.Faults) > 0) {
		t.Errorf("the error is %v, the faults %v", err, c.Faults)
	}
	for _, l := range c.LeftOut {
		if len(l.Faults) == 0 || slices.ContainsFunc(c.Jails, func(j *Jail) bool { return j.Name == l.Name }) {
			t.Errorf("%s runs and is left out, or is so for nothing: %v", l.Name, l.Faults)
		}
		for _, f := range l.Faults {
			if !slices.ContainsFunc(c.Faults, func(g Fault) bool { return f.Error() == g.Error() }) {
				t.Errorf("%s is none of the faults", f.Error())
			}
		}
	}
}

// goodRuns reports whether the jail good runs, whatever stands in the other jail, its filter and its action.
func goodRuns(c *Config) bool {
	return slices.ContainsFunc(c.Jails, func(j *Jail) bool { return j.Name == "good" && j.MaxRetry == 7 && j.Filter != nil })
}
