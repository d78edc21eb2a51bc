package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/jails/config"
	"bailiff/jails/event"
)

// changedJails are the jails of both configurations whose options differ, and how.
func changedJails(current, next *config.Config) []control.ChangedJail {
	all := []control.ChangedJail{}
	for _, is := range next.Jails {
		i := slices.IndexFunc(current.Jails, func(j *config.Jail) bool { return j.Name == is.Name })
		if i < 0 {
			continue
		}
		if options := differences(reflect.ValueOf(*current.Jails[i]), reflect.ValueOf(*is)); len(options) > 0 {
			all = append(all, control.ChangedJail{Name: is.Name, Options: options})
		}
	}
	return all
}

// restartHint is how the options get in force that a start reads.
const restartHint = "systemctl restart bailiff; bans stay"

// changedOptions are the options of the service that a reload has changed, and those that only a start reads: they have
// been as they are since it began.
func changedOptions(was, begun, is config.Daemon) (inForce, atStart []control.ChangedOption) {
	onlyAtStart := func(o control.ChangedOption) bool {
		return slices.Contains([]string{"logtarget", "socket", "dbfile", "metrics", "firewall"}, o.Option)
	}
	is = withDefaults(is)
	inForce = slices.DeleteFunc(differences(reflect.ValueOf(withDefaults(was)), reflect.ValueOf(is)), onlyAtStart)
	atStart = slices.DeleteFunc(differences(reflect.ValueOf(withDefaults(begun)), reflect.ValueOf(is)), func(o control.ChangedOption) bool { return !onlyAtStart(o) })
	return inForce, atStart
}

// withDefaults is what options of the service come down to where the files do not set them.
func withDefaults(c config.Daemon) config.Daemon {
	c.LogLevel = strings.ToUpper(cmp.Or(c.LogLevel, "INFO"))
	c.LogTarget = cmp.Or(c.LogTarget, "STDERR")
	c.Socket = cmp.Or(c.Socket, defaultSocket)
	c.DBFile = cmp.Or(c.DBFile, filepath.Join(defaultState, "bailiff.db"))
	c.Metrics = cmp.Or(c.Metrics, new(defaultListen))
	c.Firewall = cmp.Or(c.Firewall, "auto")
	c.JournalReader = cmp.Or(c.JournalReader, "auto")
	c.AllowIPv6 = cmp.Or(c.AllowIPv6, "auto")
	return c
}

// differences are the options that differ between two values of one type, of which the fields stand for options.
func differences(was, is reflect.Value) (all []control.ChangedOption) {
	add := func(o control.ChangedOption) {
		if !slices.ContainsFunc(all, func(p control.ChangedOption) bool { return p.Option == o.Option }) {
			all = append(all, o)
		}
	}
	for i := range was.NumField() {
		field := was.Type().Field(i)
		switch {
		case slices.Contains([]string{"Filter", "Place", "Places"}, field.Name): // what follows from others
			continue
		case field.Type.Kind() == reflect.Struct:
			for _, o := range differences(was.Field(i), is.Field(i)) {
				add(o)
			}
			continue
		}
		from, to := optionText(was.Field(i).Interface()), optionText(is.Field(i).Interface())
		if from == to {
			continue
		}
		o := control.ChangedOption{Option: optionOf(field.Name), From: from, To: to}
		if len(from)+len(to) > longChange {
			o.From, o.To = "", ""
		}
		add(o)
	}
	return all
}

// longChange is the length from which on the values of an option that changed are not shown.
const longChange = 80

// optionOf is the option that a field of config.Jail, or of what it holds, was made of.
func optionOf(field string) string {
	switch field {
	case "Name":
		return "filter"
	case "LogPaths":
		return "logpath"
	case "Journal", "HasJournalMatch", "OwnMatch":
		return "journalmatch"
	case "JournalPath", "JournalFiles", "JournalFlags", "Namespace":
		return "backend"
	case "SkipIfNoLogs":
		return "skip_if_nologs"
	case "JournalReader":
		return "journal.reader"
	case "Sliding":
		return "findtime.mode"
	case "Escalation":
		return "bantime.increment"
	case "Zone":
		return "logtimezone"
	case "Kind":
		return "action"
	case "Ports":
		return "port"
	case "Protocols":
		return "protocol"
	case "Chains":
		return "chain"
	case "Log":
		return "firewall.log"
	case "KeepConnections":
		return "firewall.connections"
	case "Egress":
		return "firewall.direction"
	}
	return strings.ToLower(field)
}

// optionText is a value in words that are the same for the same value.
func optionText(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return durationText(v)
	case *string:
		return *v
	case []string:
		return strings.Join(v, " ")
	case event.Selector:
		return journalMatches(v)
	case []config.LogPath:
		var words []string
		for _, p := range v {
			words = append(words, strings.TrimSuffix(fmt.Sprintf("%s %t", p.Glob, p.Tail), " false"))
		}
		return strings.Join(words, ", ")
	case *config.Escalation:
		if v == nil {
			return "no"
		}
		return fmt.Sprintf("%+v", *v)
	}
	return fmt.Sprint(v)
}

// durationText is a time as in a configuration.
func durationText(d time.Duration) string {
	switch {
	case d < 0:
		return "-1"
	case d >= 24*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = strings.TrimSuffix(text, zero[1:])
		}
	}
	return text
}

// changeWords are how options changed, in words.
func changeWords(options []control.ChangedOption) string {
	var words []string
	for _, o := range options {
		switch {
		case o.From == "" && o.To == "":
			words = append(words, o.Option)
		default:
			words = append(words, fmt.Sprintf("%s %s -> %s", o.Option, orNone(o.From), orNone(o.To)))
		}
	}
	return strings.Join(words, ", ")
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}
