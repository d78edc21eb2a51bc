package date

import "time"

// Civil time is what a clock on the wall shows, counted in seconds from the epoch as if the wall were in UTC.

const secondsADay = 86400

// civil returns the civil time of a date, and false where the calendar or the clock has no such time.
func civil(year, month, day, hour, minute, second int32) (int64, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	return dayNumber(int(year), int(month), int(day))*secondsADay + int64(hour*3600+minute*60+second), true
}

func daysIn(year, month int32) int32 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	}
	return 31
}

func leap(year int32) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// dayNumber counts the days from 1970-01-01 to a date in years 1 to 9999. It puts March first, so that the leap day
// ends the year.
func dayNumber(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	days := 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day
	return int64(days) - 719469
}

// calendar returns the date of a civil time.
func calendar(civil int64) (year, month, day int32) {
	y, m, d := time.Unix(civil, 0).UTC().Date()
	return int32(y), int32(m), int32(d)
}
