package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manDir is where packaging/build.sh wants the manual pages.
var manDir = flag.String("man", "", "write the manual pages of all commands to this directory")

// The manual pages are made from the commands, so that they say what --help says, and checked by who prints them.
func TestManPages(t *testing.T) {
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range allCommands(newRootCommand()) {
		path := filepath.Join(dir, pageName(c)+".1")
		if err := os.WriteFile(path, []byte(manPage(c)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{filepath.Join(dir, "*.1"), "../../packaging/man/*.5"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(pages), err)
		}
		if out, err := exec.Command("mandoc", append([]string{"-Tlint", "-Wwarning"}, pages...)...).CombinedOutput(); err != nil {
			t.Errorf("mandoc: %v\n%s", err, out)
		}
	}
}

// Whoever reads about a command wants to see it used.
func TestEveryCommandHasAnExample(t *testing.T) {
	for _, c := range allCommands(newRootCommand()) {
		if c.HasParent() && !c.HasAvailableSubCommands() && !c.HasExample() {
			t.Errorf("%s has no example", c.CommandPath())
		}
	}
}

func allCommands(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			list = append(list, allCommands(sub)...)
		}
	}
	return list
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is the command's page in mdoc(7).
func manPage(c *cobra.Command) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say(".Dd %s\n.Dt %s 1\n.Os bailiff", pageDate().Format("January 2, 2006"), strings.ToUpper(pageName(c)))
	say(".Sh NAME\n.Nm %s\n.Nd %s", pageName(c), text(c.Short))
	say(".Sh SYNOPSIS\n%s", synopsis(c))
	say(".Sh DESCRIPTION\n%s", prose(c))
	if !c.HasParent() {
		commands(say, c)
	}
	options(say, "OPTIONS", c.NonInheritedFlags())
	options(say, "OPTIONS OF ALL COMMANDS", c.InheritedFlags())
	if files, err := os.ReadFile("../../packaging/man/" + pageName(c) + ".1.files"); err == nil {
		b.Write(files) // with the signals
	}
	say(".Sh EXIT STATUS\n0 on success, 1 if something is wrong or was not found, 2 if the command line makes no sense.")
	if c.HasExample() {
		say(".Sh EXAMPLES\n.Bd -literal\n%s\n.Ed", text(c.Example))
	}
	var related []string
	if c.HasParent() {
		related = append(related, pageName(c.Parent())+" 1")
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			related = append(related, pageName(sub)+" 1")
		}
	}
	slices.Sort(related)
	related = append(related, "bailiff-filter 5", "bailiff-jail.conf 5", "bailiff.conf 5")
	say(".Sh SEE ALSO\n.Xr %s", strings.Join(related, " ,\n.Xr "))
	return b.String()
}

// commands lists what there is, by the line that says what it is for.
func commands(say func(string, ...any), root *cobra.Command) {
	say(".Sh COMMANDS\n.Bl -tag -width Ds")
	for _, c := range allCommands(root)[1:] {
		if !c.HasAvailableSubCommands() {
			say(".It Cm %s\n%s.\nSee\n.Xr %s 1 .", strings.TrimPrefix(c.CommandPath(), "bailiff "), text(c.Short), pageName(c))
		}
	}
	say(".It Cm completion\nPrint a script that completes words of the command line, for bash, fish, powershell or zsh.\nPackages bring it.")
	say(".El")
}

// TestSynopsis has words that mdoc would take for markup.
func TestSynopsis(t *testing.T) {
	got := synopsis(&cobra.Command{Use: "unban [JAIL] IP... | --all"})
	if want := ".Nm bailiff\n.Op Ar options\n.Op Ar JAIL\n.Ar IP...\n|\n.Fl -all"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// pageDate is the time of the commit that is packaged, for two builds of it must not differ.
func pageDate() time.Time {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		seconds = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Unix()
	}
	return time.Unix(seconds, 0).UTC()
}

// synopsis marks up the use line: words in brackets are optional.
func synopsis(c *cobra.Command) string {
	lines := []string{".Nm bailiff"}
	for _, name := range strings.Fields(c.CommandPath())[1:] {
		lines = append(lines, ".Cm "+name)
	}
	if c.HasAvailableSubCommands() {
		lines = append(lines, ".Ar command")
	}
	lines = append(lines, ".Op Ar options")
	for _, word := range strings.Fields(c.Use)[1:] {
		if word == "[flags]" {
			continue
		}
		if word == "|" {
			lines = append(lines, "|")
			continue
		}
		if inner, found := strings.CutPrefix(word, "["); found {
			lines = append(lines, ".Op Ar "+text(strings.TrimSuffix(inner, "]")))
			continue
		}
		if flag, found := strings.CutPrefix(word, "--"); found {
			lines = append(lines, ".Fl -"+text(flag))
			continue
		}
		lines = append(lines, ".Ar "+text(word))
	}
	return strings.Join(lines, "\n")
}

// sentenceEnd is where mdoc wants a new line.
var sentenceEnd = regexp.MustCompile(`([a-z)][.:]) ([A-Z])`)

// prose is the long description, with indented lines as they are.
func prose(c *cobra.Command) string {
	var lines []string
	literal := false
	for _, line := range strings.Split(strings.TrimSpace(c.Long), "\n") {
		if indented := strings.HasPrefix(line, " "); indented != literal && line != "" {
			literal = indented
			lines = append(lines, map[bool]string{true: ".Bd -literal", false: ".Ed"}[literal])
		}
		switch {
		case line != "" && literal:
			lines = append(lines, text(line))
		case line != "":
			lines = append(lines, text(sentenceEnd.ReplaceAllString(line, "$1\n$2")))
		case !literal:
			lines = append(lines, ".Pp")
		}
	}
	if literal {
		lines = append(lines, ".Ed")
	}
	if c.Long == "" {
		lines = []string{text(c.Short) + "."}
	}
	return strings.Join(lines, "\n")
}

func options(say func(string, ...any), title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	say(".Sh %s\n.Bl -tag -width Ds", title)
	flags.VisitAll(func(f *pflag.Flag) {
		argument, usage := pflag.UnquoteUsage(f)
		item := ".It "
		if f.Shorthand != "" {
			item += "Fl " + f.Shorthand + " , "
		}
		item += "Fl -" + f.Name
		if f.NoOptDefVal == "" {
			item += " Ar " + strings.ToUpper(argument)
		}
		say("%s\n%s", item, text(usage))
	})
	say(".El")
}

// text escapes what mdoc would take for markup.
func text(s string) string {
	s = strings.ReplaceAll(s, `\`, `\e`)
	var lines []string
	for _, line := range strings.Split(s, "\n") {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
