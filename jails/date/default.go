package date

// A defaultTemplate is one of fail2ban's own templates and the parser that reads it without an expression.
type defaultTemplate struct {
	pattern string
	parse   parser
	near    nearness
	begins  class
}

// defaultTemplates returns fail2ban's list in its order. Those that do not begin with an anchor exist a second time,
// tied to the line's begin and tried before all others.
func defaultTemplates() []defaultTemplate {
	return []defaultTemplate{
		{`%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\s*%z)?`, parseISO, nearClock, classDigit},
		{`(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?`, parseSyslog, nearClock, classLetter},
		{`(?:%a )?%b %d %ExY %k:%M:%S(?:\.%f)?`, parseMonthDayYear, nearClock, classLetter},
		{`%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S`, parseDayMonthYear, nearClock, classDigit | classBlank},
		{`%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\.%f)?(?: %z)?`, parseApache, nearClock, classDigit | classBlank},
		{`%m/%d/%ExY:%H:%M:%S`, parseCPanel, nearClock, classDigit},
		{`%m-%d-%ExY %k:%M:%S(?:\.%f)?`, parseDashed, nearClock, classDigit},
		{`EPOCH`, parseEpoch, nearEpoch, 0},
		{`{^LN-BEG}%H:%M:%S`, parseTimeOnly, nearClock, classDigit},
		{`^<%m/%d/%Exy@%H:%M:%S>`, parseAngled, nearClock, 0},
		{`%Exy%Exm%Exd  ?%H:%M:%S`, parseMySQL, nearClock, classDigit},
		{`%b %d, %ExY %I:%M:%S %p`, parseTomcat, nearClock, classLetter},
		{`^%b-%d-%Exy %k:%M:%S`, parseASSP, nearClock, classLetter},
		{`%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\s*%z)?`, parseCompact, nearDigits, 0},
		{`(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?`, parseNamedZone, nearClock, classLetter},
		{`(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?`, parseZoneOffset, nearClock, classLetter | classSign},
		{`TAI64N`, parseTAI, nearAt, 0},
	}
}
