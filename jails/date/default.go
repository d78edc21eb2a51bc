package date

// A defaultTemplate is one of fail2ban's own templates and the parser that reads it without an expression.
type defaultTemplate struct {
	pattern string
	parse   parser
	near    nearness
}

// defaultTemplates returns fail2ban's list in its order. Those that do not begin with an anchor exist a second time,
// tied to the line's begin and tried before all others.
func defaultTemplates() []defaultTemplate {
	return []defaultTemplate{
		{`%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\s*%z)?`, parseISO, nearClock},
		{`(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?`, parseSyslog, nearClock},
		{`(?:%a )?%b %d %ExY %k:%M:%S(?:\.%f)?`, parseMonthDayYear, nearClock},
		{`%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S`, parseDayMonthYear, nearClock},
		{`%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\.%f)?(?: %z)?`, parseApache, nearClock},
		{`%m/%d/%ExY:%H:%M:%S`, parseCPanel, nearClock},
		{`%m-%d-%ExY %k:%M:%S(?:\.%f)?`, parseDashed, nearClock},
		{`EPOCH`, parseEpoch, nearEpoch},
		{`{^LN-BEG}%H:%M:%S`, parseTimeOnly, nearClock},
		{`^<%m/%d/%Exy@%H:%M:%S>`, parseAngled, nearClock},
		{`%Exy%Exm%Exd  ?%H:%M:%S`, parseMySQL, nearClock},
		{`%b %d, %ExY %I:%M:%S %p`, parseTomcat, nearClock},
		{`^%b-%d-%Exy %k:%M:%S`, parseASSP, nearClock},
		{`%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\s*%z)?`, parseCompact, nearDigits},
		{`(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?`, parseNamedZone, nearClock},
		{`(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?`, parseZoneOffset, nearClock},
		{`TAI64N`, parseTAI, nearAt},
	}
}
