package logging

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"bailiff/jails"
)

// A grade is one of fail2ban's levels.
type grade struct {
	name     string
	weight   int // fail2ban's number for it
	level    slog.Level
	priority int // the journal's
}

// grades are all levels, by falling weight.
var grades = []grade{
	{"CRITICAL", 50, slog.LevelError + 4, 2},
	{"ERROR", 40, slog.LevelError, 3},
	{"WARNING", 30, slog.LevelWarn, 4},
	{"NOTICE", 25, jails.LevelNotice, 5},
	{"INFO", 20, slog.LevelInfo, 6},
	{"MSG", 18, slog.LevelInfo - 1, 6},
	{"DEBUG", 10, slog.LevelDebug, 7},
	{"TRACEDEBUG", 7, slog.LevelDebug - 1, 7},
	{"HEAVYDEBUG", 5, slog.LevelDebug - 2, 7},
}

// ParseLevel reads one of fail2ban's names, in upper or lower case, or a number: all that weighs as much is logged.
func ParseLevel(name string) (slog.Level, error) {
	weight, err := strconv.Atoi(name)
	isNumber := err == nil
	var names []string
	least := slog.LevelError + 8 // above all of them
	for _, g := range grades {
		if strings.EqualFold(name, g.name) {
			return g.level, nil
		}
		if g.weight >= weight {
			least = g.level
		}
		names = append(names, g.name)
	}
	if isNumber {
		return least, nil
	}
	return 0, fmt.Errorf("loglevel %q is none of %s", name, strings.Join(names, ", "))
}

// gradeOf is the heaviest grade that is not above the level, and the lightest where all are.
func gradeOf(level slog.Level) grade {
	for _, g := range grades {
		if level >= g.level {
			return g
		}
	}
	return grades[len(grades)-1]
}
