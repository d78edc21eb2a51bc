package date

import "time"

// A resolver turns the fields of a date into a time. It remembers what the last lines had in common.
type resolver struct {
	zone  *time.Location // of dates that name none; nil means the local one
	clock localClock
	now   period // the local zone's, around now
	year  year   // the local year around now
	known reading
}

// A reading is what fields meant when the local clock showed now, where they would mean the same again.
type reading struct {
	fields fields
	local  *time.Location // nil: nothing is known
	now    int64
	time   time.Time
}

// A year is one year of civil time; end is outside.
type year struct {
	number     int32
	start, end int64
}

// time returns the time that f means when the local clock shows now. It is zero where f means none.
func (r *resolver) time(f fields, now time.Time) time.Time {
	if f.has&broken != 0 {
		return time.Time{}
	}
	if f.has&hasEpoch != 0 {
		return time.Unix(f.sec, int64(f.nsec))
	}
	local, sec, k := time.Local, now.Unix(), &r.known
	if k.local == local && k.now == sec && k.fields == f {
		return k.time
	}
	if !r.now.has(local, sec) {
		r.now.load(local, sec)
	}
	*k = reading{fields: f}
	unix, ok := r.unix(&f, local, sec+r.now.offset)
	if !ok {
		return time.Time{}
	}
	at := time.Unix(unix, 0)
	if r.clock.settled() {
		k.local, k.now, k.time = local, sec, at
	}
	return at
}

// unix fills in what f leaves open. Where fail2ban compares a time in another zone with the local now, or puts back the
// day but not the hour, so does this.
func (r *resolver) unix(f *fields, local *time.Location, now int64) (int64, bool) {
	if f.has&hasYear == 0 {
		f.year = r.yearOf(now)
	}
	today, ok := f.fillDay(now)
	if !ok {
		return 0, false
	}
	t, ok := civil(f.year, f.month, f.day, f.hour, f.minute, f.second)
	if !ok {
		return 0, false
	}
	t, zoned := r.toUTC(f, t)
	if today && t > now {
		t -= secondsADay
	}
	if f.has&hasYear == 0 && t > now+secondsADay {
		start, ok := civil(f.year-1, f.month, f.day, 0, 0, 0)
		if !ok {
			return 0, false
		}
		t = start + (t%secondsADay+secondsADay)%secondsADay
	}
	if zoned {
		return t, true
	}
	return r.clock.unix(local, t), true
}

// yearOf returns the year of the civil time now.
func (r *resolver) yearOf(now int64) int32 {
	if now < r.year.start || now >= r.year.end {
		n, _, _ := calendar(now)
		r.year.number = n
		r.year.start, _ = civil(n, 1, 1, 0, 0, 0)
		r.year.end = r.year.start + int64(365*secondsADay)
		if leap(n) {
			r.year.end += secondsADay
		}
	}
	return r.year.number
}

// fillDay sets the month and day that f does not name: from the day of the year, or to those of now, which makes it
// today's date. It returns false where there is no such day, or only one of both.
func (f *fields) fillDay(now int64) (today, ok bool) {
	const both = hasMonth | hasDay
	if f.has&both == both {
		return false, true
	}
	if !f.fromYearday() {
		return false, false
	}
	if f.has&both == 0 {
		_, f.month, f.day = calendar(now)
		f.has |= both
		return true, true
	}
	return false, f.has&both == both
}

// toUTC moves a civil time whose zone is known to UTC.
func (r *resolver) toUTC(f *fields, t int64) (int64, bool) {
	switch {
	case f.has&hasZone != 0:
		return t - int64(f.zone)*60, true
	case r.zone != nil:
		return r.clock.unix(r.zone, t), true
	}
	return t, false
}

// fromYearday sets month and day from %j, or from a week and a day of the week. It may change the year. It returns
// false where the calendar has no such day.
func (f *fields) fromYearday() bool {
	if f.has&hasYearday == 0 && f.has&(hasWeek|hasWeekday) == hasWeek|hasWeekday {
		f.yearday = f.weekYearday()
		f.has |= hasYearday
	}
	if f.has&hasYearday == 0 {
		return true
	}
	newYear, ok := civil(f.year, 1, 1, 0, 0, 0)
	if !ok {
		return false
	}
	f.year, f.month, f.day = calendar(newYear + int64(f.yearday-1)*secondsADay)
	f.has |= hasMonth | hasDay
	return f.year >= 1 && f.year <= 9999
}

// weekYearday returns the day of the year, counted from 1, of a weekday in a week that begins on Monday or Sunday.
// Week 0 holds the days before the year's first such day, so that the result may be less than 1.
func (f *fields) weekYearday() int32 {
	first := int32(time.Date(int(f.year), 1, 1, 0, 0, 0, 0, time.UTC).Weekday()+6) % 7
	day := f.weekday
	if f.sundayWeek {
		first, day = (first+1)%7, (day+1)%7
	}
	if f.week == 0 {
		return 1 + day - first
	}
	return 1 + (7-first)%7 + 7*(f.week-1) + day
}
