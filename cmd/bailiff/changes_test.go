package main

import (
	"reflect"
	"testing"
	"time"

	"bailiff/cmd/internal/control"
	"bailiff/jails/config"
	"bailiff/jails/event"
	"bailiff/jails/filter"
)

// TestEveryOptionOfAJailIsCompared gives each field another value, one at a time.
func TestEveryOptionOfAJailIsCompared(t *testing.T) {
	expr, err := config.ParseExpr("ban.Time * 2")
	must(t, err)
	values := map[reflect.Type]any{
		reflect.TypeFor[string](): "x", reflect.TypeFor[int](): 7, reflect.TypeFor[bool](): true,
		reflect.TypeFor[time.Duration](): time.Minute, reflect.TypeFor[[]string](): []string{"a", "b"},
		reflect.TypeFor[[]config.LogPath](): []config.LogPath{{Glob: "/x", Tail: true}}, reflect.TypeFor[event.Selector](): event.Selector{{{Field: "A", Values: []string{"b"}}}},
		reflect.TypeFor[*config.Escalation](): &config.Escalation{Formula: expr}, reflect.TypeFor[*time.Location](): time.FixedZone("X", 3600),
	}
	var try func(parent reflect.Value, jail *config.Jail)
	try = func(parent reflect.Value, jail *config.Jail) {
		for i := range parent.NumField() {
			name, field := parent.Type().Field(i).Name, parent.Field(i)
			switch {
			case name == "Filter" || name == "Place" || name == "Places":
				continue
			case field.Kind() == reflect.Struct:
				try(field, jail)
				continue
			}
			other, ok := values[field.Type()]
			if !ok {
				t.Errorf("no value of type %s for %s", field.Type(), name)
				continue
			}
			field.Set(reflect.ValueOf(other))
			if options := differences(reflect.ValueOf(config.Jail{}), reflect.ValueOf(*jail)); len(options) != 1 {
				t.Errorf("%s: %v", name, options)
			}
			if same := differences(reflect.ValueOf(*jail), reflect.ValueOf(*jail)); len(same) > 0 {
				t.Errorf("%s differs from itself: %v", name, same)
			}
			field.SetZero()
		}
	}
	var jail config.Jail
	try(reflect.ValueOf(&jail).Elem(), &jail)
}

func TestChangesInWords(t *testing.T) {
	was := &config.Jail{Name: "web", BanTime: 10 * time.Minute, FindTime: 90 * time.Second, MaxRetry: 3, Definition: filter.Definition{Failregex: []string{"short"}}}
	is := *was
	is.BanTime, is.FindTime, is.IgnoreIP, is.Escalation = -1, 48*time.Hour, []string{"10.0.0.1", "10.0.0.2"}, nil
	is.Definition.Failregex = []string{"a regex that is so long that nobody wants to see it in a line beside the one that it takes the place of"}
	changes := changedJails(&config.Config{Jails: []*config.Jail{was}}, &config.Config{Jails: []*config.Jail{&is, {Name: "new"}}})
	const want = "failregex, findtime 1m30s -> 2d, bantime 10m -> -1, ignoreip (none) -> 10.0.0.1 10.0.0.2"
	if len(changes) != 1 || changes[0].Name != "web" || changeWords(changes[0].Options) != want {
		t.Errorf("%+v", changes)
	}
	for d, want := range map[time.Duration]string{0: "0s", time.Second: "1s", time.Hour: "1h", 90 * time.Minute: "1h30m", 24 * time.Hour: "1d", 25 * time.Hour: "25h", -2: "-1"} {
		if got := durationText(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	if w := changeWords([]control.ChangedOption{{Option: "port", From: "22"}}); w != "port 22 -> (none)" {
		t.Error(w)
	}
}
