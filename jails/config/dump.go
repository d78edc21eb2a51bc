package config

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"bailiff/jails/ini"
)

// Dump writes the configuration as bailiff runs it: every enabled jail as a section with all its options, those of its
// filter among them, every reference and tag replaced. The error is of type Faults when the configuration has faults.
func Dump(fsys fs.FS, dir string, w io.Writer) error {
	c, b, err := load(fsys, dir)
	if err != nil {
		return err
	}
	out := &dumper{Writer: bufio.NewWriter(w)}
	out.files(b.main.Files, b.own.Files, b.all.Files)
	out.daemon(&c.Daemon)
	for i, s := range b.sections {
		out.section(c.Jails[i], s)
	}
	return out.Flush()
}

type dumper struct{ *bufio.Writer }

func (d *dumper) daemon(c *Daemon) {
	fmt.Fprintf(d, "\n[%s]\n", definitionSection)
	for _, o := range [...][2]string{
		{"loglevel", c.LogLevel}, {"logtarget", c.LogTarget}, {"socket", c.Socket}, {"dbfile", c.DBFile},
		{"dbpurgeage", seconds(c.DBPurgeAge)}, {"dbmaxmatches", fmt.Sprint(c.DBMaxMatches)}, {"firewall", c.Firewall},
		{"journal.reader", c.JournalReader}, {"allowipv6", c.AllowIPv6},
	} {
		d.option(o[0], o[1])
	}
	if c.Metrics != nil {
		fmt.Fprintln(d, strings.TrimSpace("metrics = "+*c.Metrics))
	}
}

func seconds(d time.Duration) string { return fmt.Sprint(int64(d / time.Second)) }

// section writes a jail. What stands in comments are no options, but follows from them.
func (d *dumper) section(j *Jail, s *section) {
	fmt.Fprintf(d, "\n[%s]\n", j.Name)
	if s.jail.filter != nil {
		d.files(s.jail.filter.set.Files)
	}
	fmt.Fprintf(d, "# bans through the firewall: %s\n", j.Firewall)
	for _, all := range []*settings{s.jail.opts, s.own, s.jail.filterOptions()} {
		for _, o := range all.list {
			switch o.kind {
			case void:
			case boolean:
				d.option(o.name, strings.ToLower(o.value))
			default:
				d.option(o.name, o.value)
			}
		}
	}
}

// filterOptions are those of the filter that the jail does not override.
func (j *jail) filterOptions() *settings {
	own := newSettings()
	if j.merged == nil {
		return own
	}
	for _, o := range filterOptions {
		if v, ok := j.merged.get(o.name); ok && !j.opts.has(o.name) {
			own.set(o.name, v)
		}
	}
	return own
}

// option writes an option as it would stand in a file, and nothing when it is empty.
func (d *dumper) option(name, value string) {
	between := name + " = "
	for _, line := range strings.Split(strings.ReplaceAll(value, "%", "%%"), "\n") {
		if line != "" {
			fmt.Fprintln(d, between+line)
			between = strings.Repeat(" ", len(name)+3)
		}
	}
}

func (d *dumper) files(lists ...[]*ini.Source) {
	var all []string
	for _, list := range lists {
		for _, src := range list {
			all = append(all, src.Path)
		}
	}
	fmt.Fprintf(d, "# read from %s\n", strings.Join(all, ", "))
}

// String says in a few words what is blocked.
func (f Firewall) String() string {
	ports := "ports " + strings.Join(f.Ports, ",")
	switch f.Kind {
	case none:
		return "nothing"
	case allports:
		ports = "all ports"
	}
	return fmt.Sprintf("%s, %s, in %s, %s%s", ports, strings.Join(f.Protocols, ","), strings.Join(f.Chains, ","), f.BlockType, f.extras())
}

// extras are what a jail says of its firewall beyond what most do.
func (f Firewall) extras() (words string) {
	if f.Log {
		words += ", logged"
	}
	if f.KeepConnections {
		words += ", connections kept"
	}
	if f.Egress {
		words += ", outward"
	}
	if f.Wide4 > 0 {
		words += fmt.Sprintf(", IPv4 networks of /%d", f.Wide4)
	}
	if f.Wide6 > 0 {
		words += fmt.Sprintf(", IPv6 networks of /%d", f.Wide6)
	}
	return words
}
