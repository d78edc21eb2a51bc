package date

// A parser reads one default template at i of the line, its end bound included. It returns where the date's text ends,
// or -1. What it leaves in f is of use only after a match.
type parser func(c *cursor, i int, f *fields) int

func parseISO(c *cursor, i int, f *fields) int {
	if i = c.year4(i, f); i < 0 {
		return -1
	}
	sep := c.at(i)
	if sep != '-' && sep != '/' && sep != '.' {
		return -1
	}
	if i = c.month(i+1, f); i < 0 || c.at(i) != sep {
		return -1
	}
	if i = c.day(i+1, f); i < 0 {
		return -1
	}
	switch c.at(i) {
	case 'T':
		i++
	case ' ':
		i++
		if c.at(i) == ' ' {
			i++
		}
	default:
		return -1
	}
	if i = c.clock(i, 23, f); i < 0 {
		return -1
	}
	return c.fractionThen(i, true, endZone, f)
}

// monthAndDay reads a weekday, if there is one, month, day and the blank behind them.
func (c *cursor) monthAndDay(i int, f *fields) int {
	if i = c.monthAbbr(c.weekdayAbbr(i), f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	if i = c.day(i+1, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	return i + 1
}

func parseSyslog(c *cursor, i int, f *fields) int {
	if i = c.monthAndDay(i, f); i < 0 {
		return -1
	}
	if i = c.blankClock(i, f); i < 0 {
		return -1
	}
	return c.fractionThen(i, false, endYear, f)
}

func parseMonthDayYear(c *cursor, i int, f *fields) int {
	if i = c.monthAndDay(i, f); i < 0 {
		return -1
	}
	if i = c.year4(i, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	if i = c.blankClock(i+1, f); i < 0 {
		return -1
	}
	return c.fractionThen(i, false, endPlain, f)
}

func parseDayMonthYear(c *cursor, i int, f *fields) int {
	if i = c.day(i, f); i < 0 {
		return -1
	}
	sep := c.at(i)
	if sep != '-' && sep != '/' {
		return -1
	}
	if i = c.month(i+1, f); i < 0 || c.at(i) != sep {
		return -1
	}
	i++
	end := c.year4(i, f)
	if end < 0 {
		end = c.year2(i, f)
	}
	if end < 0 || c.at(end) != ' ' {
		return -1
	}
	if i = c.blankClock(end+1, f); i < 0 {
		return -1
	}
	return c.ends(i)
}

func parseApache(c *cursor, i int, f *fields) int {
	if i = c.day(i, f); i < 0 {
		return -1
	}
	sep := c.at(i)
	if sep != '-' && sep != '/' {
		return -1
	}
	if i = c.monthAbbr(i+1, f); i < 0 || c.at(i) != sep {
		return -1
	}
	if i = c.year4(i+1, f); i < 0 {
		return -1
	}
	if b := c.at(i); b == ' ' || b == ':' {
		i++
	}
	if i = c.clock(i, 23, f); i < 0 {
		return -1
	}
	return c.fractionThen(i, false, endBlankZone, f)
}

func parseCPanel(c *cursor, i int, f *fields) int {
	if i = c.month(i, f); i < 0 || c.at(i) != '/' {
		return -1
	}
	if i = c.day(i+1, f); i < 0 || c.at(i) != '/' {
		return -1
	}
	if i = c.year4(i+1, f); i < 0 || c.at(i) != ':' {
		return -1
	}
	if i = c.clock(i+1, 23, f); i < 0 {
		return -1
	}
	return c.ends(i)
}

func parseDashed(c *cursor, i int, f *fields) int {
	if i = c.month(i, f); i < 0 || c.at(i) != '-' {
		return -1
	}
	if i = c.day(i+1, f); i < 0 || c.at(i) != '-' {
		return -1
	}
	if i = c.year4(i+1, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	if i = c.blankClock(i+1, f); i < 0 {
		return -1
	}
	return c.fractionThen(i, false, endPlain, f)
}

func parseTimeOnly(c *cursor, i int, f *fields) int {
	if i = c.clock(i, 23, f); i < 0 {
		return -1
	}
	return c.ends(i)
}

func parseAngled(c *cursor, i int, f *fields) int {
	if c.at(i) != '<' {
		return -1
	}
	if i = c.month(i+1, f); i < 0 || c.at(i) != '/' {
		return -1
	}
	if i = c.day(i+1, f); i < 0 || c.at(i) != '/' {
		return -1
	}
	if i = c.year2(i+1, f); i < 0 || c.at(i) != '@' {
		return -1
	}
	if i = c.clock(i+1, 23, f); i < 0 || c.at(i) != '>' {
		return -1
	}
	return c.ends(i + 1)
}

func parseMySQL(c *cursor, i int, f *fields) int {
	month, day := c.pairIn(i+2, 1, 12), c.pairIn(i+4, 1, 31)
	if month < 0 || day < 0 || c.year2(i, f) < 0 || c.at(i+6) != ' ' {
		return -1
	}
	f.setMonth(month)
	f.setDay(day)
	i += 7
	if c.at(i) == ' ' {
		i++
	}
	if i = c.clock(i, 23, f); i < 0 {
		return -1
	}
	return c.ends(i)
}

func parseTomcat(c *cursor, i int, f *fields) int {
	if i = c.monthAbbr(i, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	if i = c.day(i+1, f); i < 0 || c.at(i) != ',' || c.at(i+1) != ' ' {
		return -1
	}
	if i = c.year4(i+2, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	hour, i := c.number(i + 1)
	if hour < 1 || hour > 12 || c.at(i) != ':' {
		return -1
	}
	if i = c.minutes(i+1, hour, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	half := c.at(i+1) | 0x20
	if half != 'a' && half != 'p' || c.at(i+2)|0x20 != 'm' {
		return -1
	}
	f.hour %= 12
	if half == 'p' {
		f.hour += 12
	}
	return c.ends(i + 3)
}

func parseASSP(c *cursor, i int, f *fields) int {
	if i = c.monthAbbr(i, f); i < 0 || c.at(i) != '-' {
		return -1
	}
	if i = c.day(i+1, f); i < 0 || c.at(i) != '-' {
		return -1
	}
	if i = c.year2(i+1, f); i < 0 || c.at(i) != ' ' {
		return -1
	}
	if i = c.blankClock(i+1, f); i < 0 {
		return -1
	}
	return c.ends(i)
}

func parseCompact(c *cursor, i int, f *fields) int {
	if i = c.year4(i, f); i < 0 {
		return -1
	}
	month, day := c.pairIn(i, 1, 12), c.pairIn(i+2, 1, 31)
	if month < 0 || day < 0 {
		return -1
	}
	f.setMonth(month)
	f.setDay(day)
	i += 4
	switch {
	case c.at(i) == 'T':
		i++
	case c.at(i) == ' ' && c.at(i+1) == ' ':
		i += 2
	case c.at(i) == ' ':
		i++
	default:
		return -1
	}
	hour, minute, second := c.pairIn(i, 0, 23), c.pairIn(i+2, 0, 59), c.pairIn(i+4, 0, 61)
	if hour < 0 || minute < 0 || second < 0 {
		return -1
	}
	f.setClock(hour, minute, second)
	return c.fractionThen(i+6, true, endZone, f)
}

func parseNamedZone(c *cursor, i int, f *fields) int {
	n := 0
	for n < 6 && (c.at(i+n)|0x20)-'a' < 26 {
		n++
	}
	if named := n >= 3 && n <= 5 || n == 1 && c.at(i)|0x20 == 'z'; named && c.at(i+n) == ' ' {
		if end := parseSyslog(c, i+n+1, f); end >= 0 {
			f.setZoneText(c.s[i : i+n])
			return end
		}
	}
	return parseSyslog(c, i, f)
}

func parseZoneOffset(c *cursor, i int, f *fields) int {
	for _, n := range c.zoneLengths(i, true) {
		if n > 0 && c.at(i+n) == ' ' {
			if end := parseSyslog(c, i+n+1, f); end >= 0 {
				f.setZoneText(c.s[i : i+n])
				return end
			}
		}
	}
	return parseSyslog(c, i, f)
}

func parseEpoch(c *cursor, i int, f *fields) int {
	n, sec := 0, int64(0)
	for ; isDigit(c.at(i + n)); n++ {
		if n == 11 {
			return -1
		}
		sec = sec*10 + int64(c.at(i+n)-'0')
	}
	if n < 10 || c.word(i+n) {
		return -1
	}
	i += n
	f.setEpoch(sec, 0)
	if d := c.digits(i+1, 7); c.at(i) == '.' && d >= 3 && d <= 6 && c.ends(i+1+d) >= 0 {
		f.setEpoch(sec, c.nanoseconds(i+1, d))
		return i + 1 + d
	}
	return i
}

func parseTAI(c *cursor, i int, f *fields) int {
	if c.at(i) != '@' {
		return -1
	}
	sec := int64(0)
	for k := 1; k <= 24; k++ {
		v := c.at(i + k)
		switch {
		case isDigit(v):
			v -= '0'
		case v-'a' < 6:
			v -= 'a' - 10
		default:
			return -1
		}
		if k >= 2 && k < 17 {
			sec = sec<<4 | int64(v)
		}
	}
	f.setEpoch(sec, 0)
	return c.ends(i + 25)
}
