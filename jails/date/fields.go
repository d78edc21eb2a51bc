package date

// The parts a date names. What is not named has a value that fail2ban assumes.
const (
	hasYear = 1 << iota
	hasMonth
	hasDay
	hasZone
	hasEpoch   // sec and nsec are all there is
	hasYearday // %j
	hasWeek    // %U or %W
	hasWeekday
	broken // a part that fail2ban cannot use: the text is a date, but no time
)

// fields are the parts of a date as its text names them.
type fields struct {
	has                  uint16
	sundayWeek           bool // the week is %U's
	halfDay              bool // the hour is %I's
	hour, minute, second int32
	year, month, day     int32
	yearday              int32
	week, weekday        int32 // weekday: 0 is Monday
	zone                 int32 // minutes east of UTC
	nsec                 int32
	sec                  int64
}

func (f *fields) setYear(v int)  { f.year, f.has = int32(v), f.has|hasYear }
func (f *fields) setMonth(v int) { f.month, f.has = int32(v), f.has|hasMonth }
func (f *fields) setDay(v int)   { f.day, f.has = int32(v), f.has|hasDay }

func (f *fields) setClock(hour, minute, second int) {
	f.hour, f.minute, f.second = int32(hour), int32(minute), int32(second)
}

func (f *fields) setEpoch(sec, nsec int64) { f.sec, f.nsec, f.has = sec, int32(nsec), f.has|hasEpoch }

// setZoneText sets the zone from the text of %z or %Z.
func (f *fields) setZoneText(text []byte) {
	minutes, ok := zoneMinutes(text)
	if !ok {
		f.has |= broken
		return
	}
	f.zone, f.has = int32(minutes), f.has|hasZone
}
