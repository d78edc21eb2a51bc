package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// foreignWords are the commands of fail2ban-client, and what people try beside them, that bailiff does not have. Each
// says what to do here instead, given the words after it.
var foreignWords = map[string]func(args []string) string{
	"set":         insteadOfSet,
	"get":         insteadOfGet,
	"start":       insteadOfStart,
	"stop":        insteadOfStop,
	"restart":     insteadOfRestart,
	"add":         insteadOfStart,
	"banip":       insteadOfBanIP,
	"unbanip":     func(args []string) string { return "bailiff unban " + or(args, "IP") },
	"addignoreip": func([]string) string { return inJail("JAIL", "ignoreip = ADDRESSES") },
	"delignoreip": func([]string) string { return inJail("JAIL", "ignoreip = ADDRESSES") },
	"attempt":     func([]string) string { return insteadOfAttempt("JAIL", nil) },
	"echo":        func([]string) string { return "bailiff ping asks whether the daemon answers" },
	"sleep":       func([]string) string { return "sleep of the shell" },
	"flushlogs":   func([]string) string { return "bailiff reload opens the log file anew, as SIGHUP does" },
	"dump": func([]string) string {
		return "bailiff config dump, or as fail2ban-client -d prints it: bailiff config dump --fail2ban"
	},
	"test":  func([]string) string { return "bailiff config check" },
	"check": func([]string) string { return "bailiff config check" },
	"history": func([]string) string {
		return "bailiff banned lists the bans in force, the log has those before: journalctl -u bailiff"
	},
	"stats":         insteadOfStats,
	"statistics":    insteadOfStats,
	"server-status": insteadOfStats,
	"server-stream": func([]string) string { return "bailiff reload reads the configuration again" },
	"multi-set":     insteadOfSet,
	"list":          insteadOfStats,
	"jails":         insteadOfStats,
	"enable":        insteadOfStart,
	"disable":       insteadOfStop,
	"log":           insteadOfLog,
	"logs":          insteadOfLog,
}

func insteadOfStats([]string) string { return "bailiff status, or bailiff status JAIL" }
func insteadOfLog([]string) string   { return "journalctl -u bailiff, or the file that logtarget names" }

// or are the words in one, or what stands for them where there are none. Flags are left out.
func or(words []string, otherwise string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		_, err := strconv.Atoi(w)
		return err != nil && strings.HasPrefix(w, "-")
	})
	if len(words) == 0 {
		return otherwise
	}
	return strings.Join(words, " ")
}

// inJail says how to set an option of a jail for good.
func inJail(jail, option string) string {
	return fmt.Sprintf("write %s below [%s] in jail.local, then: bailiff reload %s", option, jail, jail)
}

func insteadOfStart(args []string) string {
	if jail := or(args, ""); jail != "" {
		return inJail(strings.Fields(jail)[0], "enabled = true")
	}
	return "systemctl start bailiff, or as root: bailiff run"
}

func insteadOfStop(args []string) string {
	if jail := or(args, ""); jail != "" {
		return inJail(jail, "enabled = false")
	}
	return "systemctl stop bailiff; bans stay in the kernel until their time is over, and bailiff firewall remove lifts them"
}

func insteadOfRestart(args []string) string {
	jail := or(args, "")
	switch {
	case jail == "":
		return "systemctl restart bailiff; bans stay"
	case slices.Contains(args, "--unban"):
		return fmt.Sprintf("bailiff reload %s, and bailiff unban --jail %s --all", jail, jail)
	}
	return "bailiff reload " + jail
}

func insteadOfBanIP(args []string) string {
	if len(args) < 2 {
		return "bailiff ban JAIL " + or(args, "IP")
	}
	return "bailiff ban " + or(args, "JAIL IP")
}

func insteadOfAttempt(jail string, rest []string) string {
	return fmt.Sprintf("failures come from logs only; bailiff ban %s %s bans at once, and bailiff regex tries a line", jail, or(rest, "IP"))
}

// serverOptions are what fail2ban-client sets and gets without a jail.
var serverOptions = []string{"loglevel", "logtarget", "syslogsocket", "dbfile", "dbmaxmatches", "dbpurgeage", "allowipv6", "thread"}

