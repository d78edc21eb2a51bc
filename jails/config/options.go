package config

// firstOptions decide whether a jail is looked at, and with which filter.
var firstOptions = []option{{"enabled", boolean, standard(no)}, {"backend", str, standard("auto")}, {"filter", str, standard("")}}

// jailOptions are what a jail is asked for, in the order in which fail2ban sends them to its server.
var jailOptions = append([]option{
	{"enabled", boolean, standard(no)},
	{"backend", str, standard("auto")},
	{"maxretry", integer, nil},
	{"maxmatches", integer, nil},
	{"findtime", str, nil},
	{"bantime", str, nil},
	{"bantime.increment", boolean, nil},
	{"bantime.factor", str, nil},
	{"bantime.formula", str, nil},
	{"bantime.multipliers", str, nil},
	{"bantime.maxtime", str, nil},
	{"bantime.rndtime", str, nil},
	{"bantime.overalljails", boolean, nil},
	{"ignorecommand", str, nil},
	{"ignoreself", boolean, nil},
	{"ignoreip", str, nil},
	{"ignorecache", str, nil},
	{"filter", str, standard("")},
	{"logtimezone", str, nil},
	{"logencoding", str, nil},
	{"logpath", str, nil},
	{"action", str, standard("")},
}, filterOptions...)

var filterOptions = []option{
	{"usedns", str, nil},
	{"prefregex", str, nil},
	{"ignoreregex", str, nil},
	{"failregex", str, nil},
	{"maxlines", integer, nil},
	{"datepattern", str, nil},
	{"journalmatch", str, nil},
}

var actionOptions = []option{
	{"actionstart", str, nil},
	{"actionstart_on_demand", boolean, nil},
	{"actionstop", str, nil},
	{"actionflush", str, nil},
	{"actionreload", str, nil},
	{"actioncheck", str, nil},
	{"actionrepair", str, nil},
	{"actionrepair_on_unban", boolean, nil},
	{"actionban", str, nil},
	{"actionprolong", str, nil},
	{"actionreban", str, nil},
	{"actionunban", str, nil},
	{"norestored", boolean, nil},
}

// ownOptions are those of a jail that fail2ban does not know, or only after 1.0.2: they are not part of its stream.
var ownOptions = []option{
	{"unit", str, nil},
	{"user-unit", str, nil},
	{"identifier", str, nil},
	{"priority", str, nil},
	{"boot", boolean, nil},
	{"findtime.mode", str, nil},
	{"skip_if_nologs", boolean, nil},
	{"systemd_if_nologs", boolean, nil},
	{"port", str, nil},
	{"protocol", str, nil},
	{"chain", str, nil},
	{"banaction", str, nil},
	{"blocktype", str, nil},
	{"firewall.log", str, nil},
	{"firewall.connections", str, nil},
	{"firewall.direction", str, nil},
}
