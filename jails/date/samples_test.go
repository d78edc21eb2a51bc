package date

// A sample is a text that one default template reads.
type sample struct{ name, text string }

func samples() []sample {
	return []sample{
		{"iso", "2026-11-22T06:39:04.123456+01:00"},
		{"syslog", "Nov 22 06:39:04"},
		{"month-day-year", "Nov 22 2026 06:39:04"},
		{"day-month-year", "22/11/2026 06:39:04"},
		{"apache", "[22/Nov/2026:06:39:04 +0000]"},
		{"cpanel", "11/22/2026:06:39:04"},
		{"dashed", "11-22-2026 06:39:04"},
		{"epoch", "1795329544.123"},
		{"time-only", "06:39:04"},
		{"angled", "<11/22/26@06:39:04>"},
		{"mysql", "261122  6:39:04"},
		{"tomcat", "Nov 22, 2026 6:39:04 AM"},
		{"assp", "Nov-22-26 06:39:04"},
		{"compact", "20261122T063904"},
		{"named-zone", "PST Nov 22 06:39:04"},
		{"zone-offset", "+0100 Nov 22 06:39:04"},
		{"tai64n", "@400000006a61f61637c219bf"},
	}
}
