package rules

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// A ufwRule is a rule of ufw as it is read.
type ufwRule struct {
	Block
	files  fs.FS
	is     bool // about the banned
	narrow string
}

func (u *ufwRule) narrowed(why string) {
	if u.narrow == "" {
		u.narrow = why
	}
}

// ufw reads a command of ufw.
func (b *book) ufw(c *shell.Command) shell.Status {
	args := slices.Clone(c.Args[1:])
	u := ufwRule{Block: Block{Chains: []string{"INPUT"}}, files: b.files}
	for len(args) > 0 {
		w := args[0].Text
		switch {
		case strings.HasPrefix(w, "--"), w == "rule", w == "prepend":
		case w == "insert" && len(args) > 1:
			args = args[1:]
		case w == "route":
			u.Chains = []string{"FORWARD"}
		case slices.Contains([]string{"allow", "deny", "reject", "limit"}, w):
			u.Target = w
			b.ufwRule(c, &u, args[1:])
			return shell.Success
		case w == "status" || w == "app" || w == "show" || w == "version":
			return b.ufwApp(args)
		default: // delete, reload and so on
			return shell.Success
		}
		args = args[1:]
	}
	return shell.Success
}

// ufwApp tells how a question about a profile of an application ends.
func (b *book) ufwApp(args []shell.Word) shell.Status {
	if len(args) == 3 && args[0].Text == "app" && args[1].Text == "info" {
		if _, ok := profile(b.files, args[2].Text); ok {
			return shell.Success
		}
		return shell.Failure
	}
	return shell.Either
}

func (b *book) ufwRule(c *shell.Command, u *ufwRule, args []shell.Word) {
	side := ""
	for len(args) > 0 {
		w := args[0].Text
		value := at(args, 1)
		n := 2
		switch w {
		case "in", "out", "log", "log-all":
			n = 1
			if w == "out" && u.Chains[0] == "INPUT" {
				u.Chains = []string{"OUTPUT"}
			}
		case "on":
			u.narrowed("on " + value)
		case "proto":
			u.Protocols = List(value)
		case "from", "to":
			side = w
			u.address(side, args[min(1, len(args)-1)])
		case "port":
			u.port(side, List(value))
		case "app":
			u.app(side, value)
		case "comment":
		default:
			n = 1
			u.short(w)
		}
		args = args[min(n, len(args)):]
	}
	b.ufwBlock(c, u)
}

func (b *book) ufwBlock(c *shell.Command, u *ufwRule) {
	if u.Protocols == nil || slices.Equal(u.Protocols, []string{"any"}) {
		u.Protocols = []string{"all"}
		if u.Ports != nil {
			u.Protocols = []string{"tcp", "udp"}
		}
	}
	switch {
	case !u.is:
	case u.Target == "allow" || u.Target == "limit":
		b.Passes = append(b.Passes, short(c.Text))
	case u.narrow != "":
		b.undone("it stops only packets "+u.narrow, c)
	case u.Egress && u.Chains[0] == "INPUT", !u.Egress && u.Chains[0] == "OUTPUT":
		b.undone("packets of the banned do not pass there", c)
	case !b.conditional(c):
		b.Blocks = append(b.Blocks, u.Block)
	}
}

func (u *ufwRule) address(side string, w shell.Word) {
	is, wide, why := about(w)
	switch {
	case is && u.is:
		u.narrowed("from the banned to the banned")
	case is:
		u.is, u.Wide, u.Egress = true, wide, side == "to"
		if why != "" {
			u.narrowed(why)
		}
	case w.Text != "any" && !strings.HasSuffix(w.Text, "/0"):
		u.narrowed(side + " " + w.Text)
	}
}

func (u *ufwRule) port(side string, ports []string) {
	if side == "from" {
		u.narrowed("from port " + strings.Join(ports, ","))
		return
	}
	u.Ports = ports
}

// short reads a rule such as 22/tcp, or an application by its name.
func (u *ufwRule) short(w string) {
	ports, protocol, ok := strings.Cut(w, "/")
	if ok {
		u.Protocols = []string{protocol}
	}
	u.Ports = List(ports)
}

func (u *ufwRule) app(side, name string) {
	ports, ok := profile(u.files, name)
	if !ok {
		u.narrowed("of the application " + name + ", of which there is no profile")
		return
	}
	for _, p := range ports {
		numbers, protocol, ok := strings.Cut(p, "/")
		u.port(side, append(u.Ports, List(numbers)...))
		if ok {
			u.Protocols = union(u.Protocols, []string{protocol})
		} else {
			u.Protocols = union(u.Protocols, []string{"tcp", "udp"})
		}
	}
}

// profile is the ports of an application as its profile lists them.
func profile(files fs.FS, name string) (ports []string, ok bool) {
	const dir = "etc/ufw/applications.d"
	entries, err := fs.ReadDir(files, dir)
	if err != nil || name == "" {
		return nil, false
	}
	for _, e := range entries {
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		found := false
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "[") {
				found = strings.EqualFold(strings.Trim(line, "[]"), name)
			}
			if value, ok := strings.CutPrefix(line, "ports="); ok && found {
				return strings.Split(value, "|"), true
			}
		}
	}
	return nil, false
}
