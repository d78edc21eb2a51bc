package date

import (
	"errors"
	"fmt"
	"strings"

	"bailiff/jails/match"
)

// A builder makes the template list of one datepattern.
type builder struct {
	templates  []*template
	names      map[string]bool
	years      years
	directives map[string]directive
	defaults   []defaultTemplate
}

func newBuilder(y years) *builder {
	return &builder{names: map[string]bool{}, years: y, directives: directives(y), defaults: defaultTemplates()}
}

const lineBegin = "{^LN-BEG}"

// lineBeginWeight lets default templates at the line's begin stay before those that match anywhere.
const lineBeginWeight = 100

// add appends what one pattern of a datepattern stands for. Key words count in any case, unless the pattern has a
// percent sign.
func (b *builder) add(pattern string) error {
	key := keyOf(pattern)
	switch {
	case key == lineBegin:
		return b.addDefaults(func(t *template) bool { return t.anchored })
	case key == "{DEFAULT}":
		return nil // as in fail2ban, where it is of use alone only
	case strings.Contains(key, "{DATE}"):
		return b.addAround(pattern)
	case key == "{NONE}":
		pattern = "{UNB}^"
	}
	t, err := b.template(pattern)
	if err != nil {
		return err
	}
	if t.parse == nil {
		if err := b.compiles(t, pattern); err != nil {
			return err
		}
	}
	return b.append(t, false)
}

// append appends t. A second one of the same name is an error, unless again allows it and leaves it out.
func (b *builder) append(t *template, again bool) error {
	if b.names[t.name] {
		if again {
			return nil
		}
		return fmt.Errorf("the template %q is in the list already", t.name)
	}
	b.names[t.name] = true
	b.templates = append(b.templates, t)
	return nil
}

func keyOf(pattern string) string {
	if strings.Contains(pattern, "%") {
		return pattern
	}
	return strings.ToUpper(pattern)
}

// addDefaults appends the default templates that want allows and the list has not yet: all forms that are tied to the
// line's begin, then the list as it is.
func (b *builder) addDefaults(want func(*template) bool) error {
	again := len(b.templates) > 0
	var front, back []*template
	for _, d := range b.defaults {
		t, err := b.template(d.pattern)
		if err != nil {
			return err
		}
		back = append(back, t)
		if strings.HasPrefix(t.name, lineBegin) || strings.HasPrefix(t.name, "^") {
			continue
		}
		if t, err = b.template(lineBegin + d.pattern); err != nil {
			return err
		}
		front = append(front, t)
	}
	for _, t := range append(front, back...) {
		if !want(t) {
			continue
		}
		if err := b.append(t, again); err != nil {
			return err
		}
	}
	return nil
}

// addAround appends the default templates, each put in place of {DATE} in pattern.
func (b *builder) addAround(pattern string) error {
	again := len(b.templates) > 0
	for _, d := range b.defaults {
		text := d.pattern
		if d.near == nearEpoch {
			text = "Epoch"
		}
		text = strings.TrimPrefix(text, lineBegin)
		around, _ := replaceKey(pattern, "{DATE}", text)
		t, err := b.template(around)
		if err == nil {
			err = b.compiles(t, around)
		}
		if s := new(match.SyntaxError); errors.As(err, &s) {
			return &match.SyntaxError{Expr: pattern, Pos: origin(pattern, around, s.Pos, aroundDate(text)), Msg: s.Msg}
		}
		if err != nil {
			return err
		}
		if err = b.append(t, again); err != nil {
			return err
		}
	}
	return nil
}
