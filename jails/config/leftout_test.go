package config

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestAFaultHitsItsJailsAlone has three jails, one of which has its own of everything, and wants of each fault whom it
// hits and whom it leaves running.
func TestAFaultHitsItsJailsAlone(t *testing.T) {
	const jails = "[DEFAULT]\nbantime = 1h\nport = 22\nfindtime = %(window)s\nwindow = 10m\n" +
		"[a]\nenabled = true\nfilter = f\n[b]\nenabled = true\nfilter = f\n[c]\nenabled = true\nfilter = g\nbantime = 2h\nfindtime = 5m\n" +
		"[off]\nfilter = f\n"
	const multiport = "[Definition]\nactionban = iptables -I INPUT -s <ip> -j DROP\n"
	for name, tt := range map[string]struct {
		files   []string
		leftOut string // with how many faults each has
		running string
		shared  bool
	}{
		"nothing":                      {nil, "", "a b c", false},
		"a value":                      {[]string{"jail.local", "[b]\nmaxretry = many\n"}, "b:1", "a c", false},
		"two values":                   {[]string{"jail.local", "[b]\nmaxretry = many\nbantime = soon\n"}, "b:2", "a c", false},
		"an option twice":              {[]string{"jail.d/x.conf", "[b]\nport = 1\nport = 2\n"}, "b:1", "a c", false},
		"a line that is none":          {[]string{"jail.d/x.conf", "[b]\nport\n"}, "b:1", "a c", false},
		"a section twice":              {[]string{"jail.d/x.conf", "[b]\nport = 1\n[a]\n[b]\n"}, "b:1", "a c", false},
		"a default that some use":      {[]string{"jail.local", "[DEFAULT]\nbantime = soon\n"}, "a:1 b:1", "c", false},
		"a reference of a default":     {[]string{"jail.local", "[DEFAULT]\nwindow = %(nothing)s\n"}, "a:1 b:1", "c", false},
		"a default that all use":       {[]string{"jail.local", "[DEFAULT]\nmaxretry = x\n"}, "a:1 b:1 c:1", "", false},
		"enabled":                      {[]string{"jail.local", "[b]\nenabled = %(nothing)s\n"}, "b:1", "a c", false},
		"a jail that is off":           {[]string{"jail.local", "[off]\nmaxretry = x\nmaxretry = y\n"}, "", "a b c", false},
		"no filter":                    {[]string{"jail.local", "[b]\nfilter = sshd-ddos\n"}, "b:1", "a c", false},
		"a filter's list":              {[]string{"jail.local", "[b]\nfilter = f[mode\n"}, "b:1", "a c", false},
		"a filter's regex":             {[]string{"filter.d/f.local", "[Definition]\nfailregex = (<HOST>\n"}, "a:1 b:1", "c", false},
		"a filter's reference":         {[]string{"filter.d/f.local", "[Definition]\nfailregex = <HOST> %(no)s\n"}, "a:1 b:1", "c", false},
		"a filter's line":              {[]string{"filter.d/f.local", "[Definition]\nnonsense\n"}, "a:1 b:1", "c", false},
		"a filter's text":              {[]string{"filter.d/f.local", "[Definition]\n# \xff\n"}, "a:1 b:1", "c", false},
		"what filters include":         {[]string{"filter.d/common.conf", "nonsense\n[DEFAULT]\nprefix = p\n"}, "a:1 b:1", "c", false},
		"an action's line":             {[]string{"jail.local", "[c]\naction = x\n", "action.d/x.conf", multiport + "nonsense\n"}, "c:1", "a b", false},
		"no action":                    {[]string{"jail.local", "[c]\naction = x\n"}, "c:1", "a b", false},
		"an action's reference":        {[]string{"jail.local", "[c]\naction = x\n", "action.d/x.conf", multiport + "actionstart = %(no)s\n"}, "c:1", "a b", false},
		"a journalmatch":               {[]string{"jail.local", "[b]\nbackend = systemd\njournalmatch = nonsense\n"}, "b:1", "a c", false},
		"an ignored address":           {[]string{"jail.local", "[b]\nignoreip = 10.0.0.1/33\n"}, "b:1", "a c", false},
		"text before all sections":     {[]string{"jail.d/x.conf", "port = 22\n"}, "", "a b c", true},
		"a line in DEFAULT":            {[]string{"jail.local", "[DEFAULT]\nport\n"}, "", "a b c", true},
		"a default twice":              {[]string{"jail.local", "[DEFAULT]\nport = 1\nport = 2\n"}, "", "a b c", true},
		"a file that is not UTF-8":     {[]string{"jail.d/x.conf", "[b]\n# \xe4\n"}, "", "a b c", true},
		"includes in vain":             {[]string{"jail.local", "[INCLUDES]\nbefore = %(no)s\n"}, "", "a b c", true},
		"an option of the service":     {[]string{"bailiff.conf", "[Definition]\nloglevel = loud\n"}, "", "a b c", false},
		"no jails":                     {[]string{"jail.conf", ""}, "", "", false},
		"a line of the service":        {[]string{"bailiff.conf", "[Definition]\nloglevel\n"}, "", "a b c", true},
		"a line of fail2ban's service": {[]string{"fail2ban.conf", "nonsense\n"}, "", "a b c", true},
	} {
		t.Run(name, func(t *testing.T) {
			all := []string{"jail.conf", jails, "filter.d/f.conf", plainFilter, "filter.d/common.conf", "[DEFAULT]\nprefix = p\n",
				"filter.d/g.conf", "[Definition]\nfailregex = ^bad <HOST>\n"}
			fsys := fstest.MapFS{}
			for i, pairs := 0, append(all, tt.files...); i < len(pairs); i += 2 {
				fsys["etc/b/"+pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
			}
			c, err := Load(fsys, "/etc/b")
			if (err != nil) != (len(c.Faults) > 0) {
				t.Errorf("the error is %v, the faults %v", err, c.Faults)
			}
			if got := leftOut(c); got != tt.leftOut {
				t.Errorf("left out are %q, want %q\n%v", got, tt.leftOut, err)
			}
			if d := cmp.Diff(tt.running, running(c)); d != "" {
				t.Error(d)
			}
			if (len(c.Shared) > 0) != tt.shared {
				t.Errorf("shared: %v", c.Shared)
			}
		})
	}
}

func leftOut(c *Config) string {
	var words []string
	for _, l := range c.LeftOut {
		words = append(words, l.Name+":"+string(rune('0'+len(l.Faults))))
	}
	return strings.Join(words, " ")
}

func running(c *Config) string {
	var words []string
	for _, j := range c.Jails {
		words = append(words, j.Name)
	}
	return strings.Join(words, " ")
}

// A locked file system has files and directories that may not be read.
type locked struct {
	fs.FS
	paths []string
}

func (l locked) Open(name string) (fs.File, error) {
	for _, p := range l.paths {
		if name == p {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		}
	}
	return l.FS.Open(name)
}

// TestAFileThatCannotBeReadHitsWhoNeedsIt locks files and directories.
func TestAFileThatCannotBeReadHitsWhoNeedsIt(t *testing.T) {
	for path, want := range map[string]struct {
		leftOut, running string
		shared           bool
	}{
		"etc/b/filter.d/f.conf":      {"f:2", "h", false},
		"etc/b/filter.d/common.conf": {"f:1", "h", false},
		"etc/b/filter.d/h.local":     {"h:1", "f", false},
		"etc/b/filter.d":             {"", "f h", false}, // its files can be read
		"etc/b/jail.d":               {"", "h", true},
		"etc/b/jail.d/on.conf":       {"", "h", true},
		"etc/b/jail.conf":            {"", "f h", true},
		"etc/b/jail.local":           {"", "f", true},
		"etc/b/bailiff.conf":         {"", "f h", true},
	} {
		fsys := plain("etc/b/jail.local", "[f]\nfilter = f\n[h]\nenabled = true\nfilter = h\n", "etc/b/filter.d/h.conf", "[Definition]\nfailregex = ^h <HOST>\n",
			"etc/b/filter.d/h.local", "", "etc/b/bailiff.conf", "")
		c, err := Load(locked{fsys, []string{path}}, "/etc/b")
		if leftOut(c) != want.leftOut || running(c) != want.running || (len(c.Shared) > 0) != want.shared {
			t.Errorf("%s: left out %q, running %q, shared %v\n%v", path, leftOut(c), running(c), c.Shared, err)
		}
	}
}

// TestOptionsOfTheServiceWithFaultsAreNotSet has all of them wrong.
func TestOptionsOfTheServiceWithFaultsAreNotSet(t *testing.T) {
	c, err := Load(plain("etc/b/bailiff.conf", "[Definition]\nloglevel = loud\nlogtarget = here\ndbpurgeage = soon\ndbmaxmatches = many\nmetrics = nowhere\n"+
		"firewall = brick\njournal.reader = eyes\nsocket = %(no)s\n"), "/etc/b")
	if err == nil || len(c.Faults) != 8 {
		t.Errorf("%d faults: %v", len(c.Faults), err)
	}
	standard, _ := Load(plain(), "/etc/b")
	if d := cmp.Diff(standard.Daemon, c.Daemon); d != "" {
		t.Error(d)
	}
}
