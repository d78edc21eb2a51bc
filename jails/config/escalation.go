package config

import (
	"strings"
	"time"
)

// An Escalation says how a subject's bans grow with each ban it had: the options bantime.*.
type Escalation struct {
	Factor       float64
	Formula      *Expr         // of ban.Time, ban.Count and banFactor; nil: Multipliers are set
	Multipliers  []int         // by the number of earlier bans, the last one for all more
	MaxTime      time.Duration // 0: no limit
	RndTime      time.Duration // up to this is added to every ban, after the limit
	OverallJails bool          // bans of all jails count
}

// defaultFormula doubles the time with every ban, 20 times at most.
const defaultFormula = "ban.Time * (1 << min(ban.Count, 20)) * banFactor"

// escalation reads bantime.increment and what belongs to it. It is nil unless that is true, but what is wrong is found.
func (s *section) escalation() *Escalation {
	e := &Escalation{
		Factor:       s.factor(),
		OverallJails: s.truth("bantime.overalljails", false),
		Multipliers:  s.multipliers(),
	}
	e.MaxTime = s.optionalTime("bantime.maxtime")
	e.RndTime = s.optionalTime("bantime.rndtime")
	if len(e.Multipliers) == 0 {
		e.Formula = s.formula()
	}
	if !s.truth("bantime.increment", false) {
		return nil
	}
	return e
}

// optionalTime is a time that may be empty, which is none.
func (s *section) optionalTime(option string) time.Duration {
	if s.text(option) == "" {
		return 0
	}
	d, _ := s.duration(option, 0)
	return d
}

func (s *section) factor() float64 {
	v := s.text("bantime.factor")
	if v == "" {
		return 1
	}
	n, err := evaluate(v, nil)
	if err != nil {
		s.fault("bantime.factor", 0, err.Error(), "write a number such as 1 or 24")
	}
	return n.float()
}

func (s *section) formula() *Expr {
	source := s.text("bantime.formula")
	if source == "" {
		source = defaultFormula
	}
	e, err := ParseExpr(source)
	if err == nil {
		_, err = e.Eval(&Vars{Time: 600, Count: 1, Factor: 1})
	}
	if err != nil {
		s.fault("bantime.formula", 0, err.Error(), "write a formula of ban.Time, ban.Count and banFactor such as ban.Time * (1 << ban.Count) * banFactor")
	}
	return e
}

func (s *section) multipliers() []int {
	var all []int
	for _, w := range strings.Fields(s.text("bantime.multipliers")) {
		n, err := parseInt(w)
		if err != nil {
			s.fault("bantime.multipliers", 0, err.Error(), "write whole numbers parted by blanks such as 1 2 4 8")
		}
		all = append(all, n)
	}
	return all
}
