// Package rules reads what the commands of an action have the kernel block, without running them.
package rules

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"bailiff/jails/shell"
)

// A Block is what one command, or several that belong together, have the kernel stop. Lists are as
// the action gives them: whether a word is a port, a protocol or a chain is for others to judge.
type Block struct {
	Ports     []string // nil: every port
	Protocols []string
	Chains    []string // of iptables
	Target    string   // in the words of iptables, or of the program that is commanded
	Egress    bool     // packets to the banned, not from them
	Wide      int      // the length of the network that is blocked, 0: the address alone
	Form      int      // 4 or 6 where the command is for that family alone
}

// A Reading is what an action's commands come to.
type Reading struct {
	Filter bool     // a packet filter is commanded
	Blocks []Block  // what is stopped
	Sets   []string // sets that get the banned, and that no rule of the action looks up
	Wide   int      // the length of the networks that these sets get, 0: addresses
	Logs   bool     // packets are logged
	Passes []string // commands that let the banned through
	Undone []Undone // what commands would stop that a Block cannot say
	Others []string // commands that do something else, as SCRIPT: PROGRAM
}

// An Undone is a command that does something that a Block cannot say.
type Undone struct{ Why, Command string }

func (u Undone) String() string {
	if u.Command == "" {
		return u.Why
	}
	return u.Why + ": " + u.Command
}

// A Script is the commands of one occasion, such as actionban.
type Script struct{ Name, Text string }

// Read reads the scripts of an action. The one named actionban is that which gets the banned; files
// is where the profiles of other programs are found.
func Read(scripts []Script, files fs.FS) Reading {
	b := book{files: files, chains: map[string]bool{}, bases: map[string]string{},
		sets: map[string]set{}, lengths: map[string]int{}}
	for _, s := range scripts {
		b.script = s.Name
		b.read(s.Text)
	}
	b.judge()
	return b.Reading
}

// A book is what was read so far.
type book struct {
	Reading
	files   fs.FS
	script  string // the one that is being read
	under   string // the condition on which a script within the script runs
	depth   int
	rules   []rule
	chains  map[string]bool   // that the action makes, by table and name
	bases   map[string]string // chains of nft that the action makes at a hook, and that hook
	sets    map[string]set    // that get the banned
	lengths map[string]int    // of sets: the length of the networks they hold
}

// A set holds the banned.
type set struct {
	wide  int
	from  *shell.Command
	inner string // why its entries are more than addresses
}

// tags are those that the action's files may use for text that separates.
var tags = strings.NewReplacer("<sp>", " ", "<br>", "\n")

func (b *book) read(script string) {
	reader := shell.Reader{Visit: b.visit, Whole: isOneArgument}
	if err := reader.Read(tags.Replace(script)); err != nil {
		b.undone(fmt.Sprintf("its %s cannot be read: %s", b.script, err), nil)
	}
}

// oneArgument are the words of packet filters' commands behind which one argument stands, whatever
// it holds.
var oneArgument = strings.Fields(`-p --protocol --proto --dport --dports --destination-port
	--destination-ports --ports --sport --sports -I -A -R -C -D -N -L -S -F -X --insert --append
	--replace port ports proto protocol dport in echo { zone --zone`)

func isOneArgument(before string) bool { return slices.Contains(oneArgument, before) }

// undone notes what is not done.
func (b *book) undone(why string, c *shell.Command) {
	u := Undone{Why: why}
	if c != nil {
		u.Command = short(c.Text)
	}
	if !slices.Contains(b.Undone, u) {
		b.Undone = append(b.Undone, u)
	}
}

func short(command string) string {
	s := []rune(strings.Join(strings.Fields(command), " "))
	if len(s) > 120 {
		s = append(s[:117], []rune("...")...)
	}
	return string(s)
}

// input is what a command reads, "" with a note if that is known only when it runs.
func (b *book) input(c *shell.Command, what string) string {
	if c.Input == nil || c.Input.Unknown {
		b.undone("which "+what+" is known only when it runs", c)
		return ""
	}
	return c.Input.Text
}

// makes notes that the action makes a chain.
func (b *book) makes(place string) { b.chains[place] = true }

// conditional notes a command that is run on a condition only, and tells whether it is.
func (b *book) conditional(c *shell.Command) bool {
	if c.Under == "" {
		return false
	}
	b.undone(fmt.Sprintf("it blocks on a condition only (%s)", short(c.Under)), c)
	return true
}

// visit takes a command as it comes.
func (b *book) visit(c *shell.Command) shell.Status {
	if c.Under == "" {
		c.Under = b.under
	}
	if !b.unwrap(c) {
		return shell.Success
	}
	filter := filterOf(c.Name())
	if routeArgs(c) != nil {
		filter = (*book).route
	}
	if filter == nil {
		return b.other(c)
	}
	b.Filter = true
	return filter(b, c)
}

// filterOf is what reads the commands of a packet filter, nil for other programs.
func filterOf(name string) func(*book, *shell.Command) shell.Status {
	switch strings.TrimSuffix(strings.TrimSuffix(name, "-nft"), "-legacy") {
	case "iptables", "ip6tables":
		return (*book).iptables
	case "iptables-restore", "ip6tables-restore":
		return (*book).restore
	case "ipset":
		return (*book).ipset
	case "nft":
		return (*book).nft
	case "firewall-cmd":
		return (*book).firewallCmd
	case "ufw":
		return (*book).ufw
	case "shorewall", "shorewall6", "shorewall-lite", "shorewall6-lite":
		return (*book).shorewall
	case "apf":
		return (*book).apf
	}
	return nil
}