func insteadOfSet(args []string) string {
	words := append(slices.Clone(args), "JAIL", "OPTION")
	if slices.Contains(serverOptions, words[0]) {
		then := "bailiff reload"
		if words[0] == "logtarget" || words[0] == "dbfile" {
			then = "systemctl restart bailiff"
		}
		return fmt.Sprintf("write %s = %s below [Definition] in bailiff.local, then: %s", words[0], or(args[1:], "VALUE"), then)
	}
	jail, option := words[0], words[1]
	if len(args) < 2 {
		return inJail(or(args, jail), "OPTION = VALUE")
	}
	rest := args[2:]
	switch option {
	case "banip":
		return fmt.Sprintf("bailiff ban %s %s", jail, or(rest, "IP"))
	case "unbanip":
		return fmt.Sprintf("bailiff unban --jail %s %s", jail, or(rest, "IP"))
	case "attempt":
		return insteadOfAttempt(jail, rest[:min(1, len(rest))])
	case "idle":
		return inJail(jail, map[bool]string{true: "enabled = true", false: "enabled = false"}[or(rest, "") == "off"])
	case "action", "addaction", "delaction":
		return inJail(jail, "action = ...")
	}
	if strings.HasPrefix(option, "add") || strings.HasPrefix(option, "del") {
		return inJail(jail, option[3:]+" = ..., with all of its values,")
	}
	return inJail(jail, option+" = "+or(rest, "VALUE"))
}

func insteadOfGet(args []string) string {
	words := append(slices.Clone(args), "JAIL", "OPTION")
	jail, option := words[0], words[1]
	switch {
	case slices.Contains(serverOptions, jail):
		return "bailiff config dump prints every option"
	case option == "banip" || option == "banned":
		return strings.TrimSpace(fmt.Sprintf("bailiff banned --jail %s %s", jail, addressesOf(args[2:])))
	case option == "logpath" || option == "journalmatch":
		return "bailiff status " + jail
	}
	return "bailiff config dump prints every option of each jail"
}

// addressesOf are the addresses among the words.
func addressesOf(words []string) string {
	return or(slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		_, isNetwork := named(w).Prefix()
		return !isNetwork
	}), "")
}

// foreignFlags are the flags of fail2ban-client that bailiff, or one of its commands, does not have, and what to do instead.
var foreignFlags = map[string]map[string]string{
	"bailiff": {
		"d": "bailiff config dump --fail2ban", "dp": "bailiff config dump", "dump-pretty": "bailiff config dump",
		"t": "bailiff config check", "test": "bailiff config check",
		"i": "each command is a call of its own: bailiff status, bailiff ban JAIL IP",
		"x": "bailiff run; a socket that a dead daemon left is replaced", "f": "bailiff run is in the foreground",
		"b": "systemctl start bailiff; bailiff run is in the foreground", "p": "there is no pid file: systemctl status bailiff tells the pid",
		"pidfile": "there is no pid file: systemctl status bailiff tells the pid", "pname": "leave it out",
		"loglevel": "write loglevel in bailiff.local; bailiff run -v says more", "l": "write loglevel in bailiff.local; bailiff run -v says more",
		"logtarget": "write logtarget in bailiff.local", "syslogsocket": "write logtarget = SYSLOG in bailiff.local",
		"async": "leave it out", "timeout": "leave it out", "str2sec": "bailiff config dump prints times in seconds",
		"conf": "write --config DIR",
	},
	"reload": {
		"restart": "leave it out: bailiff reload takes over all that has changed", "all": "leave it out: bailiff reload reads all of it",
		"unban": "bailiff unban --all, or bailiff unban --jail JAIL --all", "if-exists": "leave it out",
	},
	"status": {"all": "bailiff status --json tells all of every jail"},
	"banned": {"with-time": "leave it out: the times are there", "all": "leave it out"},
	"unban":  {"report-absent": "leave it out: who is not banned is named", "if-exists": "leave it out"},
}

// foreignCommands are hidden commands that say what to do instead of what their name says to fail2ban-client.
func foreignCommands() (all []*cobra.Command) {
	for word, instead := range foreignWords {
		all = append(all, &cobra.Command{
			Use:                word,
			Short:              "bailiff has no such command: " + instead(nil),
			Hidden:             true,
			DisableFlagParsing: true,
			RunE: func(c *cobra.Command, args []string) error {
				return usageError{fmt.Errorf("bailiff has no command %q\nhint: %s", word, instead(afterFlags(c.Root().PersistentFlags(), args)))}
			},
		})
	}
	return all
}

// afterFlags are the words after the flags, which may come with words of their own, before the command.
func afterFlags(known *pflag.FlagSet, args []string) []string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, _, valued := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		f := known.Lookup(name)
		if f == nil && len(name) == 1 {
			f = known.ShorthandLookup(name)
		}
		if f == nil {
			break
		}
		args = args[1:]
		if !valued && f.NoOptDefVal == "" && len(args) > 0 {
			args = args[1:]
		}
	}
	return args
}

// foreignFlag is the hint for a flag that bailiff does not have and fail2ban-client has, "" for none.
func foreignFlag(c *cobra.Command, unknown *pflag.NotExistError) string {
	return foreignFlags[c.Name()][unknown.GetSpecifiedName()]
}
